#!/usr/bin/env bash
# What it costs to build mtwire and grammers-client (without its sqlite default) from nothing, in the release profile:
# CPU seconds, the largest compiler process, the number of compilations, and what costs most of it.
# Run it on a machine that does nothing else: contention makes CPU seconds longer.
#
#   build-cost.sh [NAME='DEPENDENCY']...   (default: the three below)
#
# DEPENDENCY is a line of a [dependencies] table. SCRATCH keeps logs and targets in that directory.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -n "${SCRATCH:-}" ]; then
    mkdir -p "$SCRATCH"
    scratch=$(cd "$SCRATCH" && pwd)
else
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
fi

# One line for each compilation: CPU seconds, largest size in KB, the crate. Build scripts are named as such.
cat >"$scratch/rustc" <<'WRAPPER'
#!/usr/bin/env bash
name=-
previous=
for argument in "$@"; do
    [ "$previous" = --crate-name ] && name=$argument
    previous=$argument
done
[ "$name" = build_script_build ] && name="build script of ${CARGO_PKG_NAME:-?}"
exec /usr/bin/time -a -o "$COST_LOG" -f "%U %S %M $name" "$@"
WRAPPER
chmod +x "$scratch/rustc"

cost() { # NAME DEPENDENCY
    rm -rf "${scratch:?}/$1" "$scratch/$1.log"
    mkdir -p "$scratch/$1/src"
    printf '[package]\nname = "user"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "$2" \
        >"$scratch/$1/Cargo.toml"
    : >"$scratch/$1/src/lib.rs"
    cargo fetch --quiet --manifest-path "$scratch/$1/Cargo.toml"
    COST_LOG=$scratch/$1.log RUSTC_WRAPPER=$scratch/rustc CARGO_TARGET_DIR=$scratch/$1/target \
        cargo build --quiet --release --manifest-path "$scratch/$1/Cargo.toml"
    # cargo asks the compiler for its settings too (crate ___), which is no compilation.
    grep -v -e ' ___$' -e ' -$' "$scratch/$1.log" |
        awk -v name="$1" '{ cpu += $1 + $2; kb = $3 + 0; if (kb > rss) rss = kb }
            END { printf "%-20s %6.1f CPU s  %5.0f MB  %3d compilations\n", name, cpu, rss / 1024, NR }'
    awk '{ at = $1 + $2; kb = $3; $1 = $2 = $3 = ""; printf "    %5.1f s %5.0f MB %s\n", at, kb / 1024, $0 }' \
        "$scratch/$1.log" | sort -rn | head -n 10
}

if [ $# -eq 0 ]; then
    set -- "mtwire=mtwire = { path = \"$root\" }" \
        "mtwire-client=mtwire = { path = \"$root\", default-features = false, features = [\"client\"] }" \
        'grammers-client=grammers-client = { version = "=0.11.0", default-features = false }'
fi
for side in "$@"; do
    cost "${side%%=*}" "${side#*=}"
done
