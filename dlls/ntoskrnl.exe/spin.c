/*
 * spin.c: the spin-lock routines that change the level.
 *
 * The lock itself is the builtin's, because its other routines (KeAcquireSpinLockAtDpcLevel, the interlocked
 * lists) work on the same words. Without a builtin, in unit tests, one exchange does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

/* As the DDK's KLOCK_QUEUE_HANDLE. */
struct lock_handle {
    struct lock_handle *next;
    KSPIN_LOCK *lock;
    KIRQL old;
};

typedef void(NTAPI *lock_function)(KSPIN_LOCK *lock);
typedef void(NT_FASTCALL *lock_queued_function)(KSPIN_LOCK *lock, struct lock_handle *handle);
typedef void(NT_FASTCALL *unlock_queued_function)(struct lock_handle *handle);
typedef void(NTAPI *cancel_lock_function)(KIRQL *old);
typedef void(NTAPI *cancel_unlock_function)(KIRQL level);

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(KSPIN_LOCK *lock);
KIRQL NT_FASTCALL KeAcquireSpinLockRaiseToSynch(KSPIN_LOCK *lock);
void NTAPI KeReleaseSpinLock(KSPIN_LOCK *lock, KIRQL level);
void NTAPI KeAcquireSpinLock(KSPIN_LOCK *lock, KIRQL *old);
KIRQL NT_FASTCALL KfAcquireSpinLock(KSPIN_LOCK *lock);
void NT_FASTCALL KfReleaseSpinLock(KSPIN_LOCK *lock, KIRQL level);
void NT_FASTCALL KeAcquireInStackQueuedSpinLock(KSPIN_LOCK *lock, struct lock_handle *handle);
void NT_FASTCALL KeAcquireInStackQueuedSpinLockRaiseToSynch(KSPIN_LOCK *lock, struct lock_handle *handle);
void NT_FASTCALL KeReleaseInStackQueuedSpinLock(struct lock_handle *handle);
void NTAPI IoAcquireCancelSpinLock(KIRQL *old);
void NTAPI IoReleaseCancelSpinLock(KIRQL level);
KIRQL NT_FASTCALL KeAcquireSpinLockForDpc(KSPIN_LOCK *lock);
void NT_FASTCALL KeReleaseSpinLockForDpc(KSPIN_LOCK *lock, KIRQL level);
void NT_FASTCALL KeAcquireInStackQueuedSpinLockForDpc(KSPIN_LOCK *lock, struct lock_handle *handle);
void NT_FASTCALL KeReleaseInStackQueuedSpinLockForDpc(struct lock_handle *handle);
BOOLEAN NT_FASTCALL KeTryToAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock);
BOOLEAN NT_FASTCALL KeTestSpinLock(KSPIN_LOCK *lock);

static KSPIN_LOCK cancel_lock; /* A: for when there is no builtin */

static void lock_take(KSPIN_LOCK *lock)
{
    lock_function base = (lock_function)nt_base(NT_BASE_LOCK);

    if (base) {
        base(lock);
        return;
    }
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
        NtYieldExecution();
}

static void lock_drop(KSPIN_LOCK *lock)
{
    lock_function base = (lock_function)nt_base(NT_BASE_UNLOCK);

    if (base)
        base(lock);
    else
        __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/* Raises to that level, takes the lock and returns the old level. */
static KIRQL lock_raised(KSPIN_LOCK *lock, KIRQL level)
{
    KIRQL old = KfRaiseIrql(level);

    lock_take(lock);
    return old;
}

/* Raises to DISPATCH_LEVEL, takes the lock and returns the old level. At or below DISPATCH_LEVEL. The lock is
 * not recursive. This is KeAcquireSpinLock on x64. */
KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(KSPIN_LOCK *lock)
{
    return lock_raised(lock, DISPATCH_LEVEL);
}

/* As KeAcquireSpinLockRaiseToDpc, to SYNCH_LEVEL. At or below SYNCH_LEVEL. */
KIRQL NT_FASTCALL KeAcquireSpinLockRaiseToSynch(KSPIN_LOCK *lock)
{
    return lock_raised(lock, SYNCH_LEVEL);
}

/* Gives the lock back and lowers to the level that taking it returned. At DISPATCH_LEVEL. */
void NTAPI KeReleaseSpinLock(KSPIN_LOCK *lock, KIRQL level)
{
    lock_drop(lock);
    KfLowerIrql(level);
}

/* Takes the lock if it is free; returns whether it did. At DISPATCH_LEVEL, which is not changed. The builtin
 * has no such function; what it writes into a free lock is asked of it once. */
BOOLEAN NT_FASTCALL KeTryToAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    static KSPIN_LOCK taken; /* A */
    KSPIN_LOCK probe = 0, value = __atomic_load_n(&taken, __ATOMIC_RELAXED);

    if (!value) {
        lock_take(&probe);
        value = __atomic_load_n(&probe, __ATOMIC_RELAXED);
        lock_drop(&probe);
        __atomic_store_n(&taken, value, __ATOMIC_RELAXED);
    }
    probe = 0;
    return __atomic_compare_exchange_n(lock, &probe, value, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Returns TRUE if the lock is free, for callers that would spin; taking it may fail all the same. */
BOOLEAN NT_FASTCALL KeTestSpinLock(KSPIN_LOCK *lock)
{
    return !__atomic_load_n(lock, __ATOMIC_RELAXED);
}

/* Takes the lock and raises to DISPATCH_LEVEL unless the level is that: for routines of which it is not known
 * whether they run as ordinary or as threaded DPCs. Returns the old level, for the release. */
KIRQL NT_FASTCALL KeAcquireSpinLockForDpc(KSPIN_LOCK *lock)
{
    return lock_raised(lock, DISPATCH_LEVEL);
}

/* Gives the lock back and lowers to the level that taking it returned. */
void NT_FASTCALL KeReleaseSpinLockForDpc(KSPIN_LOCK *lock, KIRQL level)
{
    KeReleaseSpinLock(lock, level);
}

/* The three below are the same under their x86 names. */

void NTAPI KeAcquireSpinLock(KSPIN_LOCK *lock, KIRQL *old)
{
    *old = lock_raised(lock, DISPATCH_LEVEL);
}

KIRQL NT_FASTCALL KfAcquireSpinLock(KSPIN_LOCK *lock)
{
    return lock_raised(lock, DISPATCH_LEVEL);
}

void NT_FASTCALL KfReleaseSpinLock(KSPIN_LOCK *lock, KIRQL level)
{
    lock_drop(lock);
    KfLowerIrql(level);
}

static void lock_queued(KSPIN_LOCK *lock, struct lock_handle *handle, KIRQL level)
{
    lock_queued_function base = (lock_queued_function)nt_base(NT_BASE_LOCK_QUEUED);
    KIRQL old = KfRaiseIrql(level);

    if (base) {
        base(lock, handle);
    } else {
        handle->lock = lock;
        lock_take(lock);
    }
    handle->old = old;
}

/* Raises to DISPATCH_LEVEL and takes the lock in turn; *handle, in the caller's memory, keeps the place and
 * the old level until the release. At or below DISPATCH_LEVEL. */
void NT_FASTCALL KeAcquireInStackQueuedSpinLock(KSPIN_LOCK *lock, struct lock_handle *handle)
{
    lock_queued(lock, handle, DISPATCH_LEVEL);
}

/* As KeAcquireInStackQueuedSpinLock, to SYNCH_LEVEL. */
void NT_FASTCALL KeAcquireInStackQueuedSpinLockRaiseToSynch(KSPIN_LOCK *lock, struct lock_handle *handle)
{
    lock_queued(lock, handle, SYNCH_LEVEL);
}

/* Gives the lock to the next in turn and lowers to the level before. */
void NT_FASTCALL KeReleaseInStackQueuedSpinLock(struct lock_handle *handle)
{
    unlock_queued_function base = (unlock_queued_function)nt_base(NT_BASE_UNLOCK_QUEUED);
    KIRQL old = handle->old;

    if (base)
        base(handle);
    else
        lock_drop(handle->lock);
    KfLowerIrql(old);
}

/* As KeAcquireSpinLockForDpc, in turn. */
void NT_FASTCALL KeAcquireInStackQueuedSpinLockForDpc(KSPIN_LOCK *lock, struct lock_handle *handle)
{
    lock_queued(lock, handle, DISPATCH_LEVEL);
}

void NT_FASTCALL KeReleaseInStackQueuedSpinLockForDpc(struct lock_handle *handle)
{
    KeReleaseInStackQueuedSpinLock(handle);
}

/* Raises to DISPATCH_LEVEL, storing the old level, and takes the lock of all cancelling. At or below
 * DISPATCH_LEVEL. */
void NTAPI IoAcquireCancelSpinLock(KIRQL *old)
{
    cancel_lock_function base = (cancel_lock_function)nt_base(NT_BASE_CANCEL_LOCK);
    KIRQL level = KfRaiseIrql(DISPATCH_LEVEL), ignored;

    if (base)
        base(&ignored);
    else
        lock_take(&cancel_lock);
    *old = level;
}

/* Gives the lock of all cancelling back and lowers to the level before. A cancel routine, which the builtin
 * calls with the lock held and the level that it knows (PASSIVE_LEVEL), may pass Irp->CancelIrql: what is not
 * above the present level is no misuse. */
void NTAPI IoReleaseCancelSpinLock(KIRQL level)
{
    cancel_unlock_function base = (cancel_unlock_function)nt_base(NT_BASE_CANCEL_UNLOCK);

    if (base)
        base(PASSIVE_LEVEL);
    else
        lock_drop(&cancel_lock);
    KfLowerIrql(level);
}
