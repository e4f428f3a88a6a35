#!/usr/bin/env python3
"""Reads grafted files: each exports the whole modern thread pool, and nothing that leads to ntdll's.

usage: exports.py FILE...                        graft files
       exports.py --install WINERUN SETUP.EXE    those of a prefix of its own, in which the setup program installs our modules

tp_exports asks the loader the same; here it is the files, so that nothing that is in memory can hide what they say.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import pathlib
import re
import shutil
import struct
import subprocess
import sys

SOURCE = pathlib.Path(__file__).with_name('tp_exports.c')
SKIPPED = 77


def family():
    """The names that tp_exports.c has."""
    text = SOURCE.read_text(encoding='utf-8')
    names = re.findall(r'"(\w+)"', text[text.index('names[] = {'):text.index('};')])
    if len(names) != 37:
        raise SystemExit(f'{SOURCE.name} has {len(names)} names')
    return names


class Image:
    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        header = self.long(0x3c)
        wide = self.short(header + 24) == 0x20b
        self.directory = self.long(header + 24 + (112 if wide else 96)), self.long(header + 24 + (116 if wide else 100))
        first = header + 24 + self.short(header + 20)
        self.sections = [struct.unpack_from('<IIII', self.data, first + 40 * i + 8) for i in range(self.short(header + 6))]

    def short(self, at):
        return struct.unpack_from('<H', self.data, at)[0]

    def long(self, at):
        return struct.unpack_from('<I', self.data, at)[0]

    def place(self, rva):
        for size, start, raw_size, raw in self.sections:
            if start <= rva < start + max(size, raw_size):
                return rva - start + raw
        raise SystemExit(f'address {rva:#x} is in no section')

    def text(self, rva):
        at = self.place(rva)
        return self.data[at:self.data.index(b'\0', at)].decode()

    def exports(self):
        """{name: where it is forwarded to, or None}; what has no name is there as '#ORDINAL'."""
        start, size = self.directory
        at = self.place(start)
        base, count, named = self.long(at + 16), self.long(at + 20), self.long(at + 24)
        functions, names, ordinals = (self.place(self.long(at + k)) for k in (28, 32, 36))
        titles = {self.short(ordinals + 2 * i): self.text(self.long(names + 4 * i)) for i in range(named)}
        found = {}
        for i in range(count):
            rva = self.long(functions + 4 * i)
            if rva:
                found[titles.get(i, f'#{base + i}')] = self.text(rva) if start <= rva < start + size else None
        return found


def check(path):
    """What is wrong with a file."""
    exports = Image(path).exports()
    name = pathlib.Path(path).name
    problems = [f'{name} has no {n}' for n in family() if n not in exports]
    problems += [f'{name}: {n} leads to {exports[n]}' for n in family() if exports.get(n)]
    problems += [f'{name}: {n} leads to {to}' for n, to in exports.items() if to and to.lower().startswith('ntdll.tp')]
    print(f'{name}: {len(exports)} exports read')
    return problems


def install(winerun, setup):
    """The prefix's folder, or ends with the status of a skipped test."""
    done = subprocess.run([winerun, '--keep', '--', setup, 'install', '--app', 'threadpool_test.exe'],
                          capture_output=True, text=True, check=False)
    kept = re.search(r'prefix kept: (.*)', done.stdout + done.stderr)
    if done.returncode or not kept:
        print(done.stdout + done.stderr)
        if kept:
            shutil.rmtree(kept.group(1))
        raise SystemExit(SKIPPED if done.returncode == SKIPPED else 1)
    return pathlib.Path(kept.group(1))


def folder_of(prefix, setup):
    """The system folder for programs of the setup program's architecture."""
    windows = prefix / 'drive_c/windows'
    header = pathlib.Path(setup).read_bytes()[:4096]
    narrow = struct.unpack_from('<H', header, struct.unpack_from('<I', header, 0x3c)[0] + 4)[0] == 0x14c
    return windows / ('syswow64' if narrow and (windows / 'syswow64/ntdll.dll').exists() else 'system32')


def main():
    prefix, files = None, sys.argv[1:]
    try:
        if files[0] == '--install':
            prefix = install(files[1], files[2])
            folder = folder_of(prefix, files[2])
            files = [folder / 'kernel32.dll', folder / 'kernelbase.dll']
        problems = [p for f in files for p in check(f)]
    finally:
        if prefix:
            shutil.rmtree(prefix)
    for problem in problems:
        print(problem)
    return bool(problems)


sys.exit(main())
