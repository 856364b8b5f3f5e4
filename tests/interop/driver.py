"""Running a driver of another client."""

import json
import subprocess


def report(command, timeout):
    """The report of a driver that did well; whatever else becomes of it is an AssertionError."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=timeout + 30)
    if not done.stdout:
        raise AssertionError(f"no report; {done.stderr[-300:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    if not said["ok"]:
        raise AssertionError(said["error"])
    return said
