#!/usr/bin/env python3
"""Telethon against a loopback DC. Only the first address is given: later ones Telethon takes from help.getConfig."""

import logging
import secrets

import common

# Telethon's HTTP connection cannot work (it compares a byte with a bytes object).
args = common.parse_args("Telethon", ["full", "abridged", "intermediate", "padded", "obfuscated"])
if args.verbose:
    logging.basicConfig(level=logging.DEBUG)

import telethon
from telethon import TelegramClient, errors, events, functions
from telethon.crypto import rsa
from telethon.network import connection
from telethon.network.connection.connection import ObfuscatedConnection
from telethon.network.connection.tcpintermediate import RandomizedIntermediatePacketCodec
from telethon.network.connection.tcpobfuscated import ObfuscatedIO
from telethon.sessions import MemorySession
from telethon.tl.alltlobjects import LAYER


class PaddedObfuscated(ObfuscatedConnection):
    """Telethon has padded intermediate only under obfuscation, for MTProxy."""

    obfuscated_io, packet_codec = ObfuscatedIO, RandomizedIntermediatePacketCodec


TRANSPORT = {
    "full": connection.ConnectionTcpFull,
    "abridged": connection.ConnectionTcpAbridged,
    "intermediate": connection.ConnectionTcpIntermediate,
    "obfuscated": connection.ConnectionTcpObfuscated,
    "padded": PaddedObfuscated,
}[args.transport]


async def client():
    session = MemorySession()
    session.set_dc(args.dc, args.host, args.port)
    c = TelegramClient(session, 12345, "0" * 32, connection=TRANSPORT, connection_retries=2, retry_delay=0.2, request_retries=3)
    await c.connect()
    return c


async def log_in(report, c, phone, code, password):
    sent = await c.send_code_request(phone)
    report.step("auth.sendCode", type=type(sent.type).__name__)
    try:
        me = await c.sign_in(phone, code)
        report.step("auth.signIn")
    except errors.SessionPasswordNeededError:
        report.step("SESSION_PASSWORD_NEEDED")
        me = await c.sign_in(password=password)
        report.step("auth.checkPassword")
    return me


def inbox(c):
    box = common.Inbox()

    @c.on(events.NewMessage(incoming=True))
    async def received(event):
        box.put(event.raw_text)

    return box


async def talk(report, c):
    other = await client()
    await log_in(report, other, args.talk_to, args.talk_code, None)
    boxes = [inbox(c), inbox(other)]
    hello, answer = secrets.token_hex(8), secrets.token_hex(8)
    there = (await c(functions.contacts.ResolvePhoneRequest(args.talk_to))).users[0]
    here = (await other(functions.contacts.ResolvePhoneRequest(args.phone))).users[0]
    sent = await c.send_message(there, hello)
    report.step("sent", id=sent.id)
    await boxes[1].wait(hello)
    report.step("received by the other")
    await other.send_message(here, answer)
    await boxes[0].wait(answer)
    report.step("answer received")


async def main(report):
    n, e = common.public_key(args.pubkey)
    rsa._server_keys[common.fingerprint(n, e)] = (rsa.rsa.PublicKey(n, e), False)
    c = await client()
    report.step("connected")
    if args.no_login:
        config = await c(functions.help.GetConfigRequest())
        report.step("help.getConfig", dcs=len(config.dc_options), this_dc=config.this_dc)
        return
    if args.bot_token:
        me = await c.sign_in(bot_token=args.bot_token)
        report.step("auth.importBotAuthorization")
    else:
        me = await log_in(report, c, args.phone, args.code, args.password)
    again = await c.get_me()
    report.out["user_id"], report.out["dc"] = me.id, c.session.dc_id
    assert again.id == me.id and again.bot == bool(args.bot_token)
    report.step("get_me")
    if args.expect_dc:
        assert c.session.dc_id == args.expect_dc, f"logged in at DC {c.session.dc_id}"
    if args.talk_to:
        await talk(report, c)
    if args.repeat_ping:
        call = lambda: c(functions.help.GetConfigRequest())
        report.out["calls_per_s"] = await common.pipelined(call, args.repeat_ping, args.pipeline)
        report.step("repeat", n=args.repeat_ping)


common.Report("telethon", version=telethon.__version__, layer=LAYER, transport=args.transport).run(main, args.timeout)
