/*
 * affinity.c: which processor a thread runs on, and binding it to one, on ntdll.
 *
 * Processors are those of the thread's group: as many as a pointer has bits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

#define THREAD_BASIC_INFORMATION_CLASS 0 /* THREADINFOCLASS */
#define THREAD_AFFINITY_MASK_CLASS     4

struct thread_basic_information {
    NTSTATUS exit_status;
    void *teb;
    CLIENT_ID id;
    ULONG_PTR affinity;
    LONG priority;
    LONG base_priority;
};

static bool affinity_set(uintptr_t mask)
{
    ULONG_PTR value = mask;

    return !NtSetInformationThread(PORT_THIS_THREAD, THREAD_AFFINITY_MASK_CLASS, &value, sizeof(value));
}

unsigned port_cpu_number(void)
{
    return port_has_rdpid ? port_cpu() : (unsigned)NtGetCurrentProcessorNumber();
}

bool port_cpu_bind(unsigned processor, struct port_cpu_set *before)
{
    struct thread_basic_information info;

    if (processor >= 8 * sizeof(before->mask) ||
        NtQueryInformationThread(PORT_THIS_THREAD, (THREADINFOCLASS)THREAD_BASIC_INFORMATION_CLASS, &info,
                                 sizeof(info), NULL))
        return false;
    before->mask = info.affinity;
    return affinity_set((uintptr_t)1 << processor);
}

void port_cpu_restore(const struct port_cpu_set *before)
{
    affinity_set(before->mask);
}
