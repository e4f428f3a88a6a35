/*
 * wqsetup puts the modules into a Wine prefix and takes them out again. All text inside the program is UTF-8;
 * file names are relative to the Windows folder ("system32\kernel32.dll") and registry keys to
 * HKEY_CURRENT_USER. Functions that can fail return false after setup_error has printed why; the caller only
 * has to pass it on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_H
#define SETUP_H

#include "graft.h"

#define SETUP_PATH    400
#define SETUP_NAME    128 /* an application's or module's name */
#define SETUP_LIST    256 /* entries of one kind that a state can hold */
#define SETUP_TARGETS 3
#define SETUP_STATE   "system32\\wqsetup.state"
#define SETUP_NATIVE  "native,builtin" /* falls back to the builtin when the graft is gone */
#define SETUP_ALL     "*"              /* the scope of the whole prefix */
#define SETUP_FILES   "-"              /* the scope of modules that need no override */

typedef char setup_hash[2 * GRAFT_HASH + 1]; /* hexadecimal; empty: there is no such file */

/* Where a module goes. */
struct setup_target {
    const char *folder, *file; /* below the architecture's folder: "" or "drivers\\" */
    const char *kept;          /* where the builtin is kept; a graft forwards to it */
    const char *override;      /* name of the DllOverrides value, or NULL */
    const char *const *code;   /* see graft_request.code_names */
    bool extra;                /* see graft_request.add_extra */
    const char *staged;        /* file name beside wqsetup.exe, NULL = the module's */
};

struct setup_module {
    const char *name;   /* for --modules */
    const char *staged; /* file name beside wqsetup.exe */
    bool graft;         /* else the file is copied as it is */
    bool always;        /* all others need it */
    const char *needs;  /* a module that is installed with it, or NULL */
    bool by_default;    /* installed when --modules is not given, if its file is there */
    const char *app;    /* the only application that gets the override, or NULL: those that the user names */
    struct setup_target targets[SETUP_TARGETS];
};

struct setup_arch {
    const char *folder; /* "system32\\" */
    const char *staged; /* folder with the modules, relative to that of wqsetup.exe */
    const char *wine;   /* subfolder of Wine's own library folder */
    uint16_t machine;
};

extern const struct setup_module setup_modules[];
extern const unsigned setup_module_count;

/* The architectures of this prefix for which modules are staged; *count becomes 1 or 2. */
const struct setup_arch *setup_archs(unsigned *count);
const struct setup_module *setup_find_module(const char *name);

/* One file that is ours. The first block is stored in the state, the second belongs to one run of the
 * program. */
struct setup_file {
    char target[SETUP_NAME], kept[SETUP_NAME];
    const struct setup_module *module;
    setup_hash hash;     /* what we put there */
    setup_hash was;      /* what we put there before an update that has not finished */
    setup_hash original; /* what was there, now at kept */
    setup_hash wine;     /* what Wine's own library folder held when we looked */

    const struct setup_arch *arch;
    const struct setup_target *place;
    struct graft_bytes bytes, original_bytes; /* desired contents of target and kept */
    bool put, keep;                           /* target, kept: must be written */
};

struct setup_scope {
    char app[SETUP_NAME];
    const struct setup_module *module;
};

struct setup_value {
    char app[SETUP_NAME], name[SETUP_NAME];
    bool had;                  /* the value existed before us ... */
    char previous[SETUP_NAME]; /* ... and held this */
};

enum setup_phase {
    SETUP_NONE,
    SETUP_INSTALLING,
    SETUP_INSTALLED,
    SETUP_REMOVING,
    SETUP_PENDING, /* removed as soon as the prefix starts the next time */
};

/* What wqsetup did to the prefix: written before the first change, so that an interrupted run can be repeated
 * or undone. */
struct setup_state {
    enum setup_phase phase;
    unsigned files, scopes, values, keys;
    struct setup_file file[SETUP_LIST];
    struct setup_scope scope[SETUP_LIST];
    struct setup_value value[SETUP_LIST];
    char key[SETUP_LIST][SETUP_PATH]; /* keys that did not exist before us, parents first */
};

struct setup_options {
    const char *command;
    const char *apps[SETUP_LIST];
    unsigned app_count;
    const char *modules; /* comma-separated, or NULL */
    bool all, dry_run;
};

extern struct setup_options setup_options;

/* report.c: one line on stderr (returns false) or stdout. */
__attribute__((format(printf, 1, 2))) bool setup_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void setup_print(const char *format, ...);

/*
 * report.c: announces a change. True if it shall be made, false in a dry run, which prints it instead. This
 * is where WQSETUP_FAIL_AT=n ends the program, before its n-th change, for the tests.
 */
__attribute__((format(printf, 1, 2))) bool setup_step(const char *format, ...);

/* file.c. setup_read: an absent file is no error and gives data NULL. The caller frees the data. */
bool setup_read(const char *path, struct graft_bytes *bytes);
bool setup_read_staged(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes);
bool setup_read_wine(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes);
void setup_release(struct graft_bytes *bytes);
bool setup_exists(const char *path);
void setup_hash_bytes(struct graft_bytes bytes, setup_hash hash);
bool setup_write(const char *path, struct graft_bytes bytes); /* atomic; fails if the old file is in use */
bool setup_link(const char *from, const char *to);            /* same file under a second name, or a copy */

/* file.c: if the file is in use these put the change off to the prefix's next start, as all later ones, and
 * set setup_put_off. */
bool setup_rename(const char *from, const char *to);
bool setup_delete(const char *path);
extern bool setup_put_off;

/* state.c. An absent state loads as SETUP_NONE. */
bool setup_state_load(struct setup_state *state);
bool setup_state_save(const struct setup_state *state);
struct setup_file *setup_state_file(struct setup_state *state, const char *target);
bool setup_state_has_scope(const struct setup_state *state, const char *app,
                           const struct setup_module *module);
bool setup_state_add_scope(struct setup_state *state, const char *app, const struct setup_module *module);

/* override.c. plan fills in values and keys for the scopes; right tells whether all values are set; prune
 * resets and forgets those that no scope asks for; lift resets all for the time of an update; drop_keys
 * deletes our empty keys. */
bool setup_overrides_plan(struct setup_state *state);
bool setup_overrides_right(const struct setup_state *state, bool report);
bool setup_overrides_set(const struct setup_state *state);
bool setup_overrides_prune(struct setup_state *state);
bool setup_overrides_lift(const struct setup_state *state);
bool setup_overrides_drop_keys(struct setup_state *state);

/* plan.c: reads and checks everything and computes the desired contents of every file that the scopes ask
 * for; changes nothing but *state. */
bool setup_plan(struct setup_state *state);
/* True if the file's contents were put there by us. */
bool setup_is_ours(const struct setup_file *file, struct graft_bytes contents);
/* Takes up the grafts of an installation whose state file is gone. */
bool setup_adopt(struct setup_state *state);

/* converge.c: makes the prefix what the planned state says, in an order that leaves it usable whenever it is
 * cut short. */
bool setup_converge(struct setup_state *state);
bool setup_wants_module(const struct setup_state *state, const struct setup_module *module);

/* drivers.c: true if ntoskrnl.exe is not ours, or Wine's own drivers work on it. Waits up to a minute for them
 * to start. */
bool setup_drivers_right(const struct setup_state *state);

/* status.c: prints what is installed; verify prints only what is wrong and fails if anything is. */
bool setup_status(struct setup_state *state, bool verify);

#endif
