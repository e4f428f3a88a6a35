/*
 * nt_system.c: clock, processors and memory on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <cpuid.h>

#include "../port.h"
#include "nt.h"

bool port_has_rdpid;

#define PEB_PROCESS_HEAP 1 /* index in PEB.Reserved4: offset 0x30, 32-bit 0x18 */

static uint64_t ticks_per_second; /* constant after port_start */
static unsigned cpu_count;        /* constant after port_start */

void port_start(void)
{
    SYSTEM_BASIC_INFORMATION info;
    LARGE_INTEGER frequency;
    unsigned eax, ebx, ecx, edx;

    RtlQueryPerformanceFrequency(&frequency);
    ticks_per_second = (uint64_t)frequency.QuadPart;
    cpu_count = 1;
    if (!NtQuerySystemInformation(SystemBasicInformation, &info, sizeof(info), NULL) &&
        info.NumberOfProcessors > 0)
        cpu_count = (unsigned)info.NumberOfProcessors;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        port_has_rdpid = (ecx >> 22) & 1;
}

unsigned port_cpu_count(void)
{
    return cpu_count;
}

uint64_t port_clock_us(void)
{
    LARGE_INTEGER now;
    uint64_t seconds, rest;

    RtlQueryPerformanceCounter(&now);
    seconds = (uint64_t)now.QuadPart / ticks_per_second;
    rest = (uint64_t)now.QuadPart % ticks_per_second;
    return seconds * 1000000 + rest * 1000000 / ticks_per_second;
}

uint64_t port_system_us(void)
{
    LARGE_INTEGER now;

    NtQuerySystemTime(&now);
    return (uint64_t)now.QuadPart / 10;
}

uint64_t port_process_cpu_us(void)
{
    KERNEL_USER_TIMES times;

    if (NtQueryInformationProcess(PORT_THIS_PROCESS, ProcessTimes, &times, sizeof(times), NULL))
        return 0;
    return (uint64_t)(times.KernelTime.QuadPart + times.UserTime.QuadPart) / 10;
}

uint64_t port_offer_processor(void)
{
    /* A yield returns within 2 us if nobody else wants this processor. When somebody does, a thread that just
     * woke may get it back at once, but not several times in a row. */
    uint64_t before, took = 0;

    for (int i = 0; i < 6 && took < PORT_BUSY_US; i++) {
        before = port_clock_us();
        NtYieldExecution();
        took = port_clock_us() - before;
    }
    return took;
}

static void *process_heap(void)
{
    return NtCurrentTeb()->ProcessEnvironmentBlock->Reserved4[PEB_PROCESS_HEAP];
}

void *port_pages_alloc(size_t size)
{
    SIZE_T rounded = size;
    void *pages = NULL;

    if (port_fault_hit(PORT_FAULT_MEMORY))
        return NULL;
    if (NtAllocateVirtualMemory(PORT_THIS_PROCESS, &pages, 0, &rounded, MEM_RESERVE | MEM_COMMIT,
                                PAGE_READWRITE))
        return NULL;
    return pages;
}

void port_pages_free(void *pages, size_t size)
{
    SIZE_T all = 0;

    (void)size;
    NtFreeVirtualMemory(PORT_THIS_PROCESS, &pages, &all, MEM_RELEASE);
}

uint32_t port_heap_blocks; /* A */

void *port_heap_alloc(size_t size)
{
    void *block = NULL;

    if (!port_fault_hit(PORT_FAULT_MEMORY))
        block = RtlAllocateHeap(process_heap(), 0, size);
    if (block)
        at_add(&port_heap_blocks, 1);
    return block;
}

void port_heap_free(void *block)
{
    if (block)
        at_add(&port_heap_blocks, UINT32_MAX);
    RtlFreeHeap(process_heap(), 0, block);
}
