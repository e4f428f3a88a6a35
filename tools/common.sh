# common.sh: what the scripts in this folder share: steps with their time, a log that is shown only when one fails.
#
# A script that sources this runs in the project's top folder, with $log as the file for what its commands print. To --help it
# answers with the comment at its head.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

set -euo pipefail

show_help() {
    sed -n '2,/^# SPDX/ { /^# SPDX/d; s/^# \{0,1\}//p }' "$script"
}

script=$(realpath "$0")
case ${1:-} in
-h | --help)
    show_help
    exit
    ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p build
log=$(pwd)/build/$(basename "$0").log
: >"$log"

# Wine must not look for a display, and meson not for a terminal.
unset DISPLAY WAYLAND_DISPLAY
export WINEDEBUG=${WINEDEBUG:--all}

# step TEXT COMMAND...: runs the command quietly and says how long it took; shows the end of the log and stops if it fails.
step() {
    local text=$1 start=$SECONDS
    shift
    printf '%-58s' "$text ..."
    if "$@" >>"$log" 2>&1 </dev/null; then
        printf '%4d s\n' $((SECONDS - start))
    else
        local status=$?
        printf ' failed (status %d) after %d s\n' "$status" $((SECONDS - start))
        tail -n 40 "$log" >&2
        echo "The whole log: $log" >&2
        exit "$status"
    fi
}

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Whether this machine's kernel runs 32-bit programs: asked is the smallest one there is, which only ends.
runs_32_bit() {
    local program status=0
    program=$(mktemp)
    {
        printf '\x7fELF\1\1\1\0\0\0\0\0\0\0\0\0'                             # 32 bits
        printf '\2\0\3\0\1\0\0\0\x54\x80\4\x08\x34\0\0\0\0\0\0\0\0\0\0\0'     # for i386; begins at 0x8048054
        printf '\x34\0\x20\0\1\0\0\0\0\0\0\0'                             # one segment
        printf '\1\0\0\0\0\0\0\0\0\x80\4\x08\0\x80\4\x08'                 # all of the file, at 0x8048000
        printf '\x5b\0\0\0\x5b\0\0\0\5\0\0\0\0\x10\0\0'
        printf '\x31\xc0\x40\x31\xdb\xcd\x80'                              # exit(0)
    } >"$program"
    chmod +x "$program"
    "$program" 2>/dev/null || status=1
    rm -f "$program"
    return "$status"
}
no_32_bit="this machine's kernel runs no 32-bit programs"

# A few tests that failed run once more, one at a time: a machine that others use, too, may stop a test at the one place where it
# counts on going on. They are shown in any case, and what fails twice has failed.
run_again() { # tree json meson-options..., among them the --logbase that tools/testsum looks for
    local tree=$1 json=$2 failed
    shift 2
    mapfile -t failed < <(tools/testsum --failed "$json")
    [ ${#failed[@]} = 0 ] || [ ${#failed[@]} -gt 5 ] ||
        meson test -C "build/$tree" --no-rebuild --num-processes 1 "$@" "${failed[@]}" >>"$log" 2>&1 </dev/null || true
}
