#!/bin/bash
# The workload `kernel`: its drivers load and flood under winedevice, and it knows who served: ours where all is installed,
# Wine's own in a prefix with nothing in it, where what Wine lacks is skipped. Not how fast anything is.
#
# usage: kernel.sh MODE WINERUN WQBENCH.EXE WQSETUP.EXE DRIVER.SYS...
#
# SPDX-License-Identifier: LGPL-2.1-or-later

set -eu

mode=$1
winerun=$2
bench=$3
setup=$4
shift 4
drivers=("$@")
. "$(dirname "$0")/../kept.sh"

# expect STATUS PATTERN PARAMETER...: one run of the workload ends with that status and prints such a line.
expect() {
    local status=0 wanted=$1 pattern=$2
    shift 2
    "$winerun" --prefix "$kept" -- "$bench" quwi kernel budget=5 "$@" >"$tmp/out" || status=$?
    if [ "$status" != "$wanted" ] || ! tr -d '\r' <"$tmp/out" | grep -q "$pattern"; then
        echo "$*: status $status instead of $wanted, or no $pattern in:"
        cat "$tmp/out"
        failures=$((failures + 1))
    fi
}

case $mode in
ours)
    prefix "$setup" install --modules ntoskrnl,rdbss,storport
    for api in io ex stor rx; do
        expect 0 '^served.ours$' "$api=1" producers=3
        expect 0 'cost' "$api=1" items=1
    done
    run "$setup" verify
    ;;
builtin)
    prefix "$setup" status
    expect 0 '^served.builtin$' io=1
    for api in ex stor rx; do expect 4 '^skip' "$api=1"; done
    ;;
esac
kept_end
