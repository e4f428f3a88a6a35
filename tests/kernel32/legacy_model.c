/*
 * legacy_model.c: what legacy_model.h promises. Objects that may still have callbacks are kept to the end;
 * the others lie in quarantine for a while, so that a callback that comes late is seen to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "legacy_model.h"

#include <stdarg.h>
#include <stdio.h>

#include "timerq.h"

#define QUARANTINE 4096
#define SHOTS      16384
#define MOST_FAILS 20

struct list {
    struct legacy_object *first, **end;
    unsigned length;
};

unsigned long legacy_seed;
struct legacy_semaphore legacy_semaphores[LEGACY_SEMAPHORES];

static SRWLOCK lock = SRWLOCK_INIT; /* of the lists */
static struct list sure = {NULL, &sure.first, 0}, unsure = {NULL, &unsure.first, 0};
static struct legacy_shot shots[SHOTS];
static volatile LONG next_shot, fails;

void legacy_fail(const char *format, ...)
{
    char text[300];
    va_list args;

    if (InterlockedIncrement(&fails) > MOST_FAILS)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ok(0, "seed %lu: %s\n", legacy_seed, text);
}

static void list_add(struct list *list, struct legacy_object *object)
{
    object->next = NULL;
    AcquireSRWLockExclusive(&lock);
    *list->end = object;
    list->end = &object->next;
    list->length++;
    ReleaseSRWLockExclusive(&lock);
}

/* Takes the first one off if there are more than that. */
static struct legacy_object *list_take(struct list *list, unsigned more_than)
{
    struct legacy_object *object = NULL;

    AcquireSRWLockExclusive(&lock);
    if (list->length > more_than) {
        object = list->first;
        list->first = object->next;
        if (!list->first)
            list->end = &list->first;
        list->length--;
    }
    ReleaseSRWLockExclusive(&lock);
    return object;
}

/* The object's callbacks are over: whether there were as many as there may be. */
static void object_judge(struct legacy_object *o)
{
    LONG left = o->is_wait && !o->semaphore && signalled(o->event), limit = (LONG)o->most + 2;

    if (o->began != o->ended)
        legacy_fail("%s: %ld callbacks began, %ld ended", o->is_wait ? "wait" : "timer", o->began, o->ended);
    if (o->once && o->began > 1)
        legacy_fail("%s for one callback: %ld", o->is_wait ? "wait" : "timer", o->began);
    if (o->at_once && !o->began)
        legacy_fail("%s that was due at once: no callback", o->is_wait ? "wait" : "timer");
    /* One more for rounding, and for a queued one that ends after the delete. */
    if (!o->is_wait && o->began > limit)
        legacy_fail("timer: %ld callbacks, at most %ld were due", o->began, limit);
    if (o->is_wait && o->forever && o->timed)
        legacy_fail("wait without time-out: %ld time-outs", o->timed);
    if (o->is_wait && !o->semaphore && (o->fired + left > o->sets || (o->sets && !(o->fired + left))))
        legacy_fail("wait: event set %ld times, %ld callbacks, %ld left", o->sets, o->fired, left);
}

struct legacy_object *legacy_object_new(void)
{
    struct legacy_object *object = list_take(&sure, QUARANTINE);
    HANDLE event;

    if (object) {
        object_judge(object);
        event = object->event;
        memset(object, 0, sizeof(*object));
    } else {
        object = calloc(1, sizeof(*object));
        event = NULL;
    }
    object->event = event;
    return object;
}

void legacy_object_begin(struct legacy_object *object)
{
    if (object->closed)
        legacy_fail("%s: callback after it was closed", object->is_wait ? "wait" : "timer");
    if (InterlockedIncrement(&object->began) == 1 && !object->is_wait && clock_ms() < object->not_before &&
        winetest_platform_is_wine) /* Windows counts from its last clock tick */
        legacy_fail("timer: callback %f ms early", object->not_before - clock_ms());
}

void legacy_object_end(struct legacy_object *object)
{
    if (object->closed)
        legacy_fail("%s: callback ends after it was closed", object->is_wait ? "wait" : "timer");
    InterlockedIncrement(&object->ended);
}

void legacy_object_account(struct legacy_object *object)
{
    object->most += 1 + (object->period ? (clock_ms() - object->armed) / object->period : 0);
}

static BOOL object_delete(struct legacy_object *object, HANDLE completion)
{
    return object->is_wait ? UnregisterWaitEx(object->handle, completion)
                           : DeleteTimerQueueTimer(NULL, object->handle, completion);
}

void legacy_object_closed(struct legacy_object *object, BOOL is_sure)
{
    if (is_sure) {
        if (object->began != object->ended)
            legacy_fail("%s closed: %ld callbacks began, %ld ended", object->is_wait ? "wait" : "timer",
                        object->began, object->ended);
        InterlockedExchange(&object->closed, 1);
    }
    list_add(is_sure ? &sure : &unsure, object);
}

void legacy_object_close(struct legacy_object *object, HANDLE completion, BOOL inside)
{
    const char *what = object->is_wait ? "wait" : "timer";
    BOOL ret, blocks = completion == INVALID_HANDLE_VALUE;
    DWORD error;

    if (InterlockedExchange(&object->claimed, 1)) {
        legacy_object_account(object);
        legacy_object_closed(object, FALSE);
        return;
    }
    SetLastError(0xdeadbeef);
    ret = object_delete(object, completion);
    error = GetLastError();
    legacy_object_account(object);
    if (ret ? error != 0xdeadbeef : error != ERROR_IO_PENDING || blocks)
        legacy_fail("close %s %p with %p: %d, error %lu", what, object->handle, completion, ret, error);
    if (completion && !blocks && WaitForSingleObject(completion, QUWI_DEADLINE))
        legacy_fail("close %s: event not set; %ld callbacks began, %ld ended", what, object->began,
                    object->ended);
    /* For the callback that closes its own wait nothing else is left, but itself. */
    legacy_object_closed(object, (ret || completion) && !inside);
}

void legacy_object_close_self(struct legacy_object *object)
{
    /* A wait's handle may not have been stored yet. */
    if (!object->handle || InterlockedExchange(&object->claimed, 1))
        return;
    SetLastError(0xdeadbeef);
    if (!object_delete(object, NULL) && GetLastError() != ERROR_IO_PENDING)
        legacy_fail("%s closes itself: error %lu", object->is_wait ? "wait" : "timer", GetLastError());
}

struct legacy_shot *legacy_shot_new(void)
{
    unsigned i;

    for (i = 0; i < 8; i++) {
        struct legacy_shot *shot = &shots[(ULONG)InterlockedIncrement(&next_shot) % SHOTS];

        if (!InterlockedCompareExchange(&shot->state, SHOT_TAKEN, SHOT_FREE))
            return shot;
    }
    return NULL;
}

void legacy_shot_post(struct legacy_shot *shot)
{
    memset(&shot->overlapped, 0, sizeof(shot->overlapped));
    InterlockedExchange(&shot->state, SHOT_POSTED);
}

void legacy_shot_done(struct legacy_shot *shot)
{
    LONG state = InterlockedExchange(&shot->state, SHOT_FREE);

    if (state != SHOT_POSTED)
        legacy_fail("an item or operation was done twice (state %ld)", state);
}

void legacy_shot_refused(struct legacy_shot *shot, const char *what)
{
    legacy_fail("%s: error %lu", what, GetLastError());
    InterlockedExchange(&shot->state, SHOT_FREE);
}

/* Objects that are not sure to be over: waits for their callbacks. */
static void unsure_wait(ULONGLONG end)
{
    struct legacy_object *o;

    for (o = unsure.first; o; o = o->next) {
        while ((o->began != o->ended || (o->at_once && !o->began)) && GetTickCount64() < end)
            Sleep(1);
    }
}

static void semaphore_settle(struct legacy_semaphore *semaphore, ULONGLONG end)
{
    LONG left = 0;

    while (signalled(semaphore->handle))
        left++;
    while (semaphore->delivered + left < semaphore->released && GetTickCount64() < end)
        Sleep(1);
    if (semaphore->delivered + left != semaphore->released)
        legacy_fail("semaphore: %ld released, %ld delivered, %ld left", semaphore->released,
                    semaphore->delivered, left);
}

void legacy_settle(void)
{
    ULONGLONG end = GetTickCount64() + QUWI_DEADLINE;
    struct list *lists[] = {&sure, &unsure};
    struct legacy_object *object;
    unsigned i, lost = 0;

    for (i = 0; i < SHOTS; i++) {
        while (shots[i].state != SHOT_FREE && GetTickCount64() < end)
            Sleep(1);
        lost += shots[i].state != SHOT_FREE;
    }
    if (lost)
        legacy_fail("%u items and operations were not done", lost);
    for (i = 0; i < LEGACY_SEMAPHORES; i++)
        semaphore_settle(&legacy_semaphores[i], end);
    unsure_wait(end);
    quwi_flush();
    trace("%u objects may have had callbacks after they were closed\n", unsure.length);
    for (i = 0; i < ARRAY_SIZE(lists); i++) {
        while ((object = list_take(lists[i], 0))) {
            object_judge(object);
            if (object->event)
                CloseHandle(object->event);
            free(object);
        }
    }
}
