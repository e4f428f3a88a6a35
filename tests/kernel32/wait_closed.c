/*
 * wait_closed.c: registered waits whose object's handle is closed too early. That is undefined on Windows. Here the wait
 * goes on for its object, and another object that gets the handle's value means nothing to it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "waits.h"

#define TRIES 1000 /* to get a handle's value again */

static struct hits hits, marks;

static HANDLE copy_of(HANDLE event)
{
    HANDLE copy = NULL;
    BOOL ret = DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0, FALSE,
                               DUPLICATE_SAME_ACCESS);

    ok(ret, "no duplicate: %lu\n", GetLastError());
    return copy;
}

/* An event whose handle has that value; NULL if the system doesn't give it out again. */
static HANDLE event_at(HANDLE value)
{
    static HANDLE others[TRIES];
    HANDLE found = NULL;
    int count = 0;

    while (count < TRIES && !found) {
        HANDLE event = event_auto(FALSE);

        if (event == value)
            found = event;
        else
            others[count++] = event;
    }
    while (count)
        CloseHandle(others[--count]);
    return found;
}

/* Waits until the wait threads have looked at all that was signalled before: a wait that is registered after it, on a
 * thread of the same kind, has fired. */
static void flush(ULONG flags)
{
    HANDLE event = event_auto(TRUE), wait;

    hits_init(&marks, 1, 0);
    wait = wait_register(event, hits_callback, &marks, INFINITE, flags);
    tally_wait(&marks.fired, "the mark");
    wait_end(wait);
    CloseHandle(event);
}

static void test_reused(ULONG flags)
{
    HANDLE event = event_auto(FALSE), copy = copy_of(event), wait, other;

    hits_init(&hits, 1, 0);
    wait = wait_register(event, hits_callback, &hits, INFINITE, flags);
    CloseHandle(event);
    other = event_at(event);
    ok(other != NULL, "flags %#lx: the handle's value did not come back\n", flags);
    SetEvent(other);
    flush(flags);
    ok(!hits.fired.count, "flags %#lx: called for another event\n", flags);
    ok(signalled(other), "flags %#lx: another event's signal was consumed\n", flags);
    SetEvent(copy);
    tally_wait(&hits.fired, "the callback");
    ok(!signalled(copy), "flags %#lx: the signal was not consumed\n", flags);
    wait_end(wait);
    ok(hits.fired.count == 1, "flags %#lx: called %ld times\n", flags, hits.fired.count);
    CloseHandle(other);
    CloseHandle(copy);
}

/* One that is closed next to others, which go on. */
static void test_others(ULONG flags)
{
    HANDLE events[5], waits[5];

    hits_init(&hits, 4, 0);
    for (unsigned i = 0; i < 5; i++) {
        events[i] = event_auto(FALSE);
        waits[i] = wait_register(events[i], hits_callback, &hits, INFINITE, flags);
    }
    CloseHandle(events[2]);
    for (unsigned i = 0; i < 5; i++) {
        if (i != 2)
            SetEvent(events[i]);
    }
    tally_wait(&hits.fired, "callbacks of the others");
    for (unsigned i = 0; i < 5; i++) {
        wait_end(waits[i]);
        if (i != 2)
            CloseHandle(events[i]);
    }
    ok(hits.fired.count == 4, "called %ld times\n", hits.fired.count);
}

static BOOL exists(const char *name)
{
    HANDLE event = OpenEventA(SYNCHRONIZE, FALSE, name);

    if (event)
        CloseHandle(event);
    return event != NULL;
}

/* The wait keeps the object as long as it waits for it, and no longer. */
static void test_object_goes(ULONG flags)
{
    static const char name[] = "wq_wait_closed";
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, name), copy = copy_of(event), wait;

    hits_init(&hits, 1, 0);
    wait = wait_register(event, hits_callback, &hits, INFINITE, flags);
    CloseHandle(event);
    SetEvent(copy);
    CloseHandle(copy);
    tally_wait(&hits.fired, "the callback");
    ok(exists(name) == !(flags & WT_EXECUTEONLYONCE), "flags %#lx: wrong after the callback\n", flags);
    wait_end(wait);
    ok(!exists(name), "flags %#lx: kept after the wait's end\n", flags);
}

START_TEST(wait_closed)
{
    static const ULONG flags[] = {WT_EXECUTEDEFAULT, WT_EXECUTEONLYONCE, WT_EXECUTEINWAITTHREAD,
                                  WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE};

    if (!quwi_ours()) {
        skip("undefined elsewhere\n");
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
        test_reused(flags[i]);
        test_others(flags[i]);
        test_object_goes(flags[i]);
    }
}
