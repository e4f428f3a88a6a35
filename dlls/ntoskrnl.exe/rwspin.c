/*
 * rwspin.c: reader-writer spin locks (EX_SPIN_LOCK), which the builtin lacks.
 *
 * The lock is one word: the number of its readers, and a bit that a writer sets first, before it waits for the
 * readers to leave. So no new reader comes in while a writer waits. Zero is free, as drivers initialise it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define WRITER 0x80000000u

KIRQL NTAPI ExAcquireSpinLockExclusive(ULONG *lock);
KIRQL NTAPI ExAcquireSpinLockShared(ULONG *lock);
void NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(ULONG *lock);
void NTAPI ExAcquireSpinLockSharedAtDpcLevel(ULONG *lock);
BOOLEAN NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(ULONG *lock);
BOOLEAN NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(ULONG *lock);
BOOLEAN NTAPI ExTryConvertSharedSpinLockExclusive(ULONG *lock);
void NTAPI ExReleaseSpinLockExclusive(ULONG *lock, KIRQL level);
void NTAPI ExReleaseSpinLockShared(ULONG *lock, KIRQL level);
void NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(ULONG *lock);
void NTAPI ExReleaseSpinLockSharedFromDpcLevel(ULONG *lock);

static BOOLEAN exchange_if(ULONG *lock, ULONG from, ULONG to)
{
    return __atomic_compare_exchange_n(lock, &from, to, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Takes the lock alone. At DISPATCH_LEVEL, which is not changed; not recursive. */
void NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(ULONG *lock)
{
    unsigned turns = 0;

    while (__atomic_fetch_or(lock, WRITER, __ATOMIC_ACQUIRE) & WRITER)
        while (__atomic_load_n(lock, __ATOMIC_RELAXED) & WRITER)
            nt_spin(&turns);
    while (__atomic_load_n(lock, __ATOMIC_ACQUIRE) != WRITER)
        nt_spin(&turns);
}

/* Takes the lock alone if it is free; returns whether it did. At DISPATCH_LEVEL. */
BOOLEAN NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(ULONG *lock)
{
    return exchange_if(lock, 0, WRITER);
}

/* Takes the lock beside other readers if no writer has it or waits for it; returns whether it did. At
 * DISPATCH_LEVEL. */
BOOLEAN NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(ULONG *lock)
{
    ULONG seen = __atomic_load_n(lock, __ATOMIC_RELAXED);

    while (!(seen & WRITER))
        if (__atomic_compare_exchange_n(lock, &seen, seen + 1, 1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return TRUE;
    return FALSE;
}

/* Takes the lock beside other readers. At DISPATCH_LEVEL, which is not changed. */
void NTAPI ExAcquireSpinLockSharedAtDpcLevel(ULONG *lock)
{
    unsigned turns = 0;

    while (!ExTryAcquireSpinLockSharedAtDpcLevel(lock))
        nt_spin(&turns);
}

/* Turns the caller's share into the lock alone if nobody else shares it or waits to have it alone; returns
 * whether it did. At DISPATCH_LEVEL. */
BOOLEAN NTAPI ExTryConvertSharedSpinLockExclusive(ULONG *lock)
{
    return exchange_if(lock, 1, WRITER);
}

/* Gives the lock back. At DISPATCH_LEVEL, which is not changed. */
void NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(ULONG *lock)
{
    __atomic_fetch_and(lock, ~WRITER, __ATOMIC_RELEASE);
}

void NTAPI ExReleaseSpinLockSharedFromDpcLevel(ULONG *lock)
{
    __atomic_fetch_sub(lock, 1, __ATOMIC_RELEASE);
}

/* The four below raise to DISPATCH_LEVEL and return the old level, or lower to it. At or below
 * DISPATCH_LEVEL. */

KIRQL NTAPI ExAcquireSpinLockExclusive(ULONG *lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);

    ExAcquireSpinLockExclusiveAtDpcLevel(lock);
    return old;
}

KIRQL NTAPI ExAcquireSpinLockShared(ULONG *lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);

    ExAcquireSpinLockSharedAtDpcLevel(lock);
    return old;
}

void NTAPI ExReleaseSpinLockExclusive(ULONG *lock, KIRQL level)
{
    ExReleaseSpinLockExclusiveFromDpcLevel(lock);
    KfLowerIrql(level);
}

void NTAPI ExReleaseSpinLockShared(ULONG *lock, KIRQL level)
{
    ExReleaseSpinLockSharedFromDpcLevel(lock);
    KfLowerIrql(level);
}
