/*
 * nt_thread.c: threads and the calling thread's own pointers on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

struct start {
    port_thread_fn *fn;
    void *arg;
};

struct tls_slot port_self_slot, port_context_slot;

bool port_slots_open(void)
{
    if (tls_open(&port_self_slot) && tls_open(&port_context_slot))
        return true;
    tls_close(&port_self_slot);
    return false;
}

void port_self_set(void *self)
{
    *tls_place(&port_self_slot) = self;
}

void port_context_set(void *context)
{
    *tls_place(&port_context_slot) = context;
}

static DWORD WINAPI thread_main(void *param)
{
    struct start start = *(struct start *)param;

    port_heap_free(param);
    start.fn(start.arg);
    RtlExitUserThread(STATUS_SUCCESS);
    return 0;
}

bool port_thread_start(port_thread_fn *fn, void *arg, const struct port_stack *stack,
                       struct port_thread *thread)
{
    struct start *start;
    HANDLE handle;

    if (port_fault_hit(PORT_FAULT_THREAD) || port_exiting())
        return false;
    start = port_heap_alloc(sizeof(*start));
    if (!start)
        return false;
    start->fn = fn;
    start->arg = arg;
    if (NtCreateThreadEx(&handle, THREAD_ALL_ACCESS, NULL, PORT_THIS_PROCESS, (void *)(ULONG_PTR)thread_main,
                         start, 0, 0, stack ? stack->commit : 0, stack ? stack->reserve : 0, NULL)) {
        port_heap_free(start);
        return false;
    }
    thread->handle = handle;
    return true;
}

void port_thread_join(struct port_thread *thread)
{
    if (!port_exiting())
        NtWaitForSingleObject(thread->handle, FALSE, NULL);
    NtClose(thread->handle);
}

uint64_t port_thread_cpu_us(struct port_thread *thread)
{
    const THREADINFOCLASS thread_times = (THREADINFOCLASS)1;
    KERNEL_USER_TIMES times;

    if (NtQueryInformationThread(thread->handle, thread_times, &times, sizeof(times), NULL))
        return 0;
    return (uint64_t)(times.KernelTime.QuadPart + times.UserTime.QuadPart) / 10;
}

void port_thread_trim_stack(void)
{
    const SIZE_T keep = 32768; /* bytes below this frame that the first callbacks may use without a fault */
    const ULONG_PTR page = 4096;
    char *bottom = ((NT_TIB *)NtCurrentTeb())->StackLimit;
    char *top = (char *)(((ULONG_PTR)__builtin_frame_address(0) - keep) & ~(page - 1));
    SIZE_T size;
    void *base = bottom + 2 * page; /* the lowest pages guard the stack */

    if ((char *)base >= top)
        return;
    size = (SIZE_T)(top - (char *)base);
    NtAllocateVirtualMemory(PORT_THIS_PROCESS, &base, 0, &size, MEM_RESET, PAGE_READWRITE);
}
