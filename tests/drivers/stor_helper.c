/*
 * stor_helper.c: StorPort's helpers, and the functions that are not implemented.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define ENTRIES 3

static void lists(void)
{
    static __attribute__((aligned(16))) SLIST_HEADER head;
    static __attribute__((aligned(16))) struct {
        SLIST_ENTRY entry;
        char room[16];
    } entries[ENTRIES];
    PSLIST_ENTRY result = NULL;
    USHORT depth = 77;

    stor_check(StorPortInitializeSListHead(stor_mini, &head), 0, "initialise");
    for (int i = 0; i < ENTRIES; i++) {
        stor_check(StorPortInterlockedPushEntrySList(stor_mini, &head, &entries[i].entry, &result), 0,
                   "push");
        kok(result == (i ? &entries[i - 1].entry : NULL), "push %d: %p was first", i, result);
    }
    stor_check(StorPortQueryDepthSList(stor_mini, &head, &depth), 0, "depth");
    kok(depth == ENTRIES, "depth %u", depth);
    stor_check(StorPortInterlockedPopEntrySList(stor_mini, &head, &result), 0, "pop");
    kok(result == &entries[ENTRIES - 1].entry, "popped %p", result);
    stor_check(StorPortInterlockedFlushSList(stor_mini, &head, &result), 0, "flush");
    kok(result == &entries[1].entry && result->Next == &entries[0].entry, "flushed %p", result);
    stor_check(StorPortInterlockedPopEntrySList(stor_mini, &head, &result), 0, "pop of none");
    kok(!result, "popped %p", result);
    stor_check(StorPortInitializeSListHead(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "no list");
    stor_check(StorPortInitializeSListHead(NULL, &head), STOR_STATUS_INVALID_PARAMETER, "no adapter");
    stor_check(StorPortInitializeSListHead(stor_mini, (PSLIST_HEADER)((char *)&head + 1)),
               STOR_STATUS_INVALID_PARAMETER, "a list out of line");
    stor_check(StorPortInterlockedPopEntrySList(stor_mini, &head, NULL), STOR_STATUS_INVALID_PARAMETER,
               "no result");
    stor_check(StorPortQueryDepthSList(stor_mini, &head, NULL), STOR_STATUS_INVALID_PARAMETER, "no depth");
}

static void events(void)
{
    LARGE_INTEGER none = {.QuadPart = 0}, hour = {.QuadPart = -36000000000ll};
    KEVENT event;
    ULONG status;
    KIRQL old;

    stor_check(StorPortInitializeEvent(stor_mini, &event, SynchronizationEvent, FALSE), 0, "initialise");
    stor_check(StorPortWaitForEvent(stor_mini, &event, FALSE, &none), STOR_STATUS_UNSUCCESSFUL,
               "wait, not signalled");
    stor_check(StorPortSetEvent(stor_mini, &event), 0, "set");
    stor_check(StorPortWaitForEvent(stor_mini, &event, FALSE, &hour), 0, "wait, signalled");
    stor_check(StorPortWaitForEvent(stor_mini, &event, FALSE, &none), STOR_STATUS_UNSUCCESSFUL,
               "wait, consumed");
    stor_check(StorPortInitializeEvent(stor_mini, &event, NotificationEvent, TRUE), 0,
               "initialise signalled");
    stor_check(StorPortWaitForEvent(stor_mini, &event, FALSE, NULL), 0, "wait");
    stor_check(StorPortWaitForEvent(stor_mini, &event, FALSE, &none), 0, "wait again");
    stor_check(StorPortInitializeEvent(stor_mini, NULL, NotificationEvent, TRUE),
               STOR_STATUS_INVALID_PARAMETER, "no event");
    stor_check(StorPortInitializeEvent(stor_mini, &event, (EVENT_TYPE)9, TRUE), STOR_STATUS_INVALID_PARAMETER,
               "no type");
    stor_check(StorPortSetEvent(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "set nothing");
    stor_check(StorPortWaitForEvent(stor_mini, NULL, FALSE, NULL), STOR_STATUS_INVALID_PARAMETER,
               "wait for nothing");
    old = KfRaiseIrql(DISPATCH_LEVEL);
    status = StorPortWaitForEvent(stor_mini, &event, FALSE, &hour);
    KeLowerIrql(old);
    stor_check(status, STOR_STATUS_INVALID_IRQL, "wait at DISPATCH_LEVEL");
}

static void processors(void)
{
    PROCESSOR_NUMBER number = {77, 77, 77}, none = {1, 0, 0};
    GROUP_AFFINITY node;
    KAFFINITY mask = 0;
    USHORT groups = 77;
    KIRQL level = 77;
    ULONG nodes = 77, highest = 77, index = ~0u, current = ~0u, count = 0;

    stor_check(StorPortGetActiveGroupCount(stor_mini, &groups), 0, "groups");
    stor_check(StorPortGetGroupAffinity(stor_mini, 0, &mask), 0, "group");
    stor_check(StorPortGetGroupAffinity(stor_mini, 1, &mask), STOR_STATUS_INVALID_PARAMETER, "another group");
    stor_check(StorPortGetActiveNodeCount(stor_mini, &nodes), 0, "nodes");
    stor_check(StorPortGetHighestNodeNumber(stor_mini, &highest), 0, "highest node");
    stor_check(StorPortGetNodeAffinity(stor_mini, highest, &node), 0, "node");
    stor_check(StorPortGetNodeAffinity(stor_mini, highest + 1, &node), STOR_STATUS_INVALID_PARAMETER,
               "another node");
    kok(groups == 1 && nodes == highest + 1, "%u groups, %lu nodes, highest %lu", groups, nodes, highest);
    kok(mask && node.Mask == mask && !node.Group, "masks %Ix, %Ix", (ULONG_PTR)mask, (ULONG_PTR)node.Mask);
    stor_check(StorPortGetCurrentProcessorNumber(stor_mini, &number), 0, "number");
    kok(!number.Group && !number.Reserved, "group %u", number.Group);
    stor_check(StorPortGetProcessorIndexFromNumber(stor_mini, &number, &index), 0, "index");
    kok(index == number.Number, "index %lu of %u", index, number.Number);
    stor_check(StorPortGetProcessorIndexFromNumber(stor_mini, &none, &index), STOR_STATUS_INVALID_PARAMETER,
               "no such one");
    stor_check(StorPortGetCurrentProcessorIndex(stor_mini, &current), 0, "current index");
    stor_check(StorPortExtendedFunction(ExtFunctionGetProcessorCount, stor_mini, 0, &count), 0, "count");
    kok(current < count && count <= 8 * sizeof(mask), "processor %lu of %lu", current, count);
    stor_check(StorPortExtendedFunction(ExtFunctionGetCurrentIrql, stor_mini, &level), 0, "level");
    kok(level == PASSIVE_LEVEL, "level %u", level);
    stor_check(StorPortGetActiveGroupCount(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "no result");
    stor_check(StorPortGetCurrentProcessorNumber(NULL, &number), STOR_STATUS_INVALID_PARAMETER, "no adapter");
}

static void time(void)
{
    LARGE_INTEGER frequency, before, after, system;
    ULONG status;
    KIRQL old;

    stor_check(StorPortQueryPerformanceCounter(stor_mini, &frequency, &before), 0, "counter");
    stor_check(StorPortDelayExecution(stor_mini, 3000), 0, "delay");
    stor_check(StorPortQueryPerformanceCounter(stor_mini, NULL, &after), 0, "counter, no frequency");
    kok((after.QuadPart - before.QuadPart) * 1000000 / frequency.QuadPart >= 2900, "it took %ld ticks",
        (LONG)(after.QuadPart - before.QuadPart));
    stor_check(StorPortQueryPerformanceCounter(stor_mini, &frequency, NULL), STOR_STATUS_INVALID_PARAMETER,
               "no counter");
    old = KfRaiseIrql(DISPATCH_LEVEL);
    status = StorPortDelayExecution(stor_mini, 1);
    KeLowerIrql(old);
    stor_check(status, STOR_STATUS_INVALID_IRQL, "delay at DISPATCH_LEVEL");
    StorPortQueryPerformanceCounter(stor_mini, NULL, &before);
    StorPortStallExecution(2000);
    StorPortQueryPerformanceCounter(stor_mini, NULL, &after);
    kok((after.QuadPart - before.QuadPart) * 1000000 / frequency.QuadPart >= 2000, "the stall took %ld ticks",
        (LONG)(after.QuadPart - before.QuadPart));
    StorPortNotification(QueryTickCount, stor_mini, &system);
    kok(system.QuadPart > 0, "no ticks");
}

static void memory(void)
{
    PVOID block = NULL;
    ULONG lock = 77;

    stor_check(StorPortAllocatePool(stor_mini, 1000, 0x74736574, &block), 0, "allocate");
    kok(block != NULL, "no block");
    if (block)
        RtlFillMemory(block, 1000, 0xa5);
    stor_check(StorPortFreePool(stor_mini, block), 0, "free");
    stor_check(StorPortAllocatePool(stor_mini, 0, 0x74736574, &block), STOR_STATUS_INVALID_PARAMETER,
               "allocate nothing");
    stor_check(StorPortFreePool(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER, "free nothing");
    {
        KSPIN_LOCK spin = lock;

        stor_check(StorPortInitializeSpinlock(stor_mini, &spin), 0, "initialise a lock");
        kok(!spin, "the lock is %Ix", (ULONG_PTR)spin);
    }
    stor_check(StorPortInitializeSpinlock(stor_mini, NULL), STOR_STATUS_INVALID_PARAMETER,
               "initialise no lock");
}

static void registers(void)
{
    ULONG place[2] = {1, 2}, copy[2] = {0, 0};

    StorPortWriteRegisterUlong(&place[0], 7);
    kok(place[0] == 7 && StorPortReadRegisterUlong(&place[1]) == 2, "%lu, %lu", place[0], place[1]);
    StorPortMoveMemory(copy, place, sizeof(place));
    kok(copy[0] == 7 && copy[1] == 2, "%lu, %lu", copy[0], copy[1]);
    kok(StorPortReadPortUchar((PUCHAR)(ULONG_PTR)0x60) == 0xff, "a port answers");
}

/* ---- what is not implemented ---- */

static BOOLEAN is_implemented(ULONG code)
{
    static const UCHAR codes[] = {0,  1,  17, 18, 19, 20, 21, 22, 29, 30, 31, 32, 33, 34, 35,  36,  37, 38,
                                  39, 47, 56, 75, 81, 88, 89, 90, 91, 92, 93, 94, 95, 99, 100, 101, 109};

    for (ULONG i = 0; i < sizeof(codes); i++)
        if (codes[i] == code)
            return TRUE;
    return FALSE;
}

static void the_other_codes(void)
{
    struct wqstor_counters before, after;
    ULONG wrong = 0, tried = 0;

    stor_counters(&before);
    for (int round = 0; round < 2; round++)
        for (ULONG code = 0; code < WqStorFunctionCount; code++) {
            ULONG status;

            if (is_implemented(code))
                continue;
            status =
                StorPortExtendedFunction((STORPORT_FUNCTION_CODE)code, stor_mini, NULL, NULL, NULL, NULL);
            wrong += status != STOR_STATUS_NOT_IMPLEMENTED;
            tried += !round;
        }
    kok(tried == 137 - 35 && !wrong, "%lu of %lu codes returned something else", wrong, tried);
    for (ULONG i = 0; i < 4; i++) {
        static const ULONG codes[] = {137, 1000, 0x7fffffff, 0xffffffff};

        stor_check(StorPortExtendedFunction((STORPORT_FUNCTION_CODE)codes[i], stor_mini),
                   STOR_STATUS_NOT_IMPLEMENTED, "an unknown code");
    }
    stor_check(StorPortExtendedFunction(ExtFunctionGetPfns, NULL), STOR_STATUS_NOT_IMPLEMENTED,
               "without an adapter");
    stor_counters(&after);
    /* The driver may have run these tests before. */
    kok(after.logged == tried + 1 && (!before.logged || before.logged == after.logged),
        "%lu reports before, %lu after", before.logged, after.logged);
}

const struct ktest stor_helper[] = {{"interlocked lists", lists, FALSE, POOL_ANY},
                                    {"events", events, FALSE, POOL_ANY},
                                    {"processors", processors, FALSE, POOL_ANY},
                                    {"time", time, FALSE, POOL_ANY},
                                    {"memory", memory, FALSE, POOL_ANY},
                                    {"registers and ports", registers, FALSE, POOL_ANY},
                                    {"codes that are not implemented", the_other_codes, FALSE, POOL_ANY},
                                    {NULL, NULL, FALSE, POOL_ANY}};
