#!/usr/bin/env bash
# Plants each bug of this directory in a copy of the tree, and lets the simulation look for it.
#
#   tests/mutations/run.sh [NAME...]
#
# Prints for each how many runs it took. Exit code 1 if one is not found within SEEDS runs (default: 20000).
# Environment: CARGO_TARGET_DIR, by default target/mutations.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
seeds=${SEEDS:-20000}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/mutations}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# One place for all of them, so that only what changes is compiled again.
tree=$CARGO_TARGET_DIR/tree
mkdir -p "$tree"

renew() {
    rm -rf "${tree:?}"
    mkdir -p "$tree/tests"
    # -p keeps the times, so that cargo sees what has changed.
    cp -p "$root"/Cargo.toml "$root"/Cargo.lock "$root"/build.rs "$tree"
    # cargo wants to see the benches and examples that the manifest names.
    cp -rp "$root/src" "$root/tl-schema" "$root/benches" "$root/examples" "$tree"
    cp -rp "$here" "$tree/tests"
}

build() {
    cargo build --quiet --profile mutation --manifest-path "$tree/tests/mutations/simulate/Cargo.toml"
}

renew
build
cp "$CARGO_TARGET_DIR/mutation/simulate" "$scratch/sound"
if ! "$scratch/sound" 0..500; then
    echo "the tree breaks an invariant without any bug planted"
    exit 1
fi

if [ $# -eq 0 ]; then
    set -- $(cd "$here" && ls -- *.mutation)
fi
survivors=0
for name; do
    name=${name%.mutation}
    renew
    "$scratch/sound" apply "$here/$name.mutation" "$tree" >/dev/null
    build 2>"$scratch/errors" || { cat "$scratch/errors"; echo "$name: does not compile"; exit 2; }
    status=0
    found=$("$CARGO_TARGET_DIR/mutation/simulate" "0..$seeds" 2>/dev/null) || status=$?
    printf '%-28s %s\n' "$name" "$found"
    [ "$status" -eq 1 ] || survivors=$((survivors + 1))
done
if [ "$survivors" -gt 0 ]; then
    echo "$survivors not found within $seeds runs"
    exit 1
fi
