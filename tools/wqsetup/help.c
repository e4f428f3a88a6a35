/*
 * What --help and --version print.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <stdio.h>
#include <wqversion.h>

#ifdef _WIN32
#define HELP_CALL   "wine wqsetup.exe"
#define HELP_PREFIX ""
#define HELP_FOLDERS                                                                                         \
    "The prefix is the one that this program runs in. Where files are in use, the native wqsetup\n"          \
    "for Linux does what this program can't.\n"
#else
#define HELP_CALL   "wqsetup"
#define HELP_PREFIX " --prefix DIR"
#define HELP_FOLDERS                                                                                         \
    "  --prefix DIR     the Wine prefix; without it the one that WINEPREFIX names\n"                         \
    "  --wait           wait until the prefix's programs and other runs of wqsetup have ended\n"             \
    "  --from DIR       the folder of the modules, if not beside this program\n"                             \
    "  --wine DIR       the Wine that runs the prefix (where it was unpacked or installed, or its "          \
    "lib/wine);\n"                                                                                           \
    "                   without it the one on PATH\n"
#endif

static const char help_commands[] =
    "usage: " HELP_CALL HELP_PREFIX " COMMAND [OPTION]...\n"
    "\n"
    "Puts the wqshim modules into a Wine prefix and takes them out again.\n"
    "\n"
    "Commands:\n"
    "  install          put modules in, for the programs that --app or --all names\n"
    "  uninstall        take everything out; with --app NAME that program's share, with --all the\n"
    "                   share of the whole prefix (programs named by --app keep theirs)\n"
    "  update           put newer modules in, or renew the grafts after an update of Wine\n"
    "  repair           make the prefix work again, whatever happened to it\n"
    "  status           say what is installed, for whom, and whether it fits\n"
    "  verify           say nothing if all is well, else what is wrong\n"
    "\n"
    "Options:\n"
    "  --app NAME.exe   for one program, by its file name; may be repeated\n"
    "  --all            for every program of the prefix\n"
    "  --modules A,B    which modules to install; kernel32 and rtworkq without it\n"
    "  --dry-run        print the changes and make none\n"
    "  --json           status for programs: one JSON object\n" HELP_FOLDERS "  --help           this text\n"
    "  --version        the version\n"
    "\n"
    "Modules:\n";

static const char help_rest[] =
    "\n"
    "Exit status:\n"
    "  0  done; or all is well\n"
    "  1  something failed, or verify found a fault: the message says what\n"
    "  2  the command line is wrong\n"
    "  3  there is no Wine prefix (or with --wine no Wine), or it belongs to another user\n"
    "  4  programs of the prefix or another wqsetup run, or files are in use; nothing was changed\n"
    "  5  wqshim is not installed in this prefix (verify, update)\n"
    "  6  a module, one of Wine's files or the state file is missing or malformed; nothing was changed\n"
    "\n"
    "Examples:\n"
    "  " HELP_CALL HELP_PREFIX " install --app node.exe\n"
    "  " HELP_CALL HELP_PREFIX " install --all --modules kernel32,rtworkq\n"
    "  " HELP_CALL HELP_PREFIX " install --modules storport\n"
    "  " HELP_CALL HELP_PREFIX " uninstall\n";

void setup_help(void)
{
    fputs(help_commands, stdout);
    for (unsigned i = 0; i < setup_module_count; i++)
        if (!setup_modules[i].always)
            printf("  %-16s %s\n", setup_modules[i].name, setup_modules[i].about);
    fputs(help_rest, stdout);
}

void setup_version(void)
{
    printf("wqsetup %s\n", WQ_VERSION_TEXT);
}
