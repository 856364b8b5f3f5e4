"""Work by Python packages, for `benches/compare`: reads JSON lines, times what they ask for, answers in JSON lines."""

import asyncio
import json
import sys
import time
import traceback
from importlib.metadata import version

VERSIONS = {name: version(name) for name in ("Telethon", "TgCrypto", "cryptg")}


def timed(times, work):
    """Seconds of this thread, without those in which other programs have the processor."""
    begun = time.thread_time()
    for _ in range(times):
        work()
    return {"seconds": time.thread_time() - begun}


def ige(request):
    data, key, iv = bytes([3]) * request["length"], bytes([1]) * 32, bytes([2]) * 32
    if request["with"] == "TgCrypto":
        import tgcrypto
        work = tgcrypto.ige256_encrypt if request["encrypt"] else tgcrypto.ige256_decrypt
    else:
        import cryptg
        work = cryptg.encrypt_ige if request["encrypt"] else cryptg.decrypt_ige
    return timed(request["times"], lambda: work(data, key, iv))


def factor(request):
    from telethon.crypto import Factorization
    return timed(1, lambda: Factorization.factorize(request["pq"]))


sample = {}


def tl(request):
    """The bytes to work on. Telethon must understand all of them and write them again."""
    from telethon.extensions import BinaryReader
    data = bytes.fromhex(request["hex"])

    def decode():
        with BinaryReader(data) as reader:
            return reader.tgread_object()

    value = decode()
    if bytes(value) != data:
        raise ValueError("Telethon writes other bytes than it has read")
    sample.update(decode=decode, encode=lambda: bytes(value))
    return {"seconds": 0}


def clients_of(request):
    from telethon import TelegramClient
    from telethon.crypto import AuthKey
    from telethon.sessions import MemorySession

    def client(key):
        session = MemorySession()
        session.set_dc(request["dc"], "127.0.0.1", request["port"])
        session.auth_key = AuthKey(bytes.fromhex(key))
        return TelegramClient(session, 1, "0" * 32, connection_retries=2, retry_delay=0.2)

    return client


connected = []


async def connect(request):
    client = clients_of(request)(request["keys"][0])
    await client.connect()
    connected.append(client)
    return {}


async def invoke(request):
    from telethon.tl.functions.help import GetConfigRequest
    client, left = connected[-1], iter(range(request["times"]))

    async def caller():
        for _ in left:
            await client(GetConfigRequest())

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(min(request["width"], request["times"]))))
    return {"seconds": time.perf_counter() - begun}


async def disconnect(request):
    while connected:
        await connected.pop().disconnect()
    return {}


async def idle(request):
    """Connects so many clients and keeps them. The caller measures this process, before and after."""
    from telethon.tl.functions.help import GetConfigRequest
    make, keys = clients_of(request), request["keys"]
    permits = asyncio.Semaphore(20)

    async def one(n):
        client = make(keys[n // 50])
        async with permits:
            await client.connect()
            await client(GetConfigRequest())
        connected.append(client)

    await asyncio.gather(*(one(n) for n in range(request["count"])))
    await asyncio.sleep(3)
    return {}


WORK = {
    "versions": lambda request: VERSIONS,
    "ige": ige,
    "factor": factor,
    "tl": tl,
    "decode": lambda request: timed(request["times"], sample["decode"]),
    "encode": lambda request: timed(request["times"], sample["encode"]),
    "connect": connect,
    "invoke": invoke,
    "disconnect": disconnect,
    "idle": idle,
}


async def main():
    loop = asyncio.get_running_loop()
    while True:
        # Clients are served while this waits.
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        request = json.loads(line)
        try:
            answer = WORK[request["do"]](request)
            if asyncio.iscoroutine(answer):
                answer = await asyncio.wait_for(answer, 300)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
