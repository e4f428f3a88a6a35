/*
 * nt_affinity.c: which processor a thread runs on, and binding it to one, on ntdll.
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

/* Whether rdpid counts the processors as the system does, which a Wine with a topology of its own may not. The
 * thread may move between the two, but hardly every time. */
static bool numbers_agree(void)
{
    static uint32_t known; /* A: 0 = not looked yet, 1 = they do, 2 = they do not */

    if (!at_load(&known)) {
        bool agree = false;

        for (int i = 0; i < 10 && !agree; i++)
            agree = port_cpu() == NtGetCurrentProcessorNumber();
        at_store(&known, agree ? 1 : 2);
    }
    return at_load(&known) == 1;
}

unsigned port_cpu_number(void)
{
    return port_has_rdpid && numbers_agree() ? port_cpu() : (unsigned)NtGetCurrentProcessorNumber();
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
