#!/usr/bin/env bash
# What it costs to build a client library as a dependency from nothing, in the release profile: CPU seconds of all
# compiler processes, the memory of the largest one, and the number of crates. Run it on a machine that does nothing
# else: contention makes CPU seconds longer.
#
#   benches/peers/build-cost.sh [--json FILE]
#
# The file gets an array of rows as `benches/compare` has them.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
json=
if [ "${1:-}" = --json ]; then json=$2; fi

# Both sides: the typed API of the layer, and a client for it without a session in SQLite.
OURS="mtwire = { path = \"$root\", default-features = false, features = [\"client\"] }"
OURS_DEFAULT="mtwire = { path = \"$root\" }"
# Types, codecs, ciphers, key exchange and message layer: all but a client and its runtime.
OURS_CORE="mtwire = { path = \"$root\", default-features = false, features = [\"api\"] }"
# What any library of this kind stands on: a runtime, a block cipher, hashes, large numbers, randomness, gzip.
FLOOR='tokio = { version = "1", features = ["net", "rt", "sync", "time"] }
aes = "0.9"
bytes = "1"
crypto-bigint = { version = "0.7", default-features = false }
flate2 = "1"
rand = "0.10"
sha1 = "0.11"
sha2 = "0.11"'
THEIRS='grammers-client = { version = "=0.11.0", default-features = false }'

# /usr/bin/time is not everywhere. This tells of the one child that it waits for.
cat >"$scratch/rustc" <<'WRAPPER'
#!/usr/bin/env python3
import os, resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(os.environ["COST_LOG"], "a") as log:
    name = sys.argv[sys.argv.index("--crate-name") + 1] if "--crate-name" in sys.argv else "___"
    print(used.ru_utime + used.ru_stime, used.ru_maxrss, os.environ.get("CARGO_PKG_NAME", name), name, file=log)
sys.exit(status)
WRAPPER
chmod +x "$scratch/rustc"

compile() { # build|check NAME LOG [ARGUMENT...]
    COST_LOG=$scratch/$3.log RUSTC_WRAPPER=$scratch/rustc CARGO_TARGET_DIR=$scratch/$2/target RUSTFLAGS='' \
        cargo "$1" --quiet --release --message-format json --manifest-path "$scratch/$2/Cargo.toml" "${@:4}"
}

sum() { # LOG NAME: the compilations in the log, and $crates
    awk -v crates="$crates" '{ cpu += $1; if ($2 + 0 > kb) kb = $2 + 0 }
        END { printf "%.1f %.0f %d\n", cpu, kb * 1024, crates }' "$scratch/$1.log" >"$scratch/$2.cost"
    read -r cpu bytes crates <"$scratch/$2.cost"
    printf '%-18s %6.1f CPU s  %5.0f MB  %3d crates\n' "$2" "$cpu" "$((bytes / 1000000))" "$crates" >&2
}

# The same with only the library itself compiled in another way.
instead() { # NAME OF build|check [ARGUMENT...]
    read -r _ _ crates <"$scratch/$2.cost"
    compile "$3" "$2" "$1-itself" "${@:4}" >/dev/null
    { grep -v ' mtwire mtwire$' "$scratch/$2.log"; grep ' mtwire mtwire$' "$scratch/$1-itself.log"; } >"$scratch/$1.log"
    sum "$1" "$1"
}

cost() { # NAME DEPENDENCY: leaves "CPU_SECONDS BYTES CRATES" in $scratch/NAME.cost
    mkdir -p "$scratch/$1/src"
    printf '[package]\nname = "user"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "$2" \
        >"$scratch/$1/Cargo.toml"
    : >"$scratch/$1/src/lib.rs"
    cargo fetch --quiet --manifest-path "$scratch/$1/Cargo.toml"
    # The user itself is no part of the cost: a crate, and next to no time.
    compile build "$1" "$1" >"$scratch/$1.json"
    crates=$(grep '"reason":"compiler-artifact"' "$scratch/$1.json" |
        sed -E 's/.*"package_id":"([^"]*)".*/\1/' | sort -u | grep -vc '#user@')
    sum "$1" "$1"
    sort -rn "$scratch/$1.log" | head -n 10 |
        awk '{ printf "    %5.1f s %5.0f MB  %s (%s)\n", $1, $2 / 1024, $3, $4 }' >&2
}

cost mtwire "$OURS"
cost mtwire-default "$OURS_DEFAULT"
cost mtwire-core "$OURS_CORE"
cost grammers-client "$THEIRS"
cost floor "$FLOOR"
# What is left if the compiler makes no code of the library itself, and if it makes code and does not optimize it.
instead mtwire-uncoded mtwire check
instead mtwire-plain mtwire build --config 'profile.release.package.mtwire.opt-level=0'
[ -n "$json" ] || exit 0

rows() { # NAME WORK WITH_GOALS
    read -r cpu bytes crates <"$scratch/$1.cost"
    read -r their_cpu their_bytes their_crates <"$scratch/grammers-client.cost"
    row "$2, CPU" "CPU s" "$cpu" "$their_cpu" "${3:+3}"
    row "$2, largest compiler process" bytes "$bytes" "$their_bytes" "${3:+2}"
    row "$2, crates" crates "$crates" "$their_crates" "${3:+2}"
}

row() { # WORK UNIT OURS THEIRS [GOAL]
    ratio=$(awk -v a="$3" -v b="$4" 'BEGIN { printf "%.2f", b / a }')
    printf '%s{"work":"%s","ours":%s,"peer":%s,"peer_name":"grammers","unit":"%s","ratio":%s,"goal":%s}' \
        "$comma" "$1" "$3" "$4" "$2" "$ratio" "${5:-null}"
    comma=','
}

comma=
{
    echo '['
    rows mtwire "cold release build, library only" goals
    rows mtwire-default "cold release build, library with default features" ''
    rows mtwire-core "cold release build, library only, without the client and its runtime" ''
    rows mtwire-uncoded "cold release build, library only, without making code of the library itself" ''
    rows mtwire-plain "cold release build, library only, without optimizing the code of the library itself" ''
    rows floor "cold release build, only a runtime, ciphers, hashes, numbers and gzip" ''
    echo ']'
} >"$json"
