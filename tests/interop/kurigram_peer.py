"""Kurigram as it is set up for a loopback DC. Only the first address is given: later ones Kurigram takes from
help.getConfig."""

import logging

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
        proxy=args.secret and {"scheme": "mtproxy", "hostname": args.host, "port": args.port, "secret": args.secret},
        fetch_stories=False,
        ipv6=":" in args.host,
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


def trust(path):
    """Makes Kurigram trust the server's key."""
    n, e = common.public_key(path)
    rsa.server_public_keys[common.fingerprint(n, e)] = rsa.PublicKey(n, e)


def report():
    return common.Report("kurigram", version=pyrogram.__version__, layer=layer, transport=args.transport)
