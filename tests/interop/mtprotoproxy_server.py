#!/usr/bin/env python3
"""Runs mtprotoproxy, an MTProxy, with the loopback DC behind it. Prints its port; ends with its standard input.

    mtprotoproxy_server.py SECRET DOMAIN HOST:PORT...

SECRET are 32 hexadecimal digits, which clients may use as they are, with dd, and with ee and DOMAIN. The addresses are those
of the DCs 1, 2, …"""

import asyncio
import os
import sys
import tempfile

# It installs itself among the commands, not among the modules.
sys.path.append(os.path.dirname(sys.executable))
secret, domain, *dcs = sys.argv[1:]

with tempfile.NamedTemporaryFile("w", suffix=".py") as config:
    # Nothing listens on the port of discarded data: who has no secret is turned away, as there is no real site here.
    config.write(f"USERS = {{'user': '{secret}'}}\nTLS_DOMAIN = '{domain}'\nMASK_HOST, MASK_PORT = '127.0.0.1', 9\n")
    config.write("PREFER_IPV6 = False\nUSE_MIDDLE_PROXY = False\n")
    config.flush()
    sys.argv = ["mtprotoproxy", config.name]
    import mtprotoproxy
    mtprotoproxy.init_config()

# Python 3.11 has dropped this name, which the proxy uses.
asyncio.streams.IncompleteReadError = asyncio.IncompleteReadError

# It knows Telegram's addresses alone, all with one port.
mtprotoproxy.TG_DATACENTERS_V4 = dcs
dial = mtprotoproxy.open_connection_tryer


async def dial_here(address, port, limit, timeout, max_attempts=3):
    if address in dcs:
        address, port = address.rsplit(":", 1)
    return await dial(address, int(port), limit, timeout, max_attempts)


mtprotoproxy.open_connection_tryer = dial_here


async def main():
    # Its own main() is for Pythons before 3.10.
    mtprotoproxy.init_stats()
    server = await asyncio.start_server(mtprotoproxy.handle_client_wrapper, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
