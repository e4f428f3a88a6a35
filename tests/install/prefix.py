"""Private Wine prefixes for the tests of wqsetup: made from a template, driven under time limits, compared file by file.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile

TIMEOUT = 60  # seconds for one Wine command
REGISTRY = ('system.reg', 'user.reg', 'userdef.reg')


def another_builtin(path):
    """The same module as another Wine would have it: a different time stamp in the PE header."""
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    header = struct.unpack_from('<I', data, 60)[0]
    struct.pack_into('<I', data, header + 8, 0x11111111)
    return bytes(data)


def environment(path, extra=None):
    env = {key: value for key, value in os.environ.items() if key not in ('DISPLAY', 'MALLOC_PERTURB_', 'WINEDLLPATH')}
    env.setdefault('XDG_RUNTIME_DIR', path)  # Wine 10 looks for Wayland, and complains on stderr without this
    env.update(WINEPREFIX=path, WINEDEBUG='-all', WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe,winedbg.exe=')
    env.update(extra or {})
    return env


class Prefix:
    """A prefix of our own. Its wineserver is ended by close(), for this prefix only."""

    def __init__(self, path):
        self.path = path

    def wine(self, *args, env=None):
        """Runs a program in the prefix; returns (exit code, stdout, stderr)."""
        # The server stays for a while: one that ends with its last program may still be reached by the next.
        subprocess.run(['timeout', '20', 'wineserver', '-p60'], env=environment(self.path), check=False,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Files and not pipes: Wine's services inherit them and live longer than the program.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = subprocess.run(['timeout', '-k', '5', str(TIMEOUT), 'wine', *args], env=environment(self.path, env),
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=err).returncode
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode('utf-8', 'replace').replace('\r', ''))
        return code, texts[0], texts[1]

    def stop(self):
        """Ends all programs of the prefix and waits until the registry is written."""
        for option in ('-k', '-w'):
            subprocess.run(['timeout', '20', 'wineserver', option], env=environment(self.path), check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def file(self, name):
        return os.path.join(self.path, 'drive_c', 'windows', *name.split('/'))

    def close(self):
        self.stop()
        shutil.rmtree(self.path, ignore_errors=True)


def make_template(path):
    """Creates the template once. It has been started twice: the first start still changes the registry."""
    if os.path.isdir(path):
        return
    scratch = tempfile.mkdtemp(dir=os.path.dirname(path))
    prefix = Prefix(scratch)
    subprocess.run(['timeout', '120', 'wineboot', '-i'], env=environment(scratch), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    prefix.stop()
    prefix.wine('cmd', '/c', 'exit')
    prefix.stop()
    try:
        os.rename(scratch, path)
    except OSError:  # another test was faster
        shutil.rmtree(scratch)


def copy_template(template):
    path = tempfile.mkdtemp(prefix='prefix-', dir=os.path.dirname(template))
    subprocess.run(['cp', '-a', '--reflink=auto', template + '/.', path], check=True)
    return Prefix(path)


def registry(path):
    """The registry files without what Wine itself changes at every start: times of keys, and the display driver's date."""
    lines = []
    for name in REGISTRY:
        with open(os.path.join(path, name), encoding='utf-8', errors='replace') as file:
            for line in file:
                if line.startswith('#time=') or line.startswith('"DriverDateData"'):
                    continue
                lines.append(name + ': ' + re.sub(r'^(\[.*\]) \d+$', r'\1', line.rstrip('\n')))
    return lines


def tree(path):
    """Every file of the prefix but the registry: kind, mode, size, time to 100 ns, and where a link leads."""
    found = {}
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            full = os.path.join(folder, name)
            info = os.lstat(full)
            relative = os.path.relpath(full, path)
            if relative in REGISTRY or relative.startswith('dosdevices/'):
                continue
            if stat.S_ISLNK(info.st_mode):
                found[relative] = ('link', os.readlink(full))
            elif stat.S_ISDIR(info.st_mode):
                found[relative] = ('folder', info.st_mode)
            else:
                found[relative] = ('file', info.st_mode, info.st_size, info.st_mtime_ns // 100)
    return found


def same_bytes(path, other, names):
    """Compares files byte for byte; returns the names of those that differ."""
    different = []
    for name in names:
        with open(os.path.join(path, name), 'rb') as one, open(os.path.join(other, name), 'rb') as two:
            while True:
                block = one.read(1 << 20)
                if block != two.read(1 << 20):
                    different.append(name)
                    break
                if not block:
                    break
    return different


def snapshot(path):
    """What snapshot_differences compares, of a stopped prefix."""
    return tree(path), registry(path)


def snapshot_differences(ours, theirs):
    """What differs between two snapshots, as a few lines; empty if nothing does."""
    (our_tree, our_lines), (their_tree, their_lines) = ours, theirs
    lines = [f'{name}: {our_tree.get(name)} instead of {their_tree.get(name)}'
             for name in sorted(set(our_tree) | set(their_tree)) if our_tree.get(name) != their_tree.get(name)][:20]
    if our_lines != their_lines:
        our_set, their_set = set(our_lines), set(their_lines)
        more = [f'registry: + {line}' for line in our_lines if line not in their_set][:10]
        more += [f'registry: - {line}' for line in their_lines if line not in our_set][:10]
        lines += more or ['registry: other order']
    return lines


def differences(path, other, full=False):
    """What differs between two stopped prefixes, as a few lines; empty if nothing does. full reads every file."""
    ours, theirs = snapshot(path), snapshot(other)
    lines = snapshot_differences(ours, theirs)
    ours, theirs = ours[0], theirs[0]
    both = [name for name, kind in ours.items() if kind[0] == 'file' and theirs.get(name, ('',))[0] == 'file']
    if not full:
        both = [name for name in both if re.search(r'/(kernel|ntoskrnl|rtworkq|wqcore)[^/]*$', name)]
    return lines + [name + ': other contents' for name in same_bytes(path, other, both)]
