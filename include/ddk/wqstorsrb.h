/*
 * wqstorsrb.h: the structures of a StorPort miniport: mingw-w64's srb.h and storport.h, with what those lack
 * or have in the older shape of SCSIPORT.
 *
 * Where the two differ (HW_INITIALIZATION_DATA, PORT_CONFIGURATION_INFORMATION, the notification types),
 * mingw-w64 declares SCSIPORT's; those get a prefix SCSIPORT_ here and StorPort's take their names. So include
 * this, or ddk/wqstorport.h, instead of and before <ddk/srb.h> and <ddk/storport.h>.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_STORSRB_H
#define WQ_STORSRB_H

#include "wqwdm.h"

#ifdef _NTSRB_
#error "include ddk/wqstorport.h before <ddk/srb.h> and <ddk/storport.h>"
#endif

#define _PORT_CONFIGURATION_INFORMATION _SCSIPORT_CONFIGURATION_INFORMATION
#define PORT_CONFIGURATION_INFORMATION  SCSIPORT_CONFIGURATION_INFORMATION
#define PPORT_CONFIGURATION_INFORMATION PSCSIPORT_CONFIGURATION_INFORMATION
#define _HW_INITIALIZATION_DATA         _SCSIPORT_HW_INITIALIZATION_DATA
#define HW_INITIALIZATION_DATA          SCSIPORT_HW_INITIALIZATION_DATA
#define PHW_INITIALIZATION_DATA         PSCSIPORT_HW_INITIALIZATION_DATA
#define PHW_FIND_ADAPTER                PSCSIPORT_HW_FIND_ADAPTER
#define _SCSI_WMI_REQUEST_BLOCK         _SCSIPORT_WMI_REQUEST_BLOCK
#define SCSI_WMI_REQUEST_BLOCK          SCSIPORT_WMI_REQUEST_BLOCK
#define PSCSI_WMI_REQUEST_BLOCK         PSCSIPORT_WMI_REQUEST_BLOCK
#define _SCSI_NOTIFICATION_TYPE         _SCSIPORT_NOTIFICATION_TYPE
#define SCSI_NOTIFICATION_TYPE          SCSIPORT_NOTIFICATION_TYPE
#define PSCSI_NOTIFICATION_TYPE         PSCSIPORT_NOTIFICATION_TYPE
#define RequestComplete                 ScsiPortRequestComplete
#define NextRequest                     ScsiPortNextRequest
#define NextLuRequest                   ScsiPortNextLuRequest
#define ResetDetected                   ScsiPortResetDetected
#define RequestTimerCall                ScsiPortRequestTimerCall
#define BusChangeDetected               ScsiPortBusChangeDetected
#define WMIEvent                        ScsiPortWMIEvent
#define WMIReregister                   ScsiPortWMIReregister
#define LinkUp                          ScsiPortLinkUp
#define LinkDown                        ScsiPortLinkDown
#define QueryTickCount                  ScsiPortQueryTickCount
#define BufferOverrunDetected           ScsiPortBufferOverrunDetected
#define TraceNotification               ScsiPortTraceNotification
#include <ddk/srb.h>
#undef _PORT_CONFIGURATION_INFORMATION
#undef PORT_CONFIGURATION_INFORMATION
#undef PPORT_CONFIGURATION_INFORMATION
#undef _HW_INITIALIZATION_DATA
#undef HW_INITIALIZATION_DATA
#undef PHW_INITIALIZATION_DATA
#undef PHW_FIND_ADAPTER
#undef _SCSI_WMI_REQUEST_BLOCK
#undef SCSI_WMI_REQUEST_BLOCK
#undef PSCSI_WMI_REQUEST_BLOCK
#undef _SCSI_NOTIFICATION_TYPE
#undef SCSI_NOTIFICATION_TYPE
#undef PSCSI_NOTIFICATION_TYPE
#undef RequestComplete
#undef NextRequest
#undef NextLuRequest
#undef ResetDetected
#undef RequestTimerCall
#undef BusChangeDetected
#undef WMIEvent
#undef WMIReregister
#undef LinkUp
#undef LinkDown
#undef QueryTickCount
#undef BufferOverrunDetected
#undef TraceNotification
#undef DebugPrint
#undef ScsiPortMoveMemory

#ifdef __cplusplus
extern "C" {
#endif

/* The types of StorPortNotification. Those above 0x1004 are not confirmed by a primary source. */
typedef enum _SCSI_NOTIFICATION_TYPE {
    RequestComplete,
    NextRequest,
    NextLuRequest,
    ResetDetected,
    _obsolete1,
    _obsolete2,
    RequestTimerCall,
    BusChangeDetected,
    WMIEvent,
    WMIReregister,
    LinkUp,
    LinkDown,
    QueryTickCount,
    BufferOverrunDetected,
    TraceNotification,
    GetExtendedFunctionTable,
    EnablePassiveInitialization = 0x1000,
    InitializeDpc,
    IssueDpc,
    AcquireSpinLock,
    ReleaseSpinLock,
    StateChangeDetectedCall,
    IoTargetRequestServiceTime,
    AsyncNotificationDetected,
    RequestDirectComplete,
    InitializeDpcWithContext,
    InitializeThreadedDpc,
    SetTargetProcessorDpc
} SCSI_NOTIFICATION_TYPE,
    *PSCSI_NOTIFICATION_TYPE;

typedef enum _STOR_SYNCHRONIZATION_MODEL {
    StorSynchronizeHalfDuplex,
    StorSynchronizeFullDuplex
} STOR_SYNCHRONIZATION_MODEL;

typedef enum _INTERRUPT_SYNCHRONIZATION_MODE {
    InterruptSupportNone,
    InterruptSynchronizeAll,
    InterruptSynchronizePerMessage
} INTERRUPT_SYNCHRONIZATION_MODE;

typedef struct _MEMORY_REGION {
    PUCHAR VirtualBase;
    PHYSICAL_ADDRESS PhysicalBase;
    ULONG Length;
} MEMORY_REGION, *PMEMORY_REGION;

typedef BOOLEAN(NTAPI *PHW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE)(PVOID HwDeviceExtension, ULONG MessageId);

/* What HwStorFindAdapter fills in. */
typedef struct _PORT_CONFIGURATION_INFORMATION {
    ULONG Length;
    ULONG SystemIoBusNumber;
    INTERFACE_TYPE AdapterInterfaceType;
    ULONG BusInterruptLevel;
    ULONG BusInterruptVector;
    KINTERRUPT_MODE InterruptMode;
    ULONG MaximumTransferLength;
    ULONG NumberOfPhysicalBreaks;
    ULONG DmaChannel;
    ULONG DmaPort;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG AlignmentMask;
    ULONG NumberOfAccessRanges;
    PACCESS_RANGE AccessRanges;
    PVOID MiniportDumpData;
    UCHAR NumberOfBuses;
    CCHAR InitiatorBusId[8];
    BOOLEAN ScatterGather;
    BOOLEAN Master;
    BOOLEAN CachesData;
    BOOLEAN AdapterScansDown;
    BOOLEAN AtdiskPrimaryClaimed;
    BOOLEAN AtdiskSecondaryClaimed;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN DemandMode;
    UCHAR MapBuffers;
    BOOLEAN NeedPhysicalAddresses;
    BOOLEAN TaggedQueuing;
    BOOLEAN AutoRequestSense;
    BOOLEAN MultipleRequestPerLu;
    BOOLEAN ReceiveEvent;
    BOOLEAN RealModeInitialized;
    BOOLEAN BufferAccessScsiPortControlled;
    UCHAR MaximumNumberOfTargets;
    UCHAR SrbType;
    UCHAR AddressType;
    ULONG SlotNumber;
    ULONG BusInterruptLevel2;
    ULONG BusInterruptVector2;
    KINTERRUPT_MODE InterruptMode2;
    ULONG DmaChannel2;
    ULONG DmaPort2;
    DMA_WIDTH DmaWidth2;
    DMA_SPEED DmaSpeed2;
    ULONG DeviceExtensionSize;
    ULONG SpecificLuExtensionSize;
    ULONG SrbExtensionSize;
    UCHAR Dma64BitAddresses;
    BOOLEAN ResetTargetSupported;
    UCHAR MaximumNumberOfLogicalUnits;
    BOOLEAN WmiDataProvider;
    STOR_SYNCHRONIZATION_MODEL SynchronizationModel;
    PHW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE HwMSInterruptRoutine;
    INTERRUPT_SYNCHRONIZATION_MODE InterruptSynchronizationMode;
    MEMORY_REGION DumpRegion;
    ULONG RequestedDumpBufferSize;
    BOOLEAN VirtualDevice;
    UCHAR DumpMode;
    UCHAR DmaAddressWidth;
    ULONG ExtendedFlags1;
    ULONG MaxNumberOfIO;
    ULONG MaxIOsPerLun;
    ULONG InitialLunQueueDepth;
    ULONG BusResetHoldTime;
    ULONG FeatureSupport;
} PORT_CONFIGURATION_INFORMATION, *PPORT_CONFIGURATION_INFORMATION;

/* MapBuffers */
#define STOR_MAP_NO_BUFFERS             0
#define STOR_MAP_ALL_BUFFERS            1
#define STOR_MAP_NON_READ_WRITE_BUFFERS 2

typedef ULONG(NTAPI *PHW_FIND_ADAPTER)(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                                       PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                                       PBOOLEAN Reserved);
/* BusInformation is the adapter's device object, LowerDevice the one below it (NULL if there is none). */
typedef ULONG(NTAPI *PVIRTUAL_HW_FIND_ADAPTER)(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                                               PVOID LowerDevice, PCHAR ArgumentString,
                                               PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again);
typedef BOOLEAN(NTAPI *PHW_BUILDIO)(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb);
typedef VOID(NTAPI *PHW_FREE_ADAPTER_RESOURCES)(PVOID DeviceExtension);
typedef VOID(NTAPI *PHW_PROCESS_SERVICE_REQUEST)(PVOID DeviceExtension, PVOID Irp);
typedef VOID(NTAPI *PHW_COMPLETE_SERVICE_IRP)(PVOID DeviceExtension);
typedef VOID(NTAPI *PHW_INITIALIZE_TRACING)(PVOID Arg1, PVOID Arg2);
typedef VOID(NTAPI *PHW_CLEANUP_TRACING)(PVOID Arg1);
typedef VOID(NTAPI *PHW_TRACING_ENABLED)(PVOID HwDeviceExtension, BOOLEAN Enabled);
typedef BOOLEAN(NTAPI *PHW_PASSIVE_INITIALIZE_ROUTINE)(PVOID DeviceExtension);
typedef ULONG(NTAPI *PHW_UNIT_CONTROL)(PVOID DeviceExtension, ULONG ControlType, PVOID Parameters);

#define WQ_STOR_INITIALIZATION_COMMON(find_adapter)                                                          \
    ULONG HwInitializationDataSize;                                                                          \
    INTERFACE_TYPE AdapterInterfaceType;                                                                     \
    PHW_INITIALIZE HwInitialize;                                                                             \
    PHW_STARTIO HwStartIo;                                                                                   \
    PHW_INTERRUPT HwInterrupt;                                                                               \
    find_adapter HwFindAdapter;                                                                              \
    PHW_RESET_BUS HwResetBus;                                                                                \
    PHW_DMA_STARTED HwDmaStarted;                                                                            \
    PHW_ADAPTER_STATE HwAdapterState;                                                                        \
    ULONG DeviceExtensionSize;                                                                               \
    ULONG SpecificLuExtensionSize;                                                                           \
    ULONG SrbExtensionSize;                                                                                  \
    ULONG NumberOfAccessRanges;                                                                              \
    PVOID Reserved;                                                                                          \
    UCHAR MapBuffers;                                                                                        \
    BOOLEAN NeedPhysicalAddresses;                                                                           \
    BOOLEAN TaggedQueuing;                                                                                   \
    BOOLEAN AutoRequestSense;                                                                                \
    BOOLEAN MultipleRequestPerLu;                                                                            \
    BOOLEAN ReceiveEvent;                                                                                    \
    USHORT VendorIdLength;                                                                                   \
    PVOID VendorId;                                                                                          \
    USHORT PortVersionFlags;                                                                                 \
    USHORT DeviceIdLength;                                                                                   \
    PVOID DeviceId;                                                                                          \
    PHW_ADAPTER_CONTROL HwAdapterControl;                                                                    \
    PHW_BUILDIO HwBuildIo;                                                                                   \
    PHW_FREE_ADAPTER_RESOURCES HwFreeAdapterResources;                                                       \
    PHW_PROCESS_SERVICE_REQUEST HwProcessServiceRequest;                                                     \
    PHW_COMPLETE_SERVICE_IRP HwCompleteServiceIrp;                                                           \
    PHW_INITIALIZE_TRACING HwInitializeTracing;                                                              \
    PHW_CLEANUP_TRACING HwCleanupTracing

/* For StorPortInitialize. The first is for adapters, the second for virtual ones; the port driver tells them
 * apart by their size. */
typedef struct _HW_INITIALIZATION_DATA {
    WQ_STOR_INITIALIZATION_COMMON(PHW_FIND_ADAPTER);
    PHW_TRACING_ENABLED HwTracingEnabled;
    ULONG FeatureSupport;
    ULONG SrbTypeFlags;
    ULONG AddressTypeFlags;
    ULONG Reserved1;
    PHW_UNIT_CONTROL HwUnitControl;
} HW_INITIALIZATION_DATA, *PHW_INITIALIZATION_DATA;

typedef struct _VIRTUAL_HW_INITIALIZATION_DATA {
    WQ_STOR_INITIALIZATION_COMMON(PVIRTUAL_HW_FIND_ADAPTER);
} VIRTUAL_HW_INITIALIZATION_DATA, *PVIRTUAL_HW_INITIALIZATION_DATA;

/* A virtual adapter's control codes go on where srb.h ends. */
#define WQ_STOR_ADAPTER_CONTROLS 64

#ifdef __cplusplus
}
#endif

#include <ddk/storport.h>

#endif
