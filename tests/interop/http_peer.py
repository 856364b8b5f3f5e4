#!/usr/bin/env python3
"""Posts packets with Python's `http.client` and with curl: a key exchange, a ping, empty and full long polls.

What is in the packets is Telethon's: its key exchange and its encryption.
"""

import asyncio
import http.client
import io
import os
import shutil
import struct
import subprocess
import time

import common

args = common.parse_args("http.client", ["http"])

from telethon import functions
from telethon.crypto import rsa
from telethon.network import authenticator
from telethon.network.mtprotoplainsender import MTProtoPlainSender
from telethon.network.mtprotostate import MTProtoState
from telethon.tl.core import TLMessage, MessageContainer


class Web:
    """One connection."""

    def __init__(self):
        self.http = http.client.HTTPConnection(args.host, args.port, timeout=30)

    def request(self, method, path, body=None):
        self.http.request(method, path, body)
        answer = self.http.getresponse()
        return answer.status, answer.read(), answer

    def post(self, body):
        return self.request("POST", "/api", body)[:2]


class ForExchange:
    """What Telethon's exchange takes for a connection."""

    def __init__(self, web):
        self.web = web

    async def send(self, body):
        status, self.body = self.web.post(body)
        assert status == 200, status

    async def recv(self):
        return self.body


class Loggers(dict):
    def __missing__(self, _):
        import logging
        return logging.getLogger("telethon")


def trust():
    n, e = common.public_key(args.pubkey)
    rsa._server_keys[common.fingerprint(n, e)] = (rsa.rsa.PublicKey(n, e), False)


def req_pq(nonce):
    body = struct.pack("<I", 0xBE7E8EF1) + nonce
    return struct.pack("<qqi", 0, (int(time.time()) << 32) & ~3, len(body)) + body


def http_wait(max_wait):
    return struct.pack("<Iiii", 0x9299359F, 0, 0, max_wait)


class Session:
    """A session that says what it is told to, in containers where it is several things."""

    def __init__(self, key, offset):
        self.state = MTProtoState(key, Loggers())
        self.state.time_offset = offset

    def packet(self, *bodies):
        messages = io.BytesIO()
        for body in bodies:
            self.state.write_data_as_message(messages, body, content_related=False)
        if len(bodies) > 1:
            container = struct.pack("<Ii", MessageContainer.CONSTRUCTOR_ID, len(bodies)) + messages.getvalue()
            messages = io.BytesIO()
            self.state.write_data_as_message(messages, container, content_related=False)
        return self.state.encrypt_message_data(messages.getvalue())

    def opened(self, packet):
        message = self.state.decrypt_message_data(packet)
        objects = getattr(message.obj, "messages", None)
        return [m.obj for m in objects] if objects is not None else [message.obj]


def ping(number):
    return bytes(functions.PingRequest(number))


async def main(report):
    trust()
    web = Web()
    nonce = os.urandom(16)
    status, body = web.post(req_pq(nonce))
    assert status == 200 and body[24:40] == nonce, (status, body)
    report.step("http.client: req_pq")
    if curl := shutil.which("curl"):
        nonce = os.urandom(16)
        host = f"[{args.host}]" if ":" in args.host else args.host
        url = f"http://{host}:{args.port}/api"
        command = [curl, "--silent", "--show-error", "--fail", "--globoff", "--data-binary", "@-", url]
        done = subprocess.run(command, input=req_pq(nonce), capture_output=True, check=True)
        assert done.stdout[24:40] == nonce, done
        # As large as curl asks first whether it may.
        command[3:4] = ["--header", "Expect: 100-continue"]
        done = subprocess.run(command, input=req_pq(nonce) + bytes(2 << 20), capture_output=True, check=True)
        assert done.stdout[24:40] == nonce, done
        report.step("curl: req_pq")
    for method, path, expected in [("GET", "/", 404), ("GET", "/api", 405), ("OPTIONS", "/apiw", 200)]:
        status, _, answer = web.request(method, path)
        assert status == expected, (method, path, status)
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    status, body = Web().post(os.urandom(104))
    assert (status, body) == (404, struct.pack("<i", -404)), (status, body)
    report.step("refusals")

    key, offset = await authenticator.do_authentication(MTProtoPlainSender(ForExchange(web), loggers=Loggers()))
    report.step("key exchange")
    session = Session(key, offset)
    # The first salt is wrong: Telethon begins with 0.
    status, body = web.post(session.packet(ping(1)))
    refused = [o for o in session.opened(body) if type(o).__name__ == "BadServerSalt"]
    assert status == 200 and refused, body
    session.state.salt = refused[0].new_server_salt
    status, body = web.post(session.packet(ping(2)))
    assert any(getattr(o, "ping_id", None) == 2 for o in session.opened(body)), body
    report.step("ping")
    begun = time.perf_counter()
    status, body = web.post(session.packet(http_wait(400)))
    assert (status, body) == (200, b"") and time.perf_counter() - begun >= 0.4, (status, body)
    report.step("empty poll")
    # Two connections of one session: what comes on one may be answered on the other.
    poll = asyncio.get_running_loop().run_in_executor(None, Web().post, session.packet(http_wait(20_000)))
    await asyncio.sleep(0.1)
    answers = [web.post(session.packet(ping(3), http_wait(0)))[1]]
    if not answers[0]:
        answers = [(await poll)[1]]
    else:
        # Let the poll go.
        answers.append(web.post(session.packet(ping(4), http_wait(0)))[1] or (await poll)[1])
    pongs = {getattr(o, "ping_id", None) for packet in answers for o in session.opened(packet)}
    assert 3 in pongs, pongs
    report.step("poll with an answer")


common.Report("http.client", version="3", transport="http").run(main, args.timeout)
