#!/usr/bin/env python3
"""Makes a session with Telethon, Kurigram or Pyrogram, or opens one that `mtwire session export` wrote.

Which library it is follows from the Python that runs this file. Prints one JSON line, as the other drivers do.

    session_driver.py ... --save DIR                  logs in, and leaves DIR/peer.session and DIR/peer.txt (the string)
    session_driver.py ... --open string|sqlite FILE   opens it; it must be logged in
"""

import argparse
import asyncio
import importlib.util
import shutil
import tempfile
from pathlib import Path

import common

p = argparse.ArgumentParser()
p.add_argument("--host", required=True)
p.add_argument("--port", type=int, required=True)
p.add_argument("--dc", type=int, required=True)
p.add_argument("--pubkey", required=True)
p.add_argument("--phone", required=True)
p.add_argument("--code", required=True)
p.add_argument("--timeout", type=float, default=60)
p.add_argument("--save", type=Path)
p.add_argument("--open", nargs=2, metavar=("KIND", "FILE"))
args = p.parse_args()

API = {"api_id": 12345, "api_hash": "0" * 32}
KEY = common.public_key(args.pubkey)


async def telethon(report):
    from telethon import TelegramClient
    from telethon.crypto import rsa
    from telethon.sessions import SQLiteSession, StringSession

    rsa._server_keys[common.fingerprint(*KEY)] = (rsa.rsa.PublicKey(*KEY), False)
    if args.save:
        session = SQLiteSession(str(args.save / "peer.session"))
        session.set_dc(args.dc, args.host, args.port)
        client = TelegramClient(session, **API)
        await client.connect()
        await client.send_code_request(args.phone)
        me = await client.sign_in(args.phone, args.code)
        (args.save / "peer.txt").write_text(StringSession.save(session) + "\n")
    else:
        kind, file = args.open
        session = StringSession(Path(file).read_text().strip()) if kind == "string" else SQLiteSession(file)
        client = TelegramClient(session, **API)
        await client.connect()
        assert await client.is_user_authorized(), "not authorized"
        # Before the server has said anything of it: the peers of the file are there.
        known = [row[0] for row in session._conn.execute("select id from entities")] if kind == "sqlite" else None
        me = await client.get_me()
        assert known is None or me.id in known, f"{me.id} is not among the file's {known}"
    report.out["user_id"] = me.id
    await client.disconnect()


async def pyrogram(report):
    import pyrogram
    from pyrogram import Client, raw
    from pyrogram.connection import connection
    from pyrogram.crypto import rsa

    kurigram = hasattr(pyrogram.storage.Storage, "server_address")
    rsa.server_public_keys[common.fingerprint(*KEY)] = rsa.PublicKey(*KEY)
    more = {}
    # A string has no address, and neither has Pyrogram's file; Kurigram's has one, which is used as it is.
    if not kurigram:
        connection.DataCenter = lambda *_: (args.host, args.port)
    elif args.save or args.open[0] == "string":
        class Here(connection.Connection):
            def __init__(self, **options):
                super().__init__(**{**options, "server_address": args.host, "port": args.port})

        more = {"connection_factory": Here}
    if args.save:
        client = Client("peer", **API, workdir=args.save, no_updates=True, **more)
    elif args.open[0] == "string":
        client = Client("peer", in_memory=True, session_string=Path(args.open[1]).read_text().strip(), no_updates=True, **more)
    else:
        client = Client("peer", workdir=Path(args.open[1]).parent, no_updates=True, **more)
    client.loop = asyncio.get_running_loop()
    is_authorized = await client.connect()
    assert bool(is_authorized) == bool(args.open), f"authorized: {is_authorized}"
    if args.save:
        send = client.send_phone_number_code if kurigram else client.send_code
        sent = await send(args.phone)
        await client.sign_in(args.phone, sent.phone_code_hash, args.code)
    known = None
    if args.open and args.open[0] == "sqlite":
        known = [row[0] for row in client.storage.conn.execute("select id from peers")]
    me = (await client.invoke(raw.functions.users.GetUsers(id=[raw.types.InputUserSelf()])))[0]
    report.out["user_id"] = me.id
    if args.save:
        if kurigram:
            await client.storage.server_address(args.host)
            await client.storage.port(args.port)
        (args.save / "peer.txt").write_text(await client.export_session_string() + "\n")
        await client.storage.save()
    assert known is None or me.id in known, f"{me.id} is not among the file's {known}"
    await client.disconnect()


async def main(report):
    if args.open and args.open[0] == "sqlite":
        # Libraries write to the files that they open, and Pyrogram gives them their name.
        copy = Path(tempfile.mkdtemp()) / "peer.session"
        shutil.copyfile(args.open[1], copy)
        args.open[1] = str(copy)
    await (telethon if importlib.util.find_spec("telethon") else pyrogram)(report)


if not importlib.util.find_spec("telethon"):
    asyncio.set_event_loop(asyncio.new_event_loop())  # Pyrogram asks for one while it is imported
common.Report("session").run(main, args.timeout)
