/*
 * core.cpp: a program in C++ outside of the tree that uses the pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>

#include <wqcore.h>

static void WQ_CALL hello(void *event)
{
    SetEvent(event);
}

int main()
{
    HANDLE done = CreateEventA(nullptr, FALSE, FALSE, nullptr);

    return wq_post(hello, done) && !WaitForSingleObject(done, 30000) ? 0 : 1;
}
