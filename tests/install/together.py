"""The native wqsetup and wqsetup.exe on the same prefixes, and more than one at a time: part of install.py. Where the native one
has not been built its tests skip themselves.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import shutil
import subprocess
import unittest

import fixture
import prefix as prefixes
from fixture import BUILD, SETUP, STAGE, InstallTest, machine
from prefix import another_builtin

NATIVE = os.path.join(BUILD, '../../../native/tools/wqsetup/wqsetup')


class Both(InstallTest):
    """Tests that need the native program."""

    def native(self, *args, code=0, path=None):
        self.prefix.stop()
        done = subprocess.run(['timeout', '60', NATIVE, '--prefix', path or self.prefix.path, '--from', STAGE, *args],
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, code, f'wqsetup {args}: {done.stdout}')
        return done.stdout


@unittest.skipUnless(os.path.exists(NATIVE), 'the native wqsetup is not built')
class Together(Both):
    def test_both_leave_the_same_bytes(self):
        other = prefixes.copy_template(fixture.TEMPLATE)
        self.addCleanup(other.close)
        for args in (['--app', 'probe.exe'], ['--all']):
            self.setup('install', *args)
            self.prefix.stop()
            self.native('install', *args, path=other.path)
            self.assertEqual(self.native('verify'), '')
            other.wine('cmd', '/c', 'exit')  # Wine reads and writes what we wrote
            other.stop()
            self.assert_same_bytes(other)

    def assert_same_bytes(self, other):
        """All but the times of the files that each has made."""
        lines = prefixes.differences(self.prefix.path, other.path, full=True)
        ours = re.compile(r"drive_c/windows/system32/(kernel32|kernelbase|wqcore|wqsetup|wineboot)\.(dll|exe|state): "
                          r"(\('file', \d+, \d+), \d+\) instead of \3, \d+\)$")
        self.assertEqual([line for line in lines if not ours.match(line)], [])

    def test_one_takes_out_what_the_other_put_in(self):
        self.setup('install', '--app', 'probe.exe')
        self.native('verify')
        self.native('uninstall')
        self.assert_untouched(full=True)
        self.expect(probe='builtin')
        self.native('install', '--app', 'probe.exe')
        self.expect(probe='stand-in', other='builtin')
        self.setup('verify')
        self.setup('uninstall')
        self.assert_untouched(full=True)

    def test_refused_while_programs_run(self):
        self.prefix.wine('cmd', '/c', 'exit')
        done = subprocess.run([NATIVE, '--prefix', self.prefix.path, '--from', STAGE, 'install', '--all'], check=False,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn('programs of the prefix run', done.stderr)
        self.assert_untouched()

    def test_an_uninstall_that_waits_is_done_from_outside(self):
        self.setup('install', '--all')
        self.prefix.stop()
        self.assertIn('when the prefix starts', self.setup('uninstall'))
        self.assertIn('when the prefix starts', self.native('status'))
        self.native('uninstall')
        self.assertIn('not installed', self.native('status'))
        self.assert_untouched(full=True)
        self.expect(probe='builtin')

    def test_a_prefix_made_of_links(self):
        """wqsetup.exe cannot keep links, and says so before it changes anything."""
        shared = os.path.join(STAGE, f'shared-{os.getpid()}')
        os.makedirs(shared)
        self.addCleanup(shutil.rmtree, shared)
        self.addCleanup(self.fresh_prefix)  # also when this test fails
        for name in ('kernel32.dll', 'kernelbase.dll'):
            os.rename(self.prefix.file('system32/' + name), os.path.join(shared, name))
            os.symlink(os.path.join(shared, name), self.prefix.file('system32/' + name))
        before, outside = self.snapshot(), prefixes.tree(shared)
        self.assertIn('symbolic link', self.setup('install', '--app', 'probe.exe', code=4))
        self.assert_as(before)
        self.native('install', '--app', 'probe.exe')
        self.expect(probe='stand-in', other='builtin')
        self.setup('verify')
        installed = self.snapshot()
        self.assertIn('symbolic link', self.setup('uninstall', code=4))
        self.assert_as(installed)
        self.native('uninstall')
        self.assert_as(before)
        self.assertEqual(prefixes.tree(shared), outside)


class AtOnce(InstallTest):
    def start(self, *args):
        return subprocess.Popen(['timeout', '-k', '5', '100', 'wine', os.path.join(STAGE, 'wqsetup.exe'), *args],
                                env=prefixes.environment(self.prefix.path), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_two_at_a_time(self):
        """Whichever is second says so and changes nothing; the prefix is whole."""
        self.prefix.wine('cmd', '/c', 'exit')
        runs = [self.start('install', '--app', name) for name in ('probe.exe', 'other.exe')]
        codes = [run.wait() for run in runs]
        self.assertIn(0, codes)
        self.assertLessEqual(set(codes), {0, 4})
        self.setup('verify')
        self.setup('install', '--app', 'other.exe')
        self.expect(other='stand-in')
        self.setup('uninstall')
        self.assert_untouched()

    def test_a_lost_uninstall(self):
        """Wine killed before it has saved the registry: nothing waits for the next start any more, and nobody says so."""
        self.setup('install', '--all')
        self.prefix.stop()
        registry = {name: self.read(name) for name in prefixes.REGISTRY}
        self.assertIn('when the prefix starts', self.setup('uninstall'))
        self.prefix.stop()
        for name, text in registry.items():
            with open(os.path.join(self.prefix.path, name), 'wb') as file:
                file.write(text)
        self.assertIn('interrupted', self.setup('status'))
        self.setup('verify', code=1)
        self.assertIn('when the prefix starts', self.setup('uninstall'))
        self.prefix.stop()
        self.expect(probe='builtin')
        self.assert_untouched()

    def read(self, name):
        with open(os.path.join(self.prefix.path, name), 'rb') as file:
            return file.read()

    def test_an_update_of_files_in_use(self):
        """Wine's services run on the grafts that would be replaced."""
        folder = os.path.join(STAGE, 'wine', 'i386-windows' if machine(SETUP) == 0x14c else 'x86_64-windows')
        os.makedirs(folder, exist_ok=True)
        self.setup('install', '--all')
        self.prefix.stop()
        for name in ('kernel32', 'kernelbase'):
            with open(os.path.join(folder, name + '.dll'), 'wb') as file:
                file.write(another_builtin(self.prefix.file(f'system32/{name}_base.dll')))
        before = self.snapshot()
        self.prefix.wine('cmd', '/c', 'exit')  # the services start while Wine's files still fit
        env = {'WQSETUP_WINE_DIR': 'Z:' + os.path.join(STAGE, 'wine').replace('/', '\\')}
        self.assertIn('is in use', self.setup('update', code=4, env=env))
        self.assert_as(before)
        self.setup('uninstall')
        self.prefix.stop()
        self.expect(probe='builtin')
        self.assert_untouched()
