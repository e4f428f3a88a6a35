/*
 * request.h: what the program asks a measuring driver, and what it hears. One request is one pass: so many items
 * queued by so many threads, and all of them run.
 *
 * Needs windef.h's or wdm.h's types before it; the layout is the same for 32-bit programs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef KERNEL_REQUEST_H
#define KERNEL_REQUEST_H

#include <stdint.h>

#define KERNEL_IOCTL_PASS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x910, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define KERNEL_PRODUCERS 64u
#define KERNEL_ITEMS     4000000u

/* Each driver has its own; KERNEL_NONE asks who serves only. */
enum kernel_api { KERNEL_NONE, KERNEL_IO, KERNEL_EX, KERNEL_STOR, KERNEL_RX };

struct kernel_request {
    uint32_t api;
    uint32_t items;     /* 1 to KERNEL_ITEMS */
    uint32_t producers; /* 1 to KERNEL_PRODUCERS */
    uint32_t seconds;   /* deadline for all items to run */
};

struct kernel_answer {
    uint32_t ours;         /* the functions are wqshim's code, and, where it counts, it counted the items */
    uint32_t threads;      /* that ran items */
    uint32_t missing;      /* items that did not run in time */
    uint32_t wrong;        /* that did not run once */
    uint32_t refused;      /* that could not be queued */
    uint32_t pad;          /* 0 */
    uint64_t took_ticks;   /* first item queued to last one run, in rdtsc's ticks */
    uint64_t submit_ticks; /* spent queueing, all producers together */
};

#endif
