/*
 * A program that needs the pool: a hundred callbacks, and the last one ends it. It says whether the pool was ours
 * or Wine's. Its status is 0 unless a callback is lost.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>
#include <stdio.h>

#define CALLBACKS 100

static LONG left = CALLBACKS;

static DWORD WINAPI callback(void *event)
{
    return !InterlockedDecrement(&left) && SetEvent(event);
}

int main(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);

    for (int i = 0; i < CALLBACKS; i++)
        if (!QueueUserWorkItem(callback, event, 0))
            return 2;
    if (WaitForSingleObject(event, 20000) != WAIT_OBJECT_0)
        return 1;
    printf("pool %s\n", GetModuleHandleA("wqcore.dll") ? "ours" : "builtin");
    return 0;
}
