/*
 * pass.c: one pass: threads that begin together queue all items; the end is when the last one has run.
 *
 * As in the program (batch.c) each thread counts what it ran in its own slot, and the last items by index look
 * whether all have run. That each ran exactly once is seen in the items themselves afterwards.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "kernel.h"

#define TAG     0x62717177 /* "wqqb" */
#define SLOTS   4096u      /* a power of two; threads beyond share a count */
#define TAIL    64u        /* so many last items look */
#define LOOK_MS 1          /* in case that none of them was the last */

NTSYSAPI NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout);

static struct slot {
    ULONG_PTR thread; /* 0: free */
    uint64_t count;
    uint64_t pad[14]; /* processors fetch lines in pairs */
} slots[SLOTS] __attribute__((aligned(128)));
static struct slot *used[SLOTS];
static uint32_t used_count;
static uint64_t more; /* run by threads without a slot */

static struct {
    const struct kernel_functions *functions;
    PVOID memory; /* items is its aligned part */
    struct kernel_item *items;
    uint32_t count, tail;
    uint64_t end;    /* ticks when one of the last items found that all have run; 0: none did */
    uint32_t inside; /* last items in kernel_ran */
    KEVENT go, done;
} pass;

static struct producer {
    HANDLE thread;
    uint32_t first, count, refused;
    uint64_t begin, end; /* ticks around the queueing */
} producers[KERNEL_PRODUCERS];

static void delay(LONG ms)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * ms};

    KeDelayExecutionThread(KernelMode, FALSE, &timeout);
}

static inline uint64_t ticks(void)
{
    return __builtin_ia32_rdtsc();
}

/* The address of its TEB: PsGetCurrentThread and its like cost more than a whole item. */
static inline ULONG_PTR this_thread(void)
{
    ULONG_PTR teb;

    __asm__("movq %%gs:0x30, %0" : "=r"(teb));
    return teb;
}

static struct slot *slot_take(struct slot *slot, ULONG_PTR thread)
{
    ULONG_PTR seen = 0;

    if (!__atomic_compare_exchange_n(&slot->thread, &seen, thread, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return NULL;
    __atomic_store_n(&used[__atomic_fetch_add(&used_count, 1, __ATOMIC_SEQ_CST)], slot, __ATOMIC_RELEASE);
    return slot;
}

/* NULL if there is none left. */
static struct slot *slot_own(void)
{
    ULONG_PTR thread = this_thread();
    uint32_t start = (uint32_t)(thread >> 12) * 2654435761u;

    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &slots[(start + i) % SLOTS];

        if (__atomic_load_n(&slot->thread, __ATOMIC_RELAXED) == thread || slot_take(slot, thread))
            return slot;
    }
    return NULL;
}

static uint64_t ran_altogether(void)
{
    uint64_t sum = __atomic_load_n(&more, __ATOMIC_ACQUIRE);
    uint32_t count = __atomic_load_n(&used_count, __ATOMIC_SEQ_CST);

    for (uint32_t i = 0; i < count; i++) {
        struct slot *slot = __atomic_load_n(&used[i], __ATOMIC_ACQUIRE);

        if (slot)
            sum += __atomic_load_n(&slot->count, __ATOMIC_ACQUIRE);
    }
    return sum;
}

static void look(void)
{
    if (ran_altogether() == pass.count) {
        __atomic_store_n(&pass.end, ticks(), __ATOMIC_SEQ_CST);
        KeSetEvent(&pass.done, 0, FALSE);
    }
    __atomic_fetch_sub(&pass.inside, 1, __ATOMIC_SEQ_CST);
}

void kernel_ran(struct kernel_item *item)
{
    bool last = item->index >= pass.tail;
    struct slot *slot = slot_own();

    if (last)
        __atomic_fetch_add(&pass.inside, 1, __ATOMIC_SEQ_CST);
    item->runs++; /* before it counts: then the item may go */
    if (slot)
        __atomic_store_n(&slot->count, slot->count + 1, __ATOMIC_RELEASE);
    else
        __atomic_fetch_add(&more, 1, __ATOMIC_SEQ_CST);
    if (last)
        look();
}

static void NTAPI produce(PVOID context)
{
    struct producer *producer = context;
    bool (*queue)(struct kernel_item * item) = pass.functions->queue;
    struct kernel_item *item = &pass.items[producer->first], *end = item + producer->count;

    KeWaitForSingleObject(&pass.go, Executive, KernelMode, FALSE, NULL);
    producer->begin = ticks();
    for (; item < end; item++)
        producer->refused += !queue(item);
    producer->end = ticks();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- before and after ---- */

static void unmake(uint32_t count)
{
    for (uint32_t i = 0; pass.functions->unmake && i < count; i++)
        pass.functions->unmake(&pass.items[i]);
    ExFreePoolWithTag(pass.memory, TAG);
}

static bool make(const struct kernel_request *request)
{
    SIZE_T size = (SIZE_T)request->items * sizeof(*pass.items);

    _Static_assert(sizeof(*pass.items) == 64, "a power of two");
    pass.memory = ExAllocatePoolWithTag(NonPagedPool, size + sizeof(*pass.items), TAG);
    if (!pass.memory)
        return false;
    pass.items = (struct kernel_item *)(((ULONG_PTR)pass.memory + sizeof(*pass.items)) &
                                        ~(ULONG_PTR)(sizeof(*pass.items) - 1));
    RtlZeroMemory(pass.items, size);
    pass.count = request->items;
    pass.tail = request->items > TAIL ? request->items - TAIL : 0;
    for (uint32_t i = 0; i < request->items; i++) {
        pass.items[i].index = i;
        if (!pass.functions->make(&pass.items[i])) {
            unmake(i);
            return false;
        }
    }
    return true;
}

static void reset(void)
{
    RtlZeroMemory(slots, sizeof(slots));
    RtlZeroMemory(used, sizeof(used));
    used_count = 0;
    more = 0;
    pass.end = 0;
    pass.inside = 0;
    KeInitializeEvent(&pass.go, NotificationEvent, FALSE);
    KeInitializeEvent(&pass.done, SynchronizationEvent, FALSE);
}

/* Returns how many threads there are. */
static uint32_t start(uint32_t items, uint32_t count)
{
    uint32_t first = 0;

    for (uint32_t i = 0; i < count; i++) {
        producers[i] = (struct producer){.first = first, .count = items / count + (i < items % count)};
        first += producers[i].count;
        if (PsCreateSystemThread(&producers[i].thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, produce,
                                 &producers[i]))
            return i;
    }
    return count;
}

/* Until as many ran as were wanted, or the deadline; and no longer than any of the last items looks. */
static void wait(uint64_t wanted, uint32_t seconds)
{
    LARGE_INTEGER frequency, begin = KeQueryPerformanceCounter(&frequency), now = begin;
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * LOOK_MS};

    while (ran_altogether() < wanted && now.QuadPart - begin.QuadPart < frequency.QuadPart * seconds) {
        KeWaitForSingleObject(&pass.done, Executive, KernelMode, FALSE, &timeout);
        now = KeQueryPerformanceCounter(NULL);
    }
    while (__atomic_load_n(&pass.inside, __ATOMIC_SEQ_CST))
        delay(0);
    if (!pass.end)
        pass.end = ticks();
}

/* Returns when the first one began. */
static uint64_t join(uint32_t threads, struct kernel_answer *answer)
{
    uint64_t begin = UINT64_MAX;

    for (uint32_t i = 0; i < threads; i++) {
        ZwWaitForSingleObject(producers[i].thread, FALSE, NULL);
        ZwClose(producers[i].thread);
        answer->submit_ticks += producers[i].end - producers[i].begin;
        answer->refused += producers[i].refused;
        if (producers[i].begin < begin)
            begin = producers[i].begin;
    }
    return begin;
}

/* Whether the module counted the items, too; it does so when a routine has returned. */
static bool module_counted(uint64_t before, uint32_t items)
{
    if (before == UINT64_MAX)
        return true;
    for (int i = 0; i < 1000 && kernel_counted() - before < items; i++)
        delay(1);
    return kernel_counted() - before == items;
}

static void check(uint32_t items, struct kernel_answer *answer)
{
    uint64_t ran = ran_altogether();

    if (ran < items)
        answer->missing = items - (uint32_t)ran;
    for (uint32_t i = 0; !answer->missing && i < items; i++)
        answer->wrong += pass.items[i].runs != 1;
    if (ran > items)
        answer->wrong += (uint32_t)(ran - items);
}

void kernel_pass(const struct kernel_functions *functions, const struct kernel_request *request,
                 struct kernel_answer *answer)
{
    uint64_t counted = kernel_counted(), begin;
    uint32_t threads;

    pass.functions = functions;
    if (!make(request)) {
        answer->refused = request->items;
        return;
    }
    reset();
    threads = start(request->items, request->producers);
    delay(2); /* all of them wait now */
    KeSetEvent(&pass.go, 0, FALSE);
    begin = join(threads, answer);
    wait(request->items - answer->refused, request->seconds);
    answer->took_ticks = pass.end - begin;
    answer->threads = used_count;
    check(request->items, answer);
    if (answer->missing)
        return; /* what has not run may do so later: the items stay */
    answer->ours &= module_counted(counted, request->items);
    unmake(request->items);
}
