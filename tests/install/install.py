"""Tests of wqsetup.exe: install.py WORK-FOLDER WQSETUP.EXE BUILD-FOLDER [TEST...], the build folder with the
stand-ins and probe.exe.

Needs wine. Every prefix is a private copy of a template in the work folder; WQSETUP_FAIL_AT=n cuts a run short before its
n-th change, WQSETUP_WINE_DIR plays a Wine of another version.

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
        print('wine is not installed')
        sys.exit(SKIP)
    os.makedirs(WORK, exist_ok=True)
    # tools/lab runs these tests with other Wines in the same folder; ours is for the same architecture as Python.
    version = subprocess.run(['wine', '--version'], check=True, stdout=subprocess.PIPE, text=True).stdout
    TEMPLATE += f'-{version.split()[0]}-{struct.calcsize("P") * 8}'
    prefixes.make_template(TEMPLATE)
    if machine(os.path.join(TEMPLATE, 'drive_c', 'windows', 'system32', 'ntdll.dll')) != machine(SETUP):
        print('wqsetup.exe is for prefixes of another architecture')
        sys.exit(SKIP)
    os.makedirs(os.path.join(STAGE, 'programs'))
    shutil.copy(SETUP, STAGE)
    for name in ('wqcore.dll', 'wqkernel32.dll'):
        shutil.copy(os.path.join(BUILD, name), STAGE)
    for name in ('probe.exe', 'other.exe'):
        shutil.copy(os.path.join(BUILD, 'probe.exe'), os.path.join(STAGE, 'programs', name))


def another_builtin(path):
    """The same module as another Wine would have it: a different time stamp in the PE header."""
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    header = struct.unpack_from('<I', data, 60)[0]
    struct.pack_into('<I', data, header + 8, 0x11111111)
    return bytes(data)


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = prefixes.copy_template(TEMPLATE)

    @classmethod
    def tearDownClass(cls):
        cls.prefix.close()

    def tearDown(self):
        """Every test leaves its prefix as the template, or the next ones would not mean much."""
        if self.prefix.wine(os.path.join(STAGE, 'wqsetup.exe'), 'uninstall')[0]:
            self.prefix.close()
            type(self).prefix = prefixes.copy_template(TEMPLATE)
        self.prefix.stop()

    def setup(self, *args, code=0, env=None):
        """Runs wqsetup and expects an exit code: silence with 0 unless it reports, one line on stderr otherwise."""
        found, out, err = self.prefix.wine(os.path.join(STAGE, 'wqsetup.exe'), *args, env=env)
        self.assertEqual(found, code, f'wqsetup {args}: {out}{err}')
        if code == 1 and args[0] != 'verify':
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


class OneProgram(InstallTest):
    def test_only_the_named_program_changes(self):
        self.expect(probe='builtin')
        self.setup('install', '--app', 'probe.exe')
        kind, out = self.probe('probe.exe')
        self.assertEqual(kind, 'stand-in')
        self.assertIn(r'kernel32.dll.GetTickCount64 C:\windows\system32\kernel32_base.dll', out)
        self.assertIn(r'kernel32.dll.BaseThreadInitThunk C:\windows\system32\kernel32.dll', out)
        self.expect(other='builtin')
        self.setup('verify')
        self.assertIn('kernel32 for probe.exe', self.setup('status'))

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
        self.prefix.close()  # the files' times are new
        type(self).prefix = prefixes.copy_template(TEMPLATE)


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
                     ['install', '--all', '--modules', 'nothing'], ['update'], ['install', '--everything']):
            self.setup(*args, code=1)
        self.assert_untouched()

    def test_a_missing_module(self):
        os.rename(os.path.join(STAGE, 'wqcore.dll'), os.path.join(STAGE, 'away'))
        try:
            self.assertIn('wqcore.dll', self.setup('install', '--app', 'probe.exe', code=1))
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
            self.assertIn('ntoskrnl.exe', self.setup(*args, code=1))
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
        staged = [os.path.join(STAGE, name) for name in ('ntoskrnl.exe', 'storport.sys')]
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
        self.assertIn('in the way', self.setup('install', '--app', 'probe.exe', code=1))
        os.unlink(self.prefix.file('system32/kernel32_base.dll'))
        self.assert_untouched()


class Changes(InstallTest):
    def test_wine_replaced_the_graft(self):
        self.setup('install', '--app', 'probe.exe')
        self.write('kernel32.dll', another_builtin(self.prefix.file('system32/kernel32_base.dll')))
        self.expect(other='builtin')
        self.assertIn('stale', self.setup('verify', code=1))
        self.assertIn('stale', self.setup('status'))
        self.setup('update')
        self.setup('verify')
        self.expect(probe='stand-in', other='builtin')
        self.setup('uninstall')
        with open(self.prefix.file('system32/kernel32.dll'), 'rb') as file:
            self.assertEqual(struct.unpack('<I', file.read(0x88 + 4)[-4:])[0], 0x11111111)
        self.prefix.close()
        type(self).prefix = prefixes.copy_template(TEMPLATE)

    def test_wine_was_updated(self):
        """Wine leaves native files in system32 alone when it updates a prefix: only its own folder shows the change."""
        folder = os.path.join(STAGE, 'wine', 'i386-windows' if machine(SETUP) == 0x14c else 'x86_64-windows')
        os.makedirs(folder, exist_ok=True)
        self.setup('install', '--app', 'probe.exe')
        for name in ('kernel32', 'kernelbase'):
            with open(os.path.join(folder, name + '.dll'), 'wb') as file:
                file.write(another_builtin(self.prefix.file(f'system32/{name}_base.dll')))
        env = {'WQSETUP_WINE_DIR': 'Z:' + os.path.join(STAGE, 'wine').replace('/', '\\')}
        self.assertIn('Wine was updated', self.setup('verify', code=1, env=env))
        for step in range(1, 100):
            if self.prefix.wine(os.path.join(STAGE, 'wqsetup.exe'), 'update',
                                env={**env, 'WQSETUP_FAIL_AT': str(step)})[0] == 0:
                break
            self.expect(other='builtin')
            self.probe('probe.exe', mixed=True)
        self.assertGreater(step, 5)
        self.setup('verify', env=env)
        self.expect(probe='stand-in')
        with open(os.path.join(folder, 'kernel32.dll'), 'rb') as new, \
                open(self.prefix.file('system32/kernel32_base.dll'), 'rb') as base:
            self.assertEqual(new.read(), base.read())
        self.setup('uninstall')
        self.prefix.close()
        type(self).prefix = prefixes.copy_template(TEMPLATE)

    def test_a_lost_base_copy_is_noticed_and_repaired(self):
        self.setup('install', '--app', 'probe.exe')
        os.unlink(self.prefix.file('system32/kernelbase_base.dll'))
        self.assertIn('kernelbase_base.dll is missing', self.setup('verify', code=1))
        self.setup('update')
        self.setup('verify')
        self.expect(probe='stand-in')
        self.setup('uninstall')
        self.prefix.close()  # the copy's time is new
        type(self).prefix = prefixes.copy_template(TEMPLATE)

    def test_a_lost_override_is_noticed_and_repaired(self):
        self.setup('install', '--app', 'probe.exe')
        self.prefix.wine('reg', 'delete', r'HKCU\Software\Wine\AppDefaults\probe.exe\DllOverrides', '/f')
        self.assertIn('override', self.setup('verify', code=1))
        self.setup('update')
        self.setup('verify')
        self.setup('uninstall')
        self.assert_untouched()

    def test_a_damaged_state_is_an_error(self):
        self.setup('install', '--app', 'probe.exe')
        with open(self.prefix.file('system32/wqsetup.state'), 'r+b') as file:
            good = file.read()
            for bad in (good[:-1], good[:100], b'', good.replace(b'kernel32', b'kernel64', 1), good + b'x'):
                file.seek(0)
                file.truncate()
                file.write(bad)
                file.flush()
                for command in ('status', 'verify', 'update', 'uninstall'):
                    self.assertIn('damaged', self.setup(command, code=1))
            file.seek(0)
            file.truncate()
            file.write(good)
        self.setup('verify')

    def test_grafts_without_a_state_can_be_taken_out(self):
        self.setup('install', '--app', 'probe.exe')
        os.unlink(self.prefix.file('system32/wqsetup.state'))
        self.assertIn('no system32', self.setup('verify', code=1))
        self.setup('uninstall')
        self.expect(probe='builtin')  # its override falls back to the builtin
        self.prefix.close()
        type(self).prefix = prefixes.copy_template(TEMPLATE)


class Interruptions(InstallTest):
    def steps(self, *args, before=None):
        """Runs a command again and again, cut short one step later each time, until it ends by itself. before is run
        before each."""
        for step in range(1, 100):
            if before:
                self.setup(*before)
            code, out, err = self.prefix.wine(os.path.join(STAGE, 'wqsetup.exe'), *args,
                                              env={'WQSETUP_FAIL_AT': str(step)})
            if code == 0:
                self.assertGreater(step, 6)
                return
            self.assertEqual(code, 99, out + err)
            yield step

    def test_an_install_can_be_undone(self):
        for step in self.steps('install', '--app', 'probe.exe'):
            with self.subTest(step=step):
                self.expect(other='builtin')
                self.probe('probe.exe', mixed=True)
                self.setup('uninstall')
                self.assert_untouched()

    def test_an_install_can_be_repeated(self):
        for step in self.steps('install', '--app', 'probe.exe'):
            with self.subTest(step=step):
                self.setup('install', '--app', 'probe.exe')
                self.setup('verify')
                self.setup('uninstall')
        self.setup('verify')
        self.expect(probe='stand-in')
        self.setup('uninstall')
        self.assert_untouched()

    def test_an_uninstall_can_be_repeated(self):
        for step in self.steps('uninstall', before=('install', '--app', 'probe.exe')):
            with self.subTest(step=step):
                self.expect(other='builtin')
                self.probe('probe.exe', mixed=True)
                self.setup('uninstall')
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
        self.setup('install', '--all', code=1)
        self.prefix.stop()
        self.expect(probe='builtin')
        self.assertIn('not installed', self.setup('status'))
        self.assert_untouched()


if __name__ == '__main__':
    prepare()
    try:
        unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
    finally:
        shutil.rmtree(STAGE)
