"""What happens to an installation afterwards, and runs of wqsetup.exe that are cut short: part of install.py.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import struct

from fixture import SETUP, STAGE, InstallTest, machine
from prefix import another_builtin


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
        self.fresh_prefix()

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
        self.fresh_prefix()

    def new_wine(self, names=('kernel32', 'kernelbase')):
        """Another Wine's folder of modules, as the environment variable that wqsetup.exe takes for it."""
        folder = os.path.join(STAGE, 'other', 'i386-windows' if machine(SETUP) == 0x14c else 'x86_64-windows')
        os.makedirs(folder, exist_ok=True)
        for name in names:
            with open(os.path.join(folder, name + '.dll'), 'wb') as file:
                file.write(another_builtin(self.prefix.file(f'system32/{name}_base.dll')))
        return folder, {'WQSETUP_WINE_DIR': 'Z:' + os.path.join(STAGE, 'other').replace('/', '\\')}

    def first_program(self, env):
        """What the first program gets after the prefix was at rest."""
        self.prefix.stop()
        code, out, err = self.prefix.wine(os.path.join(STAGE, 'programs', 'probe.exe'), env=env)
        self.assertEqual(code, 0, out + err)
        return {line.split()[-1] for line in out.splitlines() if ' queue ' in line}

    def test_the_next_start_makes_grafts_for_another_wine(self):
        self.setup('install', '--app', 'probe.exe')
        folder, env = self.new_wine()
        self.assertEqual(self.first_program(env), {'stand-in'})
        for name in ('kernel32', 'kernelbase'):
            with open(os.path.join(folder, name + '.dll'), 'rb') as new, \
                    open(self.prefix.file(f'system32/{name}_base.dll'), 'rb') as base:
                self.assertEqual(new.read(), base.read())
        self.setup('verify', env=env)
        self.setup('uninstall')
        self.fresh_prefix()

    def test_a_start_that_cannot_make_grafts_leaves_the_builtins(self):
        self.setup('install', '--app', 'probe.exe')
        folder, env = self.new_wine()
        with open(os.path.join(folder, 'kernel32.dll'), 'wb') as file:
            file.write(b'no module')
        self.assertEqual(self.first_program(env), {'builtin'})
        self.assertIn('off: Wine changed', self.setup('status'))
        self.assertIn('off: Wine changed', self.setup('verify', code=1))
        os.unlink(os.path.join(folder, 'kernel32.dll'))
        self.setup('update', env=env)
        self.expect(probe='stand-in', other='builtin')
        self.setup('uninstall')
        self.fresh_prefix()

    def test_a_lost_base_copy_is_noticed_and_repaired(self):
        self.setup('install', '--app', 'probe.exe')
        os.unlink(self.prefix.file('system32/kernelbase_base.dll'))
        self.assertIn('kernelbase_base.dll is missing', self.setup('verify', code=1))
        self.setup('update')
        self.setup('verify')
        self.expect(probe='stand-in')
        self.setup('uninstall')
        self.fresh_prefix()  # the copy's time is new

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
                    self.assertIn('damaged', self.setup(command, code=6))
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
        self.fresh_prefix()


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
