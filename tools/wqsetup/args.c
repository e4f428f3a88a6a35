/*
 * The command line: a command and options, in any order, as "--app x.exe" or "--app=x.exe".
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <string.h>

/* Registry keys do not tell cases apart, so neither do we. The name becomes part of a key and of a line of
 * the state. */
static bool args_app(const char *text)
{
    char *name = setup_options.apps[setup_options.app_count];

    if (strlen(text) >= SETUP_NAME || !*text || strpbrk(text, "\\/\t\r\n*?\"<>|") || !strcmp(text, "-"))
        return setup_fail(SETUP_USAGE, "--app takes the file name of a program, without folder");
    if (!strchr(text, '.'))
        return setup_fail(SETUP_USAGE, "--app takes the whole file name: did you mean --app %s.exe?", text);
    if (setup_options.app_count == SETUP_LIST - 1)
        return setup_fail(SETUP_USAGE, "--app: more than %d programs; use --all", SETUP_LIST - 1);
    strcpy(name, text);
    setup_lower(name);
    setup_options.app_count++;
    return true;
}

static bool args_module(const char *name)
{
    const struct setup_module *module = setup_guess_module(name);

    if (!module)
        return setup_fail(SETUP_USAGE, "there is no module %s; --help lists them", name);
    for (unsigned i = 0; i < setup_options.module_count; i++)
        if (setup_options.modules[i] == module)
            return true;
    setup_options.modules[setup_options.module_count++] = module;
    return true;
}

static bool args_modules(const char *text)
{
    char name[SETUP_NAME];
    unsigned before = setup_options.module_count;

    while (*(text += strspn(text, ", \t"))) {
        size_t size = strcspn(text, ", \t");

        if (size >= sizeof(name))
            return setup_fail(SETUP_USAGE, "--modules: a name is too long; --help lists the modules");
        memcpy(name, text, size);
        name[size] = 0;
        text += size;
        if (!args_module(name))
            return false;
    }
    return setup_options.module_count > before ||
           setup_fail(SETUP_USAGE, "--modules takes names of modules; --help lists them");
}

/* An option's value: what follows "=", or the next argument. NULL if the argument is another option. */
static const char *args_value(const char *option, char **argv, int argc, int *at)
{
    size_t size = strlen(option);

    if (strncmp(argv[*at], option, size))
        return NULL;
    if (argv[*at][size] == '=')
        return argv[*at] + size + 1;
    if (argv[*at][size])
        return NULL;
    return *at + 1 < argc ? argv[++*at] : "";
}

static bool args_folder(const char *option, const char *value, const char **folder)
{
    *folder = value;
    return *value || setup_fail(SETUP_USAGE, "%s takes a folder", option);
}

static bool args_flag(const char *arg)
{
    static const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"--all", &setup_options.all},
                 {"--dry-run", &setup_options.dry_run},
                 {"--json", &setup_options.json},
                 {"--wait", &setup_options.wait}};

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (!strcmp(arg, flags[i].name))
            return *flags[i].flag = true;
    return false;
}

static bool args_one(char **argv, int argc, int *at)
{
    const char *value;

    if ((value = args_value("--app", argv, argc, at)))
        return args_app(value);
    if ((value = args_value("--modules", argv, argc, at)))
        return args_modules(value);
    if ((value = args_value("--prefix", argv, argc, at)))
        return args_folder("--prefix", value, &setup_options.prefix);
    if ((value = args_value("--wine", argv, argc, at)))
        return args_folder("--wine", value, &setup_options.wine);
    if ((value = args_value("--from", argv, argc, at)))
        return args_folder("--from", value, &setup_options.from);
    if (args_flag(argv[*at]))
        return true;
    if (argv[*at][0] == '-')
        return setup_fail(SETUP_USAGE, "there is no option %s; see wqsetup --help", argv[*at]);
    if (setup_options.command)
        return setup_fail(SETUP_USAGE, "%s after %s; one command at a time", argv[*at],
                          setup_options.command);
    setup_options.command = argv[*at];
    return true;
}

/* Options that a command does not take are errors: nobody shall believe that they did something. */
static bool args_fit(void)
{
    const char *command = setup_options.command;
    bool install = !strcmp(command, "install"), uninstall = !strcmp(command, "uninstall");
    bool looks = !strcmp(command, "status") || !strcmp(command, "verify");

    if (!install && !uninstall && !looks && strcmp(command, "update") && strcmp(command, "repair") &&
        strcmp(command, "boot"))
        return setup_fail(SETUP_USAGE, "there is no command %s; see wqsetup --help", command);
    if ((setup_options.all || setup_options.app_count) && !install && !uninstall)
        return setup_fail(SETUP_USAGE, "--all and --app are for install and uninstall only");
    if (setup_options.module_count && !install)
        return setup_fail(SETUP_USAGE, "--modules is for install only");
    if (setup_options.json && strcmp(command, "status"))
        return setup_fail(SETUP_USAGE, "--json is for status only");
    if (setup_options.dry_run && looks)
        return setup_fail(SETUP_USAGE, "--dry-run is for commands that change something");
    return true;
}

bool setup_parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") || !strcmp(argv[i], "--version")) {
            setup_options.command = NULL;
            if (!strcmp(argv[i], "--version"))
                setup_version();
            else
                setup_help();
            return true;
        }
    }
    for (int i = 1; i < argc; i++)
        if (!args_one(argv, argc, &i))
            return false;
    if (!setup_options.command)
        return setup_fail(SETUP_USAGE, "say what to do: install, uninstall, update, repair, status or verify "
                                       "(see wqsetup --help)");
    return args_fit();
}
