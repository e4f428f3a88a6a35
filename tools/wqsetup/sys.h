/*
 * The system under wqsetup: what a program inside the prefix (sys_win_*.c) and one outside of it
 * (sys_linux_*.c, and hive.c for the registry) must provide. Everything above this line is the same in both.
 *
 * Paths are relative to the Windows folder, with backslashes ("system32\\kernel32.dll"), registry keys to
 * HKEY_CURRENT_USER; all text is UTF-8. Nothing here prints but sys_open and sys_read_staged: callers say
 * what failed, with sys_problem() for why. One thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_SYS_H
#define SETUP_SYS_H

#include "setup.h"

enum sys_result {
    SYS_OK,
    SYS_ABSENT, /* there is no such file, key or value */
    SYS_IN_USE, /* a process has it mapped or open */
    SYS_FAILED, /* sys_problem() says why */
};

/* Why the last call failed, in words ("No space left on device"). Valid until the next call. */
const char *sys_problem(void);

/*
 * Finds the prefix, checks that it is one and takes the lock that keeps other runs away, those of the other
 * program, too. With change false nothing is locked. False after setup_fail: no prefix, in use.
 */
bool sys_open(bool change);
void sys_close(void);

/* Whether the prefix runs 64-bit programs. */
bool sys_wide(void);
/* Whether programs of the prefix may be running now: what they changed in the registry may not be seen. */
bool sys_running(void);
/* How to run wqsetup where nothing is in use, as the end of a sentence. */
const char *sys_advice(void);

/* Reads a whole file; the caller frees bytes->data. */
enum sys_result sys_read(const char *path, struct graft_bytes *bytes);
/* The same for a module to install. False after setup_fail; an absent file is no error and gives data NULL. */
bool sys_read_staged(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes);
/* The same for a file of Wine's own library folder. */
enum sys_result sys_read_wine(const struct setup_arch *arch, const char *name, struct graft_bytes *bytes);
/* The folder of a Wine that is found but was not named and is not the one that the prefix was last run by, so that its files
 * are left alone; NULL: none. */
const char *sys_other_wine(void);
bool sys_exists(const char *path);
/* SYS_IN_USE if the file could not be replaced now; SYS_FAILED if it leads out of the prefix in a way that
 * this system cannot undo. */
enum sys_result sys_check(const char *path);

/* Changes. Each is on the disk before the next one starts, as far as the system can tell. */
enum sys_result sys_create(const char *path, struct graft_bytes bytes); /* complete or not there */
enum sys_result sys_rename(const char *from, const char *to);           /* replaces */
enum sys_result sys_remove(const char *path);
/* A second name for a file, or a copy with its time. A symbolic link becomes a link to the same place. */
enum sys_result sys_link(const char *from, const char *to);

/* Puts a rename (or with to NULL a removal) off to the prefix's next start; later ones follow in order. */
enum sys_result sys_later(const char *from, const char *to);
/* Whether a change of that file still waits for the next start. */
bool sys_is_later(const char *path);
/* Forgets the changes that wait for these files. */
enum sys_result sys_forget_later(const char *const *paths, unsigned count);

/* Text values. What is written may come into being only with sys_reg_flush, then all or nothing. */
enum sys_result sys_reg_read(const char *key, const char *name, char *text, size_t room);
enum sys_result sys_reg_write(const char *key, const char *name, const char *text);
enum sys_result sys_reg_erase(const char *key, const char *name);
bool sys_reg_key_exists(const char *key);
bool sys_reg_key_empty(const char *key);             /* it exists and has neither values nor keys */
enum sys_result sys_reg_delete_key(const char *key); /* must be empty */
/* The name of the index-th key below; false at the end. */
bool sys_reg_subkey(const char *key, unsigned index, char *name, size_t room);
enum sys_result sys_reg_flush(void);

/* Whether this program can tell whether Wine's own drivers do their work: only one inside the prefix can. */
bool sys_sees_drivers(void);
/* Whether they do; true if that can't be told. */
bool sys_drivers_right(const struct setup_state *state);
/* Ends the program as a crash would. */
void sys_die(int status) __attribute__((noreturn));

#endif
