"""What becomes of a prefix when another Wine opens it: wines.py WORK-FOLDER BUILD-FOLDER MACHINE-ROOT [WORD...]

`tools/lab wine10 changes` runs this. The Wines are this machine's (here), that of the lab machine (lab), a copy of this machine's in
another folder (runner), and one more copy whose kernel32, kernelbase and ntoskrnl are other files (patched), as a security
update leaves them. A prefix of one, with a kind of installation, is opened by the other and then by the first again; each time the
first and the second program must end well, on our pool, or on Wine's if status says so, and verify must be content. The kind "none" is
a prefix without wqshim: what Wine itself makes of it, and how long that takes. Words (none, all, app, drivers, FROM-TO as in
here-lab) choose cases; without them all are run. The matrix is printed at the end; ! marks what is wrong.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from prefix import another_builtin

WORK, BUILD, ROOT = (os.path.abspath(path) for path in sys.argv[1:4])
WORDS = sys.argv[4:]
NATIVE = os.path.join(BUILD, '..', 'native', 'tools', 'wqsetup', 'wqsetup')
DEADLINE = 240  # seconds for one program; a prefix of another Wine is renewed first
NOT_THERE = 5  # verify where wqshim is not installed
FILES = '/usr/lib/x86_64-linux-gnu/wine'
STAGED = {'dlls/wqcore': ['wqcore.dll'], 'dlls/kernel32': ['wqkernel32.dll', 'wqkernelbase.dll'], 'dlls/rtworkq': ['rtworkq.dll'],
          'dlls/ntoskrnl.exe': ['ntoskrnl.exe'], 'dlls/rdbss.sys': ['rdbss.sys'], 'dlls/storport.sys': ['storport.sys'],
          'tools/wqsetup': ['wqsetup.exe']}
KINDS = {'none': None, 'all': ['--all'], 'app': ['--app', 'pool.exe'],
         'drivers': ['--all', '--modules', 'kernel32,rtworkq,ntoskrnl,rdbss,storport']}
PAIRS = (('here', 'lab'), ('lab', 'here'), ('here', 'runner'), ('here', 'patched'), ('patched', 'lab'))


class Wine:
    """A Wine: how its programs are started, and the folder that wqsetup takes for --wine."""

    def __init__(self, folder, loader, server, enter=()):
        self.folder, self.loader, self.server, self.enter = folder, loader, server, list(enter)

    def run(self, prefix, program, *args, deadline=DEADLINE):
        """Runs a program; returns its status, what it said, and how many seconds it took."""
        env = {key: os.environ[key] for key in ('PATH', 'HOME', 'LANG') if key in os.environ}
        env.update(WINEPREFIX=prefix, WINEDEBUG='-all', XDG_RUNTIME_DIR=prefix, WINESERVER=self.server,
                   WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe,winedbg.exe=')
        start = time.monotonic()
        # A file and not a pipe: Wine's services inherit it and live longer than the program.
        with tempfile.TemporaryFile() as out:
            done = subprocess.run([*self.enter, 'timeout', '-k', '5', str(deadline), program, *args], env=env,
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False)
            out.seek(0)
            text = out.read().decode('utf-8', 'replace').replace('\r', '')
        return done.returncode, text, time.monotonic() - start

    def program(self, prefix, *args):
        return self.run(prefix, self.loader, *args)

    def stop(self, prefix):
        for option in ('-k', '-w'):
            self.run(prefix, self.server, option, deadline=30)


def copy_of_wine(name):
    """This machine's Wine in another folder; the files are the same ones where links can be made."""
    top = os.path.join(WORK, name, 'usr')
    for folder in ('/usr/lib/wine', FILES):
        os.makedirs(os.path.dirname(top + folder[4:]), exist_ok=True)
        if subprocess.run(['cp', '-al', folder, top + folder[4:]], stderr=subprocess.DEVNULL, check=False).returncode:
            subprocess.run(['cp', '-a', folder, top + folder[4:]], check=True)
    os.makedirs(os.path.join(top, 'share'))
    os.symlink('/usr/share/wine', os.path.join(top, 'share', 'wine'))
    return top


def patch(folder):
    """Other files of the same code."""
    for name in ('kernel32.dll', 'kernelbase.dll', 'ntoskrnl.exe'):
        path = os.path.join(folder, 'lib/x86_64-linux-gnu/wine/x86_64-windows', name)
        data = another_builtin(path)
        os.unlink(path)  # it is this machine's own
        with open(path, 'wb') as file:
            file.write(data)


def make_wines():
    runner, patched = copy_of_wine('runner'), copy_of_wine('patched')
    patch(patched)
    loader, server = 'lib/wine/wine64', 'lib/wine/wineserver64'
    return {'here': Wine('/usr', '/usr/' + loader, '/usr/' + server),
            'lab': Wine(ROOT + '/usr', '/usr/' + loader, '/usr/' + server, ['chroot', ROOT]),
            'runner': Wine(runner, os.path.join(runner, loader), os.path.join(runner, server)),
            'patched': Wine(patched, os.path.join(patched, loader), os.path.join(patched, server))}


class Wrong(Exception):
    """A case ends here."""


class Case:
    def __init__(self, wines, kind, one, other):
        self.kind, self.names, self.cells = kind, (one, other), []
        self.one, self.other = wines[one], wines[other]
        self.prefix = os.path.join(WORK, f'{one}-{other}-{kind}')
        self.good = True

    def setup(self, *args, wine, enter=True):
        """The native wqsetup, where that Wine's server is."""
        there = wine.folder[len(ROOT):] if wine.enter else wine.folder
        done = subprocess.run([*(wine.enter if enter else []), NATIVE, '--prefix', self.prefix, '--wine', there, '--from',
                               os.path.join(WORK, 'stage'), *args], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout.strip()

    def note(self, cell, right=True, said=''):
        self.good &= right
        self.cells.append(cell if right else cell + '!')
        if not right:
            print(f'{"-".join(self.names)} {self.kind}: {cell}: {said}', flush=True)

    def pool(self, wine, name, right):
        """One program. Right is the pool that it shall have, or None: the one that status names."""
        code, said, seconds = wine.program(self.prefix, os.path.join(WORK, 'stage', name))
        found = re.search(r'^pool (\w+)$', said, re.M)
        found = found.group(1) if found and not code else f'status {code}'
        phase = self.setup('status', wine=wine)[1].splitlines()
        wanted = right or {'installed': 'ours'}.get(phase[0] if phase else '', 'builtin')
        self.note(f'{found} {seconds:.0f}s', found == wanted, f'{said}\nwqsetup status: {phase}')

    def opened(self, wine):
        """What a Wine makes of the prefix, from rest."""
        self.pool(wine, 'pool.exe', None)
        self.pool(wine, 'pool.exe', None)
        self.pool(wine, 'other.exe', 'builtin' if self.kind == 'app' else None)
        wanted = 0 if KINDS[self.kind] else NOT_THERE
        code, said, seconds = wine.program(self.prefix, os.path.join(WORK, 'stage', 'wqsetup.exe'), 'verify')
        self.note(f'{code} {seconds:.0f}s', code == wanted, said)
        wine.stop(self.prefix)
        code, said = self.setup('verify', wine=wine)
        self.note(str(code), code == wanted, said)

    def run(self, template):
        subprocess.run(['cp', '-a', template, self.prefix], check=True)
        try:
            code, said = self.setup('install', *KINDS[self.kind], wine=self.one) if KINDS[self.kind] else (0, '')
            if code:
                raise Wrong(said)
            self.pool(self.one, 'pool.exe', 'ours' if KINDS[self.kind] else 'builtin')
            self.one.stop(self.prefix)
            self.opened(self.other)
            self.opened(self.one)
            code, said = self.setup('uninstall', wine=self.one)
            self.note(str(code), not code, said)
            self.pool(self.one, 'pool.exe', 'builtin')
        except Wrong as wrong:
            self.note('install', False, str(wrong))
        for wine in (self.one, self.other):
            wine.stop(self.prefix)
        shutil.rmtree(self.prefix)


def make_template(wine, name):
    path = os.path.join(WORK, 'template-' + name)
    code, said, _ = wine.program(path, 'wineboot', '-i')
    wine.stop(path)
    if code:
        raise Wrong(f'no prefix can be made by {name}: {said}')
    return path


def chosen(one, other, kind):
    pairs = [word for word in WORDS if '-' in word]
    kinds = [word for word in WORDS if '-' not in word]
    return (not pairs or f'{one}-{other}' in pairs) and (not kinds or kind in kinds)


def stage():
    folder = os.path.join(WORK, 'stage')
    os.makedirs(folder)
    for place, names in STAGED.items():
        for name in names:
            shutil.copy(os.path.join(BUILD, place, name), folder)
    for name in ('pool.exe', 'other.exe'):
        shutil.copy(os.path.join(BUILD, 'tests', 'install', 'pool.exe'), os.path.join(folder, name))


def show(cases):
    head = ['prefix of', 'opened by', 'kind', 'at home'] + ['first', 'second', 'other', 'verify.exe', 'verify'] * 2
    rows = [head + ['uninstall', 'after']] + [[*case.names, case.kind, *case.cells] for case in cases]
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(len(rows[0]))]
    for row in rows:
        print('  '.join(cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip())


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    stage()
    wines, templates, cases = make_wines(), {}, []
    for one, other in PAIRS:
        for kind in KINDS:
            if not chosen(one, other, kind):
                continue
            if one not in templates:
                templates[one] = make_template(wines[one], one)
            cases.append(Case(wines, kind, one, other))
            cases[-1].run(templates[one])
            print(one, other, kind, *cases[-1].cells, flush=True)
    show(cases)
    return not cases or not all(case.good for case in cases)


if __name__ == '__main__':
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
