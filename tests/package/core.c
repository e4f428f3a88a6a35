/*
 * core.c: a program outside of the tree that uses the pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>

#include <wqcore.h>

static void WQ_CALL hello(void *event)
{
    SetEvent(event);
}

int main(void)
{
    HANDLE done = CreateEventA(NULL, FALSE, FALSE, NULL);

    return wq_post(hello, done) && !WaitForSingleObject(done, 30000) ? 0 : 1;
}
