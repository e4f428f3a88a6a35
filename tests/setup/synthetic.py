"""Prefixes that need no Wine: what wqsetup reads of one, with small modules. The first arguments of the tests are WORK-FOLDER
WQSETUP WQSETUP-WITH-FAULTS MAKE-SAMPLE.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

WORK, SETUP, FAULTS, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:5])
TIMEOUT = 60  # seconds for one run
HEAD = 'WINE REGISTRY Version 2\n;; All keys relative to REGISTRY\\\\%s\n\n#arch=%s\n\n'
USER = ('[Control Panel\\\\Colors] 1796126708\n#time=1dd818c3549cae2\n"ActiveBorder"="255 255 255"\n\n'
        '[Software\\\\Wine\\\\AppDefaults] 1796126698\n#time=1dd818c2fd7659c\n\n'
        '[Software\\\\Wine\\\\Debug] 1796126706\n#time=1dd818c34468782\n"RelayExclude"="a"\n\n'
        '[Software\\\\Wine\\\\Fonts] 1796126698\n#time=1dd818c2fc2e842\n"Codepages"="1252,437"\n\n')
SYSTEM = ('[System\\\\CurrentControlSet\\\\Control\\\\Session Manager] 1796126706\n#time=1dd818c34668782\n'
          '"GlobalFlag"=dword:00000000\n%s\n[System\\\\Setup] 1796126706\n#time=1dd818c34668782\n"A"="b"\n\n')


def set_mode(path):
    """Programs are executable, as those that Wine writes."""
    if path.endswith(('.exe', '.exe.wqtmp')):
        os.chmod(path, 0o755)


def sample(path, kind='builtin', arch='x64', salt=1):
    subprocess.run([SAMPLE, arch, kind, str(salt), path], check=True)
    set_mode(path)


def write(path, text):
    with open(path, 'wb') as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    set_mode(path)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def tree(path):
    """Every file of a folder: what it is and holds. The times of folders change, those of files must not."""
    found = {}
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            full = os.path.join(folder, name)
            info = os.lstat(full)
            if stat.S_ISLNK(info.st_mode):
                found[os.path.relpath(full, path)] = ('link', os.readlink(full))
            elif stat.S_ISREG(info.st_mode):
                found[os.path.relpath(full, path)] = ('file', stat.S_IMODE(info.st_mode), read(full))
            else:
                found[os.path.relpath(full, path)] = ('folder',)
    return found


def without_times(found):
    """The same without the times that a registry file notes of its keys."""
    return {name: (*kind[:-1], re.sub(rb'\] \d+\n#time=[0-9a-f]+\n', b']\n', kind[-1])) if name.endswith('.reg') else kind
            for name, kind in found.items()}


class SetupTest(unittest.TestCase):
    """A folder with wqsetup, our modules in x64 and x32, a Wine and a 64-bit prefix."""

    archs = ('x86_64-windows', 'system32'), ('i386-windows', 'syswow64')

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix='setup-', dir='/dev/shm' if os.path.isdir('/dev/shm') else WORK)
        self.addCleanup(shutil.rmtree, self.top)
        self.prefix, self.stage, self.wine = (os.path.join(self.top, name) for name in ('prefix', 'stage', 'wine'))
        self.system32 = os.path.join(self.prefix, 'drive_c/windows/system32')
        for arch in ('x64', 'x32'):
            os.makedirs(os.path.join(self.stage, arch))
            for name in ('wqcore.dll', 'wqkernel32.dll', 'wqkernelbase.dll', 'rtworkq.dll', 'ntoskrnl.exe', 'storport.sys',
                         'rdbss.sys', 'wqsetup.exe'):
                sample(os.path.join(self.stage, arch, name), 'front', arch, len(name))
        for name in (SETUP, FAULTS):
            shutil.copy(name, os.path.join(self.stage, os.path.basename(name)))
        self.make_wine(self.wine, 1)
        self.make_prefix()

    def make_wine(self, path, salt):
        for arch, folder in (('x64', 'x86_64-windows'), ('x32', 'i386-windows')):
            os.makedirs(os.path.join(path, 'lib/wine', folder), exist_ok=True)
            for name in ('ntdll.dll', 'kernel32.dll', 'kernelbase.dll', 'rtworkq.dll', 'ntoskrnl.exe', 'wineboot.exe'):
                sample(os.path.join(path, 'lib/wine', folder, name), 'builtin', arch, salt + len(name))

    def make_prefix(self):
        windows = os.path.join(self.prefix, 'drive_c/windows')
        os.makedirs(windows)
        for arch, folder in self.archs:
            shutil.copytree(os.path.join(self.wine, 'lib/wine', arch), os.path.join(windows, folder))
        os.makedirs(os.path.join(self.system32, 'drivers'))
        write(os.path.join(self.prefix, 'user.reg'), HEAD % ('User\\\\S-1-5-21-0-0-0-1000', 'win64') + USER)
        write(os.path.join(self.prefix, 'system.reg'), HEAD % ('Machine', 'win64') + SYSTEM % '')
        # Debian's Wine: its server would be in this folder of /tmp, and is not.
        write(os.path.join(self.prefix, 'wineserver'), 'wine-' + os.path.basename(self.top))

    def command(self, *args, program=SETUP):
        return [os.path.join(self.stage, os.path.basename(program)), '--prefix', self.prefix, *args]

    def run_setup(self, *args, env=None, program=SETUP, wine=True):
        """Runs wqsetup; returns its exit status and what it said."""
        more = ['--wine', self.wine] if wine else []
        done = subprocess.run(self.command(*args, *more, program=program), check=False, timeout=TIMEOUT, text=True,
                              env={'PATH': '/nonexistent', **(env or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr

    def setup(self, *args, code=0, **more):
        """Runs wqsetup and expects an exit status, and one line on stderr if that isn't 0."""
        found, out, err = self.run_setup(*args, **more)
        self.assertEqual(found, code, f'wqsetup {args}: {out}{err}')
        if code and args[:1] != ('verify',):
            self.assertEqual(err.count('\n'), 1, err)
        if not code:
            self.assertEqual(err, '')
        return out + err

    def path(self, name):
        return os.path.join(self.system32, name)

    def user(self):
        return read(os.path.join(self.prefix, 'user.reg')).decode()

    def set_user(self, more):
        """Adds sections at the end of user.reg."""
        write(os.path.join(self.prefix, 'user.reg'), self.user() + more)
