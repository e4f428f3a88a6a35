/*
 * classes.c: scheduling classes that the registry names, with their priority bands.
 *
 * Writes to the registry, so it runs in a prefix of its own only, and needs a module that has not looked yet.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

#define TASKS "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Multimedia\\SystemProfile\\Tasks\\"

static void write_task(const char *name, const char *category)
{
    char path[400];
    HKEY key;
    LONG ret;

    lstrcpyA(path, TASKS);
    lstrcatA(path, name);
    ret =
        RegCreateKeyExA(HKEY_LOCAL_MACHINE, path, 0, NULL, 0, KEY_WRITE | KEY_WOW64_64KEY, NULL, &key, NULL);
    ok(!ret, "%s: error %ld\n", name, ret);
    if (category) {
        ret = RegSetValueExA(key, "Scheduling Category", 0, REG_SZ, (const BYTE *)category,
                             (DWORD)lstrlenA(category) + 1);
        ok(!ret, "%s: error %ld\n", name, ret);
    } else { /* no text */
        DWORD number = 3;

        ret = RegSetValueExA(key, "Scheduling Category", 0, REG_DWORD, (const BYTE *)&number, sizeof(number));
        ok(!ret, "%s: error %ld\n", name, ret);
    }
    RegCloseKey(key);
}

static void get_priority(struct callback *callback, IRtwqAsyncResult *result)
{
    (void)result;
    callback->param = (void *)(LONG_PTR)GetThreadPriority(GetCurrentThread());
}

/* The thread priority of callbacks of a class, whatever the case of its name. */
static int class_priority(const WCHAR *name, LONG base, const WCHAR *expected_name)
{
    struct callback callback;
    IRtwqAsyncResult *result;
    DWORD queue, task = 0, length = 64;
    WCHAR got[64];
    HRESULT hr;

    hr = RtwqLockSharedWorkQueue(name, base, &task, &queue);
    ok(hr == S_OK, "%s: got %#lx\n", wine_dbgstr_w(name), hr);
    if (hr != S_OK)
        return -100;
    hr = RtwqGetWorkQueueMMCSSClass(queue, got, &length);
    ok(hr == S_OK && !lstrcmpW(got, expected_name), "got %#lx, %s\n", hr, wine_dbgstr_w(got));
    callback_init(&callback);
    callback.fn = get_priority;
    result = result_new(&callback);
    RtwqPutWorkItem(queue, 0, result);
    callback_wait(&callback, 1);
    IRtwqAsyncResult_Release(result);
    callback_end(&callback);
    RtwqUnlockWorkQueue(queue);
    return (int)(LONG_PTR)callback.param;
}

START_TEST(classes)
{
    static const struct {
        const WCHAR *name, *expected_name;
        LONG base;
        int priority;
    } rows[] = {
        {L"WqHigh", L"WqHigh", 0, THREAD_PRIORITY_TIME_CRITICAL},
        {L"wqhIGH", L"WqHigh", -2, THREAD_PRIORITY_TIME_CRITICAL},
        {L"WqMedium", L"WqMedium", 0, THREAD_PRIORITY_HIGHEST},
        {L"WqMedium", L"WqMedium", -1, THREAD_PRIORITY_ABOVE_NORMAL},
        {L"WqMedium", L"WqMedium", 2, THREAD_PRIORITY_HIGHEST},
        {L"WqLow", L"WqLow", 0, THREAD_PRIORITY_ABOVE_NORMAL},
        {L"WqLow", L"WqLow", -2, THREAD_PRIORITY_BELOW_NORMAL},
        {L"WqOdd", L"WqOdd", 0, THREAD_PRIORITY_HIGHEST},
        {L"WqNumber", L"WqNumber", 0, THREAD_PRIORITY_HIGHEST},
        /* Windows' own: changed by the registry, and not. */
        {L"Audio", L"Audio", 0, THREAD_PRIORITY_TIME_CRITICAL},
        {L"Pro Audio", L"Pro Audio", 0, THREAD_PRIORITY_TIME_CRITICAL},
        {L"Games", L"Games", 0, THREAD_PRIORITY_HIGHEST},
    };
    char long_name[101];
    DWORD queue, task = 0;

    if (!ours()) {
        skip("the builtin knows no classes, and a Windows system is left alone\n");
        return;
    }
    memset(long_name, 'A', 100); /* sorts before the others; too long for a class */
    long_name[100] = 0;
    write_task(long_name, "High");
    write_task("WqHigh", "High");
    write_task("WqMedium", "medium");
    write_task("WqLow", "Low");
    write_task("WqOdd", "What comes after High, Medium and Low?");
    write_task("WqNumber", NULL);
    write_task("Audio", "High");
    start();
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        int got = class_priority(rows[i].name, rows[i].base, rows[i].expected_name);

        ok(got == rows[i].priority, "%s at %ld: priority %d, expected %d\n", wine_dbgstr_w(rows[i].name),
           rows[i].base, got, rows[i].priority);
    }
    ok(RtwqLockSharedWorkQueue(L"WqNone", 0, &task, &queue) == HRESULT_FROM_WIN32(1550), "found\n");
    stop();
}
