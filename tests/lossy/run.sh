#!/bin/sh
# Calls over a network that the kernel makes bad: a namespace of its own, in which nftables loses packets, and resets or
# silences all connections every few seconds. Needs Linux, root and nft; run by hand.
#
#   tests/lossy/run.sh [CALLS [AT_ONE_TIME [A_SECOND]]]      (default: 10000 50 100)
#
# Environment, each optional:
#   LOSS        percent of the packets, of both directions, that are lost (default: 5)
#   CUT_EVERY   seconds between two cuts, on the average (default: 4)
#   LOSSY       the program (default: built in release mode)
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" != --inside ]; then
    [ $# -gt 0 ] || set -- 10000 50 100
    if [ -z "${LOSSY:-}" ]; then
        root=$(cd "$here/../.." && pwd)
        cargo build --manifest-path "$root/Cargo.toml" --release --quiet --features cli --example lossy_network
        LOSSY=${CARGO_TARGET_DIR:-$root/target}/release/examples/lossy_network
    fi
    export LOSSY
    exec unshare --net "$here/run.sh" --inside "$@"
fi
shift

# Packets as on a real link, so that a lost one is a part of what was sent.
ip link set lo up mtu 1500
# What comes in is dropped, and not what goes out: a drop on the way out is told to the sender.
nft -f - <<RULES
table inet bad {
    chain cut { }
    chain in {
        type filter hook input priority 0;
        jump cut
        meta l4proto tcp numgen random mod 100 < ${LOSS:-5} counter drop
    }
}
RULES

cuts=$(mktemp)
cutter() {
    number=0
    while :; do
        sleep "$(awk -v every="${CUT_EVERY:-4}" -v seed="$number" 'BEGIN { srand(seed); print every * (0.5 + rand()) }')"
        number=$((number + 1))
        # In turn: everything is reset; everything is silent for a while, and may go on.
        if [ $((number % 2)) = 1 ]; then
            nft add rule inet bad cut meta l4proto tcp reject with tcp reset
            sleep 0.3
        else
            nft add rule inet bad cut meta l4proto tcp drop
            sleep 1.5
        fi
        nft flush chain inet bad cut
        echo "$number" >"$cuts"
    done
}
cutter &
cutter=$!
status=0
"$LOSSY" "$@" || status=$?
kill "$cutter"
echo "cuts: $(cat "$cuts")"
nft list table inet bad | sed -n 's/.*counter packets \([0-9]*\) .*/packets lost: \1/p'
rm -f "$cuts"
exit "$status"
