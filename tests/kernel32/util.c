/*
 * util.c: what quwi.h promises.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

#include <winuser.h>

const ULONG quwi_classes[QUWI_CLASSES] = {WT_EXECUTEDEFAULT, WT_EXECUTELONGFUNCTION, WT_EXECUTEINIOTHREAD,
                                          WT_EXECUTEINPERSISTENTTHREAD, FLAG_PERSISTENT_IO};

static void *core_function(const char *name)
{
    HMODULE core = GetModuleHandleA("wqcore.dll");

    return core ? (void *)(ULONG_PTR)GetProcAddress(core, name) : NULL;
}

BOOL quwi_ours(void)
{
    return GetModuleHandleA("wqcore.dll") != NULL;
}

BOOL quwi_builtin(void)
{
    return winetest_platform_is_wine && !quwi_ours();
}

BOOL quwi_counters(struct wq_counters *counters)
{
    void (*counters_read)(struct wq_counters *) =
        (void (*)(struct wq_counters *))core_function("wq_counters_read");

    if (counters_read)
        counters_read(counters);
    return counters_read != NULL;
}

BOOL quwi_fault(unsigned kind, uint32_t times)
{
    void (*fault_set)(unsigned, uint32_t) = (void (*)(unsigned, uint32_t))core_function("wq_fault_set");

    if (fault_set)
        fault_set(kind, times);
    return fault_set != NULL;
}

void tally_init(struct tally *tally, LONG target)
{
    InterlockedExchange(&tally->target, target);
    InterlockedExchange(&tally->peak, 0);
    InterlockedExchange(&tally->count, 0);
}

LONG tally_add(struct tally *tally, LONG n)
{
    LONG now = InterlockedExchangeAdd(&tally->count, n) + n, peak = tally->peak;

    while (now > peak) {
        LONG seen = InterlockedCompareExchange(&tally->peak, now, peak);

        if (seen == peak)
            break;
        peak = seen;
    }
    if (now >= tally->target)
        WakeByAddressAll((void *)(ULONG_PTR)&tally->count);
    return now;
}

BOOL tally_reached(struct tally *tally, DWORD ms)
{
    ULONGLONG end = GetTickCount64() + ms;

    for (;;) {
        LONG seen = tally->count;
        ULONGLONG now = GetTickCount64();

        if (seen >= tally->target)
            return TRUE;
        if (now >= end)
            return FALSE;
        WaitOnAddress(&tally->count, &seen, sizeof(seen), (DWORD)(end - now));
    }
}

void tally_wait_(const char *file, int line, struct tally *tally, const char *what)
{
    BOOL reached = tally_reached(tally, QUWI_DEADLINE);

    ok_(file, line)(reached, "%s: got to %ld of %ld\n", what, tally->count, tally->target);
}

void succeeds_(const char *file, int line, BOOL success, const char *call)
{
    ok_(file, line)(success, "%s: error %lu\n", call, GetLastError());
}

void queue_(const char *file, int line, LPTHREAD_START_ROUTINE function, void *context, ULONG flags)
{
    BOOL success = QueueUserWorkItem(function, context, flags);

    ok_(file, line)(success, "flags %lx: error %lu\n", flags, GetLastError());
}

static struct tally flushed;

static DWORD WINAPI flush(void *context)
{
    (void)context;
    tally_add(&flushed, 1);
    return 0;
}

void quwi_flush(void)
{
    unsigned i;

    tally_init(&flushed, 64 + QUWI_CLASSES);
    for (i = 0; i < 64; i++)
        queue(flush, 0, WT_EXECUTEDEFAULT);
    for (i = 0; i < QUWI_CLASSES; i++)
        queue(flush, 0, quwi_classes[i]);
    tally_wait(&flushed, "flush");
}

HANDLE quwi_this_thread(void)
{
    HANDLE thread = NULL;

    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &thread, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
    return thread;
}

BOOL quwi_subject_extract(char *path)
{
    HRSRC resource = FindResourceA(NULL, "quwi_subject", (const char *)RT_RCDATA);
    DWORD size = resource ? SizeofResource(NULL, resource) : 0, written = 0;
    char folder[MAX_PATH];
    HANDLE file;

    ok(resource != NULL, "no DLL in the resources: error %lu\n", GetLastError());
    GetTempPathA(sizeof(folder), folder);
    GetTempFileNameA(folder, "qui", 0, path);
    file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, LockResource(LoadResource(NULL, resource)), size, &written, NULL);
    CloseHandle(file);
    ok(size && written == size, "%lu of %lu bytes written to %s\n", written, size, path);
    return written == size;
}

HMODULE quwi_subject_load(const char *path, void (*last_words)(void))
{
    HMODULE module = LoadLibraryA(path);
    void (*detach)(void (*)(void));

    ok(module != NULL, "%s: error %lu\n", path, GetLastError());
    if (!module)
        return NULL;
    detach = (void (*)(void (*)(void)))(void *)(ULONG_PTR)GetProcAddress(module, "subject_detach");
    detach(last_words);
    return module;
}
