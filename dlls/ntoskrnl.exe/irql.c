/*
 * irql.c: the interrupt request level, kept for each thread.
 *
 * On Windows it belongs to the processor, but a thread at DISPATCH_LEVEL or above keeps its processor, so for
 * a driver the two are the same. Levels exclude nobody here: on Windows they exclude nobody on other
 * processors either. Code that reads and writes CR8 itself (older x64 headers do, inline) bypasses this:
 * Wine answers such reads with PASSIVE_LEVEL and ignores the writes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define VERIFIER_RAISE 0x30 /* documented first parameters of DRIVER_VERIFIER_DETECTED_VIOLATION */
#define VERIFIER_LOWER 0x31

KIRQL NTAPI KeGetCurrentIrql(void);
void NTAPI KeRaiseIrql(KIRQL level, KIRQL *old);
void NTAPI KeLowerIrql(KIRQL level);
KIRQL NTAPI KeRaiseIrqlToDpcLevel(void);
KIRQL NTAPI KeRaiseIrqlToSynchLevel(void);

/* Returns the calling thread's level. Any IRQL. */
KIRQL NTAPI KeGetCurrentIrql(void)
{
    return nt_thread()->irql;
}

/* Raises the calling thread's level and returns the old one. level must not be below the present one: that is
 * reported as DRIVER_VERIFIER_DETECTED_VIOLATION 0x30 (present level, level), then done. Any IRQL. */
KIRQL NT_FASTCALL KfRaiseIrql(KIRQL level)
{
    struct nt_thread *thread = nt_thread();
    KIRQL old = thread->irql;

    if (level < old || level > HIGH_LEVEL)
        nt_misuse(NT_VERIFIER, VERIFIER_RAISE, old, level, 0, NULL, __builtin_return_address(0));
    thread->irql = level;
    return old;
}

/* Lowers the calling thread's level to one that a raise has returned. level must not be above the present
 * one: that is reported as DRIVER_VERIFIER_DETECTED_VIOLATION 0x31 (present level, level), then done. Any
 * IRQL. */
void NT_FASTCALL KfLowerIrql(KIRQL level)
{
    struct nt_thread *thread = nt_thread();
    KIRQL old = thread->irql;

    if (level > old)
        nt_misuse(NT_VERIFIER, VERIFIER_LOWER, old, level, 0, NULL, __builtin_return_address(0));
    thread->irql = level;
}

/* As KfRaiseIrql, storing the old level in *old. A function on x86 only; x64 drivers have a macro. */
void NTAPI KeRaiseIrql(KIRQL level, KIRQL *old)
{
    *old = KfRaiseIrql(level);
}

/* As KfLowerIrql: this is its name on x64. */
void NTAPI KeLowerIrql(KIRQL level)
{
    KfLowerIrql(level);
}

/* Raises to DISPATCH_LEVEL and returns the old level. At or below DISPATCH_LEVEL. */
KIRQL NTAPI KeRaiseIrqlToDpcLevel(void)
{
    return KfRaiseIrql(DISPATCH_LEVEL);
}

/* Raises to SYNCH_LEVEL (12; x86 27) and returns the old level. At or below SYNCH_LEVEL. */
KIRQL NTAPI KeRaiseIrqlToSynchLevel(void)
{
    return KfRaiseIrql(SYNCH_LEVEL);
}
