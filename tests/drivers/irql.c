/*
 * irql.c: the level of each thread, and the spin locks that change it.
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

static void spin_lock_raises(void)
{
    KSPIN_LOCK lock;
    KIRQL old;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    kok(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL, "old %u, level %u", old,
        KeGetCurrentIrql());
    KeReleaseSpinLock(&lock, old);
    kok(KeGetCurrentIrql() == PASSIVE_LEVEL, "level %u", KeGetCurrentIrql());
    old = KfRaiseIrql(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&lock);
    kok(KeGetCurrentIrql() == DISPATCH_LEVEL, "level %u", KeGetCurrentIrql());
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
}

static void queued_lock_raises(void)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KIRQL old = KfRaiseIrql(APC_LEVEL);

    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    kok(KeGetCurrentIrql() == DISPATCH_LEVEL, "level %u", KeGetCurrentIrql());
    KeReleaseInStackQueuedSpinLock(&handle);
    kok(KeGetCurrentIrql() == APC_LEVEL, "level %u", KeGetCurrentIrql());
    KeLowerIrql(old);
}

static void cancel_lock_raises(void)
{
    KIRQL old;

    IoAcquireCancelSpinLock(&old);
    kok(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL, "old %u, level %u", old,
        KeGetCurrentIrql());
    IoReleaseCancelSpinLock(old);
    kok(KeGetCurrentIrql() == PASSIVE_LEVEL, "level %u", KeGetCurrentIrql());
}

#define LOCK_THREADS 4
#define LOCK_ROUNDS  1000

struct locked {
    KSPIN_LOCK lock;
    KSPIN_LOCK queued_lock;
    LONG plain; /* guarded by lock */
    LONG queued;
    volatile LONG left, wrong;
    KEVENT done;
};

static void NTAPI lock_thread(PVOID context)
{
    struct locked *locked = context;
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old;

    for (int i = 0; i < LOCK_ROUNDS; i++) {
        KeAcquireSpinLock(&locked->lock, &old);
        locked->plain++;
        KeReleaseSpinLock(&locked->lock, old);
        KeAcquireInStackQueuedSpinLock(&locked->queued_lock, &handle);
        locked->queued++;
        KeReleaseInStackQueuedSpinLock(&handle);
    }
    if (KeGetCurrentIrql() != PASSIVE_LEVEL)
        InterlockedIncrement(&locked->wrong);
    if (!InterlockedDecrement(&locked->left))
        KeSetEvent(&locked->done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void locks_exclude(void)
{
    static struct locked locked; /* a thread that is late may still use it */

    RtlZeroMemory(&locked, sizeof(locked));
    locked.left = LOCK_THREADS;
    KeInitializeSpinLock(&locked.lock);
    KeInitializeSpinLock(&locked.queued_lock);
    KeInitializeEvent(&locked.done, NotificationEvent, FALSE);
    for (int i = 0; i < LOCK_THREADS; i++)
        ktest_thread(lock_thread, &locked);
    ktest_wait(&locked.done, "the threads");
    kok(locked.plain == LOCK_THREADS * LOCK_ROUNDS, "%ld of %d", locked.plain, LOCK_THREADS * LOCK_ROUNDS);
    kok(locked.queued == LOCK_THREADS * LOCK_ROUNDS, "%ld of %d", locked.queued, LOCK_THREADS * LOCK_ROUNDS);
    kok(!locked.wrong, "%ld threads were not at PASSIVE_LEVEL", locked.wrong);
}

const struct ktest ktest_irql[] = {
    {"levels are raised and lowered", raise_and_lower, FALSE, POOL_ANY},
    {"each thread has its own level", each_thread_has_its_own, FALSE, POOL_ANY},
    {"a spin lock raises to DISPATCH_LEVEL", spin_lock_raises, FALSE, POOL_ANY},
    {"a queued spin lock raises and restores", queued_lock_raises, FALSE, POOL_ANY},
    {"the cancel lock raises to DISPATCH_LEVEL", cancel_lock_raises, FALSE, POOL_ANY},
    {"spin locks exclude each other's holders", locks_exclude, FALSE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
