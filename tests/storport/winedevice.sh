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
drivers=("$@")
. "$(dirname "$0")/../kept.sh"

prefix "$setup" install --modules storport
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
kept_end
