/*
 * wqsetup puts the modules into a Wine prefix and takes them out again. All text inside the program is UTF-8;
 * file names are relative to the Windows folder ("system32\kernel32.dll") and registry keys to
 * HKEY_CURRENT_USER. Functions that can fail return false after setup_fail has printed why; the caller only
 * has to pass it on. What the system does lies behind sys.h.
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
#define SETUP_OTHER_WINE                                                                                     \
    "the Wine in %s has not run this prefix yet: start the prefix with it once, or name it with --wine"
#define SETUP_FILES "-" /* the scope of modules that need no override */

typedef char setup_hash[2 * GRAFT_HASH + 1]; /* hexadecimal; empty: there is no such file */

/* Where a module goes. */
struct setup_target {
    const char *folder, *file;    /* below the architecture's folder: "" or "drivers\\" */
    const char *kept;             /* where the builtin is kept; a graft forwards to it */
    const char *override;         /* name of the DllOverrides value, or NULL */
    const char *const *code;      /* see graft_request.code_names */
    const char *const *new_names; /* see graft_request.new_names */
    const char *staged;           /* file name of our module, NULL = as the setup_module says */
    bool narrow;                  /* for 32-bit prefixes only: 64-bit ones have no such drivers */
    bool once;                    /* for the prefix's own architecture only, and kept in the Windows folder */
    bool windowed;                /* the file is marked as a program without a console */
};

struct setup_module {
    const char *name;   /* for --modules */
    const char *about;  /* one line for --help */
    const char *staged; /* file name of our module */
    bool graft;         /* else the file is copied as it is */
    bool always;        /* all others need it */
    const char *needs;  /* a module that is installed with it, or NULL */
    bool by_default;    /* installed when --modules is not given, if its file is there */
    const char *app;    /* the only application that gets the override, or NULL: those that the user names */
    struct setup_target targets[SETUP_TARGETS];
};

struct setup_arch {
    const char *folder; /* "system32\\" */
    const char *staged; /* name of the folder with the modules, beside the one of the other architecture */
    const char *wine;   /* subfolder of Wine's own library folder */
    uint16_t machine;
};

struct setup_file;

extern const struct setup_module setup_modules[];
extern const unsigned setup_module_count;

/* The architectures of this prefix for which modules are staged; *count becomes 1 or 2. */
const struct setup_arch *setup_archs(unsigned *count);
/* The same whether modules are staged or not: those whose folder exists. */
const struct setup_arch *setup_prefix_archs(unsigned *count);
const struct setup_module *setup_find_module(const char *name);
/* Whether a module has an index-th target in this prefix. */
bool setup_target_used(const struct setup_module *module, unsigned index);
/* Whether an architecture of the prefix has a place: drivers and wineboot.exe are of the prefix's own. */
bool setup_arch_has(const struct setup_arch *arch, const struct setup_target *place);
/* Where a target keeps the builtin. */
void setup_kept_path(const struct setup_arch *arch, const struct setup_target *place, char path[SETUP_NAME]);
/* A module by its name as users write it: the module's or one of its files', in any case, with or without
 * ".dll". */
const struct setup_module *setup_guess_module(const char *name);
/* The architecture and the place of one of our files, by its path and that of its kept original; false if no
 * module has such a pair. */
bool setup_place(struct setup_file *file);

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
    SETUP_OFF,     /* Wine changed, or ours does not fit: the overrides are lifted until an update */
};

/* What wqsetup did to the prefix: written before the first change, so that an interrupted run can be repeated
 * or undone. */
struct setup_state {
    enum setup_phase phase;
    bool damaged; /* the state file can't be read; nothing else of this is valid */
    unsigned files, scopes, values, keys;
    struct setup_file file[SETUP_LIST];
    struct setup_scope scope[SETUP_LIST];
    struct setup_value value[SETUP_LIST];
    char key[SETUP_LIST][SETUP_PATH]; /* keys that did not exist before us, parents first */
};

/* Exit statuses; docs/install.md and --help list them. The first failure decides. */
enum setup_status {
    SETUP_DONE,
    SETUP_WRONG,     /* something could not be done, or verify found a fault */
    SETUP_USAGE,     /* the command line */
    SETUP_NO_PREFIX, /* no Wine prefix, or not ours to change */
    SETUP_IN_USE,    /* programs of the prefix or another wqsetup run; nothing was changed */
    SETUP_NOT_THERE, /* wqshim is not installed */
    SETUP_BAD_FILE,  /* a module, a builtin or the state file is missing or malformed; nothing was changed */
};

struct setup_options {
    const char *command;
    char apps[SETUP_LIST][SETUP_NAME];
    unsigned app_count;
    const struct setup_module *modules[SETUP_TARGETS * 4]; /* those that were named */
    unsigned module_count;
    bool all, dry_run, json, wait;
    bool own;                         /* nothing is staged: what is installed is fitted to the prefix anew */
    const char *prefix, *wine, *from; /* of the native program: folders, or NULL */
};

extern struct setup_options setup_options;

/* args.c: reads the command line into setup_options. False after setup_fail. --help and --version print,
 * leave *command NULL and are no failure. */
bool setup_parse(int argc, char **argv);
/* help.c */
void setup_help(void);
void setup_version(void);
/* names.c: makes lower case of the letters that Wine tells no cases of in names; ASCII, Latin, Greek and
 * Cyrillic. The length stays. */
void setup_lower(char *text);
bool setup_same_name(const char *a, const char *b); /* whatever the case */

/* main.c: what both programs do once the arguments are UTF-8. Returns the exit status. */
int setup_main(int argc, char **argv);

/* report.c: one line on stderr (returns false) or stdout. setup_fail sets the exit status unless an earlier
 * failure did. */
__attribute__((format(printf, 2, 3))) bool setup_fail(enum setup_status status, const char *format, ...);
__attribute__((format(printf, 1, 2))) bool setup_error(const char *format, ...); /* SETUP_WRONG */
enum setup_status setup_exit_status(void);
__attribute__((format(printf, 1, 2))) void setup_print(const char *format, ...);

/*
 * report.c: announces a change. True if it shall be made, false in a dry run, which prints it instead. This
 * is where WQSETUP_FAIL_AT=n ends the program, before its n-th change, for the tests.
 */
__attribute__((format(printf, 1, 2))) bool setup_step(const char *format, ...);

/* file.c. setup_read: an absent file is no error and gives data NULL. The caller frees the data. */
bool setup_read(const char *path, struct graft_bytes *bytes);
bool setup_read_wine(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes);
void setup_release(struct graft_bytes *bytes);
void setup_hash_bytes(struct graft_bytes bytes, setup_hash hash);
bool setup_write(const char *path, struct graft_bytes bytes); /* atomic; fails if the old file is in use */
bool setup_link(const char *from, const char *to);            /* same file under a second name, or a copy */
/* Fails with SETUP_IN_USE if the file can't be replaced now. */
bool setup_check(const char *path);

/* file.c: if the file is in use these put the change off to the prefix's next start, as all later ones, and
 * set setup_put_off. */
bool setup_rename(const char *from, const char *to);
bool setup_delete(const char *path);
extern bool setup_put_off;

/* state.c. An absent state loads as SETUP_NONE, a damaged one is no failure. */
bool setup_state_load(struct setup_state *state);
bool setup_state_save(const struct setup_state *state);
struct setup_file *setup_state_file(struct setup_state *state, const char *target);
bool setup_state_has_scope(const struct setup_state *state, const char *app,
                           const struct setup_module *module);
bool setup_state_add_scope(struct setup_state *state, const char *app, const struct setup_module *module);
/* pending.c: an uninstall that was put off is believed only if the prefix will do it; takes out of the state
 * what has happened meanwhile. */
void setup_pending_look(struct setup_state *state);
/* pending.c: whether changes of our files wait for the next start. */
bool setup_pending_waits(const struct setup_state *state);
/* pending.c: takes back what waits for the next start, so that this run can do it. */
bool setup_pending_take_over(struct setup_state *state);

/* override.c. plan fills in values and keys for the scopes; right tells whether all values are set; prune
 * resets and forgets those that no scope asks for; lift resets all for the time of an update; drop_keys
 * deletes our empty keys. */
bool setup_overrides_plan(struct setup_state *state);
bool setup_overrides_right(const struct setup_state *state);
bool setup_overrides_set(const struct setup_state *state);
bool setup_overrides_prune(struct setup_state *state);
bool setup_overrides_lift(const struct setup_state *state);
bool setup_overrides_drop_keys(struct setup_state *state);
/* What a value of ours holds. */
const char *setup_override_text(const struct setup_value *value);
bool setup_override_name(const char *name); /* whether one of our modules has a value of that name */
/* The key that holds an application's overrides; SETUP_ALL: those of the whole prefix. */
void setup_override_key(const char *app, char path[SETUP_PATH]);

/* plan.c: reads and checks everything and computes the desired contents of every file that the scopes ask
 * for; changes nothing but *state. */
bool setup_plan(struct setup_state *state);
/* True if the file's contents were put there by us. */
bool setup_is_ours(const struct setup_file *file, struct graft_bytes contents);
/* Wine marks its modules; anything else at a builtin's place is somebody's own file. */
bool setup_is_builtin(struct graft_bytes bytes);
/* Takes up the grafts of an installation whose state file is gone. */
bool setup_adopt(struct setup_state *state);

/* converge.c: makes the prefix what the planned state says, in an order that leaves it usable whenever it is
 * cut short. */
bool setup_converge(struct setup_state *state);
bool setup_wants_module(const struct setup_state *state, const struct setup_module *module);

/* boot.c: whether all grafts are made from the builtins that the running Wine has. */
bool setup_fits(const struct setup_state *state);
/* boot.c: lets the programs of the prefix use the builtins until the next update. */
bool setup_off(struct setup_state *state);

/* mend.c: puts Wine's own kernel32.dll and kernelbase.dll where there is none that Wine could load. */
bool setup_mend(void);

/* status.c: prints what is installed; verify prints only what is wrong and fails if anything is. */
bool setup_status(struct setup_state *state, bool verify);

#endif
