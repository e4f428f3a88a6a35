/*
 * ktest.h: a small winetest dialect for drivers: checks are counted, failures are written down, and all of it
 * goes to the program that asked, which reports it as its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef KTEST_H
#define KTEST_H

#define KTEST_TEXT 16000

#define KTEST_DEVICE_NAME L"\\Device\\wqtest"
#define KTEST_LINK_NAME   L"\\DosDevices\\wqtest"

/* Runs the group of tests that the input names; the output is a ktest_result. */
#define KTEST_IOCTL_RUN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* The output is the number of the process that the driver is in. */
#define KTEST_IOCTL_PROCESS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x901, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* Queues a work routine that returns at DISPATCH_LEVEL. No input, no output. */
#define KTEST_IOCTL_MISBEHAVE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x902, METHOD_BUFFERED, FILE_ANY_ACCESS)

struct ktest_request {
    ULONG single;   /* the pool may have one worker only, so that items stay queued while it is blocked */
    CHAR group[32]; /* zero-terminated */
};

struct ktest_result {
    ULONG known;    /* 0: there is no such group */
    ULONG checks;   /* made, failures included */
    ULONG failures; /* each is a line "file:line: text\n" in text */
    ULONG todos;    /* failures that are expected of Wine's builtin, each a line "file:line: todo: text\n" */
    ULONG skipped;  /* tests, each a line "file:line: skipped: text\n" */
    ULONG length;   /* of text, without the zero */
    CHAR text[KTEST_TEXT];
};

/* Unload leaves its ktest_result in this key of HKEY_LOCAL_MACHINE, binary. */
#define KTEST_UNLOAD_KEY   "Software\\wqtest"
#define KTEST_UNLOAD_VALUE "unload"

#ifdef KTEST_DRIVER

/* How many workers a test needs: any number, one only (ktest_single), or more. */
enum ktest_pool { POOL_ANY, POOL_SINGLE, POOL_SEVERAL };

/* What Wine's own ntoskrnl does with a test: passes it; fails checks; or ends the process, because it calls a
 * function that the builtin lacks. Only the last kind is skipped there. */
enum ktest_builtin { BUILTIN_ENDS, BUILTIN_TODO, BUILTIN_PASSES };

/* One behaviour. */
struct ktest {
    const char *name;
    void (*run)(void);
    enum ktest_builtin builtin;
    enum ktest_pool pool;
};

struct ktest_group {
    const char *name;
    const struct ktest *tests; /* ends with a NULL name */
};

extern PDRIVER_OBJECT ktest_driver;
extern PDEVICE_OBJECT ktest_device;
extern BOOLEAN ktest_single; /* one worker only */
extern BOOLEAN ktest_ours;   /* the graft or the module serves us */

/* Counts a check and writes a failed one down. Any thread. Returns the condition. */
BOOLEAN ktest_check(BOOLEAN condition, const char *file, int line, const char *format, ...)
    __attribute__((format(ms_printf, 4, 5)));

#define kok(condition, ...) ktest_check((condition) != 0, __FILE__, __LINE__, __VA_ARGS__)

/* Checks the thread's level, if there is a way to ask for it (not on Wine's builtin). */
BOOLEAN ktest_level(KIRQL expected, const char *file, int line);

#define kok_level(expected) ktest_level(expected, __FILE__, __LINE__)

/* Waits for an event with a deadline of 30 s (where it is expected to fail, 0.2 s), whose passing is a failure that says what was waited for. */
BOOLEAN ktest_wait(PKEVENT event, const char *what);

/* Waits until *value is what is expected, with the same deadline. */
BOOLEAN ktest_wait_value(volatile LONG *value, LONG expected, const char *what);

/* Starts a thread, which ends by returning; it must tell by itself when it is done. */
BOOLEAN ktest_thread(PKSTART_ROUTINE routine, PVOID context);

/* Runs routine(context) on so many threads at a time and waits until all have returned, with the deadline of ktest_wait. One
 * race at a time. */
void ktest_race(LONG threads, PKSTART_ROUTINE routine, PVOID context);

/* A gate for routines: they count themselves in and wait until it opens. */
struct ktest_gate {
    KEVENT open;
    KEVENT entered;
    volatile LONG count;
};

void ktest_gate_init(struct ktest_gate *gate);
void ktest_gate_pass(struct ktest_gate *gate);

/* With ktest_single: occupies the one worker until the gate is opened, so that what is queued now stays
 * queued. */
BOOLEAN ktest_block(struct ktest_gate *gate);
void ktest_unblock(struct ktest_gate *gate);

/* Every function of work items, used from one place: in two halves, see places.c. The first may run at
 * DISPATCH_LEVEL. */
struct ktest_place {
    PIO_WORKITEM item, extended, tried;
    WORK_QUEUE_ITEM work;
    ULONG64 memory[32]; /* of an item in the driver's memory */
    ULONG size;
    volatile LONG runs, wrong;
    LONG expected; /* items that were queued */
    BOOLEAN begun, allocated;
};

void ktest_place_begin(struct ktest_place *place);
void ktest_place_end(struct ktest_place *place, const char *where);

extern struct ktest_place ktest_entry_place; /* begun by DriverEntry */
void ktest_unload_place(void);

/* Lets the checks from now on count for a result. */
void ktest_begin(struct ktest_result *result, const char *test);

/* What the front saw us do wrong: the number so far, and a check that there are more now, the last one with
 * that code and first parameter. */
ULONG ktest_misuses(void);
BOOLEAN ktest_misused(ULONG before, ULONG code, ULONG_PTR parameter, const char *what);

/* Queues a work routine that returns at DISPATCH_LEVEL. */
void ktest_misbehave(void);

extern const struct ktest ktest_io[], ktest_ex[], ktest_irql[], ktest_locks[], ktest_dpc[], ktest_dpc_work[],
    ktest_misuse[], ktest_misuse_state[], ktest_places[], ktest_waits[], ktest_timer[], ktest_flood[];

#endif
#endif
