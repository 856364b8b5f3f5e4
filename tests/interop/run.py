#!/usr/bin/env python3
"""Starts `mtwire serve`, runs the drivers of this directory against it and prints what came of it."""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import proxies
import session_files
import web
from flows import Numbers

HERE = Path(__file__).parent

CLIENTS = {
    "telethon": ["full", "abridged", "intermediate", "padded", "obfuscated", "http"],
    "kurigram": ["abridged", "intermediate", "padded", "full", "obfuscated", "obfuscated-intermediate"],
}

# The clients that speak to our server as to an MTProxy: transport and secret.
SECRETS = {
    "telethon": [("abridged", "plain"), ("intermediate", "plain"), ("padded", "plain"), ("padded", "dd"), ("padded", "ee")],
    "kurigram": [("abridged", "plain"), ("padded", "plain"), ("padded", "dd"), ("padded", "ee")],
}
SECRET_FLOWS = ["user", "user of another DC", "messages"]

# All clients begin at DC 2, so that the flows with --expect-dc 1 and 3 have to migrate.
FLOWS = {
    "user": ["--phone", "+9996621234", "--code", "22222", "--expect-dc", "2"],
    "user with password": ["--phone", "+9996625678", "--code", "22222", "--password", "correct horse", "--expect-dc", "2"],
    "user of another DC": ["--phone", "+9996611234", "--code", "11111", "--expect-dc", "1"],
    "bot": ["--bot-token", "4200:loopback-bot", "--expect-dc", "2"],
    "bot of another DC": ["--bot-token", "4300:loopback-bot", "--expect-dc", "3"],
    "messages": ["--phone", "+9996621111", "--code", "22222", "--talk-to", "+9996632222", "--talk-code", "33333"],
}

# These do not depend on the transport: each client goes through them over its first one.
ONCE = {
    "telethon": [
        "qr", "qr, password", "qr, another DC", "password", "recovery", "reset", "codes", "e-mail", "refusals", "sessions",
        "log-out",
    ],
    "kurigram": ["qr", "qr, password", "qr, another DC", "password", "recovery", "codes", "refusals", "sessions"],
}
DIGITS = {"telethon": 5, "kurigram": 6}
NUMBERS = [Numbers(digit) for digit in DIGITS.values()]

SERVE = [
    "serve", "--json",
    *(word for numbers in NUMBERS for account in numbers.accounts() for word in ("--account", account)),
    "--account", "+9996621234",
    "--account", "+9996625678,password=correct horse",
    "--account", "+9996611234",
    "--account", "+9996621111",
    "--account", "+9996632222",
    "--bot", "4200:loopback-bot",
    "--bot", "4300:loopback-bot,dc=3",
    *(word for secret in proxies.OURS.values() for word in ("--secret", secret)),
]


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--mtwire", required=True, help="the command to test")
    for client in CLIENTS:
        p.add_argument(f"--{client}", help=f"a Python that has {client}")
    p.add_argument("--pyrogram", help="a Python that has pyrogram, for its sessions")
    p.add_argument("--proxies", help="a Python that has mtprotoproxy and pproxy")
    p.add_argument("--websockets", help="a Python that has websockets, for the runs through its client and its server")
    p.add_argument("--only", action="append", metavar="WORD", help="only runs whose name has this word (repeatable: all of them)")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="drivers at one time")
    p.add_argument("--timeout", type=float, default=60, help="seconds for one driver")
    return p.parse_args()


class Server:
    """`mtwire serve` and what it said when it was ready."""

    def __init__(self, command, scenario, *more):
        command_line = [*shlex.split(command), *SERVE, "--scenario", scenario, *more]
        self.process = subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{command} did not start (exit status {self.process.wait()})")
        self.ready = json.loads(line)

    def stop(self):
        """Asks it to stop; gives its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            # Its events have to be read, or it could not write them.
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        return self.process.wait()


def drive(opts, server, pubkey, client, transport, flow):
    transport, secret = transport if isinstance(transport, tuple) else (transport, None)
    dc = next(dc for dc in server.ready["dcs"] if dc["id"] == 2)
    driver, flow_args = "login", FLOWS.get(flow)
    if flow_args is None:
        driver, flow_args = "flows", ["--flow", flow, "--digit", str(DIGITS[client])]
    command = [
        getattr(opts, client), str(HERE / f"{client}_{driver}.py"),
        "--host", dc["host"], "--port", str(dc["port"]), "--dc", "2", "--pubkey", pubkey,
        "--transport", transport, "--timeout", str(opts.timeout), *flow_args,
        *(["--secret", proxies.OURS[secret]] if secret else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=opts.timeout + 30)
    try:
        report = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        report = {"ok": False, "error": f"no report; {done.stderr[-300:]}"}
    report["ok"] = report["ok"] and done.returncode == 0
    return report


def name(transport):
    return transport if isinstance(transport, str) else "MTProxy {1}, {0}".format(*transport)


def wanted(opts, client, transport, flow):
    return all(word in f"{client} {name(transport)} {flow}" for word in opts.only or [])


def on_ipv6(opts):
    """A server of its own: the addresses that it tells in help.getConfig are those that it listens on."""
    names = {
        f"IPv6: {client} {transport} {flow}": (client, transport, flow)
        for client, transports in CLIENTS.items() if getattr(opts, client)
        for transport in transports
        for flow in ("user", "user of another DC")
    }
    chosen = {name: run for name, run in names.items() if all(word in name for word in opts.only or [])}
    if not chosen:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json") as scenario, tempfile.NamedTemporaryFile("w", suffix=".pem") as key:
        scenario.write("{}")
        scenario.flush()
        server = Server(opts.mtwire, scenario.name, "--listen", "::1")
        key.write(server.ready["public_key"])
        key.flush()
        with ThreadPoolExecutor(opts.jobs) as pool:
            reports = pool.map(lambda run: drive(opts, server, key.name, *run), chosen.values())
            for name, report in zip(chosen, reports):
                yield name, None if report["ok"] else report.get("error") or "failed"
        status = server.stop()
    yield "IPv6: mtwire serve ends in order", None if status == 0 else f"status {status}"


def main():
    opts = options()
    runs = [
        (client, transport, flow)
        for client, transports in CLIENTS.items() if getattr(opts, client)
        for transport in transports
        for flow in [*FLOWS, *(ONCE[client] if transport == transports[0] else [])]
        if wanted(opts, client, transport, flow)
    ]
    runs += [
        (client, kind, flow)
        for client, kinds in SECRETS.items() if getattr(opts, client)
        for kind in kinds
        for flow in SECRET_FLOWS
        if wanted(opts, client, kind, flow)
    ]
    count = failed = 0
    with tempfile.NamedTemporaryFile("w", suffix=".json") as scenario:
        json.dump({"numbers": {k: v for numbers in NUMBERS for k, v in numbers.scenario().items()}}, scenario)
        scenario.flush()
        server = Server(opts.mtwire, scenario.name)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as key, ThreadPoolExecutor(opts.jobs) as pool:
        key.write(server.ready["public_key"])
        key.flush()
        reports = pool.map(lambda run: drive(opts, server, key.name, *run), runs)
        for (client, transport, flow), report in zip(runs, reports):
            failed += not report["ok"]
            took = report["steps"][-1]["at_ms"] if report.get("steps") else 0
            result = f"ok   {took:7.0f} ms" if report["ok"] else f"FAIL {report.get('error')}"
            print(f"{client:9} {report.get('version', ''):8} {name(transport):28} {flow:20} {result}", flush=True)
        others = [
            session_files.run(opts, server, key.name), proxies.run(opts, server, key.name),
            web.run(opts, server, key.name), on_ipv6(opts),
        ]
        for run, error in chain.from_iterable(others):
            count += 1
            failed += error is not None
            print(f"{run:64} {'ok' if error is None else f'FAIL {error}'}", flush=True)
    status = server.stop()
    if status != 0:
        print(f"mtwire serve ended with status {status}")
        failed += 1
    # The server's own end is one of the things that are checked.
    count += len(runs) + 1
    print(f"interop: {count - failed} passed, {failed} failed")
    sys.exit(1 if failed or count == 1 else 0)


main()
