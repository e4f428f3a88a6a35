"""Tests of the native wqsetup, without Wine: outside.py WORK-FOLDER WQSETUP WQSETUP-WITH-FAULTS MAKE-SAMPLE [TEST...].

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import json
import os
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources

from interrupted import Interrupted, PowerCut  # unittest looks for them here
from refusing import Links, Locking, Overrides, Pending, Refusing
from synthetic import SetupTest, read, sample, tree, write


class Installing(SetupTest):
    def test_there_and_back(self):
        before = tree(self.prefix)
        self.setup('install', '--app', 'probe.exe')
        self.setup('verify')
        for folder in ('system32', 'syswow64'):
            for name in ('kernel32', 'kernelbase'):
                path = os.path.join(self.prefix, 'drive_c/windows', folder, name)
                self.assertEqual(read(path + '_base.dll'), before[os.path.relpath(path + '.dll', self.prefix)][2])
                self.assertNotEqual(read(path + '.dll'), read(path + '_base.dll'))
        self.assertIn('[Software\\\\Wine\\\\AppDefaults\\\\probe.exe\\\\DllOverrides] ', self.user())
        self.assertIn('"kernel32"="native,builtin"\n"kernelbase"="native,builtin"\n"rtworkq"="native,builtin"\n\n',
                      self.user())
        self.setup('uninstall')
        self.assertEqual(tree(self.prefix), before)

    def test_every_module(self):
        before = tree(self.prefix)
        self.setup('install', '--all', '--modules', 'KernelBase, rtworkq.dll,STORPORT rdbss')
        self.setup('verify')
        self.assertTrue(os.path.exists(self.path('drivers/storport.sys')))
        self.assertIn('ntoskrnl for winedevice.exe', self.setup('status'))
        self.setup('uninstall', '--all')
        self.assertNotIn('kernel32', self.setup('status'))
        self.setup('verify')
        self.setup('uninstall')
        self.assertEqual(tree(self.prefix), before)

    def test_a_second_time_changes_nothing(self):
        self.setup('install', '--app=probe.exe')
        before = tree(self.prefix)
        self.setup('install', '--app', 'PROBE.EXE')
        self.setup('update')
        self.setup('repair')
        self.assertEqual(tree(self.prefix), before)

    def test_a_wine_that_has_not_run_the_prefix(self):
        """As after an upgrade of the distribution: its files are not ours to judge by, and the user is told how to go on."""
        os.makedirs(os.path.join(self.wine, 'bin'))
        write(os.path.join(self.wine, 'bin', 'wine'), '#!/bin/sh\n')
        os.chmod(os.path.join(self.wine, 'bin', 'wine'), 0o755)
        path = {'PATH': os.path.join(self.wine, 'bin')}
        self.setup('install', '--all', env=path, wine=False)
        self.assertNotIn('has not run this prefix', self.setup('status', env=path, wine=False))
        self.make_wine(self.wine, 50)
        before = tree(self.prefix)
        self.assertIn('has not run this prefix yet', self.setup('status', env=path, wine=False))
        self.assertIn('or name it with --wine', self.setup('update', env=path, wine=False))
        self.assertEqual(tree(self.prefix), before)
        self.assertIn('Wine was updated', self.setup('verify', code=1))
        self.assertEqual(self.setup('update'), '')
        self.setup('verify')

    def test_drivers_are_for_the_other_program_to_judge(self):
        self.setup('install', '--all')
        self.assertNotIn('drivers run', self.setup('status'))
        self.setup('install', '--modules', 'ntoskrnl')
        self.assertIn("whether Wine's drivers run", self.setup('status'))
        self.setup('verify')

    def test_dry_run(self):
        before = tree(self.prefix)
        self.assertIn('write system32\\kernel32.dll', self.setup('install', '--all', '--dry-run'))
        self.assertEqual(tree(self.prefix), before)

    def test_names_in_any_case(self):
        windows = os.path.join(self.prefix, 'drive_c/windows')
        os.rename(os.path.join(windows, 'system32/kernel32.dll'), os.path.join(windows, 'system32/KERNEL32.DLL'))
        os.rename(os.path.join(windows, 'system32'), os.path.join(windows, 'System32'))
        os.rename(windows, os.path.join(self.prefix, 'drive_c/WINDOWS'))
        before = tree(self.prefix)
        self.setup('install', '--app', 'probe.exe')
        self.setup('verify')
        self.setup('uninstall')
        self.assertEqual(tree(self.prefix), before)

    def test_status_for_programs(self):
        self.assertFalse(json.loads(self.setup('status', '--json'))['installed'])
        self.setup('install', '--app', 'probe.exe')
        found = json.loads(self.setup('status', '--json'))
        self.assertTrue(found['installed'])
        self.assertEqual((found['phase'], found['faults'], found['running']), ('installed', [], False))
        self.assertIn({'module': 'kernel32', 'app': 'probe.exe'}, found['scopes'])
        self.assertEqual({file['state'] for file in found['files']}, {'ok'})
        sample(self.path('kernel32.dll'), salt=77)
        self.assertIn('stale', json.loads(self.setup('status', '--json'))['faults'][0])

    def test_wine_was_updated(self):
        self.setup('install', '--app', 'probe.exe')
        self.make_wine(self.wine, 50)
        self.assertIn('Wine was updated', self.setup('verify', code=1))
        self.setup('update')
        self.setup('verify')
        self.assertEqual(read(self.path('kernel32_base.dll')),
                         read(os.path.join(self.wine, 'lib/wine/x86_64-windows/kernel32.dll')))

    def test_a_wine_that_is_not_the_prefixes(self):
        """One that nobody named is not believed: its files might not start in this prefix."""
        self.setup('install', '--app', 'probe.exe')
        other = os.path.join(self.top, 'other')
        self.make_wine(other, 90)
        os.makedirs(os.path.join(other, 'bin'))
        write(os.path.join(other, 'bin/wine'), '#!/bin/sh\n')
        os.chmod(os.path.join(other, 'bin/wine'), 0o755)
        before = tree(self.prefix)
        env = {'PATH': os.path.join(other, 'bin')}
        self.setup('verify', env=env, wine=False)
        self.setup('update', env=env, wine=False)
        self.assertEqual(tree(self.prefix), before)
        self.setup('update', '--wine', os.path.join(other, 'bin/wine'), wine=False)
        self.assertEqual(read(self.path('kernelbase_base.dll')),
                         read(os.path.join(other, 'lib/wine/x86_64-windows/kernelbase.dll')))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[5:], verbosity=2)
