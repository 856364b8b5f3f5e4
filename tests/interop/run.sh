#!/bin/sh
# Other people's clients against `mtwire serve`: every flow over every transport that each of them offers. And our client
# through other people's proxies.
#
#   tests/interop/run.sh [OPTIONS OF run.py]
#
# Environment, each optional:
#   MTWIRE            the command to test (default: built in release mode)
#   TELETHON_PYTHON   a Python that has Telethon (default: a virtual environment made here)
#   KURIGRAM_PYTHON   a Python that has Kurigram (default: likewise)
#   PYROGRAM_PYTHON   a Python that has Pyrogram (default: likewise)
#   PROXIES_PYTHON    a Python that has mtprotoproxy and pproxy (default: likewise)
#   WEBSOCKETS_PYTHON a Python that has websockets (default: likewise)
#   PYTHON            the Python that makes the environments (default: python3)
#   INTEROP_VENVS     where they are made (default: target/interop)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venvs=${INTEROP_VENVS:-$root/target/interop}

venv() { # NAME PACKAGE...
    name=$1
    shift
    # What is there may be of an earlier list.
    if [ "$(cat "$venvs/$name/ready" 2>/dev/null)" != "$*" ]; then
        "${PYTHON:-python3}" -m venv "$venvs/$name"
        "$venvs/$name/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
        echo "$*" >"$venvs/$name/ready"
    fi
    echo "$venvs/$name/bin/python"
}

if [ -z "${MTWIRE:-}" ]; then
    cargo build --manifest-path "$root/Cargo.toml" --release --quiet --features cli
    MTWIRE=${CARGO_TARGET_DIR:-$root/target}/release/mtwire
fi
# Versions are fixed, so that a failure here is ours.
: "${TELETHON_PYTHON:=$(venv telethon telethon==1.45.0 cryptg TelethonFakeTLS==2022.4.4.16.37.38.728726)}"
: "${KURIGRAM_PYTHON:=$(venv kurigram kurigram==2.2.26 tgcrypto)}"
: "${PYROGRAM_PYTHON:=$(venv pyrogram pyrogram==2.0.106 tgcrypto)}"
: "${PROXIES_PYTHON:=$(venv proxies mtprotoproxy==1.0.6 pproxy==2.7.9)}"
: "${WEBSOCKETS_PYTHON:=$(venv websockets websockets==15.0.1)}"
exec "${PYTHON:-python3}" "$here/run.py" --mtwire "$MTWIRE" --telethon "$TELETHON_PYTHON" --kurigram "$KURIGRAM_PYTHON" \
    --pyrogram "$PYROGRAM_PYTHON" --proxies "$PROXIES_PYTHON" --websockets "$WEBSOCKETS_PYTHON" "$@"
