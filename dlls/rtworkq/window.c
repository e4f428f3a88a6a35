/*
 * window.c: queues with a message loop. Each has a thread of its own, which dispatches window messages between its
 * items. It enters no apartment: a single-threaded one might become the process's main apartment. So callbacks are in
 * the platform's implicit multithreaded one, as those of all queues, and may enter another, which the thread keeps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

#define LEVELS 3u

struct rtwq_window {
    struct wq_lock lock;           /* as N */
    struct wq_item *first[LEVELS]; /* N */
    struct wq_item *last[LEVELS];  /* N */
    bool closed;                   /* N */
    HANDLE event;                  /* C */
    struct rtwq_queue *queue;      /* C: freed with it */
    wq_routine cleanup;  /* by its thread: called when the present item has returned; NULL = nothing */
    void *cleanup_param; /* by its thread */
};

struct user {
    DWORD(WINAPI *wait)(DWORD count, const HANDLE *handles, DWORD ms, DWORD wake_mask, DWORD flags);
    BOOL(WINAPI *peek)(MSG *message, HWND window, UINT first, UINT last, UINT remove);
    BOOL(WINAPI *translate)(const MSG *message);
    LRESULT(WINAPI *dispatch)(const MSG *message);
};

/* user32's functions; none if it can't be had: then there are no messages either. */
static struct user user_functions(void)
{
    struct user user = {
        rtwq_os_function(L"user32.dll", "MsgWaitForMultipleObjectsEx"),
        rtwq_os_function(L"user32.dll", "PeekMessageW"),
        rtwq_os_function(L"user32.dll", "TranslateMessage"),
        rtwq_os_function(L"user32.dll", "DispatchMessageW"),
    };

    return user.wait && user.peek && user.translate && user.dispatch ? user : (struct user){NULL};
}

static void pump(const struct user *user)
{
    MSG message;

    while (user->wait && user->peek(&message, NULL, 0, 0, PM_REMOVE)) {
        user->translate(&message);
        user->dispatch(&message);
    }
}

/* Takes the next item. NULL: there is none; *closed: nor will there be. */
static struct wq_item *take(struct rtwq_window *window, bool *closed)
{
    struct wq_item *item = NULL;

    wq_lock_take(&window->lock);
    for (unsigned level = LEVELS; level-- && !item;) {
        item = window->first[level];
        if (item)
            window->first[level] = item->link;
    }
    *closed = window->closed;
    wq_lock_drop(&window->lock);
    return item;
}

void rtwq_window_at_return(struct rtwq_window *window, wq_routine cleanup, void *param)
{
    window->cleanup = cleanup;
    window->cleanup_param = param;
}

static void run(struct rtwq_window *window, struct wq_item *item)
{
    wq_routine cleanup;

    item->routine(item->param);
    cleanup = window->cleanup;
    window->cleanup = NULL;
    if (cleanup)
        cleanup(window->cleanup_param);
}

static DWORD WINAPI window_main(void *param)
{
    struct rtwq_window *window = param;
    struct user user = user_functions();
    bool closed = false;

    for (;;) {
        struct wq_item *item = take(window, &closed);

        if (item)
            run(window, item);
        else if (closed)
            break;
        else if (user.wait)
            user.wait(1, &window->event, INFINITE, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
        else
            NtWaitForSingleObject(window->event, FALSE, NULL);
        pump(&user);
    }
    NtClose(window->event);
    wq_free(window->queue);
    wq_free(window);
    RtlExitUserThread(0);
    return 0;
}

static struct rtwq_window *window_start(struct rtwq_queue *queue)
{
    const ULONG synchronization_event = 1;
    struct rtwq_window *window = wq_alloc(sizeof(*window));
    HANDLE thread;

    if (!window)
        return NULL;
    *window = (struct rtwq_window){.queue = queue};
    if (NtCreateEvent(&window->event, EVENT_ALL_ACCESS, NULL, synchronization_event, FALSE)) {
        wq_free(window);
        return NULL;
    }
    if (NtCreateThreadEx(&thread, THREAD_ALL_ACCESS, NULL, RTWQ_THIS_PROCESS, (void *)(ULONG_PTR)window_main,
                         window, 0, 0, 0, 0, NULL)) {
        NtClose(window->event);
        wq_free(window);
        return NULL;
    }
    NtClose(thread);
    return window;
}

struct rtwq_queue *rtwq_window_create(void)
{
    struct rtwq_queue *queue = wq_alloc(sizeof(*queue));

    if (!queue)
        return NULL;
    *queue = (struct rtwq_queue){.refs = 1};
    queue->window = window_start(queue);
    if (queue->window)
        return queue;
    wq_free(queue);
    return NULL;
}

/* The thread may run the item, end and free the window as soon as it can see it, so the event is set with the lock
 * held; as in rtwq_window_close. */
void rtwq_window_submit(struct rtwq_window *window, struct wq_item *item, unsigned level)
{
    level -= RTWQ_LEVEL_LOW;
    item->link = NULL;
    wq_lock_take(&window->lock);
    if (window->first[level])
        window->last[level]->link = item;
    else
        window->first[level] = item;
    window->last[level] = item;
    NtSetEvent(window->event, NULL);
    wq_lock_drop(&window->lock);
}

void rtwq_window_close(struct rtwq_window *window)
{
    wq_lock_take(&window->lock);
    window->closed = true;
    NtSetEvent(window->event, NULL);
    wq_lock_drop(&window->lock);
}
