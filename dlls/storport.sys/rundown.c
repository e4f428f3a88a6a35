/*
 * rundown.c: counting the uses of a thing, and waiting for the last when it goes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define OPEN 1u
#define USE  2u

#define REPORT_SECONDS 10

void stor_rundown_open(struct stor_rundown *rundown)
{
    KeInitializeEvent(&rundown->empty, NotificationEvent, FALSE);
    __atomic_store_n(&rundown->word, OPEN, __ATOMIC_RELEASE);
}

bool stor_rundown_hold(struct stor_rundown *rundown)
{
    uint32_t word = __atomic_load_n(&rundown->word, __ATOMIC_RELAXED);

    while (word & OPEN)
        if (__atomic_compare_exchange_n(&rundown->word, &word, word + USE, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

void stor_rundown_hold_again(struct stor_rundown *rundown)
{
    __atomic_add_fetch(&rundown->word, USE, __ATOMIC_ACQUIRE);
}

/* The waiter may free the rundown as soon as the event is set; the kernel's lock keeps it from that until
 * KeSetEvent has let go of the event. */
void stor_rundown_drop(struct stor_rundown *rundown)
{
    if (!__atomic_sub_fetch(&rundown->word, USE, __ATOMIC_ACQ_REL))
        KeSetEvent(&rundown->empty, 0, FALSE);
}

void stor_rundown_close(struct stor_rundown *rundown)
{
    uint32_t word = __atomic_fetch_and(&rundown->word, ~OPEN, __ATOMIC_ACQ_REL);

    if (word == OPEN)
        KeSetEvent(&rundown->empty, 0, FALSE);
}

void stor_rundown_wait(struct stor_rundown *rundown, const char *what)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000000LL * REPORT_SECONDS};

    while (KeWaitForSingleObject(&rundown->empty, Executive, KernelMode, FALSE, &timeout) == STATUS_TIMEOUT)
        DbgPrint("wqshim: storport: removing an adapter waits for %s: %lu left\n", what,
                 __atomic_load_n(&rundown->word, __ATOMIC_RELAXED) / USE);
}
