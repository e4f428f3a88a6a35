/*
 * seam_nt.c: time, threads and events for the Windows programs, from documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "main.h"

#include <windows.h>
#include <psapi.h>
#include <tlhelp32.h>
#include <winternl.h>

static DWORD slot_tls = TLS_OUT_OF_INDEXES;

/* Read in place: the call of TlsGetValue would be a good part of what a callback costs. */
struct bench_slot *bench_slot_get(void)
{
    return NtCurrentTeb()->TlsSlots[slot_tls];
}

void bench_slot_set(struct bench_slot *slot)
{
    TlsSetValue(slot_tls, slot);
}

uint64_t bench_clock_ns(void)
{
    static LARGE_INTEGER frequency;
    LARGE_INTEGER now;

    if (!frequency.QuadPart) {
        QueryPerformanceFrequency(&frequency);
        slot_tls = TlsAlloc();
        if (slot_tls >= 64)
            bench_die("no early TLS slot");
    }
    QueryPerformanceCounter(&now);
    return (uint64_t)((double)now.QuadPart * 1e9 / (double)frequency.QuadPart);
}

void bench_event_set(struct bench_event *event)
{
    if (!__atomic_exchange_n(&event->set, 1, __ATOMIC_SEQ_CST))
        WakeByAddressAll(&event->set);
}

void bench_event_reset(struct bench_event *event)
{
    __atomic_store_n(&event->set, 0, __ATOMIC_SEQ_CST);
}

/* In whole milliseconds, as the API has them. */
bool bench_event_wait(struct bench_event *event, uint32_t timeout_us)
{
    uint32_t clear = 0;

    while (!__atomic_load_n(&event->set, __ATOMIC_ACQUIRE)) {
        if (!timeout_us)
            return false;
        if (!WaitOnAddress(&event->set, &clear, sizeof(clear), (timeout_us + 999) / 1000))
            return __atomic_load_n(&event->set, __ATOMIC_ACQUIRE);
    }
    return true;
}

static DWORD WINAPI thread_main(void *param)
{
    struct bench_thread *thread = param;

    thread->main(thread->param);
    return 0;
}

void bench_thread_start(struct bench_thread *thread, void (*routine)(void *param), void *param)
{
    thread->main = routine;
    thread->param = param;
    thread->handle = CreateThread(NULL, 0, thread_main, thread, 0, NULL);
    if (!thread->handle)
        bench_die("no thread");
}

void bench_thread_join(struct bench_thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
}

/* Whole milliseconds as programs sleep; Sleep knows no others. */
void bench_sleep_us(uint32_t us)
{
    static NTSTATUS(NTAPI * delay)(BOOLEAN, const LARGE_INTEGER *);
    LARGE_INTEGER time = {.QuadPart = -(LONGLONG)us * 10};

    if (us % 1000 == 0) {
        Sleep(us / 1000);
        return;
    }
    if (!delay)
        delay = (NTSTATUS(NTAPI *)(BOOLEAN, const LARGE_INTEGER *))(void *)GetProcAddress(
            GetModuleHandleA("ntdll.dll"), "NtDelayExecution");
    delay(FALSE, &time);
}

unsigned bench_processors(void)
{
    SYSTEM_INFO info;

    GetSystemInfo(&info);
    return info.dwNumberOfProcessors;
}

static uint64_t file_time(const FILETIME *time)
{
    return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

uint64_t bench_cpu_us(void)
{
    FILETIME created, ended, kernel, user;

    GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
    return (file_time(&kernel) + file_time(&user)) / 10;
}

uint64_t bench_age_ns(void)
{
    FILETIME created, ended, kernel, user, now;

    GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
    GetSystemTimePreciseAsFileTime(&now);
    return (file_time(&now) - file_time(&created)) * 100;
}

uint64_t bench_resident(void)
{
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof(counters)};

    if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters)))
        return 0;
    return counters.WorkingSetSize;
}

unsigned bench_thread_count(void)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32 entry = {.dwSize = sizeof(entry)};
    unsigned count = 0;

    for (BOOL more = Process32First(snapshot, &entry); more; more = Process32Next(snapshot, &entry)) {
        if (entry.th32ProcessID == GetCurrentProcessId())
            count = entry.cntThreads;
    }
    CloseHandle(snapshot);
    return count;
}
