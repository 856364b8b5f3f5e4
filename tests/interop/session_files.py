"""Sessions there and back: made by Telethon, Kurigram and Pyrogram and used by mtwire without a code, and the other way."""

import json
import shlex
import subprocess
import tempfile
from pathlib import Path

import driver

HERE = Path(__file__).parent
PHONE, CODE, DC = "+9996621234", "22222", 2

# The forms that each library reads and writes: its name for the form, ours, and what our export is told besides.
FORMS = {
    "telethon": [("string", "telethon-string", []), ("sqlite", "telethon-sqlite", [])],
    "kurigram": [("string", "pyrogram-string", []), ("sqlite", "pyrogram-sqlite", ["--kurigram"])],
    "pyrogram": [("string", "pyrogram-string", []), ("sqlite", "pyrogram-sqlite", [])],
}


class Flow:
    def __init__(self, opts, server, pubkey, library, work):
        self.opts, self.pubkey, self.library, self.work = opts, pubkey, library, Path(work)
        at = next(dc for dc in server.ready["dcs"] if dc["id"] == DC)
        self.host, self.port = at["host"], at["port"]
        self.here = ["--dc", f"{self.host}:{self.port}", "--dc-id", str(DC), "--dc-key", pubkey]

    def mtwire(self, *arguments, stdin=""):
        """Runs the command; gives what it printed."""
        command = [*shlex.split(self.opts.mtwire), *map(str, arguments), "--session-dir", str(self.work)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=self.opts.timeout)
        if done.returncode != 0:
            raise AssertionError(f"mtwire {arguments[0]} {arguments[1]}: {done.stderr[-300:]}")
        return done.stdout

    def driver(self, *arguments):
        """Runs the library; gives its report."""
        command = [
            getattr(self.opts, self.library), HERE / "session_driver.py", "--host", self.host, "--port", self.port, "--dc", DC,
            "--pubkey", self.pubkey, "--phone", PHONE, "--code", CODE, "--timeout", self.opts.timeout, *arguments,
        ]
        return driver.report(command, self.opts.timeout)

    def import_(self, kind, form, saved):
        """The library's session, imported: `mtwire me` knows who it is without a code."""
        value = self.work / ("peer.txt" if kind == "string" else "peer.session")
        stdin = value.read_text() if kind == "string" else ""
        self.mtwire("session", "import", form, "--from", form, "-" if stdin else value, *self.here, stdin=stdin)
        me = json.loads(self.mtwire("me", form, "--json"))
        assert me["user"]["id"] == saved["user_id"], me
        # What was asked for is kept.
        shown = json.loads(self.mtwire("session", "show", form, "--json"))
        assert shown["user"]["id"] == saved["user_id"] and shown["user"]["first_name"], shown

    def export(self, kind, form, more):
        """Our session, exported: the library is logged in with it."""
        out = self.work / f"{form}.out"
        self.mtwire("session", "export", "ours", "--to", form, "--out", out, *more)
        me = json.loads(self.mtwire("session", "show", "ours", "--json"))["user"]
        report = self.driver("--open", kind, out)
        assert report["user_id"] == me["id"], report


def run(opts, server, pubkey):
    """Gives the name of each run and the reason of its failure, if it failed."""
    for library, forms in FORMS.items():
        if not getattr(opts, library):
            continue
        names = [f"{library} session {way} {kind}" for way in ("import", "export") for kind, _, _ in forms]
        if not any(all(word in name for word in opts.only or []) for name in names):
            continue
        with tempfile.TemporaryDirectory() as work:
            flow = Flow(opts, server, pubkey, library, work)
            try:
                saved = flow.driver("--save", work)
                flow.mtwire("login", "ours", "--phone", PHONE, *flow.here, stdin=CODE + "\n")
            except Exception as error:
                yield from ((name, str(error)) for name in names)
                continue
            for name, (way, (kind, form, more)) in zip(names, [(way, form) for way in ("import", "export") for form in forms]):
                try:
                    flow.import_(kind, form, saved) if way == "import" else flow.export(kind, form, more)
                    yield name, None
                except Exception as error:
                    yield name, f"{type(error).__name__}: {error}"
