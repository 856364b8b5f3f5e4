#!/usr/bin/env python3
"""Telethon logs in to a loopback DC and sends messages."""

import secrets

from telethon import events, functions

import common
from telethon_peer import args, client, log_in, report, trust


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
    trust(args.pubkey)
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


report().run(main, args.timeout)
