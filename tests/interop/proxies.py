"""mtwire through proxies that others wrote, and the secrets by which others come to ours."""

import contextlib
import json
import shlex
import socket
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).parent
SITE = "www.example.com"


def secrets(key, padded, fake_tls):
    return {"plain": key, "dd": f"dd{padded}", "ee": f"ee{fake_tls}{SITE.encode().hex()}"}


# Of our server: keys of their own, so that none lets in another's client.
OURS = secrets("0f" * 16, "1e" * 16, "2d" * 16)
# Of the other proxy: all disguises of one key, as it has them.
KEY = "3c" * 16
THEIRS = secrets(KEY, KEY, KEY)

USER, PASSWORD = "someone", "loopback"


@contextlib.contextmanager
def started(opts, script, *arguments):
    """A driver of a proxy; gives the lines that it prints first, one port each."""
    command = [opts.proxies, str(HERE / script), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        def ports(count):
            lines = [process.stdout.readline() for _ in range(count)]
            if not all(lines):
                raise AssertionError(f"{script} did not start: {process.communicate()[1][-300:]}")
            return [int(line) for line in lines]

        yield ports
    finally:
        process.kill()
        process.communicate()


def log_in(opts, server, pubkey, proxy, dc, phone, code, transport):
    """A login and, in another process, a call, both through the proxy."""
    at = next(known for known in server.ready["dcs"] if known["id"] == dc)
    with tempfile.TemporaryDirectory() as work:
        def mtwire(*arguments, stdin=""):
            command = [*shlex.split(opts.mtwire), *arguments, "--session-dir", work, "--timeout", "20", "--proxy", proxy]
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=opts.timeout)
            if done.returncode != 0:
                raise AssertionError(f"mtwire {arguments[0]}: {done.stderr[-300:]}")
            return done.stdout

        here = ["--dc", f"{at['host']}:{at['port']}", "--dc-id", str(dc), "--dc-key", pubkey, "--transport", transport]
        mtwire("login", "x", "--phone", phone, "--json", *here, stdin=f"{code}\n")
        me = json.loads(mtwire("me", "x", "--json", "--transport", transport))
        assert me["user"]["phone"] == phone.lstrip("+"), me
        config = json.loads(mtwire("call", "x", "help.getConfig", "--transport", transport))
        assert config["this_dc"] == me["dc"], config["this_dc"]
        return me["dc"]


def cases(opts, server):
    """Each proxy: its name, its driver, how many ports that prints, and for them the URLs and transports."""
    dcs = [f"{dc['host']}:{dc['port']}" for dc in server.ready["dcs"]]
    link = "https://t.me/proxy?server=127.0.0.1&port={}&secret={}"
    yield "mtprotoproxy 1.0.6", ["mtprotoproxy_server.py", KEY, SITE, *dcs], 1, lambda port: [
        (f"{name}, {transport}", link.format(port, secret), transport)
        for name, secret in THEIRS.items()
        for transport in (["abridged", "intermediate", "padded"] if name == "plain" else ["abridged"])
    ]
    yield "pproxy 2.7.9", ["pproxy_server.py", USER, PASSWORD], 2, lambda free, closed: [
        (f"{scheme}{with_login}, {transport}", f"{scheme}://{login}127.0.0.1:{port}", transport)
        for scheme in ["socks5", "http"]
        for with_login, login, port in [("", "", free), (" with password", f"{USER}:{PASSWORD}@", closed)]
        for transport in ["abridged", "full", "obfuscated-padded"]
    ]


class Site:
    """A real site on OpenSSL: what it makes of the hellos that come, and what it answers."""

    def __init__(self):
        self.hellos = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(HERE / "site.pem")
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.context.sni_callback = lambda _, name, __: self.hellos[-1].update(name=name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            with client:
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                tls = self.context.wrap_bio(incoming, outgoing, server_side=True)
                hello = {"length": 0}
                self.hellos.append(hello)
                while not outgoing.pending and (data := client.recv(65536)):
                    hello["length"] += len(data)
                    incoming.write(data)
                    try:
                        tls.do_handshake()
                    except ssl.SSLWantReadError:
                        pass
                    except ssl.SSLError as error:
                        hello["error"] = str(error)
                hello["answer"] = outgoing.read()
                with contextlib.suppress(OSError):
                    client.sendall(hello["answer"])
                    client.recv(1)


def real_site(opts, server, pubkey):
    """A TLS server takes our hellos for a browser's, and we do not take it for a proxy."""
    site = Site()
    try:
        log_in(opts, server, pubkey, f"mtproxy://{THEIRS['ee']}@127.0.0.1:{site.port}", 2, "+9996621234", "22222", "abridged")
    except AssertionError as error:
        assert "the answer is not that of a proxy with this secret" in str(error), error
    else:
        raise AssertionError("it was taken for a proxy")
    lengths = [hello["length"] for hello in site.hellos]
    assert lengths[0] > 1500 and 517 in lengths, lengths
    for hello in site.hellos:
        assert hello.get("name") == SITE, hello
        # A record of the handshake with a server_hello in it.
        assert hello["answer"][:3] == b"\x16\x03\x03" and hello["answer"][5] == 2, hello


def run(opts, server, pubkey):
    """Gives the name of each run and the reason of its failure, if it failed."""
    if not opts.proxies:
        return
    for proxy, driver, count, urls in cases(opts, server):
        names = [name for name, _, _ in urls(*range(count))]
        wanted = [name for name in names if all(word in f"mtwire {proxy} {name}" for word in opts.only or [])]
        if not wanted:
            continue
        with started(opts, *driver) as ports:
            try:
                known = urls(*ports(count))
            except AssertionError as error:
                yield f"mtwire through {proxy}", str(error)
                continue
            for name, url, transport in known:
                if name not in wanted:
                    continue
                error = None
                try:
                    # Of DC 2, and one that has to move: a proxy is told the number of the DC.
                    for phone, code, dc in [("+9996621234", "22222", 2), ("+9996611234", "11111", 1)]:
                        reached = log_in(opts, server, pubkey, url, 2, phone, code, transport)
                        assert reached == dc, f"DC {reached}"
                except (AssertionError, subprocess.TimeoutExpired) as failure:
                    error = str(failure)
                yield f"mtwire {proxy:20} {name}", error
    name = "mtwire OpenSSL              a real site is no proxy"
    if all(word in name for word in opts.only or []):
        try:
            real_site(opts, server, pubkey)
            yield name, None
        except (AssertionError, subprocess.TimeoutExpired) as failure:
            yield name, str(failure)
