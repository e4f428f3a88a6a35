/*
 * quwi_idle.c: what outlives an idle period: the thread of WT_EXECUTEINPERSISTENTTHREAD and what it left
 * behind. That the period is over shows by an ordinary worker that has ended.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

#include <winreg.h>

static struct tally done;
static HANDLE ordinary, persistent, io;
static HKEY key;
static HANDLE changed, called;

static DWORD WINAPI give_thread(void *context)
{
    *(HANDLE *)context = quwi_this_thread();
    tally_add(&done, 1);
    return 0;
}

/* Windows signals the event when the thread that asked for the notification ends. */
static DWORD WINAPI watch_key(void *context)
{
    LONG ret = RegNotifyChangeKeyValue(key, FALSE, REG_NOTIFY_CHANGE_LAST_SET, changed, TRUE);

    ok(!ret, "error %ld\n", ret);
    return give_thread(context);
}

static void CALLBACK note_apc(ULONG_PTR param)
{
    (void)param;
    SetEvent(called);
}

static void test_notification(void)
{
    DWORD wait = WaitForSingleObject(changed, 0);
    LONG ret;

    ok(wait == WAIT_TIMEOUT, "signalled before the change: %lx\n", wait);
    ret = RegSetValueExA(key, "value", 0, REG_SZ, (const BYTE *)"x", 2);
    ok(!ret, "error %ld\n", ret);
    handle_wait(changed, "notification");
}

static void test_apc(HANDLE thread, const char *what)
{
    ok(QueueUserAPC(note_apc, thread, 0) != 0, "%s: error %lu\n", what, GetLastError());
    handle_wait(called, what);
}

START_TEST(quwi_idle)
{
    DWORD wait;
    LONG ret = RegCreateKeyExA(HKEY_CURRENT_USER, "Software\\wqshim_quwi_idle", 0, NULL, REG_OPTION_VOLATILE,
                               KEY_ALL_ACCESS, NULL, &key, NULL);

    ok(!ret, "error %ld\n", ret);
    changed = CreateEventA(NULL, TRUE, FALSE, NULL);
    called = CreateEventA(NULL, FALSE, FALSE, NULL);
    tally_init(&done, 3);
    queue(watch_key, &persistent, WT_EXECUTEINPERSISTENTTHREAD);
    queue(give_thread, &io, WT_EXECUTEINIOTHREAD);
    queue(give_thread, &ordinary, 0);
    tally_wait(&done, "callbacks");

    if (WaitForSingleObject(ordinary, 25000) != WAIT_OBJECT_0)
        skip("no worker ends within 25 s\n");
    wait = WaitForSingleObject(persistent, 0);
    /* No worker of Windows is truly persistent, says the documentation. */
    if (!quwi_builtin()) /* its is any worker and may end or not */
        ok(wait == WAIT_TIMEOUT || broken(1), "the persistent thread has ended\n");
    test_notification();
    if (wait == WAIT_TIMEOUT && !quwi_builtin()) {
        test_apc(persistent, "APC on the persistent thread");
        if (quwi_ours())
            test_apc(io, "APC on the io thread");
    }
    /* And the pool works as before. */
    quwi_flush();
    RegCloseKey(key);
    RegDeleteKeyA(HKEY_CURRENT_USER, "Software\\wqshim_quwi_idle");
    CloseHandle(ordinary);
    CloseHandle(persistent);
    CloseHandle(io);
    CloseHandle(changed);
    CloseHandle(called);
}
