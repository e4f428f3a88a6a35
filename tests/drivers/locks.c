/*
 * locks.c: spin locks of all kinds and fast mutexes: they exclude, and they change the level.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ddk.h"
#define KTEST_DRIVER
#include "ktest.h"

/* ---- levels ---- */

static void spin_lock_raises(void)
{
    KSPIN_LOCK lock;
    KIRQL old;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    kok(old == PASSIVE_LEVEL, "old %u", old);
    kok_level(DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, old);
    kok_level(PASSIVE_LEVEL);
}

static void queued_lock_raises(void)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KIRQL old = KfRaiseIrql(APC_LEVEL);

    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    kok_level(DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&handle);
    kok_level(APC_LEVEL);
    KeLowerIrql(old);
}

static void cancel_lock_raises(void)
{
    KIRQL old;

    IoAcquireCancelSpinLock(&old);
    kok(old == PASSIVE_LEVEL, "old %u", old);
    kok_level(DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(old);
    kok_level(PASSIVE_LEVEL);
}

/* Both at a level that must be raised and at one that need not. */
static void locks_for_dpc(void)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KIRQL old, outer;

    KeInitializeSpinLock(&lock);
    old = KeAcquireSpinLockForDpc(&lock);
    kok(old == PASSIVE_LEVEL, "old %u", old);
    kok_level(DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, old);
    kok_level(PASSIVE_LEVEL);
    KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
    kok_level(DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
    kok_level(PASSIVE_LEVEL);
    outer = KeRaiseIrqlToDpcLevel();
    old = KeAcquireSpinLockForDpc(&lock);
    kok(old == DISPATCH_LEVEL, "old %u", old);
    KeReleaseSpinLockForDpc(&lock, old);
    kok_level(DISPATCH_LEVEL);
    KeLowerIrql(outer);
}

/* A trial fails exactly while the lock is held, however it was taken. */
static void spin_lock_trial(void)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KIRQL old = KeRaiseIrqlToDpcLevel();

    KeInitializeSpinLock(&lock);
    kok(KeTestSpinLock(&lock), "a free lock is held");
    kok(KeTryToAcquireSpinLockAtDpcLevel(&lock), "a free lock was not taken");
    kok(!KeTestSpinLock(&lock), "a held lock is free");
    kok(!KeTryToAcquireSpinLockAtDpcLevel(&lock), "a held lock was taken");
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    kok_level(DISPATCH_LEVEL);
    kok(!KeTryToAcquireSpinLockAtDpcLevel(&lock), "a held lock was taken");
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    kok(!KeTryToAcquireSpinLockAtDpcLevel(&lock), "a held lock was taken");
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    kok(KeTryToAcquireSpinLockAtDpcLevel(&lock), "a free lock was not taken");
    kok_level(DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, old);
    kok_level(PASSIVE_LEVEL);
}

/* ---- reader-writer spin locks ---- */

static void rw_lock_raises(void)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old = ExAcquireSpinLockExclusive(&lock);

    kok(old == PASSIVE_LEVEL, "old %u", old);
    kok_level(DISPATCH_LEVEL);
    ExReleaseSpinLockExclusive(&lock, old);
    kok_level(PASSIVE_LEVEL);
    old = ExAcquireSpinLockShared(&lock);
    kok(old == PASSIVE_LEVEL, "old %u", old);
    kok_level(DISPATCH_LEVEL);
    ExReleaseSpinLockShared(&lock, old);
    kok_level(PASSIVE_LEVEL);
}

static void rw_lock_shares(void)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    EX_SPIN_LOCK lock = 0;

    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    kok(ExTryAcquireSpinLockSharedAtDpcLevel(&lock), "no second reader");
    kok(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock), "a writer beside readers");
    kok(!ExTryConvertSharedSpinLockExclusive(&lock), "converted beside another reader");
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    kok(ExTryConvertSharedSpinLockExclusive(&lock), "the only reader was not converted");
    kok(!ExTryAcquireSpinLockSharedAtDpcLevel(&lock), "a reader beside the writer");
    kok(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock), "two writers");
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    kok(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock), "no writer in a free lock");
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    kok(!lock, "a free lock holds %lx", (ULONG)lock);
    kok_level(DISPATCH_LEVEL);
    KeLowerIrql(old);
}

struct waiting_writer {
    EX_SPIN_LOCK lock;
    KEVENT done;
};

static void NTAPI waiting_writer_thread(PVOID context)
{
    struct waiting_writer *writer = context;
    KIRQL old = ExAcquireSpinLockExclusive(&writer->lock);

    ExReleaseSpinLockExclusive(&writer->lock, old);
    KeSetEvent(&writer->done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* No reader comes in before a writer that waits. */
static void rw_lock_prefers_writers(void)
{
    static struct waiting_writer writer;
    LARGE_INTEGER millisecond = {.QuadPart = -10000};
    BOOLEAN refused = FALSE;

    writer.lock = 0;
    KeInitializeEvent(&writer.done, NotificationEvent, FALSE);
    ExAcquireSpinLockSharedAtDpcLevel(&writer.lock);
    ktest_thread(waiting_writer_thread, &writer);
    for (int i = 0; i < 30000 && !refused; i++) {
        refused = !ExTryAcquireSpinLockSharedAtDpcLevel(&writer.lock);
        if (!refused) {
            ExReleaseSpinLockSharedFromDpcLevel(&writer.lock);
            KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
        }
    }
    kok(refused, "readers still come in");
    kok(!ExTryConvertSharedSpinLockExclusive(&writer.lock), "converted before the writer that waits");
    ExReleaseSpinLockSharedFromDpcLevel(&writer.lock);
    ktest_wait(&writer.done, "the writer");
}

/* ---- fast mutexes ---- */

static void fast_mutex_raises(void)
{
    FAST_MUTEX mutex;
    KIRQL old;

    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    kok_level(APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    kok_level(PASSIVE_LEVEL);
    old = KfRaiseIrql(APC_LEVEL);
    ExAcquireFastMutex(&mutex);
    ExReleaseFastMutex(&mutex);
    kok_level(APC_LEVEL);
    ExAcquireFastMutexUnsafe(&mutex);
    kok_level(APC_LEVEL);
    ExReleaseFastMutexUnsafe(&mutex);
    KeLowerIrql(old);
    ExAcquireFastMutexUnsafe(&mutex);
    kok_level(PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&mutex);
}

static void fast_mutex_trial(void)
{
    FAST_MUTEX mutex;

    ExInitializeFastMutex(&mutex);
    kok(ExTryToAcquireFastMutex(&mutex), "a free mutex was not taken");
    kok_level(APC_LEVEL);
    kok(!ExTryToAcquireFastMutex(&mutex), "a held mutex was taken");
    kok_level(APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    kok_level(PASSIVE_LEVEL);
    ExAcquireFastMutexUnsafe(&mutex);
    kok(!ExTryToAcquireFastMutex(&mutex), "a held mutex was taken");
    kok_level(PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&mutex);
    kok(mutex.Count == 1, "a free mutex counts %ld", (LONG)mutex.Count);
}

/* ---- exclusion ---- */

#define LOCK_THREADS 4
#define LOCK_ROUNDS  (ktest_ours ? 1000 : 50)

/* Each counter is guarded by its lock. */
struct locked {
    KSPIN_LOCK lock, queued_lock;
    EX_SPIN_LOCK rw_lock;
    FAST_MUTEX mutex;
    LONG plain, queued, exclusive, converted, mutexed, tried;
    volatile LONG torn;
};

static void count_rw(struct locked *locked)
{
    KIRQL old = ExAcquireSpinLockExclusive(&locked->rw_lock);

    locked->exclusive++;
    ExReleaseSpinLockExclusive(&locked->rw_lock, old);
    old = ExAcquireSpinLockShared(&locked->rw_lock);
    if (ExTryConvertSharedSpinLockExclusive(&locked->rw_lock)) {
        locked->converted++;
        locked->exclusive++;
        locked->exclusive--;
        ExReleaseSpinLockExclusive(&locked->rw_lock, old);
    } else {
        LONG seen = *(volatile LONG *)&locked->exclusive;

        if (seen != *(volatile LONG *)&locked->exclusive)
            InterlockedIncrement(&locked->torn);
        ExReleaseSpinLockShared(&locked->rw_lock, old);
    }
}

static void count_tried(struct locked *locked)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();

    while (!KeTryToAcquireSpinLockAtDpcLevel(&locked->lock))
        YieldProcessor();
    locked->plain++;
    KeReleaseSpinLock(&locked->lock, old);
    if (ExTryToAcquireFastMutex(&locked->mutex)) {
        locked->mutexed++;
        locked->tried++;
        ExReleaseFastMutex(&locked->mutex);
    }
}

static void NTAPI lock_all(PVOID context)
{
    struct locked *locked = context;
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old;

    for (int i = 0; i < LOCK_ROUNDS; i++) {
        KeAcquireSpinLock(&locked->lock, &old);
        locked->plain++;
        KeReleaseSpinLock(&locked->lock, old);
        ExAcquireFastMutex(&locked->mutex);
        locked->mutexed++;
        ExReleaseFastMutex(&locked->mutex);
        if (ktest_ours) { /* the builtin's waiters spin in turn, which takes minutes on a busy machine */
            KeAcquireInStackQueuedSpinLock(&locked->queued_lock, &handle);
            locked->queued++;
            KeReleaseInStackQueuedSpinLock(&handle);
            count_rw(locked);
            count_tried(locked);
        }
    }
    kok_level(PASSIVE_LEVEL);
}

static void locks_exclude(void)
{
    static struct locked locked; /* a thread that is late may still use it */
    const LONG all = LOCK_THREADS * LOCK_ROUNDS;

    RtlZeroMemory(&locked, sizeof(locked));
    KeInitializeSpinLock(&locked.lock);
    KeInitializeSpinLock(&locked.queued_lock);
    ExInitializeFastMutex(&locked.mutex);
    ktest_race(LOCK_THREADS, lock_all, &locked);
    kok(locked.plain == all * (ktest_ours ? 2 : 1), "%ld under the spin lock, %ld expected", locked.plain,
        all * (ktest_ours ? 2 : 1));
    kok(!ktest_ours || locked.queued == all, "%ld under the queued spin lock, %ld expected", locked.queued,
        all);
    kok(locked.mutexed == all + locked.tried, "%ld under the fast mutex, %ld expected", locked.mutexed,
        all + locked.tried);
    kok(!ktest_ours || locked.exclusive == all, "%ld under the exclusive lock, %ld expected",
        locked.exclusive, all);
    kok(!locked.torn && !locked.rw_lock, "%ld changes under the shared lock, which holds %lx at last",
        locked.torn, (ULONG)locked.rw_lock);
}

const struct ktest ktest_locks[] = {
    {"a spin lock raises to DISPATCH_LEVEL", spin_lock_raises, BUILTIN_PASSES, POOL_ANY},
    {"a queued spin lock raises and restores", queued_lock_raises, BUILTIN_PASSES, POOL_ANY},
    {"the cancel lock raises to DISPATCH_LEVEL", cancel_lock_raises, BUILTIN_PASSES, POOL_ANY},
    {"spin locks for DPCs of both kinds", locks_for_dpc, BUILTIN_ENDS, POOL_ANY},
    {"a held spin lock is not taken by a trial", spin_lock_trial, BUILTIN_ENDS, POOL_ANY},
    {"a reader-writer lock raises to DISPATCH_LEVEL", rw_lock_raises, BUILTIN_ENDS, POOL_ANY},
    {"readers share a lock, writers do not", rw_lock_shares, BUILTIN_ENDS, POOL_ANY},
    {"no reader overtakes a writer", rw_lock_prefers_writers, BUILTIN_ENDS, POOL_ANY},
    {"a fast mutex raises to APC_LEVEL", fast_mutex_raises, BUILTIN_PASSES, POOL_ANY},
    {"a held fast mutex is not taken by a trial", fast_mutex_trial, BUILTIN_ENDS, POOL_ANY},
    {"locks exclude each other's holders", locks_exclude, BUILTIN_PASSES, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
