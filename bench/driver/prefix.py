# prefix.py: a Wine prefix of a bench run. In the one that measures nearly everything our modules are installed for one
# program name; its copy under another name gets Wine's own. Drivers run in winedevice.exe, whoever asks them, so Wine's
# own kernel functions are measured in a second prefix with nothing installed. The server stays up in between, so that
# starting a program is cheap.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import time

from .build import DRIVERS, ROOT, Trouble

WINERUN = ROOT / "tools" / "winerun"


# What wqsetup is asked for, one call after the other.
EVERYTHING = (["install", "--app", "wqbench.exe"], ["install", "--modules", "ntoskrnl,rdbss,storport"])
NOTHING = (["status"],)


class Prefix:
    def __init__(self, stage, setups=EVERYTHING):
        self.stage = stage
        self.server = None
        digests = {hashlib.sha256((stage / name).read_bytes()).hexdigest() for name in ("wqbench.exe", "wqbuiltin.exe")}
        if len(digests) != 1:
            raise Trouble("the two programs differ")
        self.path = self.make(setups)

    def make(self, setups):
        """By the last call, after whatever goes before it."""
        command = [str(WINERUN), "--keep"]
        for name in DRIVERS:
            command += ["--dll", str(self.stage / name)]
        for setup in setups[:-1]:
            command += ["--setup", shlex.join(["./wqsetup.exe", *setup])]
        done = subprocess.run([*command, "--", "./wqsetup.exe", *setups[-1]], cwd=self.stage,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
        kept = re.search(r"prefix kept: (.*)", done.stdout)
        if done.returncode or not kept:
            raise Trouble("making a prefix failed:\n" + done.stdout[-3000:])
        return kept.group(1)

    def environment(self):
        return dict(os.environ, WINEPREFIX=self.path, WINEDEBUG="-all")

    def __enter__(self):
        self.server = subprocess.Popen([os.environ.get("WQ_WINESERVER", "wineserver"), "-p", "-f"],
                                       env=self.environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        subprocess.run([os.environ.get("WQ_WINESERVER", "wineserver"), "-k"], env=self.environment(),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        try:
            self.server.wait(30)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.path, ignore_errors=True)

    def command(self, program):
        return [str(WINERUN), "--prefix", self.path, "--", str(self.stage / program)]
