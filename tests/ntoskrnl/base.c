/*
 * base.c: stands in for the builtin behind the graft: ntoskrnl_base.dll for drivers that are unit-tested in
 * an ordinary program. Only what tests/drivers needs, on ntdll and kernel32. It makes objects that count
 * their references and are overwritten when they end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _NTOSKRNL_ /* these functions are ours */
#include <string.h>

#include "../drivers/ddk.h"

#define IO_DEVICE_TYPE 3
#define IO_DRIVER_TYPE 4

/* kernel32 and ntdll: their headers do not go with the DDK's. */
__declspec(dllimport) HANDLE NTAPI
    CreateThread(void *attributes, SIZE_T stack, void *start, void *param, ULONG flags, ULONG *id);
__declspec(dllimport) void NTAPI ExitThread(ULONG status);
__declspec(dllimport) ULONG NTAPI GetCurrentThreadId(void);
__declspec(dllimport) ULONG NTAPI GetCurrentProcessId(void);
__declspec(dllimport) ULONG NTAPI GetCurrentProcessorNumber(void);
__declspec(dllimport) HANDLE NTAPI GetProcessHeap(void);
__declspec(dllimport) void *NTAPI HeapAlloc(HANDLE heap, ULONG flags, SIZE_T size);
__declspec(dllimport) int NTAPI HeapFree(HANDLE heap, ULONG flags, void *block);
__declspec(dllimport) HANDLE NTAPI GetModuleHandleA(const char *name);
__declspec(dllimport) void *NTAPI GetProcAddress(HANDLE module, const char *name);
__declspec(dllimport) NTSTATUS NTAPI NtDelayExecution(BOOLEAN alertable, const LARGE_INTEGER *timeout);
__declspec(dllimport) NTSTATUS NTAPI
    NtQueryPerformanceCounter(LARGE_INTEGER *counter, LARGE_INTEGER *frequency);
__declspec(dllimport) NTSTATUS NTAPI NtQuerySystemTime(LARGE_INTEGER *time);
__declspec(dllimport) NTSTATUS NTAPI RtlWaitOnAddress(const volatile void *address, const void *compare,
                                                      SIZE_T size, const LARGE_INTEGER *timeout);
__declspec(dllimport) void NTAPI RtlWakeAddressAll(const volatile void *address);

PDRIVER_OBJECT NTAPI HostDriver(void);
LONG NTAPI HostReferences(void *object);
void NTAPI HostDelete(void *object);
LARGE_INTEGER NTAPI HostCounter(PLARGE_INTEGER frequency);

/* ---- objects ---- */

struct header {
    volatile LONG references;
    ULONG size; /* of the object */
    LONG64 align;
};

static void *object_make(ULONG size)
{
    struct header *header = HeapAlloc(GetProcessHeap(), 8 /* zeroed */, sizeof(*header) + size);

    if (!header)
        return NULL;
    header->references = 1;
    header->size = size;
    return header + 1;
}

/* The object's references; the one for its existence is one of them. */
LONG NTAPI HostReferences(void *object)
{
    return ((struct header *)object)[-1].references;
}

LONG_PTR FASTCALL ObfReferenceObject(PVOID object)
{
    return InterlockedIncrement(&((struct header *)object)[-1].references);
}

LONG_PTR FASTCALL ObfDereferenceObject(PVOID object)
{
    struct header *header = (struct header *)object - 1;
    LONG left = InterlockedDecrement(&header->references);

    if (!left) {
        memset(object, 0xdd, header->size);
        HeapFree(GetProcessHeap(), 0, header);
    }
    return left;
}

/* Makes a driver object; HostDelete ends it. */
PDRIVER_OBJECT NTAPI HostDriver(void)
{
    PDRIVER_OBJECT driver = object_make(sizeof(*driver));

    driver->Type = IO_DRIVER_TYPE;
    driver->Size = sizeof(*driver);
    return driver;
}

void NTAPI HostDelete(void *object)
{
    ObfDereferenceObject(object);
}

NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT driver, ULONG extension, PUNICODE_STRING name, DEVICE_TYPE type,
                              ULONG characteristics, BOOLEAN exclusive, PDEVICE_OBJECT *device)
{
    PDEVICE_OBJECT made = object_make(sizeof(*made) + extension);

    (void)name, (void)exclusive;
    if (!made)
        return STATUS_NO_MEMORY;
    made->Type = IO_DEVICE_TYPE;
    made->Size = sizeof(*made);
    made->DriverObject = driver;
    made->DeviceType = type;
    made->Characteristics = characteristics;
    made->DeviceExtension = extension ? made + 1 : NULL;
    *device = made;
    return STATUS_SUCCESS;
}

void NTAPI IoDeleteDevice(PDEVICE_OBJECT device)
{
    ObfDereferenceObject(device);
}

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING name)
{
    (void)link, (void)name;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    (void)link;
    return STATUS_SUCCESS;
}

/* The dispatch routine's caller has the request and looks at it when the routine returns. */
void FASTCALL IofCompleteRequest(PIRP irp, CCHAR boost)
{
    (void)irp, (void)boost;
}

/* ---- events, threads, locks ---- */

void NTAPI KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    memset(event, 0, sizeof(*event));
    event->Header.Type = (UCHAR)type;
    event->Header.SignalState = state;
}

void NTAPI KeClearEvent(PRKEVENT event)
{
    InterlockedExchange(&event->Header.SignalState, 0);
}

LONG NTAPI KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    LONG before = InterlockedExchange(&event->Header.SignalState, 1);

    (void)increment, (void)wait;
    RtlWakeAddressAll(&event->Header.SignalState);
    return before;
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                     BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PRKEVENT event = object;
    const LONG clear = 0;

    (void)reason, (void)mode, (void)alertable;
    for (;;) {
        if (event->Header.Type == NotificationEvent ? event->Header.SignalState != 0
                                                    : InterlockedExchange(&event->Header.SignalState, 0) != 0)
            return STATUS_SUCCESS;
        if (RtlWaitOnAddress(&event->Header.SignalState, &clear, sizeof(clear), timeout) == STATUS_TIMEOUT)
            return STATUS_TIMEOUT;
    }
}

/* Polls, which is enough for tests. For events only. */
NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason,
                                        KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER timeout,
                                        PKWAIT_BLOCK blocks)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000}, none = {.QuadPart = 0};
    LONG64 left = timeout ? -timeout->QuadPart / 10000 : MAXLONG; /* relative only */

    (void)blocks;
    for (;; left--) {
        ULONG set = 0;

        for (ULONG i = 0; i < count; i++) {
            set += ((PRKEVENT)objects[i])->Header.SignalState != 0;
            if (type == WaitAny && !KeWaitForSingleObject(objects[i], reason, mode, alertable, &none))
                return STATUS_WAIT_0 + (NTSTATUS)i;
        }
        if (type == WaitAll && set == count)
            break;
        if (left <= 0)
            return STATUS_TIMEOUT;
        NtDelayExecution(FALSE, &millisecond);
    }
    for (ULONG i = 0; i < count; i++)
        KeWaitForSingleObject(objects[i], reason, mode, alertable, &none);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval)
{
    (void)mode;
    return NtDelayExecution(alertable, interval);
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE thread, ULONG access, POBJECT_ATTRIBUTES attributes,
                                    HANDLE process, PCLIENT_ID id, PKSTART_ROUTINE routine, PVOID context)
{
    (void)access, (void)attributes, (void)process, (void)id;
    *thread = CreateThread(NULL, 0, (void *)routine, context, 0, NULL);
    return *thread ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS status)
{
    ExitThread((ULONG)status);
    return STATUS_SUCCESS;
}

HANDLE NTAPI PsGetCurrentProcessId(void)
{
    return (HANDLE)(ULONG_PTR)GetCurrentProcessId();
}

HANDLE NTAPI PsGetCurrentThreadId(void)
{
    return (HANDLE)(ULONG_PTR)GetCurrentThreadId();
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER number)
{
    (void)number;
    return GetCurrentProcessorNumber();
}

static void lock_take(PKSPIN_LOCK lock)
{
    while (InterlockedExchangePointer((PVOID volatile *)lock, (PVOID)1)) {
        LARGE_INTEGER none = {.QuadPart = 0};

        NtDelayExecution(FALSE, &none);
    }
}

static void lock_drop(PKSPIN_LOCK lock)
{
    InterlockedExchangePointer((PVOID volatile *)lock, NULL);
}

#undef KeAcquireSpinLockAtDpcLevel /* other names on x86 */
#undef KeReleaseSpinLockFromDpcLevel
void NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock);
void NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock);

void NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    lock_take(lock);
}

void NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    lock_drop(lock);
}

#ifdef __i386__
void NTAPI KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    *lock = 0;
}
#endif

/* ---- the rest ---- */

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    (void)type, (void)tag;
    return HeapAlloc(GetProcessHeap(), 0, size);
}

void NTAPI ExFreePoolWithTag(PVOID block, ULONG tag)
{
    (void)tag;
    HeapFree(GetProcessHeap(), 0, block);
}

#undef KeQuerySystemTime
void NTAPI KeQuerySystemTime(PLARGE_INTEGER time);

void NTAPI KeQuerySystemTime(PLARGE_INTEGER time)
{
    NtQuerySystemTime(time);
}

/* Exported as KeQueryPerformanceCounter, which the header takes for the HAL's. */
LARGE_INTEGER NTAPI HostCounter(PLARGE_INTEGER frequency)
{
    LARGE_INTEGER counter;

    NtQueryPerformanceCounter(&counter, frequency);
    return counter;
}

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING name)
{
    HANDLE self = GetModuleHandleA("ntoskrnl_base.dll");
    char text[64];
    ULONG n = 0;
    void *found;

    for (; n < name->Length / sizeof(WCHAR) && n < sizeof(text) - 1; n++)
        text[n] = (char)name->Buffer[n];
    text[n] = 0;
    found = GetProcAddress(GetModuleHandleA("ntoskrnl.exe"), text);
    return found ? found : GetProcAddress(self, text);
}
