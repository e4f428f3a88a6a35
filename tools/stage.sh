# stage.sh: what tools/build and tools/release share: a built tree becomes the folder that a user takes home.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

# `step` tests its command, and so takes `set -e` from functions. This gives it back: the first failure ends the function.
strictly() { # function arguments...
    bash -euo pipefail -c "$(declare -p tool_prefix); $(declare -f); \"\$@\"" strictly "$@"
}

declare -A tool_prefix=([x64]=x86_64-w64-mingw32- [x32]=i686-w64-mingw32-)

# The newest symbols that winedbg reads.
dwarf=-gdwarf-4

# The symbols of a module go into FILE.debug beside it, which gdb and winedbg find by the name and checksum in .gnu_debuglink. The
# table of function names stays: in a file without one winedbg does not see that section.
split_symbols() { # tool-prefix file
    "${1}objcopy" --only-keep-debug "$2" "$2.debug"
    chmod -x "$2.debug"
    "${1}strip" --strip-debug "$2"
    # The link has the name only; the file is looked for where the module is.
    (cd "$(dirname "$2")" && "${1}objcopy" --add-gnu-debuglink="$(basename "$2").debug" "$(basename "$2")")
}

# The modules with their symbols and the installer, flat: this is the folder that wqsetup.exe is run from. Import libraries,
# headers and packages are in lib and include below it.
stage_modules() { # build-folder architecture folder
    local root file
    rm -rf "$3.new" "$1/stage"
    mkdir -p "$3.new/lib" "$3.new/include"
    DESTDIR=$(realpath "$1")/stage meson install -C "$1" --no-rebuild
    for root in "$1"/stage/*/*; do
        cp "$root"/bin/*.{dll,exe,sys} "$3.new/"
        cp "$root"/lib/{wqcore.dll.a,lib*.a} "$3.new/lib/"
        cp -r "$root"/lib/{pkgconfig,cmake} "$3.new/lib/"
        cp -r "$root/include/." "$3.new/include/"
    done
    for file in "$3.new"/*.{dll,exe,sys}; do
        split_symbols "${tool_prefix[$2]}" "$file"
    done
    rm -rf "$3" "$1/stage"
    mv "$3.new" "$3"
}

# What runs natively, if there is anything.
stage_native() { # build-folder folder
    local root
    rm -rf "$1/stage"
    DESTDIR=$(realpath "$1")/stage meson install -C "$1" --no-rebuild --strip
    for root in "$1"/stage/*/* "$1"/stage/*; do
        [ ! -d "$root/bin" ] || cp "$root"/bin/* "$2/"
    done
    rm -rf "$1/stage"
}
