# prefix.py: the one Wine prefix of a bench run. Our modules are installed in it for one program name; its copy
# under another name gets Wine's own. The server stays up in between, so that starting a program is cheap.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import hashlib
import os
import re
import shutil
import subprocess
import time

from .build import ROOT, Trouble

WINERUN = ROOT / "tools" / "winerun"


class Prefix:
    def __init__(self, stage):
        self.stage = stage
        self.server = None
        self.path = self.make()

    def make(self):
        digests = {hashlib.sha256((self.stage / name).read_bytes()).hexdigest()
                   for name in ("wqbench.exe", "wqbuiltin.exe")}
        if len(digests) != 1:
            raise Trouble("the two programs differ")
        self.digest = digests.pop()
        done = subprocess.run([str(WINERUN), "--keep", "--", str(self.stage / "wqsetup.exe"), "install", "--app",
                               "wqbench.exe"], cwd=self.stage, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, stdin=subprocess.DEVNULL)
        kept = re.search(r"prefix kept: (.*)", done.stdout)
        if done.returncode or not kept:
            raise Trouble("installing into a prefix failed:\n" + done.stdout[-3000:])
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
