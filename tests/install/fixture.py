"""What the tests of wqsetup.exe share: the folder that it is run from, and what they ask of it and of a prefix. The first
arguments of the program are WORK-FOLDER WQSETUP.EXE BUILD-FOLDER.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import shutil
import struct
import subprocess
import sys
import unittest

import prefix as prefixes

WORK, SETUP, BUILD = (os.path.abspath(path) for path in sys.argv[1:4])
TEMPLATE = os.path.join(WORK, 'template')  # and which Wine, once that is known
STAGE = os.path.join(WORK, f'stage-{os.getpid()}')
SKIP = 77  # what meson takes for a skipped test


def machine(path):
    """The machine field of a PE file."""
    with open(path, 'rb') as file:
        data = file.read(4096)
    return struct.unpack_from('<H', data, struct.unpack_from('<I', data, 60)[0] + 4)[0]


def prepare():
    global TEMPLATE
    if not shutil.which('wine') or not shutil.which('wineserver'):
        print('SKIP: wine is not installed')
        sys.exit(SKIP)
    os.makedirs(WORK, exist_ok=True)
    # tools/lab runs these tests with other Wines in the same folder; ours is for the same architecture as Python.
    version = subprocess.run(['wine', '--version'], check=True, stdout=subprocess.PIPE, text=True).stdout
    TEMPLATE += f'-{version.split()[0]}-{struct.calcsize("P") * 8}'
    prefixes.make_template(TEMPLATE)
    if machine(os.path.join(TEMPLATE, 'drive_c', 'windows', 'system32', 'ntdll.dll')) != machine(SETUP):
        print('SKIP: wqsetup.exe is for prefixes of another architecture')
        sys.exit(SKIP)
    os.makedirs(os.path.join(STAGE, 'programs'))
    shutil.copy(SETUP, STAGE)
    for name in ('wqcore.dll', 'wqkernel32.dll', 'wqkernelbase.dll'):
        shutil.copy(os.path.join(BUILD, name), STAGE)
    for name in ('probe.exe', 'other.exe'):
        shutil.copy(os.path.join(BUILD, 'probe.exe'), os.path.join(STAGE, 'programs', name))


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = prefixes.copy_template(TEMPLATE)

    @classmethod
    def tearDownClass(cls):
        cls.prefix.close()

    def fresh_prefix(self):
        self.prefix.close()
        type(self).prefix = prefixes.copy_template(TEMPLATE)

    def tearDown(self):
        """Every test leaves its prefix as the template, or the next ones would not mean much."""
        if self.prefix.wine(os.path.join(STAGE, 'wqsetup.exe'), 'uninstall')[0]:
            self.fresh_prefix()
        self.prefix.stop()

    def setup(self, *args, code=0, env=None):
        """Runs wqsetup and expects an exit code: silence with 0 unless it reports, one line on stderr otherwise."""
        found, out, err = self.prefix.wine(os.path.join(STAGE, 'wqsetup.exe'), *args, env=env)
        self.assertEqual(found, code, f'wqsetup {args}: {out}{err}')
        if code and args[:1] != ('verify',):
            self.assertEqual(err.count('\n'), 1, err)
        return out + err

    def probe(self, program, mixed=False):
        """Which QueueUserWorkItem a program gets, after checking that it otherwise works. mixed allows that kernel32 and
        kernelbase give different ones, as while overrides are being set."""
        code, out, err = self.prefix.wine(os.path.join(STAGE, 'programs', program))
        # 32-bit processes of Wine that have threads now and then die of a segmentation fault at exit.
        if not (code == -11 and machine(SETUP) == 0x14c):
            self.assertEqual(code, 0, out + err)
        for line in ('thread 42', 'message yes', 'version resource yes'):
            self.assertIn(line, out)
        kinds = {line.split()[-1] for line in out.splitlines() if ' queue ' in line}
        self.assertTrue(len(kinds) == 1 or mixed, out)
        return kinds.pop(), out

    def expect(self, **programs):
        for program, kind in programs.items():
            self.assertEqual(self.probe(program + '.exe')[0], kind, program)

    def assert_untouched(self, full=False):
        self.prefix.stop()
        self.assertEqual(prefixes.differences(self.prefix.path, TEMPLATE, full), [])

    def snapshot(self):
        self.prefix.stop()
        return prefixes.snapshot(self.prefix.path)

    def assert_as(self, before):
        """Not assertEqual, which would compare thousands of lines by pairs to show what differs."""
        self.assertEqual(prefixes.snapshot_differences(self.snapshot(), before), [])

    def write(self, name, data):
        with open(self.prefix.file('system32/' + name), 'wb') as file:
            file.write(data)
