/*
 * tp_exports.c: all functions are there, by every name that they are imported by, and none of them leads around us.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

static const char *const names[] = {"CallbackMayRunLong",
                                    "CancelThreadpoolIo",
                                    "CloseThreadpool",
                                    "CloseThreadpoolCleanupGroup",
                                    "CloseThreadpoolCleanupGroupMembers",
                                    "CloseThreadpoolIo",
                                    "CloseThreadpoolTimer",
                                    "CloseThreadpoolWait",
                                    "CloseThreadpoolWork",
                                    "CreateThreadpool",
                                    "CreateThreadpoolCleanupGroup",
                                    "CreateThreadpoolIo",
                                    "CreateThreadpoolTimer",
                                    "CreateThreadpoolWait",
                                    "CreateThreadpoolWork",
                                    "DisassociateCurrentThreadFromCallback",
                                    "FreeLibraryWhenCallbackReturns",
                                    "IsThreadpoolTimerSet",
                                    "LeaveCriticalSectionWhenCallbackReturns",
                                    "QueryThreadpoolStackInformation",
                                    "ReleaseMutexWhenCallbackReturns",
                                    "ReleaseSemaphoreWhenCallbackReturns",
                                    "SetEventWhenCallbackReturns",
                                    "SetThreadpoolStackInformation",
                                    "SetThreadpoolThreadMaximum",
                                    "SetThreadpoolThreadMinimum",
                                    "SetThreadpoolTimer",
                                    "SetThreadpoolTimerEx",
                                    "SetThreadpoolWait",
                                    "SetThreadpoolWaitEx",
                                    "StartThreadpoolIo",
                                    "SubmitThreadpoolWork",
                                    "TrySubmitThreadpoolCallback",
                                    "WaitForThreadpoolIoCallbacks",
                                    "WaitForThreadpoolTimerCallbacks",
                                    "WaitForThreadpoolWaitCallbacks",
                                    "WaitForThreadpoolWorkCallbacks"};

static void test_names(const char *module)
{
    HMODULE handle = GetModuleHandleA(module);
    unsigned i;

    ok(ARRAY_SIZE(names) == 37, "%u names\n", (unsigned)ARRAY_SIZE(names));
    for (i = 0; i < ARRAY_SIZE(names); i++)
        todo_if(quwi_builtin() && strstr(names[i], "Ex") && !strstr(names[i], "Exe"))
            ok(GetProcAddress(handle, names[i]) != NULL, "%s has no %s\n", module, names[i]);
}

/* Counts the exports that lead to ntdll's pool. */
static void test_forwarders(const char *module)
{
    const char *base = (const char *)(ULONG_PTR)GetModuleHandleA(module);
    const IMAGE_NT_HEADERS *header =
        (const void *)(base + ((const IMAGE_DOS_HEADER *)(const void *)base)->e_lfanew);
    const IMAGE_DATA_DIRECTORY *place = &header->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT];
    const IMAGE_EXPORT_DIRECTORY *exports = (const void *)(base + place->VirtualAddress);
    const DWORD *functions = (const void *)(base + exports->AddressOfFunctions);
    unsigned i, found = 0;

    for (i = 0; i < exports->NumberOfFunctions; i++) {
        if (functions[i] - place->VirtualAddress >= place->Size ||
            _strnicmp(base + functions[i], "NTDLL.Tp", 8))
            continue;
        trace("%s forwards to %s\n", module, base + functions[i]);
        found++;
    }
    todo_if(quwi_builtin()) ok(!found, "%s has %u forwarders to ntdll's pool\n", module, found);
}

static struct tally done;

static void CALLBACK count(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)instance;
    (void)context;
    (void)work;
    tally_add(&done, 1);
}

/* What one module makes the other can use, and a module that leads there. */
static void test_across(const char *maker, const char *user)
{
    HMODULE from = LoadLibraryA(maker), to = LoadLibraryA(user);
    PTP_WORK(WINAPI * make)
    (PTP_WORK_CALLBACK, void *, PTP_CALLBACK_ENVIRON) =
        (void *)(ULONG_PTR)GetProcAddress(from, "CreateThreadpoolWork");
    void(WINAPI * submit)(PTP_WORK) = (void *)(ULONG_PTR)GetProcAddress(to, "SubmitThreadpoolWork");
    void(WINAPI * wait)(PTP_WORK, BOOL) =
        (void *)(ULONG_PTR)GetProcAddress(to, "WaitForThreadpoolWorkCallbacks");
    void(WINAPI * end)(PTP_WORK) = (void *)(ULONG_PTR)GetProcAddress(from, "CloseThreadpoolWork");
    PTP_WORK work;
    unsigned i;

    if (!make || !submit || !wait || !end) {
        ok(0, "%s or %s lacks functions\n", maker, user);
        return;
    }
    tally_init(&done, 10);
    work = make(count, NULL, NULL);
    ok(work != NULL, "%s: error %lu\n", maker, GetLastError());
    for (i = 0; i < 10; i++)
        submit(work);
    wait(work, FALSE);
    ok(done.count == 10, "%s and %s: %ld callbacks\n", maker, user, done.count);
    end(work);
}

START_TEST(tp_exports)
{
    static const char *const modules[] = {"kernel32.dll", "kernelbase.dll",
                                          "api-ms-win-core-threadpool-l1-2-0.dll"};
    unsigned i, j;

    for (i = 0; i < 2; i++) {
        test_names(modules[i]);
        test_forwarders(modules[i]);
    }
    for (i = 0; i < ARRAY_SIZE(modules); i++)
        for (j = 0; j < ARRAY_SIZE(modules); j++)
            test_across(modules[i], modules[j]);
}
