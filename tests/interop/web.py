"""HTTP and WebSockets with peers that are not ours: Telethon and Kurigram through the client of `websockets`, mtwire through
its server and through Python's `http.server`, and packets posted by `http.client` and curl."""

import json
import shlex
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import driver

HERE = Path(__file__).parent
PHONE, CODE, DC = "+9996621234", "22222", 2

# What each client speaks under obfuscation, which is what a WebSocket has to carry.
OBFUSCATED = {"telethon": ["obfuscated", "padded"], "kurigram": ["obfuscated", "obfuscated-intermediate"]}


@contextmanager
def bridge(python, *arguments):
    """Runs web_bridge.py; gives its port. It must still be there at the end: it goes when something was wrong."""
    command = [python, str(HERE / "web_bridge.py"), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
        if process.poll() is not None:
            raise AssertionError(process.stderr.read()[-300:])
    finally:
        process.kill()
        process.wait()


class Flow:
    def __init__(self, opts, server, pubkey):
        self.opts, self.pubkey = opts, pubkey
        at = next(dc for dc in server.ready["dcs"] if dc["id"] == DC)
        self.host, self.port = at["host"], at["port"]

    def driver(self, python, name, port, *arguments):
        command = [
            python, HERE / f"{name}.py", "--host", self.host, "--port", port, "--dc", DC, "--pubkey", self.pubkey,
            "--timeout", self.opts.timeout, *arguments,
        ]
        driver.report(command, self.opts.timeout)

    def through_websocket(self, client, transport):
        """A client that knows no WebSocket, through one."""
        with bridge(self.opts.websockets, "to-websocket", f"ws://{self.host}:{self.port}/apiws") as port:
            self.driver(
                getattr(self.opts, client), f"{client}_login", port, "--transport", transport, "--phone", PHONE, "--code", CODE,
                "--expect-dc", DC, "--repeat-ping", 200,
            )

    def mtwire(self, python, kind, transport):
        """Our client at a server that is not ours, with ours behind it."""
        with bridge(python, kind, self.host, self.port) as port, tempfile.TemporaryDirectory() as work:
            def command(name, *arguments, stdin=""):
                line = [*shlex.split(self.opts.mtwire), name, "web", "--session-dir", work, "--transport", transport]
                done = subprocess.run(
                    [*line, *arguments], input=stdin, capture_output=True, text=True, timeout=self.opts.timeout
                )
                if done.returncode != 0:
                    raise AssertionError(f"mtwire {name}: {done.stderr[-300:]}")
                return done.stdout

            command(
                "login", "--dc", f"127.0.0.1:{port}", "--dc-id", str(DC), "--dc-key", self.pubkey, "--api-id", "1",
                "--api-hash", "0" * 32, "--phone", PHONE, stdin=CODE + "\n",
            )
            assert json.loads(command("me", "--json"))["user"]["id"]


def flows(opts, flow):
    for client, transports in OBFUSCATED.items():
        if opts.websockets and getattr(opts, client):
            for transport in transports:
                yield f"{client} {transport} through a WebSocket of websockets", flow.through_websocket, (client, transport)
    if opts.websockets:
        yield "mtwire websocket at a server of websockets", flow.mtwire, (opts.websockets, "from-websocket", "websocket")
    yield "mtwire http at a server of http.server", flow.mtwire, (sys.executable, "from-http", "http")
    if opts.telethon:
        yield "http.client and curl post", flow.driver, (opts.telethon, "http_peer", flow.port)


def run(opts, server, pubkey):
    """Runs every flow; gives its name and what was wrong, or None."""
    for name, call, arguments in flows(opts, Flow(opts, server, pubkey)):
        if not all(word in name for word in opts.only or []):
            continue
        try:
            call(*arguments)
            yield name, None
        except Exception as error:
            yield name, f"{type(error).__name__}: {error}"[:300]
