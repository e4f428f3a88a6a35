"""Bad input of every kind, and prefixes that are not quite ordinary: part of outside.py.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import fcntl
import hashlib
import os
import re
import shutil
import signal
import struct
import subprocess
import time

from synthetic import FAULTS, HEAD, SYSTEM, TIMEOUT, USER, SetupTest, read, sample, tree, write

KEY = '[Software\\\\Wine\\\\AppDefaults\\\\%s\\\\DllOverrides] 1796126913\n#time=1dd818caf75b18c\n%s\n'


def sealed(lines):
    """A state file with these lines, as wqsetup would close it."""
    return lines + b'end\t' + hashlib.sha256(lines).hexdigest().encode() + b'\n'


class Refusing(SetupTest):
    def refuses(self, code, *args, **more):
        before = tree(self.prefix), sorted(os.listdir(self.top))
        said = self.setup(*args, code=code, **more)
        self.assertEqual((tree(self.prefix), sorted(os.listdir(self.top))), before, args)
        return said

    def test_command_lines(self):
        for args in (['install'], ['frobnicate'], ['install', '--app'], ['install', '--app', 'a\\b.exe'],
                     ['install', '--app', 'a/b.exe'], ['install', '--app', 'a\tb.exe'], ['install', '--app', 'x' * 200 + '.exe'],
                     ['install', '--all', '--modules', 'nothing'], ['install', '--all', '--modules', ','],
                     ['install', '--everything'], ['install', 'update'], ['verify', '--json'], ['status', '--dry-run'],
                     ['update', '--all'], ['uninstall', '--modules', 'kernel32'], ['status', '--prefix', ''],
                     ['install', '--app', 'a.exe', '--from', ''], ['install', '--app', '*']):
            self.refuses(2, *args)
        self.assertIn('node.exe', self.refuses(2, 'install', '--app', 'node'))
        self.assertIn('--prefix', subprocess.run(self.command('x')[:1] + ['status'], env={}, check=False, text=True,
                                                 stderr=subprocess.PIPE).stderr)

    def test_what_is_no_prefix(self):
        good = self.prefix
        for path in (os.path.join(self.top, 'none'), self.stage, os.path.join(good, 'user.reg'), good + '/drive_c'):
            self.prefix = path
            for command in ('status', 'verify', 'update', 'repair', 'uninstall'):
                self.refuses(3, command)
            self.refuses(3, 'install', '--all')
        self.prefix = good
        for name, text in (('system.reg', b''), ('user.reg', b'REGEDIT4\n'), ('user.reg', b'WINE REGISTRY Version 3\n')):
            kept = read(os.path.join(good, name))
            write(os.path.join(good, name), text)
            self.refuses(3, 'install', '--all')
            write(os.path.join(good, name), kept)

    def test_not_installed(self):
        for command in ('verify', 'update'):
            self.refuses(5, command)
        self.refuses(0, 'uninstall')
        self.refuses(0, 'repair')

    def test_folders_of_modules(self):
        self.refuses(6, 'install', '--all', '--from', self.top)
        self.refuses(6, 'install', '--all', '--from', os.path.join(self.top, 'none'))
        self.refuses(3, 'install', '--all', '--wine', self.stage, wine=False)
        for name in ('wqkernel32.dll', 'wqcore.dll'):
            path = os.path.join(self.stage, 'x64', name)
            good = read(path)
            for bad in (good[:60], good[:300], b'', b'not a module' * 100):
                write(path, bad)
                self.refuses(6, 'install', '--all', '--modules', 'kernel32')
            os.unlink(path)
            self.assertIn('wq', self.refuses(6, 'install', '--all', '--modules', 'kernel32'))
            write(path, good)

    def test_builtins(self):
        good = read(self.path('kernel32.dll'))
        wrong_machine = os.path.join(self.top, 'wrong')
        sample(wrong_machine, arch='x32')
        for bad in (good[:60], good[:1000], b'', b'not a module' * 100, good[:64] + bytes(16) + good[80:], read(wrong_machine)):
            write(self.path('kernel32.dll'), bad)
            self.assertIn('kernel32.dll', self.refuses(6, 'install', '--all'))
        os.unlink(self.path('kernel32.dll'))
        os.mkdir(self.path('kernel32.dll'))
        self.refuses(1, 'install', '--all')

    def test_hostile_builtins(self):
        """Headers and an export directory that lead out of the file or overlap, at each of their fields."""
        path = self.path('kernel32.dll')
        good = read(path)
        header = struct.unpack_from('<I', good, 60)[0]
        fields = [60, *range(header, header + 24 + 112 + 8, 4)]
        exports = self.export_directory(good)
        fields += range(exports, exports + 40, 4)
        refused = 0
        for at in fields:
            for number in (0x7fffffff, 0xfffffff0, len(good) - 2):
                bad = bytearray(good)
                struct.pack_into('<I', bad, at, number)
                write(path, bytes(bad))
                before = tree(self.prefix)
                code, out, err = self.run_setup('install', '--all', '--modules', 'kernel32')
                self.assertIn(code, (0, 6), f'field {at:#x}: {out}{err}')
                refused += code == 6
                if code:
                    self.assertEqual(err.count('\n'), 1, err)
                    self.assertEqual(tree(self.prefix), before, f'field {at:#x}')
                else: # a field that nobody reads
                    self.setup('uninstall')
        self.assertGreater(refused, len(fields))

    @staticmethod
    def export_directory(data):
        """Where the export directory of a 64-bit module is in its file."""
        header = struct.unpack_from('<I', data, 60)[0]
        count, optional = struct.unpack_from('<H', data, header + 6)[0], struct.unpack_from('<H', data, header + 20)[0]
        rva = struct.unpack_from('<I', data, header + 24 + 112)[0]
        for i in range(count):
            size, at, raw_size, raw = struct.unpack_from('<IIII', data, header + 24 + optional + 40 * i + 8)
            if at <= rva < at + max(size, raw_size):
                return raw + rva - at
        raise ValueError('no section has the export directory')

    def test_a_foreign_base(self):
        write(self.path('kernel32_base.dll'), b'mine')
        self.assertIn('in the way', self.refuses(6, 'install', '--all'))

    def test_a_hostile_state(self):
        outside = os.path.join(self.top, 'precious')
        write(outside, b'precious')
        self.setup('install', '--app', 'probe.exe')
        good = read(self.path('wqsetup.state'))
        lines = good[:good.rindex(b'end\t')]
        self.assertEqual(sealed(lines), good)
        up = b'system32\\..\\..\\..\\..\\precious'
        bad = [good[:-1], good[:100], b'', good + b'x', good.replace(b'kernel32', b'kernel64', 1), b'\0' * 100]
        bad += [sealed(lines.replace(old, new, 1)) for old, new in (
            (b'system32\\kernel32.dll', up), (b'system32\\kernel32_base.dll', up), (b'system32\\kernel32.dll', b'..\\kernel32.dll'),
            (b'system32\\kernel32.dll', b'system32/../kernel32.dll'), (b'system32\\kernel32.dll', b'system32\\user32.dll'),
            (b'system32\\kernelbase.dll', b'syswow64\\kernelbase.dll'), (b'\tprobe.exe', b'\t..\\x'), (b'wqsetup\t1', b'wqsetup\t2'),
            (b'value\tprobe.exe\tkernelbase', b'value\tprobe.exe\tuser32'), (b'key\tSoftware\\Wine', b'key\tSoftware\\Other'),
            (b'phase\tinstalled', b'phase\tother'), (b'wqsetup\t1\n', b'wqsetup\t1\nmore\tlines\n'))]
        for text in bad:
            self.assertNotEqual(text, good)
            write(self.path('wqsetup.state'), text)
            for command in ('status', 'verify', 'update', 'uninstall'):
                self.assertIn('damaged', self.refuses(6, command))
        write(self.path('wqsetup.state'), bad[-1])
        self.assertIn('taken out', self.setup('repair'))
        self.setup('verify', code=5)
        self.assertEqual(read(outside), b'precious')

    def test_an_installation_without_state(self):
        before = tree(self.system32)
        for bad in (None, b'damaged'):
            self.setup('install', '--app', 'probe.exe', '--modules', 'kernel32,rtworkq,storport')
            os.unlink(self.path('wqsetup.state'))
            self.assertIn('no system32', self.setup('verify', code=1))
            if bad:
                write(self.path('wqsetup.state'), bad)
            self.setup('repair')
            self.assertEqual(tree(self.system32), before)

    def test_the_last_kernel32_stays(self):
        """Without state and without a base there is only Wine's own to put back; without that, nothing is removed."""
        self.setup('install', '--app', 'probe.exe', '--modules', 'kernel32')
        os.unlink(self.path('wqsetup.state'))
        os.unlink(self.path('kernel32_base.dll'))
        os.rename(self.path('kernelbase_base.dll'), self.path('kernelbase.dll'))
        graft = read(self.path('kernel32.dll'))
        self.setup('uninstall', code=6, wine=False)
        self.assertEqual(read(self.path('kernel32.dll')), graft)
        self.setup('repair')
        self.assertEqual(read(self.path('kernel32.dll')), read(os.path.join(self.wine, 'lib/wine/x86_64-windows/kernel32.dll')))

    def test_a_lost_kernel32_that_nobody_installed(self):
        """Repair puts Wine's own file there, if it finds the prefix's Wine."""
        for name, folder, bad in (('kernel32.dll', 'system32', None), ('kernelbase.dll', 'system32', b''),
                                  ('kernel32.dll', 'syswow64', b'not a module' * 100)):
            path = os.path.join(self.prefix, 'drive_c/windows', folder, name)
            good = read(path)
            os.unlink(path)
            if bad is not None:
                write(path, bad)
            before = tree(self.prefix)
            self.assertIn('--wine', self.setup('repair', code=6, wine=False))
            self.assertEqual(tree(self.prefix), before)
            self.setup('repair')
            self.assertEqual(read(path), good)

    def test_a_lost_graft_without_state(self):
        """What was kept is nearer than Wine's own file."""
        self.setup('install', '--all', '--modules', 'kernel32')
        good = read(self.path('kernel32_base.dll'))
        os.unlink(self.path('kernel32.dll'))
        os.unlink(self.path('wqsetup.state'))
        self.setup('repair', wine=False)
        self.assertEqual(read(self.path('kernel32.dll')), good)
        self.assertFalse(os.path.exists(self.path('kernel32_base.dll')))

    def test_bases_that_are_grafts(self):
        """As two runs at a time once left them."""
        self.setup('install', '--app', 'probe.exe', '--modules', 'kernel32')
        for name in ('kernel32', 'kernelbase'):
            shutil.copy(self.path(name + '.dll'), self.path(name + '_base.dll'))
        self.assertIn('changed', self.setup('verify', code=1))
        self.setup('uninstall')
        for name in ('kernel32.dll', 'kernelbase.dll'):
            self.assertEqual(read(self.path(name)), read(os.path.join(self.wine, 'lib/wine/x86_64-windows', name)))

    def test_a_damaged_graft(self):
        for command in ('update', 'repair', 'uninstall'):
            self.setup('install', '--app', 'probe.exe')
            good = read(self.path('kernel32_base.dll'))
            write(self.path('kernel32.dll'), b'')
            self.setup('verify', code=1)
            self.setup(command)
            self.assertEqual(read(self.path('kernel32.dll' if command == 'uninstall' else 'kernel32_base.dll')), good)


class Links(SetupTest):
    """system32 as Proton makes it: links into a folder that all prefixes share."""

    def setUp(self):
        super().setUp()
        self.shared = os.path.join(self.wine, 'lib/wine/x86_64-windows')
        for name in os.listdir(self.shared):
            os.unlink(self.path(name))
            os.symlink(os.path.join(self.shared, name), self.path(name))

    def test_links_come_back(self):
        before = tree(self.top)
        self.setup('install', '--all', '--modules', 'kernel32,rtworkq,ntoskrnl')
        self.setup('verify')
        self.assertEqual(os.readlink(self.path('kernel32_base.dll')), os.path.join(self.shared, 'kernel32.dll'))
        self.assertEqual(tree(self.shared), {name[len('wine/lib/wine/x86_64-windows/'):]: kind for name, kind in before.items()
                                             if name.startswith('wine/lib/wine/x86_64-windows/')})
        self.setup('uninstall')
        self.assertEqual(tree(self.top), before)

    def test_what_is_in_the_way_is_not_followed(self):
        precious = os.path.join(self.top, 'precious')
        write(precious, b'precious')
        os.symlink(precious, self.path('wqcore.dll.wqtmp'))
        os.symlink(precious, self.path('wqsetup.state.wqtmp'))
        self.setup('install', '--all')
        self.assertEqual(read(precious), b'precious')

    def test_folders_that_lead_out(self):
        outside = os.path.join(self.top, 'outside')
        os.rename(self.system32, outside)
        os.symlink(outside, self.system32)
        before = tree(self.top)
        self.assertIn('leads out', self.setup('install', '--all', code=3))
        self.assertEqual(tree(self.top), before)


class Overrides(SetupTest):
    def test_the_users_own_come_back(self):
        self.set_user(KEY % ('zz.exe', '"kernel32"="builtin"\n"other"=dword:00000001\n'))
        before = tree(self.prefix)
        self.setup('install', '--app', 'zz.exe')
        self.assertIn('"kernel32"="native,builtin"', self.user())
        self.setup('uninstall')
        self.assertEqual(tree(self.prefix), before)

    def test_those_that_stop_us_are_told(self):
        self.set_user(KEY % ('zz.exe', '"*kernel32"="builtin"\n"*kernelbase"="builtin"\n'))
        self.setup('install', '--all')
        self.assertIn('zz.exe keeps its own override kernel32=builtin', self.setup('status'))
        self.setup('verify')

    def test_half_a_pair(self):
        for name, other in (('kernel32', 'kernelbase'), ('kernelbase', 'kernel32')):
            write(os.path.join(self.prefix, 'user.reg'), HEAD % ('User\\\\S-1-5-21-0-0-0-1000', 'win64') + USER)
            self.set_user(KEY % ('zz.exe', f'"{name}"="native"\n'))
            self.setup('install', '--app', 'probe.exe')
            for command, code in (('status', 0), ('verify', 1)):
                self.assertIn(f'zz.exe overrides {name} without {other}', self.setup(command, code=code))
            self.setup('uninstall')

    def test_lost_and_changed_ones(self):
        self.setup('install', '--app', 'probe.exe')
        path = os.path.join(self.prefix, 'user.reg')
        good = self.user()
        for old, new, said in (('"kernel32"="native,builtin"\n', '', 'kernel32 of probe.exe is not set'),
                               ('"kernelbase"="native,builtin"', '"kernelbase"="b"', 'was changed to "b"')):
            write(path, good.replace(old, new))
            self.assertIn(said, self.setup('verify', code=1))
            self.setup('update')
            self.assertEqual(self.user(), good)


class Locking(SetupTest):
    def server_lock(self):
        """Plays the prefix's wineserver; returns the file that holds the lock."""
        info = os.stat(self.prefix)
        folder = '/tmp/wine-' + os.path.basename(self.top)
        os.makedirs(f'{folder}/server-{info.st_dev:x}-{info.st_ino:x}', mode=0o700)
        self.addCleanup(shutil.rmtree, folder)
        file = open(f'{folder}/server-{info.st_dev:x}-{info.st_ino:x}/lock', 'w', encoding='ascii')
        self.addCleanup(file.close)
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
        return file

    def test_a_running_server(self):
        self.setup('install', '--app', 'a.exe')
        lock = self.server_lock()
        before = tree(self.prefix)
        for command in ('update', 'repair', 'uninstall'):
            self.assertIn('programs of the prefix run', self.setup(command, code=4))
        self.setup('install', '--all', code=4)
        self.assertIn('"running": true', self.setup('status', '--json'))
        self.setup('verify')
        waits = subprocess.Popen(self.command('uninstall', '--wait'), stdin=subprocess.DEVNULL)
        with self.assertRaises(subprocess.TimeoutExpired):
            waits.wait(0.5)
        self.assertEqual(tree(self.prefix), before)
        lock.close()
        self.assertEqual(waits.wait(TIMEOUT), 0)
        self.setup('verify', code=5)

    def test_a_server_that_starts_meanwhile_waits(self):
        lock = self.server_lock()
        path = lock.name
        lock.close()
        first = self.stopped('install', '--app', 'a.exe')
        with open(path, 'w', encoding='ascii') as file:
            with self.assertRaises(OSError):
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
            os.kill(first.pid, signal.SIGCONT)
            self.assertEqual(first.wait(TIMEOUT), 0)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)

    def stopped(self, *args):
        """A run of wqsetup that is stopped in its middle."""
        run = subprocess.Popen(self.command(*args, program=FAULTS), stdin=subprocess.DEVNULL,
                               env={'WQFAULT_AT': '9', 'WQFAULT_KIND': 'stop'})
        self.addCleanup(run.kill)
        deadline = time.monotonic() + TIMEOUT
        while re.search(r'^State:\s+(\w)', read(f'/proc/{run.pid}/status').decode(), re.M)[1] != 'T':
            self.assertLess(time.monotonic(), deadline, 'it does not stop')
            time.sleep(0.01)
        return run

    def test_two_at_a_time(self):
        first = self.stopped('install', '--app', 'a.exe')
        before = tree(self.prefix)
        for args in (['install', '--app', 'b.exe'], ['uninstall'], ['repair'], ['update']):
            self.assertIn('another wqsetup', self.setup(*args, code=4))
        self.assertEqual(tree(self.prefix), before)
        waits = subprocess.Popen(self.command('install', '--app', 'b.exe', '--wait'), stdin=subprocess.DEVNULL)
        os.kill(first.pid, signal.SIGCONT)
        self.assertEqual((first.wait(TIMEOUT), waits.wait(TIMEOUT)), (0, 0))
        self.setup('verify')
        self.assertIn('kernel32 for b.exe', self.setup('status'))

    def test_a_killed_run_is_not_in_the_way(self):
        first = self.stopped('install', '--app', 'a.exe')
        first.kill()
        first.wait(TIMEOUT)
        self.setup('install', '--app', 'a.exe')
        self.setup('verify')


class Pending(SetupTest):
    """An uninstall that wqsetup.exe put off to the next start."""

    def pending(self, registry):
        self.before = tree(self.prefix)
        self.setup('install', '--all', '--modules', 'kernel32')
        state = read(self.path('wqsetup.state'))
        lines = state[:state.rindex(b'end\t')].replace(b'phase\tinstalled', b'phase\tpending')
        lines = b''.join(line for line in lines.splitlines(True) if line.split(b'\t')[0] not in (b'scope', b'value', b'key'))
        write(self.path('wqsetup.state'), sealed(lines))
        write(os.path.join(self.prefix, 'user.reg'), self.before['user.reg'][2])
        write(os.path.join(self.prefix, 'system.reg'), HEAD % ('Machine', 'win64') + SYSTEM % registry)

    def later(self, *pairs):
        text = '\\0'.join(name for pair in pairs for name in pair).replace('\\', '\\\\').replace('\\\\0', '\\0')
        return f'"PendingFileRenameOperations"=str(7):"{text}\\0"\n'

    def test_done_from_outside(self):
        windows = '\\??\\C:\\windows\\'
        other = ('\\??\\C:\\other', '!\\??\\C:\\another')
        self.pending(self.later(other, (windows + 'system32\\kernel32_base.dll', '!' + windows + 'system32\\kernel32.dll'),
                                (windows + 'system32\\wqsetup.state', '')))
        self.assertIn('when the prefix starts', self.setup('status'))
        self.setup('verify', code=5)
        self.setup('uninstall')
        self.assertIn(self.later(other), read(os.path.join(self.prefix, 'system.reg')).decode())
        after = tree(self.prefix)
        del after['system.reg'], self.before['system.reg']
        self.assertEqual(after, self.before)

    def test_a_part_that_waits(self):
        """Another module stays installed; what waits is done before anything else, not undone by the next start."""
        windows = '\\??\\C:\\windows\\'
        self.setup('install', '--all', '--modules', 'kernel32,rdbss')
        installed = tree(self.prefix)
        state = read(self.path('wqsetup.state'))
        lines = state[:state.rindex(b'end\t')]
        lines = b''.join(line for line in lines.splitlines(True)
                         if line.split(b'\t')[0] not in (b'value', b'key') and line != b'scope\t*\tkernel32\n')
        write(self.path('wqsetup.state'), sealed(lines))
        write(os.path.join(self.prefix, 'system.reg'), HEAD % ('Machine', 'win64') + SYSTEM % self.later(
            (windows + 'system32\\kernel32_base.dll', '!' + windows + 'system32\\kernel32.dll')))
        self.setup('install', '--all', '--modules', 'kernel32')
        self.setup('verify')
        after = tree(self.prefix)
        for name in ('system.reg', 'user.reg', 'drive_c/windows/system32/wqsetup.state'):
            del after[name], installed[name]
        self.assertEqual(after, installed)
        self.assertNotIn('kernel32_base', read(os.path.join(self.prefix, 'system.reg')).decode())

    def test_lost(self):
        """Wine was killed before it saved the registry."""
        self.pending('')
        self.assertIn('interrupted', self.setup('status'))
        self.setup('verify', code=1)
        self.setup('repair')
        self.assertEqual(tree(self.prefix), self.before)
