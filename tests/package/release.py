"""Unpacks the release elsewhere and uses it there, and nothing else of ours: release.py PROJECT-FOLDER WHAT

WHAT is archive (what is in it), gcc, clang, meson, cmake (a program or driver of each family compiled by that, in C and in C++),
install (into a prefix, with its own installer, and the programs run there), or winetricks (the same by our verbs). The archive
is made of what tools/build has built; if that is not all there, or the tool named is not, the test says so and is skipped.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROJECT, WHAT = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(PROJECT, 'build')
TRIPLET = {'x64': 'x86_64-w64-mingw32', 'x32': 'i686-w64-mingw32'}
PROGRAMS = ['core', 'rtworkq']
DRIVERS = {'ntoskrnl': 'ntoskrnl.exe', 'storport': 'storport.sys', 'rdbss': 'rdbss.sys'}
LANGUAGES = ['c', 'cpp']
BARE_CXX = ['-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics']
SKIP = 77


class Wrong(Exception):
    """What was tested is not as it should be."""


class Missing(Exception):
    """What the test needs is not there."""


def run(*args, **more):
    """Returns what the command says; it must succeed."""
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode:
        raise Wrong(f'status {done.returncode} of {" ".join(args)}\n{done.stdout}')
    return done.stdout


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Missing(f'there is no {tool} here')


def built_files():
    """The modules that the archive is made of."""
    found = []
    for arch in TRIPLET:
        for name in ('dlls/wqcore/wqcore.dll', 'dlls/kernel32/wqkernel32.dll', 'dlls/kernel32/wqkernelbase.dll',
                     'dlls/ntoskrnl.exe/ntoskrnl.exe', 'dlls/rtworkq/rtworkq.dll', 'dlls/rdbss.sys/rdbss.sys',
                     'dlls/storport.sys/storport.sys', 'tools/wqsetup/wqsetup.exe'):
            found.append(os.path.join(BUILD, arch, name))
    found.append(os.path.join(BUILD, 'native', 'tools', 'wqsetup', 'wqsetup'))
    for path in found:
        if not os.path.exists(path):
            raise Missing(f'there is no {path}: run tools/build')
    headers = [os.path.join(BUILD, tree, 'include', 'wqversion.h') for tree in [*TRIPLET, 'native']]
    if len({open(path, encoding='utf-8').read() for path in headers}) != 1:
        raise Missing('the trees in build are not of one commit: run tools/build')
    return found


def make_archive():
    """One archive for all tests of a run; whoever comes first makes it."""
    newest = max(os.path.getmtime(path) for path in built_files())
    folder = os.path.join(BUILD, 'release')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'lock'), 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.endswith('.tar.xz') and os.path.getmtime(path) > newest:
                return path
        made = run(os.path.join(PROJECT, 'tools', 'release'), '--built').splitlines()[-1]
        return shutil.move(os.path.join(PROJECT, made), os.path.join(folder, os.path.basename(made)))


def unpack(archive, folder):
    run('tar', '-C', folder, '-xf', archive)
    names = os.listdir(folder)
    if len(names) != 1 or not re.fullmatch(r'wqshim-\d+\.\d+\.\d+', names[0]):
        raise Wrong(f'the archive unpacks to {names}')
    return os.path.join(folder, names[0])


def version(path):
    """The version that a module's resource says."""
    with open(path, 'rb') as file:
        data = file.read().decode('utf-16-le', 'ignore')
        file.seek(1)
        data += file.read().decode('utf-16-le', 'ignore')
    found = re.search(r'ProductVersion\0+(\S+ \([0-9a-z]+\+?\))\0', data)
    return found and found.group(1)


def test_archive(release):
    run('sha256sum', '--check', '--quiet', '--strict', 'SHA256SUMS', cwd=release)
    listed = {line.split('  ')[1] for line in open(os.path.join(release, 'SHA256SUMS'), encoding='utf-8').read().splitlines()}
    there = {os.path.relpath(os.path.join(root, name), release) for root, _, names in os.walk(release) for name in names}
    if there - {'SHA256SUMS'} != listed:
        raise Wrong(f'SHA256SUMS does not list what is there: {listed ^ there}')
    for name in ('README.md', 'COPYING', 'CHANGELOG.md', 'docs/install.md'):
        if name not in there:
            raise Wrong(f'{name} is missing')
    versions = {}
    for name in sorted(there):
        if re.fullmatch(r'x(64|32)/[^/]+\.(dll|exe|sys)', name):
            versions.setdefault(version(os.path.join(release, name)), []).append(name)
            test_symbols(os.path.join(release, name), TRIPLET[name[:3]])
    versions.setdefault(run(os.path.join(release, 'wqsetup'), '--version').strip().removeprefix('wqsetup '), []).append('wqsetup')
    if len(versions) != 1 or None in versions:
        raise Wrong(f'modules of one release have versions {versions}')
    print('version', *versions, 'of', *versions.popitem()[1])


def test_symbols(path, triplet):
    """The module has no symbols, and a debugger that follows its link finds them."""
    sections = run(triplet + '-objdump', '-h', path)
    if '.debug_info' in sections or '.gnu_debuglink' not in sections:
        raise Wrong(f'{path} has the sections\n{sections}')
    if '.debug_info' not in run(triplet + '-objdump', '-h', path + '.debug'):
        raise Wrong(f'there are no symbols in {path}.debug')
    if shutil.which('gdb'):
        said = run('gdb', '-nx', '-batch', '-ex', 'info functions [mM]ain', path)
        if not re.search(r'^File .*\.c:$', said, re.MULTILINE):
            raise Wrong(f'gdb says of {path}: {said}')


def check_imports(path, name):
    said = run(TRIPLET['x64'] + '-objdump', '-p', path)
    found = {dll.lower() for dll in re.findall(r'DLL Name: (\S+)', said)}
    if name == 'static':
        right = 'wqcore.dll' not in found
    elif name in DRIVERS:
        allowed = {'ntoskrnl.exe', 'hal.dll', DRIVERS[name]}
        right = DRIVERS[name] in found and found <= allowed
    else:
        right = {'core': 'wqcore.dll', 'rtworkq': 'rtworkq.dll'}[name] in found
    if not right:
        raise Wrong(f'{path} imports {sorted(found)}')


def package_flags(release, arch, name):
    static, name = (['--static'], 'core') if name == 'static' else ([], name)
    env = dict(os.environ, PKG_CONFIG_LIBDIR=os.path.join(release, arch, 'lib', 'pkgconfig'))
    env.pop('PKG_CONFIG_PATH', None)
    return run('pkg-config', *static, '--cflags', '--libs', 'wqshim-' + name, env=env).split()


def compile_one(release, arch, compiler, name, language):
    out = os.path.join(os.path.dirname(release), f'{name}_{language}.{"sys" if name in DRIVERS else "exe"}')
    bare = BARE_CXX if name in DRIVERS and language == 'cpp' else []
    source = os.path.join(HERE, f'{"core" if name == "static" else name}.{language}')
    if name == 'static':
        compiler = [*compiler, '-static']
    run(*compiler, '-Wall', '-Wextra', '-Werror', *bare, '-o', out, source, *package_flags(release, arch, name))
    check_imports(out, name)
    return out


def compile_all(release, arch, compilers):
    for name in [*PROGRAMS, 'static', *DRIVERS]:
        for language in LANGUAGES:
            compile_one(release, arch, compilers[language], name, language)


def test_gcc(release):
    need('pkg-config')
    for arch, triplet in TRIPLET.items():
        compile_all(release, arch, {'c': [triplet + '-gcc'], 'cpp': [triplet + '-g++']})


def test_clang(release):
    """Clang 14 does not know where Debian's gcc keeps libgcc."""
    need('pkg-config', 'clang', 'clang++')
    for arch, triplet in TRIPLET.items():
        libgcc = os.path.dirname(run(triplet + '-gcc', '-print-libgcc-file-name').strip())
        options = ['--target=' + triplet, '-L' + libgcc, '-Wno-unused-command-line-argument', '-static-libgcc']
        compile_all(release, arch, {'c': ['clang', *options], 'cpp': ['clang++', *options]})


def check_built(folder):
    """What a build system made: all of it, and of the right kind."""
    for name in [*PROGRAMS, 'static', *DRIVERS]:
        for language in LANGUAGES:
            check_imports(os.path.join(folder, f'{name}_{language}.{"sys" if name in DRIVERS else "exe"}'), name)


def copy_projects(release):
    folder = os.path.join(os.path.dirname(release), 'outside')
    shutil.copytree(HERE, folder)
    return folder


def test_meson(release):
    need('meson', 'ninja', 'pkg-config')
    folder, triplet = copy_projects(release), TRIPLET['x64']
    shutil.move(os.path.join(folder, 'meson', 'meson.build'), os.path.join(folder, 'meson.build'))
    cross = os.path.join(folder, 'cross.ini')
    with open(cross, 'w', encoding='ascii') as file:
        file.write(f"[binaries]\nc = '{triplet}-gcc'\ncpp = '{triplet}-g++'\nar = '{triplet}-ar'\nstrip = '{triplet}-strip'\n"
                   "pkgconfig = 'pkg-config'\n"
                   f"[properties]\npkg_config_libdir = '{release}/x64/lib/pkgconfig'\n"
                   "[host_machine]\nsystem = 'windows'\ncpu_family = 'x86_64'\ncpu = 'x86_64'\nendian = 'little'\n")
    out = os.path.join(folder, 'out')
    run('meson', 'setup', '--cross-file', cross, out, folder)
    run('ninja', '-C', out)
    check_built(out)


def test_cmake(release):
    need('cmake')
    folder, triplet = copy_projects(release), TRIPLET['x64']
    out = os.path.join(folder, 'out')
    run('cmake', '-S', os.path.join(folder, 'cmake'), '-B', out, '-DCMAKE_SYSTEM_NAME=Windows', f'-DCMAKE_C_COMPILER={triplet}-gcc',
        f'-DCMAKE_CXX_COMPILER={triplet}-g++', f'-DCMAKE_PREFIX_PATH={release}/x64')
    run('cmake', '--build', out)
    check_built(out)


def test_install(release):
    """The programs find our modules because the release's own installer has put them into the prefix."""
    need('wine', 'pkg-config')
    env = dict(os.environ, WQ_WINE_DIR=os.path.join(BUILD, 'x64', 'wine'))
    for name in PROGRAMS:
        program = compile_one(release, 'x64', [TRIPLET['x64'] + '-gcc'], name, 'c')
        run(os.path.join(PROJECT, 'tools', 'winerun'), '--setup', f'{release}/x64/wqsetup.exe install --all', '--', program, env=env)
    program = compile_one(release, 'x64', [TRIPLET['x64'] + '-gcc'], 'static', 'c')
    run(os.path.join(PROJECT, 'tools', 'winerun'), '--', program, env=env)


def test_winetricks(release):
    """Our verbs put the modules into a prefix and take them out again."""
    need('wine', 'wineserver', 'winetricks', 'pkg-config')
    home = os.path.dirname(release)
    prefix = os.path.join(home, 'prefix')
    state = os.path.join(prefix, 'drive_c', 'windows', 'system32', 'wqsetup.state')
    env = dict(os.environ, HOME=home, WINEPREFIX=prefix, WINEDEBUG='-all', WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe=')
    program = compile_one(release, 'x64', [TRIPLET['x64'] + '-gcc'], 'core', 'c')
    try:
        run('timeout', '200', 'wineboot', '-i', env=env)
        run('timeout', '500', 'winetricks', '--unattended', f'{release}/winetricks/wqshim.verb', env=env)
        if not os.path.exists(state):
            raise Wrong('wqshim.verb has installed nothing')
        run('timeout', '100', 'wine', program, env=env)
        run('timeout', '500', 'winetricks', '--unattended', f'{release}/winetricks/wqshim_remove.verb', env=env)
        if os.path.exists(state):
            raise Wrong('wqshim_remove.verb has left something')
    finally:
        subprocess.run(['timeout', '60', 'wineserver', '-k'], env=env, check=False)


def main():
    try:
        archive = make_archive()
        with tempfile.TemporaryDirectory() as folder:
            globals()['test_' + WHAT](unpack(archive, os.path.realpath(folder)))
    except Missing as missing:
        print(f'SKIP: {missing}')
        return SKIP
    except Wrong as wrong:
        print(wrong)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
