#!/usr/bin/env python3
"""Runs pproxy, a SOCKS5 and HTTP proxy. Prints the port where everybody is let in and the one where USER PASSWORD is; ends
with its standard input.

    pproxy_server.py USER PASSWORD"""

import asyncio
import socket
import sys

import pproxy

user, password = sys.argv[1:]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


async def main():
    for login in "", f"#{user}:{password}":
        port = free_port()
        await pproxy.Server(f"http+socks5://127.0.0.1:{port}{login}").start_server({"rserver": [], "verbose": lambda *_: None})
        print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
