/*
 * wqstorcodes.h: StorPort's status codes, and the codes of StorPortExtendedFunction with their names. Part of
 * ddk/wqstorport.h. Needs no other header but for ULONG.
 *
 * Codes were never renumbered. Those above 108 come from a listing of a third party.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_STORCODES_H
#define WQ_STORCODES_H

#include <windef.h>

#define STOR_STATUS_SUCCESS                ((ULONG)0x00000000L)
#define STOR_STATUS_UNSUCCESSFUL           ((ULONG)0xC1000001L)
#define STOR_STATUS_NOT_IMPLEMENTED        ((ULONG)0xC1000002L)
#define STOR_STATUS_INSUFFICIENT_RESOURCES ((ULONG)0xC1000003L)
#define STOR_STATUS_BUFFER_TOO_SMALL       ((ULONG)0xC1000004L)
#define STOR_STATUS_ACCESS_DENIED          ((ULONG)0xC1000005L)
#define STOR_STATUS_INVALID_PARAMETER      ((ULONG)0xC1000006L)
#define STOR_STATUS_INVALID_DEVICE_REQUEST ((ULONG)0xC1000007L)
#define STOR_STATUS_INVALID_IRQL           ((ULONG)0xC1000008L)
#define STOR_STATUS_INVALID_DEVICE_STATE   ((ULONG)0xC1000009L)
#define STOR_STATUS_INVALID_BUFFER_SIZE    ((ULONG)0xC100000AL)
#define STOR_STATUS_UNSUPPORTED_VERSION    ((ULONG)0xC100000BL)
#define STOR_STATUS_BUSY                   ((ULONG)0xC100000CL)

/* The names of all functions in the order of their codes, from 0. */
/* clang-format off */
#define WQ_STOR_FUNCTIONS(X) \
    X(AllocatePool) \
    X(FreePool) \
    X(AllocateMdl) \
    X(FreeMdl) \
    X(BuildMdlForNonPagedPool) \
    X(GetSystemAddress) \
    X(GetOriginalMdl) \
    X(CompleteServiceIrp) \
    X(GetDeviceObjects) \
    X(BuildScatterGatherList) \
    X(PutScatterGatherList) \
    X(AcquireMSISpinLock) \
    X(ReleaseMSISpinLock) \
    X(GetMessageInterruptInformation) \
    X(InitializePerformanceOptimizations) \
    X(GetStartIoPerformanceParameters) \
    X(LogSystemEvent) \
    X(GetCurrentProcessorNumber) \
    X(GetActiveGroupCount) \
    X(GetGroupAffinity) \
    X(GetActiveNodeCount) \
    X(GetNodeAffinity) \
    X(GetHighestNodeNumber) \
    X(GetLogicalProcessorRelationship) \
    X(AllocateContiguousMemorySpecifyCacheNode) \
    X(FreeContiguousMemorySpecifyCache) \
    X(SetPowerSettingNotificationGuids) \
    X(InvokeAcpiMethod) \
    X(GetRequestInfo) \
    X(InitializeWorker) \
    X(QueueWorkItem) \
    X(FreeWorker) \
    X(InitializeTimer) \
    X(RequestTimer) \
    X(FreeTimer) \
    X(InitializeSListHead) \
    X(InterlockedFlushSList) \
    X(InterlockedPopEntrySList) \
    X(InterlockedPushEntrySList) \
    X(QueryDepthSList) \
    X(GetActivityId) \
    X(GetSystemPortNumber) \
    X(GetDataInBufferMdl) \
    X(GetDataInBufferSystemAddress) \
    X(GetDataInScatterGatherList) \
    X(MarkDumpMemory) \
    X(SetUnitAttributes) \
    X(QueryPerformanceCounter) \
    X(InitializePoFxPower) \
    X(PoFxActivateComponent) \
    X(PoFxIdleComponent) \
    X(PoFxSetComponentLatency) \
    X(PoFxSetComponentResidency) \
    X(PoFxPowerControl) \
    X(FlushDataBufferMdl) \
    X(DeviceOperationAllowed) \
    X(GetProcessorIndexFromNumber) \
    X(PoFxSetIdleTimeout) \
    X(MiniportEtwEvent2) \
    X(MiniportEtwEvent4) \
    X(MiniportEtwEvent8) \
    X(CurrentOsInstallationUpgrade) \
    X(RegistryReadAdapterKey) \
    X(RegistryWriteAdapterKey) \
    X(SetAdapterBusType) \
    X(PoFxRegisterPerfStates) \
    X(PoFxSetPerfState) \
    X(GetD3ColdSupport) \
    X(InitializeRpmb) \
    X(AllocateHmb) \
    X(FreeHmb) \
    X(PropagateIrpExtension) \
    X(InterlockedInsertHeadList) \
    X(InterlockedInsertTailList) \
    X(InterlockedRemoveHeadList) \
    X(InitializeSpinlock) \
    X(GetPfns) \
    X(InitializeCryptoEngine) \
    X(GetRequestCryptoInfo) \
    X(MiniportTelemetry) \
    X(UpdateAdapterMaxIO) \
    X(DelayExecution) \
    X(AllocateDmaMemory) \
    X(FreeDmaMemory) \
    X(UpdateAdapterMaxIOInfo) \
    X(MiniportChannelEtwEvent2) \
    X(MiniportChannelEtwEvent4) \
    X(MiniportChannelEtwEvent8) \
    X(InitializeHighResolutionTimer) \
    X(RequestHighResolutionTimer) \
    X(CancelHighResolutionTimer) \
    X(FreeHighResolutionTimer) \
    X(GetCurrentProcessorIndex) \
    X(AcquireSpinLock) \
    X(GetProcessorCount) \
    X(CancelDpc) \
    X(MiniportTelemetryEx) \
    X(QueryConfiguration) \
    X(LogHardwareError) \
    X(InitializeEvent) \
    X(WaitForEvent) \
    X(SetEvent) \
    X(DeviceReset) \
    X(SetFeatureList) \
    X(CaptureLiveDump) \
    X(MiniportLogByteStream) \
    X(QueryDpcWatchdogInformation) \
    X(QueryTimerMinInterval) \
    X(MaskPciMsixEntry) \
    X(GetCurrentIrql) \
    X(CreateSystemThread) \
    X(SetPriorityThread) \
    X(SetSystemGroupAffinityThread) \
    X(RevertToUserGroupAffinityThread) \
    X(DeviceResetEx) \
    X(MiniportReportInternalData) \
    X(GetMessageInterruptIDFromProcessorIndex) \
    X(GetNodeAffinity2) \
    X(EnableRegistryKeyNotification) \
    X(PoFxRegisterPerfStatesEx) \
    X(ReadRegistryKey) \
    X(GetDeviceBase2) \
    X(IsDriverHotSwapEnabled) \
    X(RegisterDriverProxy) \
    X(RegisterDriverProxyEndpoints) \
    X(GetDriverProxyEndpointWrapper) \
    X(NvmeIceIoStart) \
    X(NvmeIceIoComplete) \
    X(NvmeMiniportEvent) \
    X(NvmeMiniportTelemetry) \
    X(GetDriverProxyEndpointWrapperFromEndpoint) \
    X(SwapDriverProxyEndpoints) \
    X(StorMQAddController) \
    X(StorMQRemoveController) \
    X(NvmeIceIoStartEx) \
    X(QueryNvmeIceSupport) \
    X(QueueWorkItemToNode)
/* clang-format on */

#define WQ_STOR_FUNCTION_CODE(name) ExtFunction##name,
typedef enum _STORPORT_FUNCTION_CODE {
    WQ_STOR_FUNCTIONS(WQ_STOR_FUNCTION_CODE) WqStorFunctionCount
} STORPORT_FUNCTION_CODE,
    *PSTORPORT_FUNCTION_CODE;
#undef WQ_STOR_FUNCTION_CODE

#endif
