/*
 * start.c: an adapter's life as its miniport sees it: found, initialised, stopped, restarted, removed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

static void config_fill(struct stor_adapter *adapter)
{
    const VIRTUAL_HW_INITIALIZATION_DATA *data = &adapter->driver->data;
    PORT_CONFIGURATION_INFORMATION *config = &adapter->config;

    memset(config, 0, sizeof(*config));
    config->Length = sizeof(*config);
    config->AdapterInterfaceType = data->AdapterInterfaceType;
    config->MaximumTransferLength = SP_UNINITIALIZED_VALUE;
    config->NumberOfPhysicalBreaks = SP_UNINITIALIZED_VALUE;
    config->DmaChannel = SP_UNINITIALIZED_VALUE;
    config->DmaPort = SP_UNINITIALIZED_VALUE;
    config->NumberOfBuses = 1;
    memset(config->InitiatorBusId, 0xff, sizeof(config->InitiatorBusId));
    config->MapBuffers = data->MapBuffers;
    config->NeedPhysicalAddresses = data->NeedPhysicalAddresses;
    config->TaggedQueuing = data->TaggedQueuing;
    config->AutoRequestSense = data->AutoRequestSense;
    config->MultipleRequestPerLu = data->MultipleRequestPerLu;
    config->ReceiveEvent = data->ReceiveEvent;
    config->MaximumNumberOfTargets = SCSI_MAXIMUM_TARGETS_PER_BUS;
    config->MaximumNumberOfLogicalUnits = SCSI_MAXIMUM_LOGICAL_UNITS;
    config->DeviceExtensionSize = data->DeviceExtensionSize;
    config->SpecificLuExtensionSize = data->SpecificLuExtensionSize;
    config->SrbExtensionSize = data->SrbExtensionSize;
    config->SynchronizationModel = StorSynchronizeFullDuplex;
    config->VirtualDevice = adapter->driver->is_virtual;
}

static ULONG find_adapter(struct stor_adapter *adapter)
{
    const struct stor_driver *driver = adapter->driver;
    BOOLEAN again = FALSE;
    union {
        PVIRTUAL_HW_FIND_ADAPTER as_virtual;
        PHW_FIND_ADAPTER plain;
    } routine = {driver->data.HwFindAdapter};

    config_fill(adapter);
    if (driver->is_virtual)
        return routine.as_virtual(adapter->extension, driver->context, adapter->device, adapter->lower, NULL,
                                  &adapter->config, &again);
    return routine.plain(adapter->extension, driver->context, NULL, NULL, &adapter->config, &again);
}

/* Asks once which control types the miniport knows. */
static void controls_query(struct stor_adapter *adapter)
{
    struct {
        SCSI_SUPPORTED_CONTROL_TYPE_LIST list;
        BOOLEAN supported[WQ_STOR_ADAPTER_CONTROLS];
    } controls;

    memset(&controls, 0, sizeof(controls));
    controls.list.MaxControlType = WQ_STOR_ADAPTER_CONTROLS;
    if (adapter->driver->data.HwAdapterControl &&
        adapter->driver->data.HwAdapterControl(adapter->extension, ScsiQuerySupportedControlTypes,
                                               &controls) == ScsiAdapterControlSuccess)
        memcpy(adapter->controls, controls.supported, sizeof(adapter->controls));
}

/* False if the miniport does not know the control type or fails. */
static bool control(struct stor_adapter *adapter, SCSI_ADAPTER_CONTROL_TYPE type)
{
    return adapter->controls[type] && adapter->driver->data.HwAdapterControl(
                                          adapter->extension, type, NULL) == ScsiAdapterControlSuccess;
}

/* HwInitialize is called at DISPATCH_LEVEL, because there is no interrupt, and then what it asked for at
 * PASSIVE_LEVEL. */
static bool initialize(struct stor_adapter *adapter)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    PHW_PASSIVE_INITIALIZE_ROUTINE passive;
    bool done;

    adapter->may_passive = true;
    done = adapter->driver->data.HwInitialize(adapter->extension) != FALSE;
    adapter->may_passive = false;
    stor_level_check(DISPATCH_LEVEL, (void *)adapter->driver->data.HwInitialize);
    KeLowerIrql(old);
    passive = adapter->passive;
    adapter->passive = NULL;
    if (!done || !passive)
        return done;
    done = passive(adapter->extension) != FALSE;
    stor_level_check(PASSIVE_LEVEL, (void *)passive);
    return done;
}

static NTSTATUS status_of(ULONG found)
{
    switch (found) {
    case SP_RETURN_FOUND:
        return STATUS_SUCCESS;
    case SP_RETURN_NOT_FOUND:
        return STATUS_NO_SUCH_DEVICE;
    case SP_RETURN_BAD_CONFIG:
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    default:
        return STATUS_ADAPTER_HARDWARE_ERROR;
    }
}

NTSTATUS stor_start(struct stor_adapter *adapter)
{
    NTSTATUS status = status_of(find_adapter(adapter));

    if (status)
        return status;
    controls_query(adapter);
    if (!initialize(adapter))
        return STATUS_ADAPTER_HARDWARE_ERROR;
    __atomic_store_n(&adapter->state, STOR_STARTED, __ATOMIC_RELEASE);
    return STATUS_SUCCESS;
}

/* Requests that arrive from now on are refused; those that the miniport has go on until it completes them. */
void stor_stop(struct stor_adapter *adapter)
{
    uint32_t started = STOR_STARTED;

    if (__atomic_compare_exchange_n(&adapter->state, &started, STOR_STOPPED, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
        control(adapter, ScsiStopAdapter);
}

/* A miniport that can't restart is initialised anew. */
NTSTATUS stor_restart(struct stor_adapter *adapter)
{
    if (!control(adapter, ScsiRestartAdapter) && !initialize(adapter))
        return STATUS_ADAPTER_HARDWARE_ERROR;
    __atomic_store_n(&adapter->state, STOR_STARTED, __ATOMIC_RELEASE);
    return STATUS_SUCCESS;
}

void stor_remove_begin(struct stor_adapter *adapter)
{
    __atomic_store_n(&adapter->removing, 1, __ATOMIC_SEQ_CST);
}

/* The order lets the miniport finish what it has: its requests first, for which DPCs, timers and work items
 * that are queued still run; then it hears of the removal; then nothing new can come from it; and when the
 * last of its routines has returned its resources go. */
void stor_remove(struct stor_adapter *adapter)
{
    uint32_t before;

    stor_remove_begin(adapter);
    stor_rundown_close(&adapter->requests);
    stor_rundown_wait(&adapter->requests, "requests");
    before = __atomic_load_n(&adapter->state, __ATOMIC_ACQUIRE);
    if (before == STOR_STARTED || before == STOR_STOPPED)
        stor_request_pnp(adapter, StorRemoveDevice);
    stor_stop(adapter);
    __atomic_store_n(&adapter->state, STOR_REMOVED, __ATOMIC_RELEASE);
    stor_timer_close_all(adapter);
    stor_rundown_close(&adapter->work);
    stor_rundown_wait(&adapter->work, "work items");
    if (before != STOR_MADE && adapter->driver->data.HwFreeAdapterResources)
        adapter->driver->data.HwFreeAdapterResources(adapter->extension);
}
