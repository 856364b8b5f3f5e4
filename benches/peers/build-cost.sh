#!/usr/bin/env bash
# What it costs to build mtwire with its default features, and grammers-client without its sqlite default, from
# nothing, in the release profile: CPU seconds, the largest compiler process, and the number of compilations.
# Run it on a machine that does nothing else: contention makes CPU seconds longer.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cat >"$scratch/rustc" <<'WRAPPER'
#!/usr/bin/env bash
exec /usr/bin/time -a -o "$COST_LOG" -f '%U %S %M' "$@"
WRAPPER
chmod +x "$scratch/rustc"

cost() { # NAME DEPENDENCY
    mkdir -p "$scratch/$1/src"
    printf '[package]\nname = "user"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "$2" \
        >"$scratch/$1/Cargo.toml"
    : >"$scratch/$1/src/lib.rs"
    cargo fetch --quiet --manifest-path "$scratch/$1/Cargo.toml"
    COST_LOG=$scratch/$1.log RUSTC_WRAPPER=$scratch/rustc CARGO_TARGET_DIR=$scratch/$1/target \
        cargo build --quiet --release --manifest-path "$scratch/$1/Cargo.toml"
    awk -v name="$1" 'BEGIN { rss = 0 } { cpu += $1 + $2; kb = $3 + 0; if (kb > rss) rss = kb }
        END { printf "%-16s %6.1f CPU s  %5.0f MB  %3d compilations\n", name, cpu, rss / 1024, NR }' "$scratch/$1.log"
}

cost mtwire "mtwire = { path = \"$root\" }"
cost grammers-client 'grammers-client = { version = "=0.11.0", default-features = false }'
