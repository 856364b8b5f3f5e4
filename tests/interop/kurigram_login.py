#!/usr/bin/env python3
"""Kurigram logs in to a loopback DC and sends messages."""

import secrets

from pyrogram import raw
from pyrogram.handlers import MessageHandler

import common
from kurigram_peer import args, client, log_in, report, start, trust


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
    trust(args.pubkey)
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


report().run(main, args.timeout)
