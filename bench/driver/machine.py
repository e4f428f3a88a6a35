# machine.py: what a measurement was made on.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import platform
import subprocess

from .build import ROOT


def line_of(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        return done.stdout.strip().splitlines()[0]
    except (OSError, IndexError):
        return None


def processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_mib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def describe():
    changed = line_of("git", "status", "--porcelain", "--untracked-files=no")
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "virtual": line_of("systemd-detect-virt") or "unknown",
        "memory_mib": memory_mib(),
        "kernel": platform.release(),
        "system": (platform.freedesktop_os_release().get("PRETTY_NAME")
                   if hasattr(platform, "freedesktop_os_release") else platform.system()),
        "wine": line_of("wine", "--version"),
        "compiler": line_of("gcc", "--version"),
        "cross_compiler": line_of("x86_64-w64-mingw32-gcc", "--version"),
        "commit": (line_of("git", "rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else ""),
        "load_before": round(os.getloadavg()[0], 1),
    }
