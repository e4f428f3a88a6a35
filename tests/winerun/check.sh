#!/bin/bash
# Checks tools/winerun with probe.exe: statuses, deadline, signals, leftover processes, private prefixes, setup commands.
#
# usage: check.sh WINERUN PROBE.EXE
#
# SPDX-License-Identifier: LGPL-2.1-or-later

set -eu

winerun=$1
probe=$(realpath "$2")
# A folder of its own: the check for leftovers must not see other tests' prefixes. It costs one template.
home=$(dirname "$probe")/wine-check
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$home"' EXIT
trap 'exit 143' TERM INT
rm -rf "$home"
export WQ_WINE_DIR=$home
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect STATUS ARGUMENTS...: runs winerun with its output in $tmp/out and $tmp/err.
expect() {
    local status=0 expected=$1
    shift
    "$winerun" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
    [ "$status" = "$expected" ] || fail "winerun $*: status $status, expected $expected: $(cat "$tmp/err")"
    nothing_left "$*"
}

nothing_left() {
    local left
    left=$(grep -lsz "^WINEPREFIX=$home" /proc/[0-9]*/environ || true)
    [ -z "$left" ] || fail "after $1: processes left: $left"
    left=$(find "$home" -maxdepth 1 -name 'run.*')
    [ -z "$left" ] || fail "after $1: prefixes left: $left"
}

# The folder of the server of a prefix that was made after $tmp/before: an older one may have had the same inode.
no_socket() {
    local left
    left=$(find /tmp/wine-* "/tmp/.wine-$(id -u)" -maxdepth 1 -newer "$tmp/before" \
        -name "server-$(printf '%x-%x' "$(stat -c %d "$1")" "$(stat -c %i "$1")")" 2>/dev/null || true)
    [ -z "$left" ] || fail "the server's folder is left: $left"
}

status=0
"$winerun" "$probe" exit 0 || status=$?
if [ "$status" = 77 ]; then exit 77; fi
[ "$status" = 0 ] || fail "first run: status $status"
nothing_left "first run"

expect 5 "$probe" exit 5
[ ! -s "$tmp/err" ] || fail "standard error is not clean: $(cat "$tmp/err")"
expect 78 "$probe" exit 77
expect 99 --no-such-option "$probe" exit 0
WQ_DEADLINE=5 expect 124 "$probe" hang
grep -q hanging "$tmp/out" || fail "the output before the deadline is lost"
grep -q 'deadline of 5 s' "$tmp/err" || fail "no word about the deadline"
WQ_DEADLINE=20 expect 5 "$probe" crash

# The reader of the pipe ends only when the child that holds its other end does.
# shellcheck disable=SC2016
timeout 20 bash -c '"$1" "$2" leave-child | cat >/dev/null' bash "$winerun" "$probe" || fail "a child was left behind"
nothing_left leave-child

# Prefixes are private, and a shared file that was written to is noticed and does not reach later runs.
shared='c:\windows\system32\user32.dll'
expect 0 --setup "'$probe' exit 0" --setup "cmd /c 'echo x > c:\\mark'" "$probe" exists 'c:\mark'
expect 1 "$probe" exists 'c:\mark'
expect 99 --setup "'$probe' exit 3" "$probe" exit 0
expect 99 "$probe" overwrite "$shared"
expect 0 --copy "$probe" overwrite "$shared"
expect 0 "$probe" exit 0
expect 0 --dll "$probe" "$probe" exists 'c:\windows\system32\probe.exe'

# An existing prefix is used and stays.
touch "$tmp/before"
"$winerun" --keep --setup "cmd /c 'echo x > c:\\mark'" "$probe" exit 0 2>/dev/null
kept=$(echo "$home"/run.*)
no_socket "$kept"
"$winerun" --prefix "$kept" "$probe" exists 'c:\mark' || fail "the kept prefix has lost a file"
no_socket "$kept"
[ -f "$kept/system.reg" ] || fail "--prefix removed the prefix"
rm "$kept/.keep" # now it looks abandoned, and the next run removes it
"$winerun" "$probe" exit 0
nothing_left --prefix

# A folder for the prefixes that is named from here.
WQ_WINE_DIR=$(realpath --relative-to=. "$home") expect 5 "$probe" exit 5

# A signal, and a SIGKILL after which the next run cleans up.
for signal in TERM INT KILL; do
    # Without job control an asynchronous command ignores INT.
    set -m
    "$winerun" "$probe" hang >"$tmp/out" 2>/dev/null &
    set +m
    for ((i = 0; i < 200; i++)); do
        if grep -q hanging "$tmp/out"; then break; fi
        sleep 0.05
    done
    kill "-$signal" $!
    wait $! 2>/dev/null || true
    if [ $signal = KILL ]; then "$winerun" "$probe" exit 0; fi
    nothing_left "signal $signal"
done

for i in 1 2 3 4; do
    "$winerun" "$probe" exit "$i" &
    jobs[i]=$!
done
for i in 1 2 3 4; do
    status=0
    wait "${jobs[i]}" || status=$?
    [ "$status" = "$i" ] || fail "concurrent run $i: status $status"
done
nothing_left "concurrent runs"

echo "$failures failures"
[ "$failures" = 0 ]
