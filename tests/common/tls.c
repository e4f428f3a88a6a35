/*
 * tls.c: the TLS slots of our modules, against the system's own TlsAlloc and its siblings.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/tls.h"

#include "slots.h"

NTSYSAPI void NTAPI RtlAcquirePebLock(void);
NTSYSAPI void NTAPI RtlReleasePebLock(void);

static struct tls_slot slot;

static void slot_open(void)
{
    ok(tls_open(&slot), "no slot\n");
}

/* For a thread: the value is the thread's own, and the one that TlsGetValue knows. */
static DWORD WINAPI use_value(void *param)
{
    void *word;

    ok(!tls_get(&slot), "a new thread has %p\n", tls_get(&slot));
    *tls_place(&slot) = param;
    ok(tls_get(&slot) == param, "%p, not %p\n", tls_get(&slot), param);
    word = TlsGetValue(slot.index);
    ok(word == param, "TlsGetValue: %p, not %p\n", word, param);
    ok(tls_place(&slot) == tls_place(&slot), "the word moved\n");
    return 0;
}

static DWORD WINAPI use_value_and_exit(void *param)
{
    use_value(param);
    ExitThread(0);
}

static void check_values(void)
{
    int here, there;

    ok(!tls_get(&slot), "a new slot has %p\n", tls_get(&slot));
    *tls_place(&slot) = &here;
    on_thread(use_value, &there);
    on_thread(use_value_and_exit, &there);
    ok(tls_get(&slot) == &here, "%p, not %p\n", tls_get(&slot), (void *)&here);
}

/* What the program's first call of TlsAlloc returns. */
static DWORD next_index(void)
{
    DWORD index = TlsAlloc();

    TlsFree(index);
    return index;
}

static void test_quick(void)
{
    DWORD before = next_index(), after;

    slot_open();
    ok(slot.index < SLOTS_QUICK, "index %u\n", slot.index);
    check_values();
    after = next_index();
    ok(before == after, "TlsAlloc returned %lu, now %lu\n", before, after);
    tls_close(&slot);
    tls_close(&slot); /* there is none any more: nothing happens */
}

/* While a slot is ours TlsAlloc returns it to nobody; afterwards it does. */
static void test_taken(void)
{
    DWORD index;

    slot_open();
    index = slot.index;
    slots_use_below(SLOTS_ALL);
    ok(!slots_have(index), "TlsAlloc returned our slot %lu\n", index);
    tls_close(&slot);
    slots_use_below(SLOTS_ALL);
    ok(slots_have(index), "TlsAlloc did not return %lu, which we gave back\n", index);
    slots_free();
}

static DWORD WINAPI use_slowly(void *param)
{
    *tls_place(&slot) = param;
    return 0;
}

static void test_slow(void)
{
    size_t before, after;

    slots_use_below(SLOTS_QUICK);
    slot_open();
    ok(slot.index >= SLOTS_QUICK, "index %u\n", slot.index);
    check_values();
    before = heap_in_use();
    for (unsigned i = 0; i < 50; i++)
        on_thread(use_slowly, &before);
    after = heap_in_use();
    ok(after < before + 50 * 1024, "50 threads that ended left %Iu bytes\n", after - before);
    tls_close(&slot);
    slots_free();
}

static void test_none(void)
{
    DWORD one = TlsAlloc();

    slots_use_below(SLOTS_ALL);
    ok(!tls_open(&slot), "there is slot %u\n", slot.index);
    tls_close(&slot); /* nothing happens */
    TlsFree(one);
    slot_open();
    ok(slot.index == one, "%u, not %lu\n", slot.index, one);
    tls_close(&slot);
    slots_free();
}

static HANDLE written, taken;

/* Writes to a slot that nobody has allocated, and looks at it when that has happened. */
static DWORD WINAPI write_astray(void *param)
{
    DWORD index = *(DWORD *)param;
    void *value;

    TlsSetValue(index, param);
    SetEvent(written);
    ok(!WaitForSingleObject(taken, 30000), "the slot is not taken\n");
    value = TlsGetValue(index);
    ok(!value, "slot %lu still has %p\n", index, value);
    return 0;
}

/* What others left in the slot is gone in all threads. */
static void test_stale(void)
{
    HANDLE thread;
    DWORD index;

    slot_open();
    index = slot.index;
    tls_close(&slot);
    written = CreateEventA(NULL, FALSE, FALSE, NULL);
    taken = CreateEventA(NULL, FALSE, FALSE, NULL);
    thread = CreateThread(NULL, 0, write_astray, &index, 0, NULL);
    ok(!WaitForSingleObject(written, 30000), "no value was written\n");
    TlsSetValue(index, &index);
    slot_open();
    ok(slot.index == index, "%u, not %lu\n", slot.index, index);
    ok(!tls_get(&slot), "it has %p\n", tls_get(&slot));
    SetEvent(taken);
    ok(!WaitForSingleObject(thread, 30000), "the thread does not end\n");
    tls_close(&slot);
    CloseHandle(thread);
    CloseHandle(written);
    CloseHandle(taken);
}

static HANDLE begun, go, done;

/* Tells that the thread lives, and waits until it may take a slot. */
static void wait_for_go(void)
{
    SetEvent(begun);
    ok(!WaitForSingleObject(go, 30000), "not told to go on\n");
}

static DWORD WINAPI open_and_close(void *param)
{
    (void)param;
    wait_for_go();
    slot_open();
    SetEvent(done);
    tls_close(&slot);
    return 0;
}

static DWORD WINAPI allocate(void *param)
{
    DWORD index;

    (void)param;
    wait_for_go();
    index = TlsAlloc();
    SetEvent(done);
    TlsFree(index);
    return 0;
}

/* Slots of ours as well as of the system are taken under the lock of the PEB. */
static void test_lock(LPTHREAD_START_ROUTINE fn)
{
    HANDLE thread;

    begun = CreateEventA(NULL, FALSE, FALSE, NULL);
    go = CreateEventA(NULL, FALSE, FALSE, NULL);
    done = CreateEventA(NULL, FALSE, FALSE, NULL);
    thread = CreateThread(NULL, 0, fn, NULL, 0, NULL);
    ok(!WaitForSingleObject(begun, 30000), "the thread does not begin\n");
    RtlAcquirePebLock();
    SetEvent(go);
    ok(WaitForSingleObject(done, 200) == WAIT_TIMEOUT, "a slot was taken without the lock\n");
    RtlReleasePebLock();
    ok(!WaitForSingleObject(done, 30000), "no slot was taken\n");
    ok(!WaitForSingleObject(thread, 30000), "the thread does not end\n");
    CloseHandle(thread);
    CloseHandle(begun);
    CloseHandle(go);
    CloseHandle(done);
}

#define RACERS 3
#define ROUNDS 20000

static LONG owners; /* of the only slot that is free */

static void own(DWORD index)
{
    LONG others = InterlockedExchangeAdd(&owners, 1);

    ok(!others, "slot %lu has %ld more owners\n", index, others);
    InterlockedDecrement(&owners);
}

static DWORD WINAPI allocate_and_free(void *param)
{
    (void)param;
    for (unsigned i = 0; i < ROUNDS; i++) {
        DWORD index = TlsAlloc();

        if (index == TLS_OUT_OF_INDEXES)
            continue;
        own(index);
        TlsFree(index);
    }
    return 0;
}

/* All want the same slot. */
static void test_race(void)
{
    HANDLE racers[RACERS];
    DWORD one = TlsAlloc();

    slots_use_below(SLOTS_ALL);
    TlsFree(one);
    for (unsigned i = 0; i < RACERS; i++)
        racers[i] = CreateThread(NULL, 0, allocate_and_free, NULL, 0, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (!tls_open(&slot))
            continue;
        own(slot.index);
        tls_close(&slot);
    }
    ok(!WaitForMultipleObjects(RACERS, racers, TRUE, 60000), "the others do not end\n");
    ok(tls_open(&slot) && slot.index == one, "slot %u is there, not %lu\n", slot.index, one);
    tls_close(&slot);
    for (unsigned i = 0; i < RACERS; i++)
        CloseHandle(racers[i]);
    slots_free();
}

START_TEST(tls)
{
    test_quick();
    test_taken();
    test_slow();
    test_none();
    test_stale();
    test_lock(open_and_close);
    test_lock(allocate);
    test_race();
}
