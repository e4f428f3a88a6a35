#!/bin/bash
# Runs the test mini-redirector under winedevice, in a prefix of its own.
#
# usage: winedevice.sh MODE WINERUN LOAD.EXE WQSETUP.EXE WQRX.SYS
#
#   ours      with our ntoskrnl, too, installed by wqsetup, which must find the prefix in order afterwards
#   single    the same with a pool of one worker, so that items stay queued while it is blocked
#   builtin   with Wine's own ntoskrnl.exe
#   cycles    as ours: loaded and unloaded many times (WQRX_CYCLES)
#
# SPDX-License-Identifier: LGPL-2.1-or-later

set -eu

mode=$1
winerun=$2
load=$3
setup=$4
drivers=("$5")
. "$(dirname "$0")/../kept.sh"

modules=rdbss,ntoskrnl
[ "$mode" = builtin ] && modules=rdbss
prefix "$setup" install --modules "$modules"
case $mode in
single)
    run reg add 'HKLM\System\CurrentControlSet\Control\Session Manager\Environment' /v WQSHIM_MAX_WORKERS /d 1 /f
    WQSHIM_MAX_WORKERS=1 run "$load" driver
    ;;
cycles)
    run "$load" cycles
    ;;
*)
    run "$load" driver
    ;;
esac
run "$setup" verify
kept_end
