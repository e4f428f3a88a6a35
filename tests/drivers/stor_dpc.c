/*
 * stor_dpc.c: DPCs and the adapter's locks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define THREADS 4
#define ROUNDS  1000

static struct {
    KEVENT done;
    PSTOR_DPC dpc;
    PVOID extension, first, second;
    KIRQL level;
    volatile LONG runs, wanted, inside, overlaps, issued;
    LONG plain; /* guarded by a lock */
} seen;

static STOR_DPC dpc;

static void seen_reset(LONG wanted)
{
    RtlZeroMemory(&seen, sizeof(seen));
    seen.wanted = wanted;
    KeInitializeEvent(&seen.done, NotificationEvent, FALSE);
}

static VOID NTAPI note(PSTOR_DPC which, PVOID extension, PVOID first, PVOID second)
{
    seen.dpc = which;
    seen.extension = extension;
    seen.first = first;
    seen.second = second;
    seen.level = KeGetCurrentIrql();
    InterlockedIncrement(&seen.runs);
    KeSetEvent(&seen.done, 0, FALSE);
}

static void runs_with_its_arguments(void)
{
    seen_reset(1);
    StorPortInitializeDpc(stor_mini, &dpc, note);
    kok(StorPortIssueDpc(stor_mini, &dpc, &seen, &dpc) == TRUE, "it was not queued");
    ktest_wait(&seen.done, "the DPC");
    kok(seen.dpc == &dpc && seen.extension == stor_mini && seen.first == &seen && seen.second == &dpc,
        "called with %p, %p, %p, %p", seen.dpc, seen.extension, seen.first, seen.second);
    kok(seen.level == DISPATCH_LEVEL, "called at level %u", seen.level);
}

static void issued_at_any_level(void)
{
    BOOLEAN queued;
    KIRQL old;

    seen_reset(1);
    StorPortInitializeDpc(stor_mini, &dpc, note);
    old = KfRaiseIrql(ABOVE_DISPATCH);
    queued = StorPortIssueDpc(stor_mini, &dpc, NULL, NULL);
    KeLowerIrql(old);
    kok(queued == TRUE, "it was not queued");
    ktest_wait(&seen.done, "the DPC");
    kok(seen.level == DISPATCH_LEVEL, "called at level %u", seen.level);
    kok(!StorPortIssueDpc(NULL, &dpc, NULL, NULL), "queued without an adapter");
}

static void once_while_queued(void)
{
    struct ktest_gate gate;

    seen_reset(1);
    StorPortInitializeDpc(stor_mini, &dpc, note);
    if (!ktest_block(&gate))
        return;
    kok(StorPortIssueDpc(stor_mini, &dpc, &seen, NULL) == TRUE, "it was not queued");
    kok(StorPortIssueDpc(stor_mini, &dpc, NULL, NULL) == FALSE, "it was queued twice");
    ktest_unblock(&gate);
    ktest_wait(&seen.done, "the DPC");
    kok(seen.first == &seen, "the arguments are those of the second call");
    KeClearEvent(&seen.done);
    kok(StorPortIssueDpc(stor_mini, &dpc, NULL, NULL) == TRUE, "it could not be queued again");
    ktest_wait(&seen.done, "the DPC again");
    kok(seen.runs == 2, "%ld runs", seen.runs);
}

static void cancelled_while_queued(void)
{
    struct ktest_gate gate;
    ULONG first, second;

    seen_reset(1);
    StorPortInitializeDpc(stor_mini, &dpc, note);
    if (!ktest_block(&gate))
        return;
    StorPortIssueDpc(stor_mini, &dpc, NULL, NULL);
    first = StorPortExtendedFunction(ExtFunctionCancelDpc, stor_mini, &dpc);
    second = StorPortExtendedFunction(ExtFunctionCancelDpc, stor_mini, &dpc);
    kok(!first && second == STOR_STATUS_UNSUCCESSFUL, "cancelling returned %lx, then %lx", first, second);
    kok(StorPortIssueDpc(stor_mini, &dpc, &dpc, NULL) == TRUE, "it could not be queued again");
    ktest_unblock(&gate);
    ktest_wait(&seen.done, "the DPC");
    kok(seen.runs == 1 && seen.first == &dpc, "%ld runs, argument %p", seen.runs, seen.first);
}

static VOID NTAPI reissue(PSTOR_DPC which, PVOID extension, PVOID first, PVOID second)
{
    (void)first, (void)second;
    if (InterlockedIncrement(&seen.runs) == seen.wanted)
        KeSetEvent(&seen.done, 0, FALSE);
    else if (!StorPortIssueDpc(extension, which, NULL, NULL))
        InterlockedIncrement(&seen.overlaps);
}

static void issues_itself(void)
{
    seen_reset(100);
    StorPortInitializeDpc(stor_mini, &dpc, reissue);
    StorPortIssueDpc(stor_mini, &dpc, NULL, NULL);
    ktest_wait(&seen.done, "a hundred runs");
    kok(!seen.overlaps, "%ld times it could not be queued from inside", seen.overlaps);
}

static VOID NTAPI alone(PSTOR_DPC which, PVOID extension, PVOID first, PVOID second)
{
    (void)which, (void)extension, (void)first, (void)second;
    if (InterlockedIncrement(&seen.inside) != 1)
        InterlockedIncrement(&seen.overlaps);
    for (int i = 0; i < 200; i++)
        YieldProcessor();
    InterlockedDecrement(&seen.inside);
    InterlockedIncrement(&seen.runs);
}

/* Issues itself, and gives a run beside it the time to come. */
static VOID NTAPI alone_for_long(PSTOR_DPC which, PVOID extension, PVOID first, PVOID second)
{
    LARGE_INTEGER moment = {.QuadPart = -200000};

    (void)first, (void)second;
    if (InterlockedIncrement(&seen.inside) != 1)
        InterlockedIncrement(&seen.overlaps);
    if (InterlockedIncrement(&seen.runs) < seen.wanted) {
        StorPortIssueDpc(extension, which, NULL, NULL);
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
        InterlockedDecrement(&seen.inside);
    } else {
        KeSetEvent(&seen.done, 0, FALSE);
    }
}

static void NTAPI issue(PVOID context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++)
        if (StorPortIssueDpc(stor_mini, &dpc, NULL, NULL))
            InterlockedIncrement(&seen.issued);
}

static void never_beside_itself(void)
{
    seen_reset(0);
    StorPortInitializeDpc(stor_mini, &dpc, alone);
    ktest_race(THREADS, issue, NULL);
    ktest_wait_value(&seen.runs, seen.issued, "each that was queued");
    kok(!seen.overlaps, "%ld times beside itself", seen.overlaps);
    seen_reset(10);
    StorPortInitializeDpc(stor_mini, &dpc, alone_for_long);
    StorPortIssueDpc(stor_mini, &dpc, NULL, NULL);
    ktest_wait(&seen.done, "ten runs");
    kok(!seen.overlaps, "%ld times beside itself", seen.overlaps);
}

/* ---- locks ---- */

static void lock_levels(void)
{
    static const struct {
        STOR_SPINLOCK lock;
        KIRQL level;
        const char *name;
    } locks[] = {{DpcLock, DISPATCH_LEVEL, "DpcLock"},
                 {StartIoLock, DISPATCH_LEVEL, "StartIoLock"},
                 {InterruptLock, 12, "InterruptLock"}};
    STOR_LOCK_HANDLE handle;

    StorPortInitializeDpc(stor_mini, &dpc, note);
    for (int i = 0; i < 3; i++) {
        KIRQL level, after;

        StorPortAcquireSpinLock(stor_mini, locks[i].lock, &dpc, &handle);
        level = KeGetCurrentIrql();
        StorPortReleaseSpinLock(stor_mini, &handle);
        after = KeGetCurrentIrql();
        kok(level >= locks[i].level, "%s: level %u", locks[i].name, level);
        kok(after == PASSIVE_LEVEL, "%s: level %u after its release", locks[i].name, after);
    }
}

static void NTAPI lock_and_count(PVOID context)
{
    STOR_SPINLOCK lock = (STOR_SPINLOCK)(LONG_PTR)context;
    STOR_LOCK_HANDLE handle;

    for (int i = 0; i < ROUNDS; i++) {
        StorPortAcquireSpinLock(stor_mini, lock, &dpc, &handle);
        seen.plain++;
        StorPortReleaseSpinLock(stor_mini, &handle);
    }
}

static void locks_exclude(void)
{
    for (int lock = DpcLock; lock <= InterruptLock; lock++) {
        seen_reset(0);
        ktest_race(THREADS, lock_and_count, (PVOID)(LONG_PTR)lock);
        kok(seen.plain == THREADS * ROUNDS, "lock %d: %ld of %d", lock, seen.plain, THREADS * ROUNDS);
    }
}

static void lock_with_status(void)
{
    STOR_LOCK_HANDLE handle;
    ULONG status, bad[3], high;
    KIRQL level, old;

    status = StorPortAcquireSpinLockEx(stor_mini, StartIoLock, NULL, &handle);
    level = KeGetCurrentIrql();
    StorPortReleaseSpinLock(stor_mini, &handle);
    bad[0] = StorPortAcquireSpinLockEx(stor_mini, (STOR_SPINLOCK)77, NULL, &handle);
    bad[1] = StorPortAcquireSpinLockEx(stor_mini, DpcLock, NULL, &handle);
    bad[2] = StorPortAcquireSpinLockEx(NULL, StartIoLock, NULL, &handle);
    old = KfRaiseIrql(ABOVE_DISPATCH);
    high = StorPortAcquireSpinLockEx(stor_mini, StartIoLock, NULL, &handle);
    KeLowerIrql(old);
    kok(!status && level == DISPATCH_LEVEL, "status %lx, level %u", status, level);
    for (int i = 0; i < 3; i++)
        kok(bad[i] == STOR_STATUS_INVALID_PARAMETER, "%d: status %lx", i, bad[i]);
    kok(high == STOR_STATUS_INVALID_IRQL, "above DISPATCH_LEVEL: %lx", high);
    kok(KeGetCurrentIrql() == PASSIVE_LEVEL, "level %u", KeGetCurrentIrql());
}

static BOOLEAN NTAPI synchronised(PVOID extension, PVOID context)
{
    seen.extension = extension;
    seen.first = context;
    seen.level = KeGetCurrentIrql();
    return TRUE;
}

static void synchronize_access(void)
{
    seen_reset(0);
    StorPortSynchronizeAccess(stor_mini, synchronised, &seen);
    kok(seen.extension == stor_mini && seen.first == &seen, "called with %p, %p", seen.extension, seen.first);
    kok(seen.level > DISPATCH_LEVEL, "called at level %u", seen.level);
    kok(KeGetCurrentIrql() == PASSIVE_LEVEL, "level %u after it", KeGetCurrentIrql());
}

const struct ktest stor_dpc[] = {
    {"a DPC runs with its arguments, at DISPATCH_LEVEL", runs_with_its_arguments, FALSE, POOL_ANY},
    {"a DPC may be issued at any level", issued_at_any_level, FALSE, POOL_ANY},
    {"a queued DPC is not queued again", once_while_queued, FALSE, POOL_SINGLE},
    {"a queued DPC is cancelled", cancelled_while_queued, FALSE, POOL_SINGLE},
    {"a DPC issues itself", issues_itself, FALSE, POOL_ANY},
    {"a DPC never runs beside itself", never_beside_itself, FALSE, POOL_ANY},
    {"locks raise the level and put it back", lock_levels, FALSE, POOL_ANY},
    {"locks exclude each other's holders", locks_exclude, FALSE, POOL_ANY},
    {"taking a lock with a status", lock_with_status, FALSE, POOL_ANY},
    {"StorPortSynchronizeAccess", synchronize_access, FALSE, POOL_ANY},
    {NULL, NULL, FALSE, POOL_ANY}};
