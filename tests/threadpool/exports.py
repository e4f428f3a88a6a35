#!/usr/bin/env python3
"""Reads grafted files: each exports the whole modern thread pool, and nothing that leads to ntdll's.

usage: exports.py OBJDUMP FILE...                        graft files
       exports.py OBJDUMP --install WINERUN SETUP.EXE    those of a prefix of its own, in which the setup program installs our modules

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


def exports(objdump, path):
    """{name: where it is forwarded to, or None}; what has no name is there as '#ORDINAL'."""
    text = subprocess.run([objdump, '-p', path], check=True, capture_output=True, text=True).stdout
    entries = re.findall(r'^\t\[ *(\d+)\] \+base\[ *(\d+)\] [0-9a-f]+ (?:Export RVA|Forwarder RVA -- (\S+))$', text, re.M)
    names = dict(re.findall(r'^\t\[ *(\d+)\] (\S+)$', text, re.M))
    return {names.get(index, f'#{ordinal}'): to or None for index, ordinal, to in entries}


def check(objdump, path):
    """What is wrong with a file."""
    found = exports(objdump, path)
    name = pathlib.Path(path).name
    problems = [f'{name} has no {n}' for n in family() if n not in found]
    problems += [f'{name}: {n} leads to {found[n]}' for n in family() if found.get(n)]
    problems += [f'{name}: {n} leads to {to}' for n, to in found.items() if to and to.lower().startswith('ntdll.tp')]
    print(f'{name}: {len(found)} exports read')
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
    prefix, objdump, files = None, sys.argv[1], sys.argv[2:]
    try:
        if files[0] == '--install':
            prefix = install(files[1], files[2])
            folder = folder_of(prefix, files[2])
            files = [folder / 'kernel32.dll', folder / 'kernelbase.dll']
        problems = [p for f in files for p in check(objdump, f)]
    finally:
        if prefix:
            shutil.rmtree(prefix)
    for problem in problems:
        print(problem)
    return bool(problems)


sys.exit(main())
