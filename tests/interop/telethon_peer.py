"""Telethon as it is set up for a loopback DC. Only the first address is given: later ones Telethon takes from
help.getConfig."""

import logging

import common

args = common.parse_args("Telethon", ["full", "abridged", "intermediate", "padded", "obfuscated", "http"])
if args.verbose:
    logging.basicConfig(level=logging.DEBUG)

import telethon
from telethon import TelegramClient, errors
from telethon.crypto import rsa
from telethon.network import connection
from telethon.network.connection.connection import ObfuscatedConnection
from telethon.network.connection.http import HttpPacketCodec
from telethon.network.connection.tcpintermediate import RandomizedIntermediatePacketCodec
from telethon.network.connection.tcpobfuscated import ObfuscatedIO
from telethon.sessions import MemorySession
from telethon.tl.alltlobjects import LAYER


class PaddedObfuscated(ObfuscatedConnection):
    """Telethon has padded intermediate only under obfuscation, for MTProxy."""

    obfuscated_io, packet_codec = ObfuscatedIO, RandomizedIntermediatePacketCodec


class MendedHttpPacketCodec(HttpPacketCodec):
    """Telethon compares the last byte of each line of a head, a number, with b"\\n", and so takes each for the end."""

    async def read_packet(self, reader):
        class Lines:
            async def readline(self):
                return Line(await reader.readline())

            async def readexactly(self, n):
                return await reader.readexactly(n)

        return await super().read_packet(Lines())


class Line(bytes):
    def __getitem__(self, at):
        return bytes(self)[-1:] if at == -1 else bytes(self)[at]


class MendedHttp(connection.ConnectionHttp):
    packet_codec = MendedHttpPacketCodec


def transport():
    """The connection class, and the proxy for it."""
    if not args.secret:
        return {
            "full": connection.ConnectionTcpFull,
            "abridged": connection.ConnectionTcpAbridged,
            "intermediate": connection.ConnectionTcpIntermediate,
            "obfuscated": connection.ConnectionTcpObfuscated,
            "padded": PaddedObfuscated,
            "http": MendedHttp,
        }[args.transport], None
    if args.secret.startswith("ee"):
        # A package of its own; it puts the first byte in front itself.
        from TelethonFakeTLS import ConnectionTcpMTProxyFakeTLS
        return ConnectionTcpMTProxyFakeTLS, (args.host, args.port, args.secret[2:])
    return {
        "abridged": connection.ConnectionTcpMTProxyAbridged,
        "intermediate": connection.ConnectionTcpMTProxyIntermediate,
        "padded": connection.ConnectionTcpMTProxyRandomizedIntermediate,
    }[args.transport], (args.host, args.port, args.secret)


async def client():
    session = MemorySession()
    session.set_dc(args.dc, args.host, args.port)
    kind, proxy = transport()
    c = TelegramClient(
        session, 12345, "0" * 32, connection=kind, proxy=proxy, use_ipv6=":" in args.host, connection_retries=2,
        retry_delay=0.2, request_retries=3,
    )
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


def trust(path):
    """Makes Telethon trust the server's key."""
    n, e = common.public_key(path)
    rsa._server_keys[common.fingerprint(n, e)] = (rsa.rsa.PublicKey(n, e), False)


def report():
    return common.Report("telethon", version=telethon.__version__, layer=LAYER, transport=args.transport)
