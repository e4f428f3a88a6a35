# kept.sh: for tests that run several commands in one prefix of their own. Sourced, with $winerun set and the drivers to put into
# the prefix in the array `drivers`; the test ends with kept_end.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154

kept=
tmp=$(mktemp -d)
failures=0

# With the lock under which winerun removes prefixes whose winerun has gone: not both at a time.
# shellcheck disable=SC2317
kept_cleanup() {
    rm -rf "$tmp"
    [ -z "$kept" ] || flock "${kept%/*}/lock" rm -rf "$kept"
}
trap kept_cleanup EXIT
trap 'exit 143' TERM INT

# prefix COMMAND...: makes a prefix with the drivers, runs the command in it and remembers the prefix. Its winedevice is gone
# when this returns, so the next run starts a new one.
prefix() {
    local status=0 options=() driver
    for driver in "${drivers[@]}"; do options+=(--dll "$driver"); done
    "$winerun" --keep "${options[@]}" -- "$@" 2>"$tmp/err" || status=$?
    cat "$tmp/err" >&2
    kept=$(sed -n 's/^winerun: prefix kept: //p' "$tmp/err")
    [ "$status" = 0 ] || exit "$status"
}

# run COMMAND...: in that prefix; a failure is counted.
run() {
    local status=0
    "$winerun" --prefix "$kept" -- "$@" || status=$?
    [ "$status" = 0 ] || failures=$((failures + 1))
}

kept_end() {
    echo "$failures failures"
    [ "$failures" = 0 ]
}
