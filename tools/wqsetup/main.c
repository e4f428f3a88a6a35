/*
 * What the commands ask of the state.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sys.h"

#include <stdio.h>
#include <string.h>

static struct setup_state state; /* large, hence not on the stack */

/* Whether the user wants a module: named, needed by one that is, or by default if its file is there. */
static bool main_wants(const struct setup_module *module, bool *wants)
{
    unsigned archs;
    struct graft_bytes staged;

    *wants = false;
    for (unsigned i = 0; i < setup_options.module_count; i++) {
        const struct setup_module *named = setup_options.modules[i];

        *wants |= named == module || (named->needs && !strcmp(named->needs, module->name));
    }
    if (setup_options.module_count || !module->by_default)
        return true;
    if (!sys_read_staged(setup_archs(&archs), module->staged, &staged))
        return false;
    *wants = staged.data != NULL;
    setup_release(&staged);
    return true;
}

static bool main_add_scopes(const struct setup_module *module)
{
    if (module->app)
        return setup_state_add_scope(&state, module->app, module);
    if (!module->targets[0].override)
        return module->always || setup_state_add_scope(&state, SETUP_FILES, module);
    if (!setup_options.app_count && !setup_options.all && !setup_state_has_scope(&state, NULL, module))
        return setup_fail(SETUP_USAGE, "say for which program (--app NAME.exe), or --all");
    for (unsigned i = 0; i < setup_options.app_count; i++)
        if (!setup_state_add_scope(&state, setup_options.apps[i], module))
            return false;
    return !setup_options.all || setup_state_add_scope(&state, SETUP_ALL, module);
}

static bool main_nothing_to_do(unsigned scopes)
{
    bool same = state.phase == SETUP_INSTALLED && scopes == state.scopes;

    for (unsigned i = 0; i < state.files; i++)
        same &= !state.file[i].put && !state.file[i].keep && setup_wants_module(&state, state.file[i].module);
    return same && setup_overrides_right(&state);
}

static bool main_converge(unsigned scopes)
{
    if (!setup_plan(&state) || !setup_overrides_plan(&state))
        return false;
    return main_nothing_to_do(scopes) || setup_converge(&state);
}

static bool main_install(void)
{
    unsigned scopes = state.scopes;
    bool wants;

    for (unsigned i = 0; i < setup_module_count; i++)
        if (!main_wants(&setup_modules[i], &wants) || (wants && !main_add_scopes(&setup_modules[i])))
            return false;
    if (!state.scopes)
        return setup_fail(SETUP_BAD_FILE, "there are no modules to install beside wqsetup");
    return main_converge(scopes);
}

static bool main_update(void)
{
    if (state.phase == SETUP_NONE)
        return setup_fail(SETUP_NOT_THERE, "wqshim is not installed in this prefix: run wqsetup install");
    if (!state.scopes)
        return setup_error("an uninstall was interrupted: run wqsetup uninstall or repair");
    if (sys_other_wine())
        setup_print(SETUP_OTHER_WINE, sys_other_wine());
    return main_converge(state.scopes);
}

/*
 * What the prefix runs at every start, before any other program. Where Wine has changed, programs get its own
 * modules at once, and ours back if they can be made to fit. An unfinished run is left to its command.
 */
static bool main_boot(void)
{
    if (state.phase != SETUP_OFF && (state.phase != SETUP_INSTALLED || setup_fits(&state)))
        return true;
    setup_options.own = true;
    return setup_off(&state) && main_update();
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

/* A state that cannot be read is worth less than a prefix that starts: what can be recognised is taken out. */
static bool main_repair(void)
{
    if (state.damaged) {
        memset(&state, 0, sizeof(state));
        setup_print("%s cannot be read: everything is taken out; install again", SETUP_STATE);
        return setup_adopt(&state) && setup_converge(&state) && setup_mend();
    }
    return (state.scopes ? main_update() : main_uninstall()) && setup_mend();
}

/* What an uninstall put off to the next start is done now if this program can do it. */
static bool main_end_wait(void)
{
    if (sys_running())
        return setup_fail(SETUP_IN_USE, "an uninstall waits for the prefix to start again: %s", sys_advice());
    if (!setup_pending_take_over(&state))
        return false;
    state.phase = state.phase == SETUP_PENDING ? SETUP_REMOVING : SETUP_INSTALLING;
    return true;
}

static bool main_run(void)
{
    const char *command = setup_options.command;
    bool looks = !strcmp(command, "status") || !strcmp(command, "verify"),
         repair = !strcmp(command, "repair");

    if (!sys_open(!looks && !setup_options.dry_run) || !setup_state_load(&state))
        return false;
    if (state.damaged && !repair)
        return setup_fail(SETUP_BAD_FILE, "%s is damaged, or from a newer wqsetup: run wqsetup repair",
                          SETUP_STATE);
    setup_pending_look(&state);
    if (looks)
        return setup_status(&state, !strcmp(command, "verify"));
    if (!strcmp(command, "boot"))
        return main_boot();
    if (setup_pending_waits(&state) && !main_end_wait())
        return false;
    if (repair)
        return main_repair();
    if (!strcmp(command, "install"))
        return main_install();
    return !strcmp(command, "update") ? main_update() : main_uninstall();
}

int setup_main(int argc, char **argv)
{
    bool done = setup_parse(argc, argv) && (!setup_options.command || main_run());

    sys_close();
    if (done)
        return SETUP_DONE;
    return setup_exit_status() ? (int)setup_exit_status() : SETUP_WRONG;
}
