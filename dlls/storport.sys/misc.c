/*
 * misc.c: the exports that have no file of their own. Those that need hardware or a registry of their own say
 * once that they are not there, and fail in the way that is documented.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdarg.h>

#include "stor.h"

PUCHAR NTAPI StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length);
void NTAPI StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer);
BOOLEAN NTAPI StorPortRegistryRead(PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type,
                                   PUCHAR Buffer, PULONG BufferLength);
BOOLEAN NTAPI StorPortRegistryWrite(PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type,
                                    PUCHAR Buffer, ULONG BufferLength);
BOOLEAN NTAPI StorPortSetDeviceQueueDepth(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                                          ULONG Depth);
void NTAPI StorPortQuerySystemTime(PLARGE_INTEGER CurrentTime);
void NTAPI ScsiPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length);

void stor_not_here(uint32_t *said, const char *what)
{
    if (!__atomic_exchange_n(said, 1, __ATOMIC_RELAXED))
        DbgPrint("wqshim: storport: %s is not implemented\n", what);
}

/* ---- memory and time ---- */

VOID NTAPI StorPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    memmove(WriteBuffer, ReadBuffer, Length);
}

void NTAPI ScsiPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    memmove(WriteBuffer, ReadBuffer, Length);
}

/* Waits without giving the processor away, for microseconds. */
VOID NTAPI StorPortStallExecution(ULONG Delay)
{
    LARGE_INTEGER frequency, now;
    LONGLONG end;

    RtlQueryPerformanceFrequency(&frequency);
    RtlQueryPerformanceCounter(&now);
    end = now.QuadPart + (LONGLONG)Delay * frequency.QuadPart / 1000000;
    while (now.QuadPart < end) {
        YieldProcessor();
        RtlQueryPerformanceCounter(&now);
    }
}

void NTAPI StorPortQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    KeQuerySystemTime(CurrentTime);
}

VOID __cdecl StorPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...)
{
    va_list args;

    va_start(args, DebugMessage);
    vDbgPrintEx(DPFLTR_IHVDRIVER_ID, DebugPrintLevel, (PCCH)DebugMessage, args);
    va_end(args);
}

/* Memory that a miniport shares with its hardware: ordinary memory here, which the port driver frees. Once for
 * each adapter, from HwFindAdapter. */
PVOID NTAPI StorPortGetUncachedExtension(PVOID HwDeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                                         ULONG NumberOfBytes)
{
    struct stor_adapter *adapter = stor_adapter_find(HwDeviceExtension);
    void *block = NULL;

    (void)ConfigInfo;
    if (!adapter)
        return NULL;
    if (!adapter->uncached && (block = wq_alloc(NumberOfBytes)) != NULL) {
        memset(block, 0, NumberOfBytes);
        adapter->uncached = block;
    }
    stor_adapter_drop(adapter);
    return block;
}

/* ---- what is logged and not more ---- */

VOID NTAPI StorPortLogError(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR PathId, UCHAR TargetId,
                            UCHAR Lun, ULONG ErrorCode, ULONG UniqueId)
{
    (void)HwDeviceExtension, (void)Srb;
    DbgPrint("wqshim: storport: a miniport reports error %lx (%lx) of unit %u.%u.%u\n", ErrorCode, UniqueId,
             PathId, TargetId, Lun);
}

/* ---- hardware: there is none ---- */

VOID NTAPI StorPortFreeDeviceBase(PVOID HwDeviceExtension, PVOID MappedAddress)
{
    (void)HwDeviceExtension, (void)MappedAddress;
}

PVOID NTAPI StorPortGetDeviceBase(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                                  SCSI_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    (void)HwDeviceExtension, (void)BusType, (void)SystemIoBusNumber, (void)IoAddress, (void)NumberOfBytes,
        (void)InIoSpace;
    STOR_NOT_HERE("StorPortGetDeviceBase");
    return NULL;
}

/* No bytes could be read, or written. */
ULONG NTAPI StorPortGetBusData(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber,
                               ULONG SlotNumber, PVOID Buffer, ULONG Length)
{
    (void)DeviceExtension, (void)BusDataType, (void)SystemIoBusNumber, (void)SlotNumber, (void)Buffer,
        (void)Length;
    STOR_NOT_HERE("StorPortGetBusData");
    return 0;
}

ULONG NTAPI StorPortSetBusDataByOffset(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber,
                                       ULONG SlotNumber, PVOID Buffer, ULONG Offset, ULONG Length)
{
    (void)DeviceExtension, (void)BusDataType, (void)SystemIoBusNumber, (void)SlotNumber, (void)Buffer,
        (void)Offset, (void)Length;
    STOR_NOT_HERE("StorPortSetBusDataByOffset");
    return 0;
}

BOOLEAN NTAPI StorPortValidateRange(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                                    STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    (void)HwDeviceExtension, (void)BusType, (void)SystemIoBusNumber, (void)IoAddress, (void)NumberOfBytes,
        (void)InIoSpace;
    STOR_NOT_HERE("StorPortValidateRange");
    return FALSE;
}

PSTOR_SCATTER_GATHER_LIST NTAPI StorPortGetScatterGatherList(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    (void)DeviceExtension, (void)Srb;
    STOR_NOT_HERE("StorPortGetScatterGatherList");
    return NULL;
}

/* ---- flow control and the adapter's registry key: FALSE tells that nothing was done ---- */

#define NOT_DONE(name, parameters, ...)                                                                      \
    BOOLEAN NTAPI name parameters                                                                            \
    {                                                                                                        \
        __VA_ARGS__;                                                                                         \
        STOR_NOT_HERE(#name);                                                                                \
        return FALSE;                                                                                        \
    }

#define UNIT        PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun
#define UNIT_UNUSED (void)HwDeviceExtension, (void)PathId, (void)TargetId, (void)Lun

NOT_DONE(StorPortPauseDevice, (UNIT, ULONG TimeOut), UNIT_UNUSED, (void)TimeOut)
NOT_DONE(StorPortResumeDevice, (UNIT), UNIT_UNUSED)
NOT_DONE(StorPortDeviceBusy, (UNIT, ULONG RequestsToComplete), UNIT_UNUSED, (void)RequestsToComplete)
NOT_DONE(StorPortDeviceReady, (UNIT), UNIT_UNUSED)
NOT_DONE(StorPortSetDeviceQueueDepth, (UNIT, ULONG Depth), UNIT_UNUSED, (void)Depth)
NOT_DONE(StorPortPause, (PVOID HwDeviceExtension, ULONG TimeOut), (void)HwDeviceExtension, (void)TimeOut)
NOT_DONE(StorPortResume, (PVOID HwDeviceExtension), (void)HwDeviceExtension)
NOT_DONE(StorPortBusy, (PVOID HwDeviceExtension, ULONG RequestsToComplete), (void)HwDeviceExtension,
         (void)RequestsToComplete)
NOT_DONE(StorPortReady, (PVOID HwDeviceExtension), (void)HwDeviceExtension)
NOT_DONE(StorPortRegistryRead,
         (PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type, PUCHAR Buffer,
          PULONG BufferLength),
         (void)HwDeviceExtension, (void)ValueName, (void)Global, (void)Type, (void)Buffer, (void)BufferLength)
NOT_DONE(StorPortRegistryWrite,
         (PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type, PUCHAR Buffer,
          ULONG BufferLength),
         (void)HwDeviceExtension, (void)ValueName, (void)Global, (void)Type, (void)Buffer, (void)BufferLength)

/* A buffer for the two above; NULL if there is no memory. */
PUCHAR NTAPI StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length)
{
    (void)HwDeviceExtension;
    return Length && *Length ? wq_alloc(*Length) : NULL;
}

void NTAPI StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer)
{
    (void)HwDeviceExtension;
    if (Buffer)
        wq_free(Buffer);
}
