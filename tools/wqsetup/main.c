/*
 * wqsetup.exe: the command line, and what install and uninstall ask of the state.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static struct setup_state state; /* large, hence not on the stack */

static bool main_usage(void)
{
    return setup_error("usage: wqsetup install|uninstall|update|status|verify [--app NAME.exe]... [--all] "
                       "[--modules a,b] [--dry-run]");
}

/* Registry keys do not tell cases apart, so neither do we. The name becomes part of a key and of a line of
 * the state. */
static bool main_add_app(const wchar_t *wide)
{
    wchar_t lower[SETUP_NAME];
    char *name = malloc(SETUP_NAME);

    if (!name || wcslen(wide) >= SETUP_NAME || !*wide || wcspbrk(wide, L"\\/\t\r\n*?\"<>|") ||
        !wcscmp(wide, L"-") || setup_options.app_count == SETUP_LIST)
        return setup_error("--app takes the file name of a program, without folder");
    wcscpy(lower, wide);
    CharLowerW(lower);
    if (!WideCharToMultiByte(CP_UTF8, 0, lower, -1, name, SETUP_NAME, NULL, NULL))
        return setup_error("the name of the program is too long");
    setup_options.apps[setup_options.app_count++] = name;
    return true;
}

static bool main_parse(int argc, wchar_t **argv)
{
    static char command[16], modules[SETUP_NAME];

    if (argc < 2 || wcslen(argv[1]) >= sizeof(command))
        return main_usage();
    WideCharToMultiByte(CP_UTF8, 0, argv[1], -1, command, sizeof(command), NULL, NULL);
    setup_options.command = command;
    for (int i = 2; i < argc; i++) {
        if (!wcscmp(argv[i], L"--all")) {
            setup_options.all = true;
        } else if (!wcscmp(argv[i], L"--dry-run")) {
            setup_options.dry_run = true;
        } else if (!wcscmp(argv[i], L"--app") && i + 1 < argc) {
            if (!main_add_app(argv[++i]))
                return false;
        } else if (!wcscmp(argv[i], L"--modules") && i + 1 < argc) {
            if (!WideCharToMultiByte(CP_UTF8, 0, argv[++i], -1, modules, sizeof(modules), NULL, NULL))
                return setup_error("--modules is too long");
            setup_options.modules = modules;
        } else {
            return main_usage();
        }
    }
    return true;
}

static bool main_names(const char *name)
{
    size_t size = strlen(name);

    for (const char *at = setup_options.modules; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (!strncmp(at, name, size) && (!at[size] || at[size] == ','))
            return true;
    }
    return false;
}

/* Whether a module that the user named needs this one. */
static bool main_needs(const char *name)
{
    for (unsigned i = 0; i < setup_module_count; i++)
        if (setup_modules[i].needs && !strcmp(setup_modules[i].needs, name) &&
            main_names(setup_modules[i].name))
            return true;
    return false;
}

/* Whether the user wants a module: named, needed by one that is, or by default if its file is there. */
static bool main_wants(const struct setup_module *module, bool *wants)
{
    unsigned archs;
    struct graft_bytes staged;

    *wants = false;
    if (!setup_options.modules) {
        if (!module->by_default)
            return true;
        if (!setup_read_staged(setup_archs(&archs), module->staged, &staged))
            return false;
        *wants = staged.data != NULL;
        setup_release(&staged);
        return true;
    }
    *wants = main_names(module->name) || main_needs(module->name);
    return true;
}

static bool main_check_modules(void)
{
    char list[SETUP_NAME];

    strcpy(list, setup_options.modules ? setup_options.modules : "");
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ","))
        if (!setup_find_module(name))
            return setup_error("there is no module %s", name);
    return true;
}

static bool main_add_scopes(const struct setup_module *module)
{
    if (module->app)
        return setup_state_add_scope(&state, module->app, module);
    if (!module->targets[0].override)
        return module->always || setup_state_add_scope(&state, SETUP_FILES, module);
    if (!setup_options.app_count && !setup_options.all && !setup_state_has_scope(&state, NULL, module))
        return setup_error("say for which program (--app NAME.exe), or --all");
    for (unsigned i = 0; i < setup_options.app_count; i++)
        if (!setup_state_add_scope(&state, setup_options.apps[i], module))
            return false;
    return !setup_options.all || setup_state_add_scope(&state, SETUP_ALL, module);
}

static bool main_nothing_to_do(unsigned scopes)
{
    bool same = state.phase == SETUP_INSTALLED && scopes == state.scopes;

    for (unsigned i = 0; i < state.files; i++)
        same &= !state.file[i].put && !state.file[i].keep;
    return same && setup_overrides_right(&state, false);
}

static bool main_install(bool update)
{
    unsigned scopes = state.scopes;
    bool wants;

    if (update && state.phase == SETUP_NONE)
        return setup_error("nothing is installed");
    for (unsigned i = 0; !update && i < setup_module_count; i++)
        if (!main_wants(&setup_modules[i], &wants) || (wants && !main_add_scopes(&setup_modules[i])))
            return false;
    if (!state.scopes)
        return setup_error("no module to install");
    if (!setup_plan(&state) || !setup_overrides_plan(&state))
        return false;
    return main_nothing_to_do(scopes) || setup_converge(&state);
}

/* Without names everything goes. */
static bool main_dropped(const struct setup_scope *scope)
{
    if (!setup_options.app_count && !setup_options.all)
        return true;
    for (unsigned i = 0; i < setup_options.app_count; i++)
        if (!strcmp(scope->app, setup_options.apps[i]))
            return true;
    return setup_options.all && !strcmp(scope->app, SETUP_ALL);
}

static bool main_uninstall(void)
{
    unsigned left = 0;

    if (setup_options.modules)
        return setup_error("--modules is for install only");
    if (state.phase == SETUP_NONE && !setup_adopt(&state))
        return false;
    if (state.phase == SETUP_NONE && !state.files)
        return setup_delete(SETUP_STATE ".wqtmp"); /* of a run cut short before its first change */
    for (unsigned i = 0; i < state.scopes; i++)
        if (!main_dropped(&state.scope[i]))
            state.scope[left++] = state.scope[i];
    if (left == state.scopes && left && state.phase == SETUP_INSTALLED)
        return true;
    state.scopes = left;
    return setup_converge(&state);
}

static bool main_run(void)
{
    BOOL redirected = FALSE;
    const char *command = setup_options.command;

    if (IsWow64Process(GetCurrentProcess(), &redirected) && redirected)
        return setup_error("this prefix needs the 64-bit wqsetup.exe");
    if (!main_check_modules() || !setup_state_load(&state))
        return false;
    if (!strcmp(command, "status") || !strcmp(command, "verify"))
        return setup_status(&state, !strcmp(command, "verify"));
    if (state.phase == SETUP_PENDING)
        return setup_error("an uninstall waits for the prefix to start again: end all its programs first");
    if (!strcmp(command, "install") || !strcmp(command, "update"))
        return main_install(!strcmp(command, "update"));
    return strcmp(command, "uninstall") ? main_usage() : main_uninstall();
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    return main_parse(argc, argv) && main_run() ? 0 : 1;
}
