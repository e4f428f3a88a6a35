"""Tests of wqsetup.exe: install.py WORK-FOLDER WQSETUP.EXE BUILD-FOLDER [TEST...], the build folder with the
stand-ins and probe.exe.

Needs wine. Every prefix is a private copy of a template in the work folder; WQSETUP_FAIL_AT=n cuts a run short before its
n-th change, WQSETUP_WINE_DIR plays a Wine of another version.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import shutil
import sys
import unittest

sys.dont_write_bytecode = True # beside the sources

import fixture
from changes import Changes, Interruptions  # unittest looks for them here
from fixture import STAGE, InstallTest
from together import AtOnce, Together


class OneProgram(InstallTest):
    def test_only_the_named_program_changes(self):
        self.expect(probe='builtin')
        self.setup('install', '--app', 'probe.exe')
        kind, out = self.probe('probe.exe')
        self.assertEqual(kind, 'stand-in')
        self.assertIn(r'kernel32.dll.GetTickCount64 C:\windows\system32\kernel32.dll', out)
        self.assertIn(r'kernel32.dll.BaseThreadInitThunk C:\windows\system32\kernel32.dll', out)
        self.expect(other='builtin')
        self.setup('verify')
        self.assertIn('kernel32 for probe.exe', self.setup('status'))

    def test_the_same_exports_at_addresses_of_the_same_modules(self):
        self.setup('install', '--app', 'probe.exe')
        ours, builtin = (set(self.prefix.wine(os.path.join(STAGE, 'programs', name), 'exports')[1].splitlines())
                         for name in ('probe.exe', 'other.exe'))
        self.assertGreater(len(builtin), 2000)
        different = {line for line in ours ^ builtin if not line.startswith('kernel32.dll.CtrlRoutine ')}
        self.assertEqual(different, set())

    def test_uninstall_restores_every_byte(self):
        self.setup('install', '--app', 'probe.exe')
        self.expect(probe='stand-in')
        self.setup('uninstall')
        self.assertIn('not installed', self.setup('status'))
        self.expect(probe='builtin')
        self.assert_untouched(full=True)

    def test_installing_twice_changes_nothing(self):
        self.setup('install', '--app', 'probe.exe')
        before = self.snapshot()
        self.setup('install', '--app', 'PROBE.EXE')
        self.setup('update')
        self.assert_as(before)

    def test_programs_come_and_go(self):
        self.setup('install', '--app', 'probe.exe')
        self.setup('install', '--app', 'other.exe')
        self.expect(probe='stand-in', other='stand-in')
        self.setup('uninstall', '--app', 'probe.exe')
        self.expect(probe='builtin', other='stand-in')
        self.setup('verify')
        self.setup('uninstall', '--app', 'nobody.exe')
        self.setup('uninstall', '--app', 'other.exe')
        self.assert_untouched()

    def test_overrides_of_the_user_come_back(self):
        key = r'HKCU\Software\Wine\AppDefaults\probe.exe\DllOverrides'
        self.prefix.wine('reg', 'add', key, '/v', 'kernel32', '/d', 'builtin', '/f')
        before = self.snapshot()
        self.setup('install', '--app', 'probe.exe')
        self.expect(probe='stand-in')
        self.setup('uninstall')
        self.assert_as(before)
        self.prefix.wine('reg', 'delete', r'HKCU\Software\Wine\AppDefaults\probe.exe', '/f')

    def test_an_update_of_the_prefix_keeps_the_graft(self):
        self.setup('install', '--app', 'probe.exe')
        self.prefix.wine('wineboot', '-u')
        self.setup('verify')
        self.expect(probe='stand-in', other='builtin')
        self.setup('uninstall')
        self.fresh_prefix()  # the files' times are new


class Refusals(InstallTest):
    def test_dry_run_changes_nothing(self):
        out = self.setup('install', '--app', 'probe.exe', '--dry-run')
        self.assertIn(r'write system32\kernel32.dll', out)
        self.assert_untouched()
        self.setup('install', '--app', 'probe.exe')
        before = self.snapshot()
        self.assertIn(r'rename system32\kernel32_base.dll', self.setup('uninstall', '--dry-run'))
        self.assert_as(before)

    def test_bad_command_lines(self):
        for args in (['install'], ['frobnicate'], ['install', '--app'], ['install', '--app', 'a\\b.exe'],
                     ['install', '--all', '--modules', 'nothing'], ['install', '--everything'], [],
                     ['status', '--prefix', 'Z:\\']):
            self.setup(*args, code=2)
        self.setup('update', code=5)
        self.assertIn('not installed', self.setup('verify', code=5))
        self.assert_untouched()

    def test_a_missing_module(self):
        os.rename(os.path.join(STAGE, 'wqcore.dll'), os.path.join(STAGE, 'away'))
        try:
            self.assertIn('wqcore.dll', self.setup('install', '--app', 'probe.exe', code=6))
        finally:
            os.rename(os.path.join(STAGE, 'away'), os.path.join(STAGE, 'wqcore.dll'))
        self.assert_untouched()

    def test_malformed_builtins(self):
        """With ntoskrnl.exe, because Wine does not start at all with a broken kernel32.dll or kernelbase.dll."""
        args = ('install', '--app', 'probe.exe', '--modules', 'kernel32,ntoskrnl')
        path = self.prefix.file('system32/ntoskrnl.exe')
        with open(path, 'rb') as file:
            good = file.read()
        info = os.stat(path)
        fronts = [os.path.join(STAGE, name) for name in ('ntoskrnl.exe', 'hal.dll')]  # hal.dll for 32-bit prefixes
        for front in fronts:
            shutil.copy(os.path.join(STAGE, 'wqkernel32.dll'), front)
        for bad in (good[:60], good[:1000], good[:0x10000], b'', b'not a module' * 100, good[:64] + bytes(16) + good[80:]):
            self.write('ntoskrnl.exe', bad)
            self.assertIn('ntoskrnl.exe', self.setup(*args, code=6))
            self.assertFalse(os.path.exists(self.prefix.file('system32/kernel32_base.dll')))
        self.write('ntoskrnl.exe', good)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
        self.assert_untouched()
        self.setup(*args)
        self.setup('verify')
        self.assertIn('ntoskrnl for winedevice.exe', self.setup('status'))
        if 'in use' in self.setup('uninstall'):  # Wine's own drivers may just start on it
            self.prefix.stop()
            self.prefix.wine('wineboot')
        for front in fronts:
            os.unlink(front)
        self.assert_untouched()

    def test_a_driver_brings_the_kernel_with_it(self):
        staged = [os.path.join(STAGE, name) for name in ('ntoskrnl.exe', 'hal.dll', 'storport.sys')]  # hal.dll as above
        for path in staged:
            shutil.copy(os.path.join(STAGE, 'wqkernel32.dll'), path)
        try:
            self.setup('install', '--modules', 'storport')
            out = self.setup('status')
            self.assertIn('ntoskrnl for winedevice.exe', out)
            self.assertTrue(os.path.exists(self.prefix.file('system32/drivers/storport.sys')))
            self.assertTrue(os.path.exists(self.prefix.file('system32/ntoskrnl_base.dll')))
            self.setup('verify')
            if 'in use' in self.setup('uninstall'):  # Wine's own drivers may just start on it
                self.prefix.stop()
                self.prefix.wine('wineboot')
        finally:
            for path in staged:
                os.unlink(path)
        self.assert_untouched()

    def test_a_foreign_base_copy_is_not_overwritten(self):
        self.write('kernel32_base.dll', b'mine')
        self.assertIn('in the way', self.setup('install', '--app', 'probe.exe', code=6))
        os.unlink(self.prefix.file('system32/kernel32_base.dll'))
        self.assert_untouched()


class WholePrefix(InstallTest):
    def test_all_programs(self):
        self.setup('install', '--all')
        self.prefix.stop()
        self.expect(probe='stand-in', other='stand-in')
        self.setup('verify')
        self.assertIn('the whole prefix', self.setup('status'))
        self.setup('install', '--app', 'probe.exe')
        self.setup('uninstall', '--app', 'probe.exe')
        self.expect(other='stand-in')

    def test_uninstall_ends_at_the_next_start(self):
        """All programs have the graft mapped, wqsetup too: Wine refuses to replace it before they are gone."""
        self.setup('install', '--all')
        self.prefix.stop()
        self.expect(probe='stand-in')
        self.assertIn('when the prefix starts', self.setup('uninstall'))
        self.assertIn('when the prefix starts', self.setup('status'))
        self.setup('install', '--all', code=4)
        self.prefix.stop()
        self.expect(probe='builtin')
        self.assertIn('not installed', self.setup('status'))
        self.assert_untouched()


if __name__ == '__main__':
    fixture.prepare()
    try:
        unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
    finally:
        shutil.rmtree(STAGE)
