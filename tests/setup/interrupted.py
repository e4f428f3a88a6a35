"""Runs that end at every operation there is, killed, out of room or out of power: part of outside.py.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import itertools
import os
import shutil

from synthetic import FAULTS, SetupTest, read, tree, without_times, write

BUILTIN = b'Wine builtin DLL'


class Interrupted(SetupTest):
    """Before each run the prefix is what `start` makes of it; afterwards it must start, and both ways must be open."""

    archs = (('x86_64-windows', 'system32'),)  # the other folder would be more of the same

    def setUp(self):
        super().setUp()
        self.clean = without_times(tree(self.prefix))
        self.also = {}  # other contents that a file may have after uninstall
        self.saved = os.path.join(self.top, 'saved')

    def save(self):
        shutil.rmtree(self.saved, ignore_errors=True)
        shutil.copytree(self.prefix, self.saved, symlinks=True)

    def assert_tree(self, expected, what):
        found = without_times(tree(self.prefix))
        for name in sorted(set(found) | set(expected)):
            if found.get(name) != expected.get(name) and (name not in self.also or found.get(name) != self.also[name]):
                self.fail(f'{what}: {name} is {str(found.get(name))[:300]} instead of {str(expected.get(name))[:300]}')

    def restore(self):
        """The same inode, for the lock's sake."""
        for name in os.listdir(self.prefix):
            path = os.path.join(self.prefix, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        shutil.copytree(self.saved, self.prefix, symlinks=True, dirs_exist_ok=True)

    def builtin(self, folder, name):
        path = os.path.join(self.prefix, 'drive_c/windows', folder, name)
        return os.path.isfile(path) and read(path)[64:80] == BUILTIN

    def starts(self, what):
        """Programs without overrides start: what is not Wine's own file has its base and the core beside it. The registry can
        be read."""
        for _, folder in self.archs:
            for name in ('kernel32', 'kernelbase'):
                path = os.path.join(self.prefix, 'drive_c/windows', folder, name + '.dll')
                self.assertTrue(os.path.isfile(path), f'{what}: there is no {folder}/{name}')
                if self.builtin(folder, name + '.dll'):
                    continue
                self.assertIn(b'.wqgraft', read(path), f'{what}: {folder}/{name} is no module')
                self.assertTrue(self.builtin(folder, name + '_base.dll'), f'{what}: {folder}/{name} has no base')
                self.assertTrue(os.path.exists(os.path.join(os.path.dirname(path), 'wqcore.dll')), f'{what}: no core')
        text = read(os.path.join(self.prefix, 'user.reg'))
        self.assertTrue(text.startswith(b'WINE REGISTRY') and text.endswith(b'\n\n'), f'{what}: user.reg')

    def both_ways(self, what, args, done):
        """The command finishes what was begun, and uninstall undoes it."""
        again = os.path.join(self.top, 'again')
        self.starts(what)
        shutil.copytree(self.prefix, again, symlinks=True)
        self.setup(*args)
        self.assert_tree(done, f'{what}, repeated')
        shutil.rmtree(self.prefix)
        os.rename(again, self.prefix)
        self.setup('uninstall')
        self.assert_tree(self.clean, f'{what}, undone')

    def sweep(self, kind, *args):
        count = os.path.join(self.top, 'count')
        self.save()
        self.assertEqual(self.run_setup(*args, program=FAULTS, env={'WQFAULT_COUNT': count})[0], 0)
        done = without_times(tree(self.prefix))
        self.assertGreater(int(read(count)), 30)
        for step in range(1, int(read(count)) + 1):
            self.restore()
            what = f'{args[0]}, {kind} at {step}'
            code, _, err = self.run_setup(*args, program=FAULTS, env={'WQFAULT_AT': str(step), 'WQFAULT_KIND': kind})
            if kind == 'kill':
                self.assertEqual(code, -9, what)
            elif not code: # it could do without that call
                self.assert_tree(done, what)
                continue
            else:
                self.assertRegex(err, r'\Awqsetup: .*(No space left on device|Input/output error).*\n\Z', what)
            self.both_ways(what, args, done)

    def installed(self):
        self.setup('install', '--app', 'probe.exe', '--modules', 'kernel32')

    def updated(self):
        self.installed()
        self.make_wine(self.wine, 40)
        for arch, folder in self.archs:
            for name in ('kernel32.dll', 'kernelbase.dll', 'wineboot.exe'):
                self.also[f'drive_c/windows/{folder}/{name}'] = (
                    'file', 0o755 if name.endswith('.exe') else 0o644, read(os.path.join(self.wine, 'lib/wine', arch, name)))

    def test_install(self):
        for kind in ('kill', 'eio', 'full'):
            self.sweep(kind, 'install', '--app', 'probe.exe', '--modules', 'kernel32')
            self.restore()

    def test_uninstall(self):
        self.installed()
        for kind in ('kill', 'eio', 'full'):
            self.sweep(kind, 'uninstall')
            self.restore()

    def test_update(self):
        self.updated()
        self.sweep('kill', 'update')


class Disk:
    """What a file system may hold after a power cut: contents only after fsync of the file, names only after fsync of the folder;
    before that any of them, in any order."""

    def __init__(self, prefix):
        self.files = {}   # inode: [contents on the disk, contents in memory]
        self.names = {}   # path: inode, or ('link', where it leads), on the disk
        self.pending = [] # changes of names in memory only: (folder, {path: inode or None})
        self.now = {}     # path: inode, in memory
        for folder, _, files in os.walk(prefix):
            for name in files:
                path = os.path.join(folder, name)
                self.names[path] = self.now[path] = len(self.files)
                self.files[len(self.files)] = [read(path)] * 2

    def change(self, path, names):
        self.pending.append((os.path.dirname(path), names))
        self.now.update(names)

    def step(self, line):
        call, one, other, data = line.rstrip('\n').split('\t')
        if call == 'create':
            self.files[len(self.files)] = [b'', b'']
            self.change(one, {one: len(self.files) - 1})
        elif call == 'write':
            self.files[self.now[one]][1] += bytes.fromhex(data)
        elif call == 'fsync' and one in self.now:
            self.files[self.now[one]][0] = self.files[self.now[one]][1]
        elif call == 'fsync':
            for _, names in [change for change in self.pending if change[0] == one]:
                self.names.update(names)
            self.pending = [change for change in self.pending if change[0] != one]
        elif call == 'rename':
            self.change(other, {one: None, other: self.now[one]})
        elif call == 'link':
            self.change(other, {other: self.now[one]})
        elif call == 'unlink':
            self.change(one, {one: None})

    def states(self):
        """Every state that a power cut could leave now: {path: contents}."""
        for chosen in itertools.product((False, True), repeat=len(self.pending)):
            names = dict(self.names)
            for take, (_, change) in zip(chosen, self.pending):
                if take:
                    names.update(change)
            for memory in (0, 1):
                yield {path: self.files[inode][memory] for path, inode in names.items() if inode is not None}


class PowerCut(Interrupted):
    def write_state(self, state):
        for folder, _, files in os.walk(self.prefix):
            for name in files:
                if os.path.join(folder, name) not in state:
                    os.unlink(os.path.join(folder, name))
        for path, contents in state.items():
            if not os.path.exists(path) or read(path) != contents:
                if os.path.lexists(path):
                    os.unlink(path)
                write(path, contents)

    def cut(self, *args):
        log = os.path.join(self.top, 'log')
        self.save()
        disk = Disk(self.prefix)
        self.assertEqual(self.run_setup(*args, program=FAULTS, env={'WQFAULT_LOG': log})[0], 0)
        done = without_times(tree(self.prefix))
        lines = read(log).decode().splitlines()
        self.assertGreater(len(lines), 20)
        seen = set()
        for number, line in enumerate(lines):
            disk.step(line)
            for state in disk.states():
                key = hash(tuple(sorted(state.items())))
                if key in seen:
                    continue
                seen.add(key)
                self.write_state(state)
                self.both_ways(f'{args[0]}, power cut after call {number} ({line[:100]})', args, done)
        self.write_state(next(iter(disk.states())))
        self.assert_tree(done, 'not all is on the disk at the end')

    def test_install(self):
        self.cut('install', '--app', 'probe.exe', '--modules', 'kernel32')

    def test_uninstall(self):
        self.installed()
        self.cut('uninstall')

    def test_update(self):
        self.updated()
        self.cut('update')

