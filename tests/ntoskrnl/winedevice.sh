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
drivers=("$@")
. "$(dirname "$0")/../kept.sh"

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
kept_end
