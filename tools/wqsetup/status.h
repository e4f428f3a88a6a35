/*
 * What status and verify find, between status.c, status_json.c and conflicts.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_STATUS_H
#define SETUP_STATUS_H

#include "setup.h"

#define STATUS_LINES 64
#define STATUS_LINE  400

struct status {
    unsigned lines, faults;
    bool fault[STATUS_LINES]; /* else it is good to know only */
    char line[STATUS_LINES][STATUS_LINE];
};

__attribute__((format(printf, 3, 4))) void status_add(struct status *status, bool fault, const char *format,
                                                      ...);
/* What is wrong with a file of ours and its kept original; NULL: nothing. */
const char *status_file(const struct setup_file *file, const char **kept);
/* conflicts.c: overrides that are not as we set them, or that the user has and that stop us. */
void status_add_overrides(struct status *status, const struct setup_state *state);
void status_json(const struct status *status, const struct setup_state *state);

#endif
