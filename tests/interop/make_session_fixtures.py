#!/usr/bin/env python3
"""Writes tests/data/sessions/ with the libraries themselves: Telethon, Kurigram, Pyrogram, and opentele2 for tdata.

    python3 tests/interop/make_session_fixtures.py [--venvs DIR] [--only NAME]

Makes a virtual environment for each library under DIR (default: target/interop), at fixed versions, and runs this file in
it. The auth keys are fixed and of no server. `expected.json` beside the files says what each must be read as; the Rust
tests need only the files.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "data" / "sessions"

# Versions are fixed, so that the files can be made again. opentele2 1.2.1 writes the key file of Telegram Desktop up to 7.2,
# 2.0.0 that of 7.3.
WRITERS = {
    "telethon": ("telethon", ["telethon==1.45.0"]),
    "kurigram": ("kurigram", ["kurigram==2.2.26", "tgcrypto"]),
    "pyrogram": ("pyrogram", ["pyrogram==2.0.106", "tgcrypto"]),
    "tdata_old": ("opentele2-1", ["opentele2==1.2.1"]),
    "tdata_new": ("opentele2-2", ["opentele2==2.0.0"]),
}

# opentele2 1 takes ASCII only.
PASSCODES = {"tdata-7.2-passcode": "passcode 1", "tdata-7.3-passcode": "p\u00e4sscode 1"}


def key(seed):
    """256 bytes that are plainly not a real key, and begin with a zero byte, which must not get lost."""
    return bytes((seed * i + i * i) & 255 for i in range(256))


def expected(name, dc, seed, **more):
    """One entry of expected.json."""
    return {name: {"dc": dc, "key_seed": seed, **more}}


def telethon(out):
    from datetime import datetime, timezone

    from telethon.crypto import AuthKey
    from telethon.sessions import SQLiteSession, StringSession
    from telethon.tl import types

    found = {}
    for name, dc, ip, port, seed in [
        ("telethon-ipv4.txt", 2, "149.154.167.51", 443, 3),
        ("telethon-ipv6.txt", 4, "2001:67c:4e8:f004::a", 443, 5),
        ("telethon-test.txt", 1, "149.154.175.10", 80, 7),
    ]:
        session = StringSession()
        session.set_dc(dc, ip, port)
        session.auth_key = AuthKey(key(seed))
        (out / name).write_text(session.save() + "\n")
        found |= expected(name, dc, seed, address=[ip, port], test=name == "telethon-test.txt")

    path = out / "telethon.session"
    session = SQLiteSession(str(path))
    session.set_dc(4, "149.154.167.91", 443)
    session.auth_key = AuthKey(key(9))
    photo = types.ChatPhotoEmpty()
    date = datetime(2026, 11, 1, tzinfo=timezone.utc)
    session.process_entities(types.contacts.ResolvedPeer(
        peer=types.PeerUser(1),
        users=[
            types.User(id=777000111, is_self=True, access_hash=-1234567890123456789, first_name="Ada", last_name="L", username="AdaL", phone="15550001"),
            types.User(id=93372553, bot=True, access_hash=42, first_name="Bot"),
            types.User(id=5, min=True, access_hash=6, first_name="Only in passing"),
        ],
        chats=[
            types.Chat(id=12345, title="Group", photo=photo, participants_count=2, date=date, version=1),
            types.Channel(id=1006503122, title="Channel", photo=photo, date=date, access_hash=99, username="chan", broadcast=True),
        ],
    ))
    session.set_update_state(0, types.updates.State(pts=70, qts=3, date=date, seq=11, unread_count=0))
    session.set_update_state(1006503122, types.updates.State(pts=8, qts=0, date=date, seq=0, unread_count=0))
    session.save()
    session.close()
    return found | expected(
        "telethon.session", 4, 9, address=["149.154.167.91", 443],
        updates=[70, 3, int(date.timestamp()), 11], channels={"1006503122": 8},
        peers=[
            ["user", 777000111, -1234567890123456789, False, "adal", "15550001", "Ada L"],
            ["user", 93372553, 42, False, None, None, "Bot"],
            ["chat", 12345, None, False, None, None, "Group"],
            ["channel", 1006503122, 99, False, "chan", None, "Channel"],
        ],
    )


async def fill_pyrogram(storage, dc, api_id, test, seed, user, bot):
    await storage.dc_id(dc)
    await storage.api_id(api_id)
    await storage.test_mode(test)
    await storage.auth_key(key(seed))
    await storage.user_id(user)
    await storage.is_bot(bot)


def kurigram(out):
    from pyrogram.storage.sqlite_storage import SQLiteStorage
    from pyrogram.storage.storage import UpdateState

    channel, forum = -1001006503122, -1002000000001

    async def write(path, wal):
        storage = SQLiteStorage(path.stem, path.parent, use_wal=wal)
        await storage.open()
        storage.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the empty tables; it keeps the journal small
        await storage.server_address("149.154.167.91")
        await storage.port(443)
        await fill_pyrogram(storage, 4, 12345, False, 11, 7777777777, False)
        await storage.update_peers([
            (7777777777, -5, "user", "15550002"), (93372553, 42, "bot", None),
            (-12345, 0, "group", None), (channel, 99, "channel", None), (forum, 100, "forum", None),
        ])
        await storage.update_usernames([(7777777777, ["first", "second"]), (channel, ["chan"])])
        await storage.set_update_state([UpdateState(0, 70, 3, 1793491200, 11), UpdateState(channel, 8, None, 1793491200, None)])
        await storage.save()
        return storage

    def name(wal):
        return "kurigram-wal.session" if wal else "kurigram.session"

    async def main():
        found = {}
        string = None
        for wal in (False, True):
            with tempfile.TemporaryDirectory() as work:
                path = Path(work) / name(wal)
                storage = await write(path, wal)
                # While it is open: what was written is only in the journal.
                for suffix in ("", "-wal") if wal else ("",):
                    shutil.copyfile(f"{path}{suffix}", out / f"{path.name}{suffix}")
                string = await storage.export_session_string()
                await storage.close()
            found |= expected(
                name(wal), 4, 11, address=["149.154.167.91", 443], api_id=12345, user=[7777777777, False],
                updates=[70, 3, 1793491200, 11], channels={"1006503122": 8},
                peers=[
                    ["user", 7777777777, -5, False, "first", "15550002", None],
                    ["user", 93372553, 42, True, None, None, None],
                    ["chat", 12345, None, False, None, None, None],
                    ["channel", 1006503122, 99, True, "chan", None, None],
                    ["channel", 2000000001, 100, False, None, None, None],
                ],
            )
        (out / "kurigram.txt").write_text(string + "\n")
        return found | expected("kurigram.txt", 4, 11, api_id=12345, user=[7777777777, False])

    return asyncio.run(main())


def pyrogram(out):
    import base64
    import struct

    asyncio.set_event_loop(asyncio.new_event_loop())  # it asks for one while it is imported
    from pyrogram.storage import FileStorage, MemoryStorage
    from pyrogram.storage.storage import Storage

    async def main():
        path = out / "pyrogram.session"
        storage = FileStorage("pyrogram", out)
        await storage.open()
        await fill_pyrogram(storage, 2, 54321, True, 13, 5555555555, True)
        await storage.update_peers([
            (5555555555, 17, "bot", "me", None), (-12345, 0, "group", None, None), (-1001006503122, 99, "supergroup", "chan", None),
        ])
        await storage.save()
        await storage.close()
        found = expected(
            path.name, 2, 13, api_id=54321, user=[5555555555, True], test=True,
            peers=[
                ["user", 5555555555, 17, True, "me", None, None],
                ["chat", 12345, None, False, None, None, None],
                ["channel", 1006503122, 99, False, "chan", None, None],
            ],
        )
        memory = MemoryStorage(":memory:")
        await memory.open()
        await fill_pyrogram(memory, 203, 2147483647, False, 15, (1 << 62) + 1, False)
        (out / "pyrogram.txt").write_text(await memory.export_session_string() + "\n")
        found |= expected("pyrogram.txt", 203, 15, api_id=2147483647, user=[(1 << 62) + 1, False])
        # No library writes the old layouts any more; this one still reads them, by these formats.
        for name, form, user in [
            ("pyrogram-old-263.txt", Storage.OLD_SESSION_STRING_FORMAT, (1 << 32) - 1),
            ("pyrogram-old-267.txt", Storage.OLD_SESSION_STRING_FORMAT_64, 1 << 33),
        ]:
            packed = struct.pack(form, 3, True, key(17), user, True)
            text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
            again = MemoryStorage(":memory:", text)
            await again.open()
            assert (await again.user_id(), await again.auth_key()) == (user, key(17))
            (out / name).write_text(text + "\n")
            found |= expected(name, 3, 17, user=[user, True], test=True)
        return found

    return asyncio.get_event_loop().run_until_complete(main())


# Number, user, home DC, keys by DC.
ACCOUNTS = [(0, 777000111, 2, {2: 19, 4: 21}), (2, 7777777777, 4, {4: 23})]


def accounts_expected(directory, passcode=None, test=False):
    more = {"passcode": passcode} if passcode else {}
    return {
        f"{directory}#{number}": {"dc": dc, "key_seed": keys[dc], "keys": {str(at): seed for at, seed in keys.items()},
                                  "user": [user, False], "account": number, "test": test, **more}
        for number, user, dc, keys in ACCOUNTS
    }


def tdata_old(out):
    from opentele2 import td

    found = {}
    for directory in ("tdata-7.2", "tdata-7.2-passcode"):
        passcode = PASSCODES.get(directory, "")
        td.TDesktop.PerformanceMode(False)
        desktop = td.TDesktop()
        desktop._TDesktop__generateLocalKey()
        for number, user, dc, keys in ACCOUNTS:
            account = td.Account(desktop, basePath=str(out / directory), index=number)
            mtp = [td.AuthKey(key(seed), td.AuthKeyType.ReadFromFile, td.account.DcId(at)) for at, seed in keys.items()]
            account._setMtpAuthorizationCustom(td.account.DcId(dc), user, mtp)
            desktop._addSingleAccount(account)
        desktop.SaveTData(str(out / directory), passcode)
        again = td.TDesktop(str(out / directory), passcode=passcode)
        assert [account.UserId for account in again.accounts] == [account[1] for account in ACCOUNTS]
        found |= accounts_expected(directory, passcode)
    return found


def tdata_new(out):
    from opentele2 import _native

    found = {}
    for directory in ("tdata-7.3", "tdata-7.3-passcode", "tdata-7.3-test"):
        passcode = PASSCODES.get(directory, "")
        test = directory.endswith("test")
        config = None
        if test:
            with tempfile.TemporaryDirectory() as work:
                plain = _native.TData.new([_native.Account(0, 1, 2, [(2, key(1))])], "", False)
                plain.save(work, False)
                stored = _native.TData.load(work).accounts[0].config
            config = stored[:4] + (1).to_bytes(4, "big") + stored[8:]
            assert _native.account_mtp_config(_native.Account(0, 1, 2, [(2, key(1))], config))["environment"] == "test"
        accounts = [
            _native.Account(number, user, dc, [(at, key(seed)) for at, seed in keys.items()], config)
            for number, user, dc, keys in ACCOUNTS
        ]
        _native.TData.new(accounts, passcode, False, 2).save(out / directory, False)
        again = _native.TData.load(out / directory, passcode)
        assert [account.user_id for account in again.accounts] == [account[1] for account in ACCOUNTS]
        found |= accounts_expected(directory, passcode, test)
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--venvs", type=Path, default=Path(__file__).resolve().parents[2] / "target" / "interop")
    p.add_argument("--only", choices=WRITERS)
    p.add_argument("--write", choices=WRITERS, help="write with the library of this Python")
    opts = p.parse_args()
    if opts.write:
        print(json.dumps(globals()[opts.write](OUT)))
        return
    found = {}
    listed = OUT / "expected.json"
    if opts.only:
        found = json.loads(listed.read_text())
    else:
        shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True, exist_ok=True)
    for writer, (name, packages) in WRITERS.items():
        if opts.only in (None, writer):
            venv = opts.venvs / name
            if not (venv / "bin" / "python").exists():
                subprocess.run([sys.executable, "-m", "venv", venv], check=True)
                subprocess.run([venv / "bin" / "pip", "install", "--quiet", *packages], check=True)
            done = subprocess.run([venv / "bin" / "python", __file__, "--write", writer], check=True, stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
            found |= json.loads(done.stdout.splitlines()[-1])
    listed.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


main()
