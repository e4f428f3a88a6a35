/*
 * status --json: one object for launchers. docs/install.md lists its members.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "status.h"
#include "sys.h"

#include <stdio.h>
#include <string.h>
#include <wqversion.h>

static const char *const json_phases[] = {"none", "installing", "installed", "removing", "pending", "off"};

static void json_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void json_member(const char *before, const char *name, const char *text)
{
    printf("%s\"%s\": ", before, name);
    json_text(text);
}

static void json_files(const struct setup_state *state)
{
    fputs(",\n \"files\": [", stdout);
    for (unsigned i = 0; i < state->files; i++) {
        const char *kept, *target = status_file(&state->file[i], &kept);

        json_member(i ? ",\n  {" : "\n  {", "path", state->file[i].target);
        json_member(", ", "module", state->file[i].module->name);
        json_member(", ", "original", state->file[i].kept);
        json_member(", ", "state", target ? target : kept ? kept : "ok");
        putchar('}');
    }
    fputs("]", stdout);
}

static void json_scopes(const struct setup_state *state)
{
    fputs(",\n \"scopes\": [", stdout);
    for (unsigned i = 0; i < state->scopes; i++) {
        json_member(i ? ",\n  {" : "\n  {", "module", state->scope[i].module->name);
        json_member(", ", "app", state->scope[i].app);
        putchar('}');
    }
    fputs("]", stdout);
}

static void json_lines(const struct status *status, bool fault)
{
    const char *before = "";

    printf(",\n \"%s\": [", fault ? "faults" : "notes");
    for (unsigned i = 0; i < status->lines; i++) {
        if (status->fault[i] != fault)
            continue;
        fputs(before, stdout);
        json_text(status->line[i]);
        before = ",\n  ";
    }
    fputs("]", stdout);
}

void status_json(const struct status *status, const struct setup_state *state)
{
    json_member("{", "version", WQ_VERSION);
    json_member(",\n ", "phase", json_phases[state->phase]);
    printf(",\n \"installed\": %s", state->phase == SETUP_INSTALLED ? "true" : "false");
    printf(",\n \"running\": %s", sys_running() ? "true" : "false");
    json_files(state);
    json_scopes(state);
    json_lines(status, true);
    json_lines(status, false);
    puts("}");
}
