"""What the drivers of other people's clients share: the command line, the server's key, the report."""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import time
import traceback


def parse_args(peer, transports):
    """The options of a driver. They are the same for every client."""
    p = argparse.ArgumentParser(description=f"Logs in to a loopback DC with {peer} and prints one JSON line.")
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, required=True, help="port of the DC to begin with")
    p.add_argument("--dc", type=int, default=2, help="number of the DC to begin with")
    p.add_argument("--pubkey", required=True, help="the server's RSA key, PKCS#1 PEM (RSA PUBLIC KEY)")
    p.add_argument("--phone", default="+9996621234")
    p.add_argument("--code", default="22222")
    p.add_argument("--password", help="two-step verification password")
    p.add_argument("--bot-token", help="log in as a bot instead")
    p.add_argument("--expect-dc", type=int, help="DC where the client must be after the login")
    p.add_argument("--talk-to", metavar="PHONE", help="log in a second client with this number; each sends the other a message")
    p.add_argument("--talk-code", default="11111", help="the second client's code")
    p.add_argument("--flow", help="the flow to go through (of the drivers that have several)")
    p.add_argument("--digit", type=int, default=5, help="with --flow: the digit that makes the client's numbers its own")
    p.add_argument("--transport", choices=transports, default=transports[0])
    p.add_argument("--secret", help="speak as to an MTProxy with this secret, which is at HOST:PORT")
    p.add_argument("--no-login", action="store_true", help="stop after the key exchange and help.getConfig")
    p.add_argument("--repeat-ping", type=int, default=0, metavar="N", help="N help.getConfig calls after the login")
    p.add_argument("--pipeline", type=int, default=64, help="calls in flight for --repeat-ping")
    p.add_argument("--timeout", type=float, default=60, help="seconds for everything")
    p.add_argument("--verbose", action="store_true")
    return p.parse_args()


def public_key(path):
    """Modulus and exponent of a PKCS#1 PEM key, which is a DER SEQUENCE of two INTEGERs."""
    with open(path) as f:
        lines = [line.strip() for line in f]
    if lines[0] != "-----BEGIN RSA PUBLIC KEY-----":
        raise ValueError(f"{path} is not a PKCS#1 public key")
    der = base64.b64decode("".join(line for line in lines if not line.startswith("-")))

    def header(at):
        length, at = der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at:at + size], "big"), at + size
        return length, at

    _, at = header(0)
    numbers = []
    for _ in range(2):
        length, at = header(at)
        numbers.append(int.from_bytes(der[at:at + length], "big"))
        at += length
    return tuple(numbers)


def fingerprint(n, e):
    """The low 64 bits of the SHA-1 over both numbers as TL strings, as a signed number."""
    def tl_string(number):
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        head = bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
        return head + data + bytes(-(len(head) + len(data)) % 4)

    return int.from_bytes(hashlib.sha1(tl_string(n) + tl_string(e)).digest()[-8:], "little", signed=True)


async def pipelined(call, count, width):
    """Makes `count` calls, `width` of them in flight; gives calls a second."""
    left = iter(range(count))

    async def worker():
        for _ in left:
            await call()

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(min(width, count))))
    return round(count / (time.perf_counter() - begun), 1)


class Inbox:
    """Texts that a client has received, and a way to wait for one of them."""

    def __init__(self):
        self.texts = set()
        self.changed = asyncio.Event()

    def put(self, text):
        self.texts.add(text)
        self.changed.set()

    async def wait(self, text):
        while text not in self.texts:
            self.changed.clear()
            await self.changed.wait()


class Report:
    """The JSON line that a driver prints."""

    def __init__(self, peer, **more):
        self.out = {"ok": False, "peer": peer, **more, "steps": []}
        self.begun = time.perf_counter()

    def step(self, name, **more):
        at = round((time.perf_counter() - self.begun) * 1000, 1)
        self.out["steps"].append({"step": name, "at_ms": at, **more})

    def run(self, main, timeout):
        """Runs `main(report)`, prints the line and ends the process: 0 if all went well, else 1."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(asyncio.wait_for(main(self), timeout))
            self.out["ok"] = True
        except BaseException as error:
            self.out["error"] = f"{type(error).__name__}: {error}"[:400]
            if os.environ.get("PEER_TRACE"):
                traceback.print_exc()
        print(json.dumps(self.out), flush=True)
        os._exit(0 if self.out["ok"] else 1)  # some clients leave tasks behind that never end
