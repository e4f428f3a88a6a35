/*
 * slots.c: see slots.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "slots.h"

static bool allocated[SLOTS_ALL];

void slots_use_below(DWORD index)
{
    DWORD got = TlsAlloc();

    for (; got < index && got < SLOTS_ALL; got = TlsAlloc())
        allocated[got] = true;
    if (got != TLS_OUT_OF_INDEXES)
        TlsFree(got);
}

void slots_free(void)
{
    for (DWORD i = 0; i < SLOTS_ALL; i++) {
        if (allocated[i])
            TlsFree(i);
        allocated[i] = false;
    }
}

bool slots_have(DWORD index)
{
    return allocated[index];
}

void on_thread(LPTHREAD_START_ROUTINE fn, void *param)
{
    HANDLE thread = CreateThread(NULL, 0, fn, param, 0, NULL);

    ok(thread != NULL, "CreateThread: %lu\n", GetLastError());
    ok(!WaitForSingleObject(thread, 30000), "the thread does not end\n");
    CloseHandle(thread);
}

size_t heap_in_use(void)
{
    PROCESS_HEAP_ENTRY entry = {0};
    HANDLE heap = GetProcessHeap();
    size_t bytes = 0;

    HeapLock(heap);
    while (HeapWalk(heap, &entry)) {
        if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY)
            bytes += entry.cbData;
    }
    HeapUnlock(heap);
    return bytes;
}
