/*
 * spin.c: the spin-lock routines that change the level.
 *
 * Other routines of the builtin (the interlocked lists, for example) work on the same words, so a lock is taken
 * as the builtin takes it; what it writes into a free one is asked of it once. But here a waiter yields its
 * processor: threads of a program can lose theirs while they hold a lock.
 *
 * Queued spin locks are taken in no order, for the same reason: the next in turn may have no processor for
 * long, while others that could go on would wait for it.
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
void NTAPI KeAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock);
void NTAPI KeReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock);
void NT_FASTCALL KeAcquireInStackQueuedSpinLockAtDpcLevel(KSPIN_LOCK *lock, struct lock_handle *handle);
void NT_FASTCALL KeReleaseInStackQueuedSpinLockFromDpcLevel(struct lock_handle *handle);
void NT_FASTCALL KefAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock);
void NT_FASTCALL KefReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock);

static KSPIN_LOCK cancel_lock; /* A: for when there is no builtin */

/* What a lock that is held contains. */
static KSPIN_LOCK held_word(void)
{
    static KSPIN_LOCK held; /* A */
    KSPIN_LOCK value = __atomic_load_n(&held, __ATOMIC_RELAXED), probe = 0;
    lock_function base;

    if (value)
        return value;
    base = (lock_function)nt_base(NT_BASE_LOCK);
    if (base)
        base(&probe);
    value = probe ? probe : 1;
    __atomic_store_n(&held, value, __ATOMIC_RELAXED);
    return value;
}

static bool lock_try(KSPIN_LOCK *lock)
{
    KSPIN_LOCK is_free = 0;

    return __atomic_compare_exchange_n(lock, &is_free, held_word(), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void lock_take(KSPIN_LOCK *lock)
{
    unsigned turns = 0;

    while (!lock_try(lock))
        do
            nt_spin(&turns);
        while (__atomic_load_n(lock, __ATOMIC_RELAXED));
}

static void lock_drop(KSPIN_LOCK *lock)
{
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
 * lacks it. */
BOOLEAN NT_FASTCALL KeTryToAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    return lock_try(lock);
}

/* Takes the lock at DISPATCH_LEVEL, which is not changed; the second gives it back. */
void NTAPI KeAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    lock_take(lock);
}

void NTAPI KeReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock)
{
    lock_drop(lock);
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

#ifdef __i386__
/* As the two above. */

void NT_FASTCALL KefAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    lock_take(lock);
}

void NT_FASTCALL KefReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock)
{
    lock_drop(lock);
}
#endif

static void lock_queued(KSPIN_LOCK *lock, struct lock_handle *handle, KIRQL level)
{
    handle->old = KfRaiseIrql(level);
    handle->lock = lock;
    lock_take(lock);
}

/* Takes the lock at DISPATCH_LEVEL, which is not changed; *handle, in the caller's memory, stands for it until
 * the second gives it back. */
void NT_FASTCALL KeAcquireInStackQueuedSpinLockAtDpcLevel(KSPIN_LOCK *lock, struct lock_handle *handle)
{
    handle->lock = lock;
    lock_take(lock);
}

void NT_FASTCALL KeReleaseInStackQueuedSpinLockFromDpcLevel(struct lock_handle *handle)
{
    lock_drop(handle->lock);
}

/* Raises to DISPATCH_LEVEL and takes the lock; *handle, in the caller's memory, keeps it and the old level
 * until the release. At or below DISPATCH_LEVEL. */
void NT_FASTCALL KeAcquireInStackQueuedSpinLock(KSPIN_LOCK *lock, struct lock_handle *handle)
{
    lock_queued(lock, handle, DISPATCH_LEVEL);
}

/* As KeAcquireInStackQueuedSpinLock, to SYNCH_LEVEL. */
void NT_FASTCALL KeAcquireInStackQueuedSpinLockRaiseToSynch(KSPIN_LOCK *lock, struct lock_handle *handle)
{
    lock_queued(lock, handle, SYNCH_LEVEL);
}

/* Gives the lock back and lowers to the level before. */
void NT_FASTCALL KeReleaseInStackQueuedSpinLock(struct lock_handle *handle)
{
    KIRQL old = handle->old;

    lock_drop(handle->lock);
    KfLowerIrql(old);
}

/* As KeAcquireSpinLockForDpc. */
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
