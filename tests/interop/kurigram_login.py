#!/usr/bin/env python3
"""Kurigram against a loopback DC. Only the first address is given: later ones Kurigram takes from help.getConfig."""

import logging
import secrets

import common

TRANSPORTS = {
    "abridged": "TCPAbridged",
    "intermediate": "TCPIntermediate",
    "padded": "TCPIntermediatePadded",
    "full": "TCPFull",
    "obfuscated": "TCPAbridgedO",
    "obfuscated-intermediate": "TCPIntermediateO",
}
args = common.parse_args("Kurigram", list(TRANSPORTS))
logging.basicConfig(level=logging.DEBUG if args.verbose else logging.CRITICAL)

import pyrogram
from pyrogram import Client, raw
from pyrogram.connection.transport import tcp
from pyrogram.crypto import rsa
from pyrogram.errors import SessionPasswordNeeded
from pyrogram.handlers import MessageHandler
from pyrogram.raw.all import layer


def begin_at(storage, *address):
    """Makes an empty storage begin at this address where Kurigram has a built-in one. Later ones are not touched."""
    names = ["dc_id", "server_address", "port"]
    for name, mine in zip(names, address):
        accessor, first = getattr(storage, name), [True]

        async def access(*value, accessor=accessor, mine=mine, first=first):
            if value and first:
                first.clear()
                value = (mine,)
            return await accessor(*value)

        setattr(storage, name, access)


async def client(name):
    c = Client(
        name,
        api_id=12345,
        api_hash="0" * 32,
        in_memory=True,
        protocol_factory=getattr(tcp, TRANSPORTS[args.transport]),
        fetch_stories=False,
    )
    begin_at(c.storage, args.dc, args.host, args.port)
    await c.connect()
    return c


async def log_in(report, c, phone, code, password):
    sent = await c.send_phone_number_code(phone)
    report.step("auth.sendCode", type=str(sent.type))
    try:
        me = await c.sign_in(phone, sent.phone_code_hash, code)
        report.step("auth.signIn")
    except SessionPasswordNeeded:
        report.step("SESSION_PASSWORD_NEEDED")
        me = await c.check_password(password)
        report.step("auth.checkPassword")
    return me


async def start(c):
    """What Client.start() does after the login."""
    await c.invoke(raw.functions.updates.GetState())
    c.me = await c.get_me()
    await c.initialize()


def inbox(c):
    box = common.Inbox()

    async def received(_, message):
        if not message.outgoing:
            box.put(message.text)

    c.add_handler(MessageHandler(received))
    return box


async def talk(report, c):
    other = await client("other")
    await log_in(report, other, args.talk_to, args.talk_code, None)
    await start(other)
    boxes = [inbox(c), inbox(other)]
    hello, answer = secrets.token_hex(8), secrets.token_hex(8)
    for each, phone in (c, args.talk_to), (other, args.phone):
        found = await each.invoke(raw.functions.contacts.ResolvePhone(phone=phone))
        await each.fetch_peers(found.users)
    sent = await c.send_message(other.me.id, hello)
    report.step("sent", id=sent.id)
    await boxes[1].wait(hello)
    report.step("received by the other")
    await other.send_message(c.me.id, answer)
    await boxes[0].wait(answer)
    report.step("answer received")


async def main(report):
    n, e = common.public_key(args.pubkey)
    rsa.server_public_keys[common.fingerprint(n, e)] = rsa.PublicKey(n, e)
    c = await client("one")
    report.step("connected")
    if args.no_login:
        config = await c.invoke(raw.functions.help.GetConfig())
        report.step("help.getConfig", dcs=len(config.dc_options), this_dc=config.this_dc)
        return
    if args.bot_token:
        me = await c.sign_in_bot(args.bot_token)
        report.step("auth.importBotAuthorization")
    else:
        me = await log_in(report, c, args.phone, args.code, args.password)
    await start(c)
    report.out["user_id"], report.out["dc"] = me.id, await c.storage.dc_id()
    assert c.me.id == me.id and bool(c.me.is_bot) == bool(args.bot_token)
    report.step("get_me")
    if args.expect_dc:
        assert report.out["dc"] == args.expect_dc, f"logged in at DC {report.out['dc']}"
    if args.talk_to:
        await talk(report, c)
    if args.repeat_ping:
        call = lambda: c.invoke(raw.functions.help.GetConfig())
        report.out["calls_per_s"] = await common.pipelined(call, args.repeat_ping, args.pipeline)
        report.step("repeat", n=args.repeat_ping)


common.Report("kurigram", version=pyrogram.__version__, layer=layer, transport=args.transport).run(main, args.timeout)
