#!/bin/bash
# Runs the tests of storport.sys under winedevice, in a prefix of their own, in which wqsetup has installed it and finds all in
# order afterwards.
#
# usage: winedevice.sh MODE WINERUN STOR.EXE WQSETUP.EXE DRIVER.SYS...
#
#   driver    wqstor.sys's own tests
#   single    the same with a pool of one worker, so that items stay queued while it is blocked
#   disk      a RAM disk, made at once (for a virtual adapter and a plain one) and enumerated by the system
#
# SPDX-License-Identifier: LGPL-2.1-or-later

set -eu

mode=$1
winerun=$2
stor=$3
setup=$4
shift 4
kept=
tmp=$(mktemp -d)
failures=0

# shellcheck disable=SC2317
cleanup() {
    rm -rf "$tmp"
    # Without this mark the next winerun would take it for abandoned and remove it, too.
    if [ -n "$kept" ]; then
        rm -f "$kept/.keep"
        rm -rf "$kept"
    fi
}
trap cleanup EXIT
trap 'exit 143' TERM INT

options=()
for driver in "$@"; do options+=(--dll "$driver"); done
status=0
"$winerun" --keep "${options[@]}" -- "$setup" install --modules storport 2>"$tmp/err" || status=$?
cat "$tmp/err" >&2
kept=$(sed -n 's/^winerun: prefix kept: //p' "$tmp/err")
[ "$status" = 0 ] || exit "$status"

run() {
    local status=0
    "$winerun" --prefix "$kept" -- "$@" || status=$?
    [ "$status" = 0 ] || failures=$((failures + 1))
}

case $mode in
driver)
    run "$stor" driver
    run "$stor" driver
    ;;
single)
    run reg add 'HKLM\System\CurrentControlSet\Control\Session Manager\Environment' /v WQSHIM_MAX_WORKERS /d 1 /f
    WQSHIM_MAX_WORKERS=1 run "$stor" driver
    ;;
disk)
    for name in ramdisk ramplain pnp; do run "$stor" "$name"; done
    ;;
esac
run "$setup" verify
echo "$failures failures"
[ "$failures" = 0 ]
