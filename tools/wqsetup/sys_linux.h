/*
 * What the parts of the native wqsetup share: where the prefix is, how its files are named and written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_SYS_LINUX_H
#define SETUP_SYS_LINUX_H

#include <limits.h>

#include "hive.h"
#include "sys.h"

#define LINUX_PATH PATH_MAX

/* sys_linux.c. The prefix's folder, absolute; valid after sys_open. */
extern char linux_prefix[LINUX_PATH];
/* Notes what sys_problem says: a text, or the words for an errno. Returns SYS_FAILED. */
enum sys_result linux_fail(const char *problem);
enum sys_result linux_errno(int error);

/* sys_linux_lock.c. False after setup_fail if other programs hold the prefix. */
bool linux_lock(void);
void linux_unlock(void);
bool linux_server_runs(void);

/* sys_linux_path.c. Joins into to; false if too long. */
bool linux_join(char to[LINUX_PATH], const char *folder, const char *name);
/* The file that a Windows path means, whatever its case; false if it leads out of the prefix or a folder is
 * missing: sys_problem. */
bool linux_resolve(const char *path, char to[LINUX_PATH]);

/* sys_linux_file.c, for any path of the system. A file is written whole under its name and ".wqtmp" first
 * where it replaces another. */
enum sys_result linux_read(const char *path, struct graft_bytes *bytes);
enum sys_result linux_write(const char *path, struct graft_bytes bytes, unsigned mode); /* new; on the disk */
enum sys_result linux_replace(const char *from, const char *to);                        /* on the disk */

/* sys_linux_wine.c: false after setup_fail if --wine names no Wine. */
bool linux_check_wine(void);

/* sys_linux_reg.c: reads and checks both files. False after setup_fail. */
bool linux_reg_open(void);
/* Removes what a run that was cut short has left beside them. */
void linux_reg_tidy(void);
const struct hive *linux_system_hive(void);

#endif
