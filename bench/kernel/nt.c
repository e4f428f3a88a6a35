/*
 * nt.c: IoQueueWorkItem and ExQueueWorkItem. Items are made before and freed after a pass, as drivers do that queue
 * the same one again and again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "kernel.h"

NTSYSAPI PVOID NTAPI RtlPcToFileHeader(PVOID address, PVOID *base);

static void NTAPI run_ex(PVOID context)
{
    kernel_ran(context);
}

static bool make_ex(struct kernel_item *item)
{
    ExInitializeWorkItem(&item->ex, run_ex, item);
    return true;
}

static bool queue_ex(struct kernel_item *item)
{
    ExQueueWorkItem(&item->ex, DelayedWorkQueue);
    return true;
}

static void NTAPI run_io(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    kernel_ran(context);
}

static bool make_io(struct kernel_item *item)
{
    item->io = IoAllocateWorkItem(kernel_device);
    return item->io != NULL;
}

static bool queue_io(struct kernel_item *item)
{
    IoQueueWorkItem(item->io, run_io, DelayedWorkQueue, item);
    return true;
}

static void unmake_io(struct kernel_item *item)
{
    IoFreeWorkItem(item->io);
}

const struct kernel_functions kernel_functions[] = {{KERNEL_IO, make_io, queue_io, unmake_io},
                                                    {KERNEL_EX, make_ex, queue_ex, NULL},
                                                    {KERNEL_NONE, NULL, NULL, NULL}};

/* The module whose code a kernel function is; NULL if there is none. */
static PVOID module_of(const WCHAR *name, USHORT bytes)
{
    UNICODE_STRING string = {bytes, bytes, (PWSTR)name};
    PVOID address = MmGetSystemRoutineAddress(&string), base = NULL;

    return address ? RtlPcToFileHeader(address, &base) : NULL;
}

#define MODULE_OF(name) module_of(name, sizeof(name) - sizeof(WCHAR))

/* Our ntoskrnl forwards what it does not serve. */
bool kernel_ours(void)
{
    PVOID own = MODULE_OF(L"WqNtMisuseQuery");

    return own && MODULE_OF(L"IoQueueWorkItem") == own && MODULE_OF(L"ExQueueWorkItem") == own;
}

uint64_t kernel_counted(void)
{
    return UINT64_MAX;
}

NTSTATUS kernel_start(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver, (void)path;
    return STATUS_SUCCESS;
}

void kernel_stop(void)
{
}
