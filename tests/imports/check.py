#!/usr/bin/env python3
"""Proves that our modules import what they may and nothing else, that docs/imports.md lists it, and that no module has a TLS
directory.

usage: check.py OBJDUMP IMPORTS_MD MODULE=[ALLOWED[,ALLOWED...]] FILE ...   (MODULE and FILE in pairs)

wqcore.dll stands on ntdll alone, because kernel32.dll is loaded on top of it; a front may use ntdll and wqcore. A stray
import, of the C runtime for example, would load before kernel32 and crash every process of the prefix. A static TLS block of a
module that loads before the program's would take number 0 from that one.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import re
import subprocess
import sys


def headers(objdump, path):
    return subprocess.run([objdump, '-p', path], check=True, capture_output=True, text=True).stdout


def has_tls_directory(text):
    """Whether a PE file has a directory of that kind, by its headers' text."""
    entry = re.search(r'^Entry 9 ([0-9a-f]+) ([0-9a-f]+) Thread Storage Directory', text, re.M)
    return any(int(number, 16) for number in entry.groups())


def imports(text):
    """Returns {dll: {function, ...}} of a PE file, by its headers' text."""
    found, dll = {}, None
    for line in text.splitlines():
        name = re.match(r'\s*DLL Name: (\S+)', line)
        if name:
            dll = found.setdefault(name.group(1).lower(), set())
        elif dll is not None:
            entry = re.match(r'\s*[0-9a-f]+\s+(?:<none>|\d+)\s+([A-Za-z_]\w*)\s*$', line)
            if entry:
                dll.add(entry.group(1))
            elif line.startswith('There is'):
                break
    return found


def main():
    objdump, documented = sys.argv[1], open(sys.argv[2], encoding='utf-8').read()
    problems = []
    for rule, path in zip(sys.argv[3::2], sys.argv[4::2]):
        module, allowed = rule.split('=')
        text = headers(objdump, path)
        found = imports(text)
        if has_tls_directory(text):
            problems.append(f'{module} has a TLS directory')
        if not found and allowed:
            problems.append(f'{module} imports nothing at all; was it read right?')
        for dll, functions in sorted(found.items()):
            if dll not in allowed.split(','):
                problems.append(f'{module} imports {", ".join(sorted(functions))} from {dll}')
            problems += [f'{module} imports {name}, which docs/imports.md does not list'
                         for name in sorted(functions) if f'`{name}`' not in documented]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
