/*
 * tls.c: taking and giving back TLS slots, and the slow ones, on ntdll alone.
 *
 * The bitmaps are guarded by the PEB's lock, as TlsAlloc and TlsFree guard them. Their places in the PEB are
 * those that debuggers' symbols show; TEB.TlsSlots and TEB.TlsExpansionSlots are documented.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/tls.h"

#include "common/ntdll.h"

#define THIS_THREAD          ((HANDLE)(LONG_PTR)-2)
#define THREAD_ZERO_TLS_CELL 10 /* THREADINFOCLASS: sets a slot to NULL in all threads of the process */
#define PEB_PROCESS_HEAP     1  /* index in PEB.Reserved4 */
#define PEB_TLS_BITMAP       2  /* index in PEB.Reserved9 */
#define BITS                 32u

NTSYSAPI void NTAPI RtlAcquirePebLock(void);
NTSYSAPI void NTAPI RtlReleasePebLock(void);

_Static_assert(offsetof(TEB, TlsSlots) == TLS_QUICK, "");
_Static_assert(offsetof(TEB, TlsExpansionSlots) == TLS_EXPANSION, "");
_Static_assert(offsetof(NT_TIB, Self) == TLS_SELF, "");

struct bitmap { /* RTL_BITMAP */
    ULONG count;
    ULONG *words; /* bit set: in use */
};

static PEB *peb(void)
{
    return NtCurrentTeb()->ProcessEnvironmentBlock;
}

static struct bitmap *quick_slots(void)
{
    return peb()->Reserved9[PEB_TLS_BITMAP];
}

static struct bitmap *slow_slots(void)
{
    return *(struct bitmap **)peb()->Reserved11; /* PEB.TlsExpansionBitmap */
}

/* Takes the highest free one of count bits. Under the PEB's lock. Returns count if there is none. */
static ULONG bit_take(struct bitmap *bitmap, ULONG count)
{
    for (ULONG i = count; i--;) {
        ULONG *word = &bitmap->words[i / BITS], mask = 1ul << i % BITS;

        if (!(*word & mask)) {
            *word |= mask;
            return i;
        }
    }
    return count;
}

/* Under the PEB's lock. */
static void bit_drop(struct bitmap *bitmap, ULONG i)
{
    bitmap->words[i / BITS] &= ~(1ul << i % BITS);
}

static ULONG slot_take(void)
{
    ULONG index;

    RtlAcquirePebLock();
    index = bit_take(quick_slots(), TLS_QUICK_COUNT);
    if (index == TLS_QUICK_COUNT)
        index += bit_take(slow_slots(), TLS_SLOW_COUNT);
    RtlReleasePebLock();
    return index;
}

static void slot_clear(ULONG index)
{
    NtSetInformationThread(THIS_THREAD, THREAD_ZERO_TLS_CELL, &index, sizeof(index));
}

bool tls_open(struct tls_slot *slot)
{
    ULONG index = slot_take();

    if (index == TLS_QUICK_COUNT + TLS_SLOW_COUNT)
        return false;
    slot_clear(index); /* TlsSetValue does not ask whether a slot was allocated */
    slot->index = index;
    slot->offset = index < TLS_QUICK_COUNT ? TLS_QUICK + index * sizeof(void *) : 0;
    return true;
}

void tls_close(struct tls_slot *slot)
{
    ULONG index = slot->index;

    if (!index)
        return;
    *slot = (struct tls_slot){0};
    slot_clear(index);
    RtlAcquirePebLock();
    if (index < TLS_QUICK_COUNT)
        bit_drop(quick_slots(), index);
    else
        bit_drop(slow_slots(), index - TLS_QUICK_COUNT);
    RtlReleasePebLock();
}

void **tls_place_slow(const struct tls_slot *slot)
{
    const LARGE_INTEGER moment = {.QuadPart = -10000}; /* a millisecond */
    void **array = TLS_WORD(TLS_EXPANSION);

    /* As TlsSetValue makes it; the system frees it when the thread ends. */
    while (!array) {
        array = RtlAllocateHeap(peb()->Reserved4[PEB_PROCESS_HEAP], HEAP_ZERO_MEMORY,
                                TLS_SLOW_COUNT * sizeof(*array));
        if (array)
            TLS_WORD(TLS_EXPANSION) = array;
        else
            NtDelayExecution(FALSE, &moment);
    }
    return &array[slot->index - TLS_QUICK_COUNT];
}
