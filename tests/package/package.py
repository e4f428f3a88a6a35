"""Installs the build into a folder, moves it, and compiles programs and drivers with what pkg-config says, and with nothing
else: package.py MESON BUILD-FOLDER CC OBJDUMP WINERUN [PACKAGE...].

The sources are PACKAGE.c of this folder. Programs are run with --dll FILE for each module that they import and that is ours;
of drivers, only the imports are looked at. What is left out because a tool is missing is named, and the status is 77.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

MESON, BUILD, CC, OBJDUMP, WINERUN = sys.argv[1:6]
PACKAGES = sys.argv[6:]
HERE = os.path.dirname(os.path.abspath(__file__))
DRIVERS = {'ntoskrnl': ['ntoskrnl.exe'], 'storport': ['storport.sys'], 'rdbss': ['rdbss.sys']}
OURS = {'wqcore.dll', 'rtworkq.dll', 'ntoskrnl.exe', 'storport.sys', 'rdbss.sys'}
SKIP = 77


def run(*args, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        print(*args)
        print(done.stdout)
    return done


def install(folder):
    """Installs into one place and moves that to another, which is returned."""
    first, second = os.path.join(folder, 'first'), os.path.join(folder, 'second')
    if run(*MESON.split(), 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', first).returncode:
        sys.exit(1)
    for root, folders, _ in os.walk(first):
        if 'include' in folders:
            shutil.move(root, second)
            return second
    sys.exit('nothing was installed')


def flags(pkg_config, prefix, package):
    env = dict(os.environ, PKG_CONFIG_LIBDIR=os.path.join(prefix, 'lib', 'pkgconfig'))
    env.pop('PKG_CONFIG_PATH', None)
    done = subprocess.run([pkg_config, '--cflags', '--libs', 'wqshim-' + package], env=env, stdout=subprocess.PIPE,
                          text=True, check=True)
    return done.stdout.split()


def imports(path):
    text = subprocess.run([OBJDUMP, '-p', path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name.lower() for name in re.findall(r'DLL Name: (\S+)', text)}


def check(pkg_config, prefix, package):
    out = os.path.join(os.path.dirname(prefix), package + ('.sys' if package in DRIVERS else '.exe'))
    options = flags(pkg_config, prefix, package)
    if not any(prefix in option for option in options) or BUILD in ' '.join(options):
        print(package, 'is not to be moved (an old tree? meson configure -Dpkgconfig.relocatable=true):', *options)
        return False
    # The warnings of -Wextra must be none in our headers, too.
    if run(CC, '-Wall', '-Wextra', '-Werror', '-o', out, os.path.join(HERE, package + '.c'), *options).returncode:
        return False
    found = imports(out)
    if package in DRIVERS:
        if not set(DRIVERS[package]) <= found or not found <= OURS | {'hal.dll'}:
            print(package, 'imports', *sorted(found))
            return False
        return True
    dlls = [os.path.join(prefix, 'bin', name) for name in sorted(OURS) if name in found | {'wqcore.dll'}]
    if len(found & OURS) == 0 or not all(os.path.exists(dll) for dll in dlls):
        print(package, 'imports', *sorted(found), 'there is', *dlls)
        return False
    args = [word for dll in dlls for word in ('--dll', dll)]
    status = run(WINERUN, *args, '--override', 'rtworkq=native,builtin', '--', out,
                 env=dict(os.environ, WQ_WINE_DIR=os.path.join(BUILD, 'wine'))).returncode
    return status in (0, SKIP)


def main():
    pkg_config = shutil.which('pkg-config') or shutil.which('pkgconf')
    if not pkg_config:
        print('SKIP: there is no pkg-config here')
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        prefix = install(os.path.realpath(folder))
        wrong = [package for package in PACKAGES if not check(pkg_config, prefix, package)]
    print('wrong:' if wrong else 'all right:', *(wrong or PACKAGES))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
