#!/bin/bash
# Runs tests of the real drivers under winedevice, in a prefix of their own.
#
# usage: winedevice.sh MODE WINERUN LOAD.EXE WQSETUP.EXE DRIVER.SYS...
#
#   ours      on the graft, installed by wqsetup, which must find the prefix in order afterwards
#   single    the same with a pool of one worker, so that items stay queued while it is blocked
#   actions   what each setting of MISUSE does to winedevice.exe
#   builtin   on Wine's own ntoskrnl.exe
#   boot      what Wine's own drivers do for the prefix on the builtin they do on the graft, too
#
# SPDX-License-Identifier: LGPL-2.1-or-later

set -eu

mode=$1
winerun=$2
load=$3
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

run() {
    local status=0
    "$winerun" --prefix "$kept" -- "$@" || status=$?
    [ "$status" = 0 ] || failures=$((failures + 1))
}

drivers=("$@")
key='HKLM\System\CurrentControlSet\Control\Session Manager\Environment'
case $mode in
ours)
    prefix "$setup" install --modules ntoskrnl
    for name in driver again leave; do run "$load" "$name"; done
    run "$setup" verify
    ;;
single)
    prefix "$setup" install --modules ntoskrnl
    run reg add "$key" /v WQSHIM_MAX_WORKERS /d 1 /f
    WQSHIM_MAX_WORKERS=1 run "$load" driver
    ;;
builtin)
    prefix "$load" driver
    run "$load" again
    ;;
actions)
    prefix "$setup" install --modules ntoskrnl
    for name in report end break; do run "$load" "$name"; done
    ;;
boot)
    # The first boot after the template's makes the devices; look at the second.
    prefix "$setup" install --modules ntoskrnl --dry-run
    run "$load" boot >"$tmp/builtin"
    run "$setup" install --modules ntoskrnl
    tr -d '\r' <"$tmp/builtin" | sed -n '/^\(drive\|service\|hid\) /p' >"$tmp/expected"
    WQ_BOOT_EXPECTED="Z:$tmp/expected" run "$load" boot >"$tmp/ours"
    run "$setup" verify
    # And it says so when they do not work.
    run reg add 'HKLM\System\CurrentControlSet\Services\winebus' /v ImagePath /d 'C:\none.sys' /f
    WQSETUP_DEADLINE_MS=3000 "$winerun" --prefix "$kept" -- "$setup" verify 2>"$tmp/broken" || true
    grep 'winebus.* does not run' "$tmp/broken" || failures=$((failures + 1))
    cat "$tmp/builtin" "$tmp/ours"
    ;;
esac
echo "$failures failures"
[ "$failures" = 0 ]
