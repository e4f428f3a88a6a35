"""Each public header compiles alone, in C and in C++: headers.py CC INCLUDE-FOLDER HEADER=PRELUDE...

The prelude is the header that a comment in the header asks for, or nothing. Without a C++ compiler the status is 77 if all is
right in C.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import re
import shutil
import subprocess
import sys

CC, INCLUDE = sys.argv[1:3]
CXX = re.sub('gcc$', 'g++', CC)
SKIP = 77
WARNINGS = ['-Wall', '-Wextra', '-Werror']


def compiles(compiler, language, text):
    done = subprocess.run([compiler, *WARNINGS, '-I', INCLUDE, '-x', language, '-fsyntax-only', '-'], input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(compiler, text, done.stdout)
    return done.returncode == 0


def main():
    languages = [(CC, 'c')] + ([(CXX, 'c++')] if shutil.which(CXX) else [])
    right = True
    for header, prelude in (argument.split('=') for argument in sys.argv[3:]):
        text = (f'#include <{prelude}>\n' if prelude else '') + f'#include <{header}>\n'
        # Twice, to see its guard.
        right &= all([compiles(compiler, language, text + f'#include <{header}>\n') for compiler, language in languages])
    if right and len(languages) == 1:
        print(f'SKIP: in C all is right; there is no {CXX}')
        return SKIP
    return 0 if right else 1


if __name__ == '__main__':
    sys.exit(main())
