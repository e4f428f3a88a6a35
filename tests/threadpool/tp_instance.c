/*
 * tp_instance.c: what a callback can ask for with its instance.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static struct tally done;
static struct {
    CRITICAL_SECTION section;
    HANDLE mutex, semaphore, event, second, returned;
    BOOL finalized;
} things;

static void CALLBACK ask_for_all(PTP_CALLBACK_INSTANCE instance, void *context)
{
    (void)context;
    EnterCriticalSection(&things.section);
    LeaveCriticalSectionWhenCallbackReturns(instance, &things.section);
    WaitForSingleObject(things.mutex, QUWI_DEADLINE);
    ReleaseMutexWhenCallbackReturns(instance, things.mutex);
    ReleaseSemaphoreWhenCallbackReturns(instance, things.semaphore, 3);
    SetEventWhenCallbackReturns(instance, things.event);
    SetEventWhenCallbackReturns(instance, things.second);
    ok(WaitForSingleObject(things.event, 0) == WAIT_TIMEOUT, "the event was set at once\n");
    ok(WaitForSingleObject(things.semaphore, 0) == WAIT_TIMEOUT, "the semaphore was released at once\n");
}

static void CALLBACK finalize(PTP_CALLBACK_INSTANCE instance, void *context)
{
    ok(instance != NULL && context == (void *)7, "instance %p, context %p\n", instance, context);
    ok(WaitForSingleObject(things.event, 0) == WAIT_TIMEOUT, "the event was set before\n");
    things.finalized++;
}

static void test_returns(void)
{
    TP_CALLBACK_ENVIRON env = {.Version = 1};
    unsigned i;

    memset(&things, 0, sizeof(things));
    InitializeCriticalSection(&things.section);
    things.mutex = CreateMutexA(NULL, FALSE, NULL);
    things.semaphore = CreateSemaphoreA(NULL, 0, 10, NULL);
    things.event = CreateEventA(NULL, FALSE, FALSE, NULL);
    things.second = CreateEventA(NULL, FALSE, FALSE, NULL);
    env.FinalizationCallback = finalize;
    succeeds(TrySubmitThreadpoolCallback(ask_for_all, (void *)7, &env));
    handle_wait(things.event, "event");
    ok(things.finalized == 1, "finalized %d times\n", things.finalized);
    ok(TryEnterCriticalSection(&things.section), "the critical section is taken\n");
    ok(WaitForSingleObject(things.mutex, 0) == WAIT_OBJECT_0, "the mutex is taken\n");
    for (i = 0; i < 3; i++)
        ok(WaitForSingleObject(things.semaphore, 0) == WAIT_OBJECT_0, "%u: no count\n", i);
    ok(WaitForSingleObject(things.semaphore, 0) == WAIT_TIMEOUT, "more counts\n");
    ok(WaitForSingleObject(things.second, 0) == WAIT_TIMEOUT, "the second event was set as well\n");
    LeaveCriticalSection(&things.section);
    DeleteCriticalSection(&things.section);
    ReleaseMutex(things.mutex);
    CloseHandle(things.mutex);
    CloseHandle(things.semaphore);
    CloseHandle(things.event);
    CloseHandle(things.second);
}

/* The event's waiter closes and frees all at once. */
static void CALLBACK set_event(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)work;
    SetEventWhenCallbackReturns(instance, *(HANDLE *)context);
}

static void test_event_race(void)
{
    uint32_t before = pool_blocks();
    unsigned i;

    for (i = 0; i < 2000; i++) {
        HANDLE *event = HeapAlloc(GetProcessHeap(), 0, sizeof(*event));
        PTP_WORK work = work_make(set_event, event, NULL);

        *event = CreateEventA(NULL, FALSE, FALSE, NULL);
        SubmitThreadpoolWork(work);
        handle_wait(*event, "event");
        CloseThreadpoolWork(work);
        CloseHandle(*event);
        HeapFree(GetProcessHeap(), 0, event);
    }
    blocks_return(before);
}

/* ---- disassociated ---- */

static HANDLE begun, go;

static void CALLBACK leave(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)context;
    DisassociateCurrentThreadFromCallback(instance);
    DisassociateCurrentThreadFromCallback(instance);
    WaitForThreadpoolWorkCallbacks(work, FALSE); /* itself does not count */
    SetEvent(begun);
    WaitForSingleObject(go, QUWI_DEADLINE);
    tally_add(&done, 1);
}

static void test_disassociate(void)
{
    PTP_WORK work = work_make(leave, NULL, NULL);

    begun = CreateEventA(NULL, FALSE, FALSE, NULL);
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    tally_init(&done, 1);
    SubmitThreadpoolWork(work);
    handle_wait(begun, "callback");
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    ok(!done.count, "it has returned\n");
    CloseThreadpoolWork(work);
    SetEvent(go);
    tally_wait(&done, "the end of the callback");
    CloseHandle(begun);
    CloseHandle(go);
}

/* ---- may run long ---- */

struct answer {
    BOOL first, second;
    DWORD error;
};

static void CALLBACK may_run_long(PTP_CALLBACK_INSTANCE instance, void *context)
{
    struct answer *answer = context;

    SetLastError(0xdeadbeef);
    answer->first = CallbackMayRunLong(instance);
    answer->error = GetLastError();
    answer->second = CallbackMayRunLong(instance);
    tally_add(&done, 1);
}

static void test_may_run_long(void)
{
    TP_CALLBACK_ENVIRON env;
    PTP_POOL pool = pool_make(&env, 0, 1);
    static struct answer answer;

    tally_init(&done, 1);
    succeeds(TrySubmitThreadpoolCallback(may_run_long, &answer, NULL));
    tally_wait(&done, "callback");
    ok(answer.first && answer.second && answer.error == 0xdeadbeef, "default pool: %d, %d, error %lu\n",
       answer.first, answer.second, answer.error);
    tally_init(&done, 1);
    succeeds(TrySubmitThreadpoolCallback(may_run_long, &answer, &env));
    tally_wait(&done, "callback");
    ok(!answer.first && answer.error == 565, "a pool of one thread: %d, error %lu\n", answer.first,
       answer.error);
    CloseThreadpool(pool);
}

/* ---- libraries ---- */

static const char *subject;

static void CALLBACK free_library(PTP_CALLBACK_INSTANCE instance, void *context)
{
    FreeLibraryWhenCallbackReturns(instance, context);
    tally_add(&done, 1);
}

static BOOL gone(void)
{
    ULONGLONG end = GetTickCount64() + QUWI_DEADLINE;

    while (GetModuleHandleA(subject) && GetTickCount64() < end)
        Sleep(1);
    return !GetModuleHandleA(subject);
}

static void CALLBACK nothing(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    tally_add(&done, 1);
}

static void test_library(void)
{
    TP_CALLBACK_ENVIRON env = {.Version = 1};
    HMODULE module;
    PTP_WORK work;
    unsigned i;

    for (i = 0; i < 20; i++) {
        tally_init(&done, 1);
        module = LoadLibraryA(subject);
        ok(module != NULL, "error %lu\n", GetLastError());
        succeeds(TrySubmitThreadpoolCallback(free_library, module, NULL));
        tally_wait(&done, "callback");
        ok(gone(), "still loaded\n");
    }
    module = LoadLibraryA(subject);
    env.RaceDll = module;
    work = work_make(nothing, NULL, &env);
    FreeLibrary(module);
    ok(GetModuleHandleA(subject) != NULL, "the object does not keep its library\n");
    tally_init(&done, 1);
    SubmitThreadpoolWork(work);
    tally_wait(&done, "callback");
    CloseThreadpoolWork(work);
    ok(gone(), "still loaded\n");
}

START_TEST(tp_instance)
{
    static char name[MAX_PATH];

    CloseThreadpoolWork(work_make(nothing, NULL, NULL));
    test_returns();
    test_event_race();
    test_disassociate();
    test_may_run_long();
    GetTempPathA(sizeof(name) - 16, name);
    strcat(name, "tp_subject.dll");
    subject = name;
    if (CopyFileA("C:\\windows\\system32\\slc.dll", name, FALSE)) /* any small one */
        test_library();
    else
        skip("no library to load: error %lu\n", GetLastError());
    DeleteFileA(name);
}
