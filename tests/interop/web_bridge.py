#!/usr/bin/env python3
"""Puts other people's WebSockets and HTTP between a client and a DC: `websockets` from PyPI and Python's own `http.server`.

    web_bridge.py to-websocket URL          TCP in, a WebSocket to URL out: a client that knows none speaks through it
    web_bridge.py from-websocket HOST PORT  a WebSocket in, TCP to a DC out
    web_bridge.py from-http HOST PORT       POST /api in, TCP (intermediate) to a DC out, for one client

Prints the port on which it listens at 127.0.0.1, and goes on until it is stopped. What did not go by the rules goes to
stderr and ends it with status 1.
"""

import asyncio
import os
import queue
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def wrong(what):
    print(what, file=sys.stderr, flush=True)
    os._exit(1)


async def pump(one, other):
    """Until one of both has ended."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def join(websocket, reader, writer):
    async def outwards():
        while data := await reader.read(1 << 16):
            # Borders of frames mean nothing: an odd one, and a message in fragments.
            await websocket.send([data[:3], data[3:]] if len(data) > 3 else data)

    async def inwards():
        async for message in websocket:
            if not isinstance(message, bytes):
                wrong("a text frame")
            writer.write(message)
            await writer.drain()

    await pump(outwards(), inwards())
    writer.close()
    await websocket.close()


async def to_websocket(url):
    from websockets.asyncio.client import connect

    async def accept(reader, writer):
        async with connect(url, subprotocols=["binary"], compression=None) as websocket:
            if websocket.subprotocol != "binary":
                wrong(f"sub-protocol {websocket.subprotocol}")
            await websocket.ping()
            await join(websocket, reader, writer)
            if websocket.close_code not in (1000, 1006):
                wrong(f"closed with {websocket.close_code}")

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def from_websocket(host, port):
    from websockets.asyncio.server import serve

    async def accept(websocket):
        if websocket.subprotocol != "binary" or websocket.request.path != "/apiws":
            wrong(f"{websocket.request.path}, sub-protocol {websocket.subprotocol}")
        await join(websocket, *await asyncio.open_connection(host, port))

    async with serve(accept, "127.0.0.1", 0, subprotocols=["binary"], ping_interval=0.2) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


class Dc:
    """One TCP connection to a DC at a time, for all requests of the client."""

    def __init__(self, host, port):
        self.address = host, port
        self.socket = None
        self.packets = queue.Queue()
        self.lock = threading.Lock()

    def read(self, opened):
        stream = opened.makefile("rb")
        while len(head := stream.read(4)) == 4:
            self.packets.put(stream.read(struct.unpack("<I", head)[0]))
        with self.lock:
            self.socket = None

    def send(self, packet):
        with self.lock:
            if self.socket is None:
                self.socket = socket.create_connection(self.address)
                self.socket.sendall(b"\xee" * 4)
                threading.Thread(target=self.read, args=(self.socket,), daemon=True).start()
            self.socket.sendall(struct.pack("<I", len(packet)) + packet)


def from_http(host, port):
    dc = Dc(host, port)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            if self.path != "/api" or not self.headers["Host"]:
                wrong(f"{self.path} at {self.headers['Host']}")
            packet = self.rfile.read(int(self.headers["Content-Length"]))
            dc.send(packet)
            try:
                # A message of a key exchange has an answer of its own; what else waits cannot be seen from here.
                answer = dc.packets.get(timeout=10 if packet[:8] == bytes(8) else 0.2)
            except queue.Empty:
                answer = b""
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


mode, *rest = sys.argv[1:]
if mode == "to-websocket":
    asyncio.run(to_websocket(*rest))
elif mode == "from-websocket":
    asyncio.run(from_websocket(rest[0], int(rest[1])))
else:
    from_http(rest[0], int(rest[1]))
