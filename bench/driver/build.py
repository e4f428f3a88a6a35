# build.py: makes the programs to measure with. They get build trees of their own, so that they are always
# optimised and never built with a sanitizer.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
MODULES = {"wqcore.dll": "dlls/wqcore/wqcore.dll", "wqkernel32.dll": "dlls/kernel32/wqkernel32.dll",
           "wqkernelbase.dll": "dlls/kernel32/wqkernelbase.dll",
           "rtworkq.dll": "dlls/rtworkq/rtworkq.dll", "ntoskrnl.exe": "dlls/ntoskrnl.exe/ntoskrnl.exe",
           "rdbss.sys": "dlls/rdbss.sys/rdbss.sys", "storport.sys": "dlls/storport.sys/storport.sys"}
DRIVERS = ("wqbenchnt.sys", "wqbenchrx.sys", "wqbenchstor.sys") # that measure, in both kinds of prefix


class Trouble(Exception):
    """What keeps the measurement from being made, for people."""


def call(command, **options):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode:
        raise Trouble("%s failed:\n%s" % (" ".join(str(c) for c in command), done.stdout[-3000:]))
    return done.stdout


def tree(name, targets, *options):
    path = BUILD / name
    if not (path / "build.ninja").exists():
        call(["meson", "setup", path, ROOT, "--buildtype=release", *options])
    call(["ninja", "-C", path, *targets])
    return path


def build_native():
    """The native program: our core and the pools that C and C++ link with."""
    return tree("native", ["bench/wqbench"]) / "bench" / "wqbench"


def build_count():
    """The native program over the core that counts."""
    return tree("native", ["bench/wqbench_count"]) / "bench" / "wqbench_count"


def build_windows(say):
    """A folder with the program twice, byte by byte the same, the drivers that measure, our modules and what installs
    them for the one program. None where this machine cannot build or run Windows programs."""
    if not shutil.which("x86_64-w64-mingw32-gcc") or not shutil.which("wine"):
        say("no mingw-w64 or no Wine here: Windows programs left out")
        return None
    path = tree("x64", ["bench/wqbench.exe", "tools/wqsetup/wqsetup.exe", *MODULES.values(),
                        *("bench/kernel/" + name for name in DRIVERS)],
                "--cross-file", ROOT / "tools/cross/x64.ini")
    stage = path / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    for name, file in MODULES.items():
        shutil.copy(path / file, stage / name)
    for name in DRIVERS:
        shutil.copy(path / "bench/kernel" / name, stage)
    shutil.copy(path / "tools/wqsetup/wqsetup.exe", stage)
    for name in ("wqbench.exe", "wqbuiltin.exe"):
        shutil.copy(path / "bench/wqbench.exe", stage / name)
    return stage


def build_go(say):
    if not shutil.which("go"):
        say("no Go here: left out")
        return None
    program = BUILD / "wqbench_go"
    environment = dict(os.environ, GO111MODULE="off", GOCACHE=str(BUILD / "go-cache"), CGO_ENABLED="0")
    try:
        call(["go", "build", "-o", program, ROOT / "bench/peers/go/main.go"], env=environment)
    except Trouble as trouble:
        say("Go left out: " + str(trouble).strip().splitlines()[-1])
        return None
    return program


# Debian packages crates as sources in this folder.
CRATES = pathlib.Path("/usr/share/cargo/registry")


def build_rust(say):
    """rayon and tokio, from Debian's crates or from those that cargo has or can get."""
    if not shutil.which("cargo"):
        say("no cargo here: rayon and tokio left out")
        return None
    source = BUILD / "rust"
    shutil.copytree(ROOT / "bench/peers/rust", source, dirs_exist_ok=True) # cargo writes beside its sources
    command = ["cargo", "build", "--release", "--target-dir", source / "target"]
    if CRATES.is_dir():
        command += ["--offline", "--config", 'source.crates-io.replace-with="debian"',
                    "--config", 'source.debian.directory="%s"' % CRATES]
    try:
        call(command, cwd=source, timeout=600)
    except (Trouble, subprocess.TimeoutExpired) as trouble:
        say("rayon and tokio left out: " + str(trouble).strip().splitlines()[-1])
        return None
    return source / "target/release/wqbench_rust"
