/*
 * irql.c: the level of each thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

static void raise_and_lower(void)
{
    ULONG before = ktest_misuses();
    KIRQL first, second;

    kok(KeGetCurrentIrql() == PASSIVE_LEVEL, "level %u at first", KeGetCurrentIrql());
    first = KfRaiseIrql(APC_LEVEL);
    kok(first == PASSIVE_LEVEL && KeGetCurrentIrql() == APC_LEVEL, "old %u, level %u", first,
        KeGetCurrentIrql());
    second = KeRaiseIrqlToDpcLevel();
    kok(second == APC_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL, "old %u, level %u", second,
        KeGetCurrentIrql());
    KfRaiseIrql(DISPATCH_LEVEL);
    KfRaiseIrql(HIGH_LEVEL);
    kok(KeGetCurrentIrql() == HIGH_LEVEL, "level %u", KeGetCurrentIrql());
    KeLowerIrql(second);
    kok(KeGetCurrentIrql() == APC_LEVEL, "level %u", KeGetCurrentIrql());
    KeLowerIrql(first);
    kok(KeGetCurrentIrql() == PASSIVE_LEVEL, "level %u at last", KeGetCurrentIrql());
    kok(ktest_misuses() == before, "%lu reports", ktest_misuses() - before);
}

struct other {
    KEVENT done;
    KIRQL level;
};

static void NTAPI other_thread(PVOID context)
{
    struct other *other = context;

    other->level = KeGetCurrentIrql();
    KfRaiseIrql(DISPATCH_LEVEL); /* ends with the thread */
    KeSetEvent(&other->done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void each_thread_has_its_own(void)
{
    struct other other;
    KIRQL old = KeRaiseIrqlToDpcLevel();

    KeInitializeEvent(&other.done, NotificationEvent, FALSE);
    KeLowerIrql(APC_LEVEL);
    ktest_thread(other_thread, &other);
    ktest_wait(&other.done, "the thread");
    kok(other.level == PASSIVE_LEVEL, "level %u on a new thread", other.level);
    kok(KeGetCurrentIrql() == APC_LEVEL, "level %u here", KeGetCurrentIrql());
    KeLowerIrql(old);
}

const struct ktest ktest_irql[] = {
    {"levels are raised and lowered", raise_and_lower, BUILTIN_ENDS, POOL_ANY},
    {"each thread has its own level", each_thread_has_its_own, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
