/*
 * half.c: a program whose kernel32 is ours and whose kernelbase is Wine's, as a user's own override may have it,
 * or the other way round. Waits and callbacks work all the same. Its own program, because it needs its own
 * overrides; the status is the number of the first check that failed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <windows.h>

#define CHECK(number, condition)                                                                             \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("half: %s, error %lu\n", #condition, GetLastError());                                     \
            return number;                                                                                   \
        }                                                                                                    \
    } while (0)

static double slept; /* ms */
static DWORD waited;

/* Not GetTickCount64, which wineserver keeps, and on a busy machine keeps late. */
static double clock_ms(void)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (double)now.QuadPart * 1000 / (double)frequency.QuadPart;
}

static DWORD WINAPI callback(void *event)
{
    double start = clock_ms();

    Sleep(100);
    slept = clock_ms() - start;
    waited = WaitForSingleObject(GetCurrentProcess(), 20);
    return !SetEvent(event);
}

int main(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    double start;

    /* The test is about something only if exactly one of the two is a graft. */
    CHECK(1, !GetModuleHandleA("kernelbase_base.dll") != !GetModuleHandleA("kernel32_base.dll"));
    start = clock_ms();
    Sleep(100);
    CHECK(2, clock_ms() - start >= 90); /* the clock's tick is 15 ms */
    CHECK(3, WaitForSingleObject(event, 20) == WAIT_TIMEOUT);
    CHECK(4, QueueUserWorkItem(callback, event, 0));
    CHECK(5, WaitForSingleObject(event, 20000) == WAIT_OBJECT_0);
    CHECK(6, slept >= 90);
    CHECK(7, waited == WAIT_TIMEOUT);
    CHECK(8, WaitForMultipleObjects(1, &event, TRUE, 20000) == WAIT_OBJECT_0);
    return 0;
}
