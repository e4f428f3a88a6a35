"""Each row of the compatibility tables with a "?" names tests that record what wqshim does: decisions.py TESTS-FOLDER DOCUMENT...

A name in brackets at the end of the row is that of a file of tests.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import sys

UNSURE = re.compile(r'\?([ |(;,]|$)')
TESTS = re.compile(r'\[([\w, ]+)\] \|$')


def main():
    files = {os.path.splitext(name)[0] for _, _, names in os.walk(sys.argv[1]) for name in names}
    problems, rows = [], 0
    for path in sys.argv[2:]:
        with open(path, encoding='utf-8') as document:
            unsure = [line.strip() for line in document if line.startswith('|') and UNSURE.search(line)]
        rows += len(unsure)
        for row in unsure:
            named = TESTS.search(row)
            names = named[1].split(', ') if named else []
            problems += [f'{os.path.basename(path)}: no file {name}: {row}' for name in names if name not in files]
            if not names:
                problems.append(f'{os.path.basename(path)}: no test: {row}')
    if not rows:
        problems.append('no row has a "?"')
    print('\n'.join(problems) or f'{rows} rows')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
