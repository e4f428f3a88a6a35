#!/usr/bin/env python3
"""Proves that our modules import what they may and nothing else, and that docs/imports.md lists it.

usage: check.py OBJDUMP IMPORTS_MD MODULE=ALLOWED[,ALLOWED...] FILE ...   (MODULE and FILE in pairs)

wqcore.dll stands on ntdll alone, because kernel32.dll is loaded on top of it; a front may use ntdll and wqcore. A stray
import, of the C runtime for example, would load before kernel32 and crash every process of the prefix.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import re
import subprocess
import sys


def imports(objdump, path):
    """Returns {dll: {function, ...}} of a PE file."""
    text = subprocess.run([objdump, '-p', path], check=True, capture_output=True, text=True).stdout
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
        found = imports(objdump, path)
        if not found:
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
