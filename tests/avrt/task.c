/*
 * task.c: callbacks of a scheduling class enter their queue's task through avrt.dll and leave it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#include "double.h"

static void(WINAPI *double_read)(struct double_counters *counters);
static BOOL(WINAPI *double_thread)(WCHAR *task, DWORD *index, LONG *priority);
static void(WINAPI *double_forget)(void);
static void(WINAPI *double_refuse)(BOOL refuse);

/* What a callback sees. */
struct view {
    BOOL in_task;
    WCHAR task[32];
    DWORD index;
    LONG priority;
    int thread_priority;
};

static void look(struct callback *callback, IRtwqAsyncResult *result)
{
    struct view *view = callback->param;

    (void)result;
    view->in_task = double_thread(view->task, &view->index, &view->priority);
    view->thread_priority = GetThreadPriority(GetCurrentThread());
}

static struct view view_on(DWORD queue)
{
    struct view view = {FALSE, L"", 0, 0, 0};
    struct callback callback;
    IRtwqAsyncResult *result;

    callback_init(&callback);
    callback.fn = look;
    callback.param = &view;
    result = result_new(&callback);
    ok(RtwqPutWorkItem(queue, 0, result) == S_OK, "not put\n");
    callback_wait(&callback, 1);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    return view;
}

static DWORD lock_shared(const WCHAR *class, LONG priority)
{
    DWORD queue = 0, task = 0;
    HRESULT hr = RtwqLockSharedWorkQueue(class, priority, &task, &queue);

    ok(hr == S_OK && task, "got %#lx, task %lu\n", hr, task);
    return queue;
}

/* One task for each queue, entered with its class and priority. */
static void test_tasks(void)
{
    static const struct {
        const WCHAR *class;
        LONG priority;
    } rows[] = {{L"Pro Audio", 2}, {L"Audio", -1}, {L"Games", 0}};
    struct double_counters before, now;
    DWORD queues[3], index[3];

    double_read(&before);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        queues[i] = lock_shared(rows[i].class, rows[i].priority);
    for (unsigned turn = 0; turn < 5; turn++) {
        for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
            struct view view = view_on(queues[i]);

            ok(view.in_task && !lstrcmpW(view.task, rows[i].class), "in task %s\n", wine_dbgstr_w(view.task));
            ok(view.priority == rows[i].priority, "priority %ld\n", view.priority);
            ok(view.thread_priority == THREAD_PRIORITY_NORMAL, "thread priority %d\n", view.thread_priority);
            if (turn)
                ok(view.index == index[i], "task %lu, was %lu\n", view.index, index[i]);
            index[i] = view.index;
        }
        ok(index[0] != index[1] && index[1] != index[2] && index[0] != index[2], "the same task\n");
        ok(!view_on(RTWQ_CALLBACK_QUEUE_MULTITHREADED).in_task, "in a task without a class\n");
    }
    double_read(&now);
    ok(now.sets - before.sets == 15, "entered %ld times\n", now.sets - before.sets);
    ok(now.priorities - before.priorities == 15, "%ld priorities\n", now.priorities - before.priorities);
    ok(now.tasks - before.tasks == 3, "%ld tasks\n", now.tasks - before.tasks);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        RtwqUnlockWorkQueue(queues[i]);
}

/* avrt ends a task that has no thread; the next callback makes a new one. */
static void test_forgotten_task(void)
{
    DWORD queue = lock_shared(L"Pro Audio", 0);
    struct view first = view_on(queue), second;

    double_forget();
    second = view_on(queue);
    ok(second.in_task && second.index != first.index, "task %lu, was %lu\n", second.index, first.index);
    first = view_on(queue);
    ok(first.in_task && first.index == second.index, "task %lu, was %lu\n", first.index, second.index);
    RtwqUnlockWorkQueue(queue);
}

/* If avrt refuses, the thread's priority is set directly. */
static void test_refused(void)
{
    DWORD queue = lock_shared(L"Pro Audio", 0), capture = lock_shared(L"Capture", 0);
    struct view view;

    double_refuse(TRUE);
    view = view_on(queue);
    ok(!view.in_task && view.thread_priority == THREAD_PRIORITY_TIME_CRITICAL, "thread priority %d\n",
       view.thread_priority);
    double_refuse(FALSE);
    view = view_on(queue);
    ok(view.in_task && view.thread_priority == THREAD_PRIORITY_NORMAL, "thread priority %d\n",
       view.thread_priority);
    view = view_on(capture); /* the double does not know it */
    ok(!view.in_task && view.thread_priority == THREAD_PRIORITY_HIGHEST, "thread priority %d\n",
       view.thread_priority);
    RtwqUnlockWorkQueue(queue);
    RtwqUnlockWorkQueue(capture);
}

/* A private queue that changes its class changes its task. */
static void test_change_class(void)
{
    static const WCHAR *const classes[] = {L"Audio", L"Games", L"Audio"};
    struct callback callback;
    struct view view;
    DWORD queue, last = 0;

    callback_init(&callback);
    RtwqAllocateWorkQueue(RTWQ_STANDARD_WORKQUEUE, &queue);
    for (unsigned i = 0; i < ARRAY_SIZE(classes); i++) {
        RtwqBeginRegisterWorkQueueWithMMCSS(queue, classes[i], 0, 1, &callback.iface, NULL);
        callback_wait(&callback, 1);
        view = view_on(queue);
        ok(view.in_task && !lstrcmpW(view.task, classes[i]) && view.priority == 1, "in task %s, %ld\n",
           wine_dbgstr_w(view.task), view.priority);
        ok(view.index != last, "still task %lu\n", last);
        last = view.index;
    }
    RtwqBeginUnregisterWorkQueueWithMMCSS(queue, &callback.iface, NULL);
    callback_wait(&callback, 1);
    ok(!view_on(queue).in_task, "in a task without a class\n");
    RtwqUnlockWorkQueue(queue);
    callback_end(&callback);
}

/* Many callbacks at a time, on queues of several classes and of none. */
static void count_right(struct callback *callback, IRtwqAsyncResult *result)
{
    struct view view = {FALSE, L"", 0, 0, 0};

    look(&(struct callback){.param = &view}, result);
    if (view.in_task == (callback->param != NULL) && (!view.in_task || !lstrcmpW(view.task, callback->param)))
        InterlockedIncrement((LONG *)&callback->flags);
}

static void test_many(void)
{
    static const WCHAR *const classes[] = {L"Pro Audio", L"Audio", L"Games", NULL};
    enum { EACH = 100, KINDS = ARRAY_SIZE(classes) };
    static IRtwqAsyncResult *results[KINDS][EACH];
    struct callback callbacks[KINDS];
    DWORD queues[KINDS];

    for (unsigned k = 0; k < KINDS; k++) {
        callback_init(&callbacks[k]);
        callbacks[k].fn = count_right;
        callbacks[k].param = (void *)classes[k];
        queues[k] = classes[k] ? lock_shared(classes[k], 0) : RTWQ_CALLBACK_QUEUE_MULTITHREADED;
    }
    for (unsigned i = 0; i < EACH * KINDS; i++) {
        results[i % KINDS][i / KINDS] = result_new(&callbacks[i % KINDS]);
        RtwqPutWorkItem(queues[i % KINDS], 0, results[i % KINDS][i / KINDS]);
    }
    for (unsigned k = 0; k < KINDS; k++) {
        callback_wait(&callbacks[k], EACH);
        ok(callbacks[k].flags == EACH, "%lu of %d callbacks of kind %u were in their task\n",
           callbacks[k].flags, EACH, k);
        for (unsigned i = 0; i < EACH; i++)
            IRtwqAsyncResult_Release(results[k][i]);
        callback_end(&callbacks[k]);
        RtwqUnlockWorkQueue(queues[k]);
    }
}

START_TEST(task)
{
    HMODULE module = LoadLibraryA("avrt.dll");
    ULONGLONG end = GetTickCount64() + 4 * DEADLINE_MS;
    struct double_counters counters;

    double_read = (void *)GetProcAddress(module, "DoubleRead");
    double_thread = (void *)GetProcAddress(module, "DoubleThread");
    double_forget = (void *)GetProcAddress(module, "DoubleForget");
    double_refuse = (void *)GetProcAddress(module, "DoubleRefuse");
    if (!double_read || !ours()) {
        skip("not with the test double and our rtworkq.dll\n");
        return;
    }
    start();
    test_tasks();
    test_forgotten_task();
    test_refused();
    test_change_class();
    test_many();
    stop();
    do { /* the last callbacks leave their tasks when they have been waited for */
        SwitchToThread();
        double_read(&counters);
    } while (counters.reverts != counters.sets && GetTickCount64() < end);
    ok(counters.reverts == counters.sets, "entered %ld, left %ld\n", counters.sets, counters.reverts);
    ok(!counters.nested && !counters.wrong, "nested %ld, wrong %ld\n", counters.nested, counters.wrong);
}
