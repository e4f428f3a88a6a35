/*
 * rx_driver.c: wqrx.sys, a driver that uses RDBSS as mini-redirectors do: entry points, and helpers for its
 * tests.
 *
 * Each unloading is one under load: threads of the driver post work of all kinds for a device of its own. Unload
 * spins that device down while they do and tells by a named event whether all that was accepted had run by then,
 * exactly once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define LOADERS 2
#define AT_ONCE 200 /* items of a loader that may be outstanding */

DRIVER_INITIALIZE DriverEntry;

PDRIVER_OBJECT ktest_driver;
PDEVICE_OBJECT ktest_device;
PRDBSS_DEVICE_OBJECT rx_device;
BOOLEAN ktest_single;
BOOLEAN ktest_ours;

extern struct ktest_result *ktest_current;
extern void ktest_run(const struct ktest *tests, struct ktest_result *result);

static const struct ktest_group groups[] = {{"post", ktest_rx_post},   {"spin", ktest_rx_spin},
                                            {"timer", ktest_rx_timer}, {"end", ktest_rx_end},
                                            {"load", ktest_rx_load},   {"twice", ktest_rx_twice}};

/* ---- helpers ---- */

BOOLEAN rx_bind(ULONG processor)
{
    ULONG_PTR mask = (ULONG_PTR)1 << processor;

    return processor < 8 * sizeof(mask) && !ZwSetInformationThread(ZwCurrentThread(), 4, &mask, sizeof(mask));
}

void rx_unbind(void)
{
    ULONG_PTR mask = 0;

    for (ULONG i = 0; i < 8 * sizeof(mask); i++)
        mask |= (ULONG_PTR)rx_bind(i) << i;
    ZwSetInformationThread(ZwCurrentThread(), 4, &mask, sizeof(mask));
}

static RX_WORK_QUEUE_ITEM block_item;

static void NTAPI block_routine(PVOID context)
{
    ktest_gate_pass(context);
}

BOOLEAN rx_block(struct ktest_gate *gate)
{
    ktest_gate_init(gate);
    RtlZeroMemory(&block_item, sizeof(block_item));
    kok(!RxPostToWorkerThread(rx_device, HyperCriticalWorkQueue, &block_item, block_routine, gate),
        "refused");
    return ktest_wait(&gate->entered, "the worker to be blocked");
}

void rx_unblock(struct ktest_gate *gate)
{
    KeSetEvent(&gate->open, 0, FALSE);
    ktest_wait_value(&rx_device->DispatcherContext.NumberOfWorkerThreads, 0, "all work to end");
}

void rx_settle(void)
{
    kok(RxSpinDownMRxDispatcher(rx_device) == STATUS_SUCCESS, "the device was not spun down");
    kok(!rx_device->DispatcherContext.NumberOfWorkerThreads, "%ld outstanding",
        rx_device->DispatcherContext.NumberOfWorkerThreads);
    kok(RxInitializeMRxDispatcher(rx_device) == STATUS_SUCCESS, "the device was not initialised again");
}

static void NTAPI thread_main(PVOID context)
{
    struct rx_thread *thread = context;

    thread->run(thread->context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

BOOLEAN rx_thread_start(struct rx_thread *thread, void (*run)(PVOID context), PVOID context)
{
    NTSTATUS status;

    thread->run = run;
    thread->context = context;
    status = PsCreateSystemThread(&thread->handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, thread_main, thread);
    return kok(!status, "PsCreateSystemThread returned %lx", status);
}

void rx_thread_end(struct rx_thread *thread, const char *what)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * 30000};
    NTSTATUS status = ZwWaitForSingleObject(thread->handle, FALSE, &timeout);

    kok(status == STATUS_SUCCESS, "deadline passed: %s", what);
    ZwClose(thread->handle);
}

ULONG rx_logged(void)
{
    WQRX_LOG log;

    WqRxLogQuery(&log);
    return log.Lines;
}

BOOLEAN rx_logged_since(ULONG before, const char *what)
{
    WQRX_LOG log;
    ULONG same = 0;

    WqRxLogQuery(&log);
    for (const char *at = log.Last; *at && what[same]; at++)
        same = *at == what[same] ? same + 1 : *at == what[0];
    return kok(log.Lines > before && !what[same], "%lu lines more, the last one: %s", log.Lines - before,
               log.Last);
}

void NTAPI rx_count(PVOID context)
{
    InterlockedIncrement((volatile LONG *)context);
}

/* ---- unloading under load ---- */

struct load_item {
    RX_WORK_QUEUE_ITEM item;
    volatile LONG queued; /* 1 while it is */
};

static RDBSS_DEVICE_OBJECT load_device;
static struct load_item load_items[LOADERS][AT_ONCE];
static struct rx_thread load_threads[LOADERS];
static volatile LONG load_accepted, load_ran, load_twice;
static RX_WORK_ITEM load_timer;

static void NTAPI load_run(PVOID context)
{
    struct load_item *item = context;

    InterlockedIncrement(&load_ran);
    if (InterlockedExchange(&item->queued, 0) != 1)
        InterlockedIncrement(&load_twice);
}

static void NTAPI load_timer_run(PVOID context)
{
    (void)context;
}

/* Posts and dispatches until it is refused. */
static void load_main(PVOID context)
{
    struct load_item *items = context;

    for (ULONG i = 0;; i++) {
        struct load_item *item = &items[i % AT_ONCE];
        LARGE_INTEGER none = {.QuadPart = 0};

        while (InterlockedExchange(&item->queued, 1))
            KeDelayExecutionThread(KernelMode, FALSE, &none);
        InterlockedIncrement(&load_accepted); /* before it can run */
        if (i % 3 ? RxPostToWorkerThread(&load_device, i % 3, &item->item, load_run, item)
                  : RxDispatchToWorkerThread(&load_device, i % 4, load_run, item))
            break;
    }
    InterlockedDecrement(&load_accepted);
}

static void load_start(void)
{
    LARGE_INTEGER interval = {.QuadPart = 0};

    RxInitializeMRxDispatcher(&load_device);
    RxPostRecurrentTimerRequest(&load_device, load_timer_run, NULL, interval);
    interval.QuadPart = 10000000LL * 3600;
    RxPostOneShotTimerRequest(&load_device, &load_timer, load_timer_run, NULL, interval);
    for (ULONG i = 0; i < LOADERS; i++)
        rx_thread_start(&load_threads[i], load_main, load_items[i]);
}

static void event_set(const WCHAR *name, USHORT bytes)
{
    UNICODE_STRING text = {bytes, bytes, (PWSTR)name};
    OBJECT_ATTRIBUTES attributes;
    HANDLE event;

    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (!ZwOpenEvent(&event, EVENT_ALL_ACCESS, &attributes)) {
        ZwSetEvent(event, NULL);
        ZwClose(event);
    }
}

#define EVENT_SET(name) event_set(name, sizeof(name) - sizeof(WCHAR))

static void load_end(void)
{
    NTSTATUS status;
    LONG ran, ran_later;

    while (load_accepted < LOADERS * AT_ONCE) /* it must have begun */
        YieldProcessor();
    status = RxSpinDownMRxDispatcher(&load_device);
    ran = load_ran;
    for (ULONG i = 0; i < LOADERS; i++)
        rx_thread_end(&load_threads[i], "a loader to be refused");
    ran_later = load_ran;
    if (!status && ran == load_accepted && ran == ran_later && !load_twice &&
        !load_device.DispatcherContext.NumberOfWorkerThreads)
        EVENT_SET(L"\\BaseNamedObjects\\wqrx_good");
    else
        EVENT_SET(L"\\BaseNamedObjects\\wqrx_bad");
}

/* ---- entry points ---- */

static struct ktest_result nowhere; /* for checks while no request, whose memory has the result, is there */

static void run_group(struct ktest_request *request, struct ktest_result *result)
{
    struct ktest_request wanted = *request;

    RtlZeroMemory(result, sizeof(*result));
    ktest_single = wanted.single != 0;
    for (ULONG i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        const char *a = groups[i].name, *b = wanted.group;

        while (*a && *a == *b) {
            a++;
            b++;
        }
        if (*a != *b)
            continue;
        result->known = 1;
        ktest_run(groups[i].tests, result);
    }
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;

    (void)device;
    irp->IoStatus.Information = 0;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        status = STATUS_INVALID_PARAMETER;
        if (stack->Parameters.DeviceIoControl.IoControlCode == KTEST_IOCTL_RUN &&
            stack->Parameters.DeviceIoControl.InputBufferLength >= sizeof(struct ktest_request) &&
            stack->Parameters.DeviceIoControl.OutputBufferLength >= sizeof(struct ktest_result)) {
            run_group(irp->AssociatedIrp.SystemBuffer, irp->AssociatedIrp.SystemBuffer);
            irp->IoStatus.Information = sizeof(struct ktest_result);
            status = STATUS_SUCCESS;
        }
    }
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = TEXT_STRING(KTEST_LINK_NAME);

    (void)driver;
    ktest_current = &nowhere;
    load_start();
    load_end();
    RxSpinDownMRxDispatcher(rx_device);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(ktest_device);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = TEXT_STRING(KTEST_DEVICE_NAME), link = TEXT_STRING(KTEST_LINK_NAME);
    UNICODE_STRING query = TEXT_STRING(L"WqNtMisuseQuery");
    NTSTATUS status;

    (void)path;
    ktest_driver = driver;
    ktest_current = &nowhere;
    ktest_ours = MmGetSystemRoutineAddress(&query) != NULL;
    status = IoCreateDevice(driver, sizeof(*rx_device), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &ktest_device);
    if (status)
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (status) {
        IoDeleteDevice(ktest_device);
        return status;
    }
    ktest_device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    rx_device = ktest_device->DeviceExtension;
    RxInitializeMRxDispatcher(rx_device);
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
