/*
 * host.h: the test driver inside an ordinary program.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_HOST_H
#define TEST_HOST_H

struct ktest_result;

/* Calls DriverEntry. Returns its status. */
LONG host_start(void);

/* Sends the driver a request to run a group. Returns its status. */
LONG host_run(const char *group, BOOL single, struct ktest_result *result);

/* Calls Unload. Returns how many references to the driver and its device are left besides the host's. */
LONG host_stop(void);

/* The object's references, as soon as they are as expected: an item's are dropped a moment after its routine. */
LONG host_references_settled(void *object, LONG expected);

/* Queues an item for a device, deletes the device while the routine runs, and returns what was wrong with the
 * device's references at each step, NULL if nothing. */
const char *host_references(void);

/* objects.c: several threads queue items of one device; items of many devices. The same. */
const char *host_references_race(void);
const char *host_references_many(void);

/* Tries to allocate an item and queues one that exists, with memory running out. The same. */
const char *host_no_memory(void);

/* Queues an item with an unknown type: a misuse. */
void host_misuse(void);

#endif
