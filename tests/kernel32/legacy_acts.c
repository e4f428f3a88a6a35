/*
 * legacy_acts.c: the operations of legacy_random: what threads and callbacks do to the legacy pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "legacy_model.h"

#include "timerq.h"

#define SLOTS     128 /* objects that any thread and callback may take */
#define MOST_KIDS 8   /* timers of a queue that is deleted with them */
#define DEEPEST   3   /* callbacks that one item leads to, one after the other */
#define PIPE_NAME "\\\\.\\pipe\\wqshim_legacy_random"

volatile LONG legacy_operations, legacy_counts[LEGACY_KINDS];

static struct legacy_object *volatile slots[SLOTS];
static HANDLE shared_queue, file, server, client;
static volatile LONG next_callback, acting, stopping;

static unsigned below(struct legacy_actor *actor, unsigned n)
{
    actor->state ^= actor->state << 13;
    actor->state ^= actor->state >> 7;
    actor->state ^= actor->state << 17;
    return (unsigned)(actor->state >> 20) % n;
}

void legacy_actor_init(struct legacy_actor *actor, unsigned number, HANDLE event)
{
    actor->state = (legacy_seed * 1000003ull + number + 1) * 0x9e3779b97f4a7c15u;
    actor->event = event;
    actor->own = NULL;
    actor->depth = 0;
}

static HANDLE completion_any(struct legacy_actor *actor)
{
    HANDLE completions[] = {NULL, actor->event, actor->event ? INVALID_HANDLE_VALUE : NULL};

    return completions[below(actor, 3)];
}

/* A callback, too, does an operation now and then. */
static void callback_act(struct legacy_object *own, unsigned depth)
{
    struct legacy_actor actor;

    legacy_actor_init(&actor, LEGACY_THREADS + (unsigned)InterlockedIncrement(&next_callback), NULL);
    actor.own = own;
    actor.depth = depth + 1;
    InterlockedIncrement(&acting);
    if (!stopping && depth < DEEPEST && !below(&actor, 4))
        legacy_act(&actor);
    InterlockedDecrement(&acting);
}

static DWORD WINAPI item_run(void *context)
{
    struct legacy_shot *shot = context;
    unsigned depth = shot->depth;

    legacy_shot_done(shot);
    callback_act(NULL, depth);
    return 0;
}

static void item_queue(struct legacy_actor *actor)
{
    ULONG flags = quwi_classes[below(actor, 3) ? 0 : below(actor, QUWI_CLASSES)];
    struct legacy_shot *shot = legacy_shot_new();

    if (!shot) {
        SwitchToThread();
        return;
    }
    if (!below(actor, 16))
        flags |= WT_TRANSFER_IMPERSONATION;
    InterlockedIncrement(&legacy_counts[LEGACY_ITEM]);
    shot->depth = actor->depth;
    legacy_shot_post(shot);
    if (!QueueUserWorkItem(item_run, shot, flags))
        legacy_shot_refused(shot, "QueueUserWorkItem");
}

static void CALLBACK io_done(DWORD error, DWORD bytes, OVERLAPPED *overlapped)
{
    struct legacy_shot *shot = (struct legacy_shot *)overlapped;

    if (shot->bytes ? error || bytes != shot->bytes : error && error != ERROR_OPERATION_ABORTED)
        legacy_fail("an operation of %lu bytes: error %lu, %lu bytes", shot->bytes, error, bytes);
    legacy_shot_done(shot);
    callback_act(NULL, DEEPEST - 1);
}

static void io_start(struct legacy_actor *actor)
{
    struct legacy_shot *shot = legacy_shot_new();
    unsigned kind = below(actor, 4);
    DWORD size = 1 + below(actor, sizeof(shot->data));
    BOOL ret;

    if (!shot)
        return;
    InterlockedIncrement(&legacy_counts[LEGACY_IO]);
    shot->bytes = kind < 2 ? size : 0;
    legacy_shot_post(shot);
    if (kind < 2) {
        shot->overlapped.Offset = below(actor, 65536);
        ret = WriteFile(file, shot->data, size, NULL, &shot->overlapped);
    } else if (kind == 2) {
        ret = WriteFile(client, shot->data, size, NULL, &shot->overlapped);
    } else {
        ret = ReadFile(server, shot->data, size, NULL, &shot->overlapped);
    }
    if (!ret && GetLastError() != ERROR_IO_PENDING)
        legacy_shot_refused(shot, "input or output");
}

static ULONG object_flags(struct legacy_actor *actor, ULONG inside)
{
    const ULONG flags[] = {WT_EXECUTEDEFAULT,      inside,
                           WT_EXECUTEDEFAULT,      WT_EXECUTEINIOTHREAD,
                           WT_EXECUTELONGFUNCTION, WT_EXECUTEINPERSISTENTTHREAD};

    return flags[below(actor, ARRAY_SIZE(flags))];
}

static void CALLBACK timer_run(void *param, BOOLEAN fired)
{
    struct legacy_object *object = param;

    legacy_object_begin(object);
    if (fired != TRUE || !object->handle)
        legacy_fail("timer: fired %d, handle %p", fired, object->handle);
    if (object->self)
        legacy_object_close_self(object);
    callback_act(object, DEEPEST - 1);
    legacy_object_end(object);
}

static void timer_create(struct legacy_actor *actor, struct legacy_object *object, HANDLE queue)
{
    ULONG flags = object_flags(actor, WT_EXECUTEINTIMERTHREAD);
    DWORD due = below(actor, 3) ? below(actor, 8) : NEVER_MS;

    object->period = below(actor, 3) ? 0 : 1 + below(actor, 20);
    object->once = !object->period;
    object->at_once = !due;
    object->armed = clock_ms();
    object->not_before = object->armed + due;
    if (object->once && !below(actor, 4))
        flags |= WT_EXECUTEONLYONCE;
    if (!CreateTimerQueueTimer(&object->handle, queue, timer_run, object, due, object->period, flags))
        legacy_fail("CreateTimerQueueTimer: error %lu", GetLastError());
}

static void timer_change(struct legacy_actor *actor, struct legacy_object *object)
{
    DWORD due = below(actor, 3) ? below(actor, 8) : NEVER_MS;

    legacy_object_account(object);
    object->not_before = 0;
    object->period = object->once || below(actor, 2) ? 0 : 1 + below(actor, 20);
    if (!ChangeTimerQueueTimer(NULL, object->handle, due, object->period))
        legacy_fail("ChangeTimerQueueTimer: error %lu", GetLastError());
    object->armed = clock_ms();
}

static void CALLBACK wait_run(void *param, BOOLEAN timed_out)
{
    struct legacy_object *object = param;

    legacy_object_begin(object);
    InterlockedIncrement(timed_out ? &object->timed : &object->fired);
    if (!timed_out && object->semaphore)
        InterlockedIncrement(&object->semaphore->delivered);
    if (object->self)
        legacy_object_close_self(object);
    callback_act(object, DEEPEST - 1);
    legacy_object_end(object);
}

static void wait_create(struct legacy_actor *actor, struct legacy_object *object)
{
    ULONG flags = object_flags(actor, WT_EXECUTEINWAITTHREAD);
    ULONG ms = below(actor, 4) ? INFINITE : below(actor, 4) ? 1 + below(actor, 20) : NEVER_MS;

    object->is_wait = TRUE;
    object->once = !below(actor, 3);
    object->forever = ms == INFINITE;
    if (below(actor, 2))
        object->semaphore = &legacy_semaphores[below(actor, LEGACY_SEMAPHORES)];
    else if (!object->event)
        object->event = event_auto(FALSE);
    if (!RegisterWaitForSingleObject(&object->handle,
                                     object->semaphore ? object->semaphore->handle : object->event, wait_run,
                                     object, ms, flags | (object->once ? WT_EXECUTEONLYONCE : 0)))
        legacy_fail("RegisterWaitForSingleObject: error %lu", GetLastError());
}

static void object_signal(struct legacy_actor *actor, struct legacy_object *object)
{
    LONG n = 1 + (LONG)below(actor, 3);

    if (object->semaphore) {
        InterlockedExchangeAdd(&object->semaphore->released, n);
        ReleaseSemaphore(object->semaphore->handle, n, NULL);
    } else {
        object->sets++;
        SetEvent(object->event);
    }
}

static struct legacy_object *object_create(struct legacy_actor *actor)
{
    struct legacy_object *object = legacy_object_new();
    BOOL is_wait = !below(actor, 3);

    object->self = !below(actor, 8);
    InterlockedIncrement(&legacy_counts[is_wait ? LEGACY_WAIT : LEGACY_TIMER]);
    if (is_wait)
        wait_create(actor, object);
    else
        timer_create(actor, object, below(actor, 2) ? shared_queue : NULL);
    return object;
}

/* Takes what is in a slot, which makes it the actor's alone. */
static void slot_act(struct legacy_actor *actor)
{
    struct legacy_object *object =
        InterlockedExchangePointer((void *volatile *)&slots[below(actor, SLOTS)], NULL);

    if (!object) {
        object = object_create(actor);
    } else if (below(actor, 2)) {
        InterlockedIncrement(&legacy_counts[LEGACY_CLOSE]);
        legacy_object_close(object, completion_any(actor), object == actor->own);
        object = NULL;
    } else if (object->is_wait) {
        object_signal(actor, object);
    } else if (!object->self) { /* else its handle may be gone */
        timer_change(actor, object);
    }
    if (object)
        object = InterlockedExchangePointer((void *volatile *)&slots[below(actor, SLOTS)], object);
    if (object)
        legacy_object_close(object, completion_any(actor), object == actor->own);
}

/* The life of a timer queue, which takes its timers with it. */
static void queue_act(struct legacy_actor *actor)
{
    HANDLE queue = CreateTimerQueue(), completion = completion_any(actor);
    struct legacy_object *kids[MOST_KIDS];
    unsigned i, n = below(actor, MOST_KIDS + 1);
    BOOL ret;

    for (i = 0; i < n; i++) {
        kids[i] = legacy_object_new();
        timer_create(actor, kids[i], queue);
    }
    SetLastError(0xdeadbeef);
    ret = DeleteTimerQueueEx(queue, completion);
    if (ret ? GetLastError() != 0xdeadbeef
            : GetLastError() != ERROR_IO_PENDING || completion == INVALID_HANDLE_VALUE)
        legacy_fail("DeleteTimerQueueEx with %p: %d, error %lu", completion, ret, GetLastError());
    if (completion && completion == actor->event && WaitForSingleObject(completion, QUWI_DEADLINE))
        legacy_fail("DeleteTimerQueueEx: event not set");
    for (i = 0; i < n; i++) {
        legacy_object_account(kids[i]);
        legacy_object_closed(kids[i], completion != NULL);
    }
}

void legacy_act(struct legacy_actor *actor)
{
    unsigned kind = below(actor, 100);

    if (kind < 60) {
        item_queue(actor);
    } else if (kind < 95) {
        slot_act(actor);
    } else if (kind < 98) {
        io_start(actor);
    } else {
        InterlockedIncrement(&legacy_counts[LEGACY_QUEUE]);
        queue_act(actor);
    }
    InterlockedIncrement(&legacy_operations);
}

static void files_open(void)
{
    char folder[MAX_PATH], path[MAX_PATH];

    GetTempPathA(sizeof(folder), folder);
    GetTempFileNameA(folder, "wql", 0, path);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                       FILE_FLAG_OVERLAPPED | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    server = CreateNamedPipeA(PIPE_NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096,
                              4096, 0, NULL);
    client = CreateFileA(PIPE_NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                         FILE_FLAG_OVERLAPPED, NULL);
    succeeds(BindIoCompletionCallback(file, io_done, 0));
    succeeds(BindIoCompletionCallback(server, io_done, 0));
    succeeds(BindIoCompletionCallback(client, io_done, 0));
}

void legacy_open(void)
{
    unsigned i;

    for (i = 0; i < LEGACY_SEMAPHORES; i++)
        legacy_semaphores[i].handle = CreateSemaphoreA(NULL, 0, 0x7fffffff, NULL);
    shared_queue = CreateTimerQueue();
    files_open();
}

void legacy_close(void)
{
    ULONGLONG end = GetTickCount64() + QUWI_DEADLINE;
    unsigned i;

    InterlockedExchange(&stopping, 1);
    while (acting && GetTickCount64() < end)
        Sleep(1);
    if (acting)
        legacy_fail("%ld callbacks are stuck", acting);
    for (i = 0; i < SLOTS; i++) {
        struct legacy_object *object = slots[i];

        if (object)
            legacy_object_close(object, INVALID_HANDLE_VALUE, FALSE);
        slots[i] = NULL;
    }
    succeeds(DeleteTimerQueueEx(shared_queue, INVALID_HANDLE_VALUE));
    CancelIoEx(server, NULL);
    CancelIoEx(client, NULL);
    legacy_settle();
    CloseHandle(file);
    CloseHandle(server);
    CloseHandle(client);
    for (i = 0; i < LEGACY_SEMAPHORES; i++)
        CloseHandle(legacy_semaphores[i].handle);
}
