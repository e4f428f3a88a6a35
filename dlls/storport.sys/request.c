/*
 * request.c: SRBs on their way to the miniport and back.
 *
 * HwBuildIo is called without a lock, HwStartIo with the StartIo lock, both at DISPATCH_LEVEL. The miniport
 * may complete an SRB from anywhere, once: it is looked for among those that it has. What follows a completion
 * (copying, the IRP) happens on a worker of the pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define ALIGNMENT     16
#define PNP_WAIT_S    30
#define TIMEOUT_PNP_S 10

/* A logical unit's extension. */
struct unit {
    LIST_ENTRY link;         /* S */
    UCHAR path, target, lun; /* C */
    __attribute__((aligned(ALIGNMENT))) UCHAR extension[];
};

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static void WQ_CALL request_done(void *param)
{
    struct stor_request *request = param;
    struct stor_adapter *adapter = request->adapter;

    request->done(request);
    stor_rundown_drop(&adapter->requests);
}

/* The SRB is the miniport's no more. The port driver's own requests are waited for, so a busy pool must not
 * delay them. */
static void request_finish(struct stor_request *request)
{
    STOR_UNCOUNT(outstanding);
    STOR_COUNT(requests);
    if (request->irp)
        wq_submit(&request->item);
    else
        request->done(request);
}

struct stor_request *stor_request_create(struct stor_adapter *adapter, ULONG data)
{
    size_t head = aligned(sizeof(struct stor_request)), extension = aligned(adapter->config.SrbExtensionSize);
    UCHAR *block = wq_alloc(head + extension + data);
    struct stor_request *request = (struct stor_request *)(void *)block;

    if (!block)
        return NULL;
    memset(block, 0, head + extension);
    request->adapter = adapter;
    request->item.routine = request_done;
    request->item.param = request;
    request->data = data ? block + head + extension : NULL;
    request->srb.Length = sizeof(request->srb);
    request->srb.SrbExtension = extension ? block + head : NULL;
    request->srb.QueueTag = SP_UNTAGGED;
    request->srb.DataBuffer = request->data;
    return request;
}

void stor_request_free(struct stor_request *request)
{
    if (request->process)
        ZwClose(request->process);
    wq_free(request);
}

/* The request of an SRB, if it has not ended. serial: of the request, if its memory may have become another's;
 * else 0. Under S. */
static struct stor_request *request_find(struct stor_adapter *adapter, const SCSI_REQUEST_BLOCK *srb,
                                         uint64_t serial)
{
    for (LIST_ENTRY *entry = adapter->request_list.Flink; entry != &adapter->request_list;
         entry = entry->Flink) {
        struct stor_request *request = CONTAINING_RECORD(entry, struct stor_request, link);

        if (&request->srb == srb && (!serial || request->serial == serial))
            return request;
    }
    return NULL;
}

/* Takes the SRB from the miniport. */
static struct stor_request *request_take(struct stor_adapter *adapter, const SCSI_REQUEST_BLOCK *srb,
                                         uint64_t serial)
{
    struct stor_request *found;

    wq_lock_take(&adapter->lock);
    found = request_find(adapter, srb, serial);
    if (found)
        RemoveEntryList(&found->link);
    wq_lock_drop(&adapter->lock);
    return found;
}

/* From here on StorPortCompleteRequest and StorPortGetSrb may find the request. False if it has ended. */
static bool request_given(struct stor_adapter *adapter, const SCSI_REQUEST_BLOCK *srb, uint64_t serial)
{
    struct stor_request *found;

    wq_lock_take(&adapter->lock);
    found = request_find(adapter, srb, serial);
    if (found)
        found->given = true;
    wq_lock_drop(&adapter->lock);
    return found != NULL;
}

bool stor_request_complete(struct stor_adapter *adapter, SCSI_REQUEST_BLOCK *srb)
{
    struct stor_request *request = request_take(adapter, srb, 0);

    if (!request)
        return false;
    request_finish(request);
    return true;
}

/* At DISPATCH_LEVEL. The request may be gone when the miniport's routine returns. */
static void give(struct stor_adapter *adapter, SCSI_REQUEST_BLOCK *srb, uint64_t serial)
{
    const VIRTUAL_HW_INITIALIZATION_DATA *data = &adapter->driver->data;
    STOR_LOCK_HANDLE handle;
    BOOLEAN started;

    if (data->HwBuildIo && !data->HwBuildIo(adapter->extension, srb)) {
        request_given(adapter, srb, serial); /* the miniport completes it, or has */
        return;
    }
    stor_lock_acquire(adapter, StartIoLock, NULL, &handle);
    started = !request_given(adapter, srb, serial) || data->HwStartIo(adapter->extension, srb);
    stor_lock_release(&handle);
    if (!started) {
        struct stor_request *refused = request_take(adapter, srb, serial);

        if (refused) {
            refused->srb.SrbStatus = SRB_STATUS_BUSY;
            request_finish(refused);
        }
    }
}

void stor_request_start(struct stor_request *request)
{
    struct stor_adapter *adapter = request->adapter;
    uint64_t serial;
    KIRQL old;

    STOR_COUNT(outstanding);
    wq_lock_take(&adapter->lock);
    serial = request->serial = ++adapter->serial;
    InsertTailList(&adapter->request_list, &request->link);
    wq_lock_drop(&adapter->lock);
    old = KfRaiseIrql(DISPATCH_LEVEL);
    give(adapter, &request->srb, serial);
    stor_level_check(DISPATCH_LEVEL, (void *)adapter->driver->data.HwStartIo);
    KeLowerIrql(old);
}

/* ---- PnP ---- */

static void pnp_done(struct stor_request *request)
{
    KeSetEvent(request->event, 0, FALSE);
}

/* A miniport that never completes the SRB keeps it; then nobody waits for it any more. */
void stor_request_pnp(struct stor_adapter *adapter, STOR_PNP_ACTION action)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000000LL * PNP_WAIT_S};
    struct stor_request *request = stor_request_create(adapter, 0);
    KEVENT done;

    if (!request)
        return;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    request->event = &done;
    request->done = pnp_done;
    request->pnp.Function = SRB_FUNCTION_PNP;
    request->pnp.PnPAction = action;
    request->pnp.SrbPnPFlags = SRB_PNP_FLAGS_ADAPTER_REQUEST;
    request->pnp.TimeOutValue = TIMEOUT_PNP_S;
    stor_request_start(request);
    if (KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, &timeout) == STATUS_TIMEOUT &&
        request_take(adapter, &request->srb, 0)) {
        DbgPrint("wqshim: storport: a miniport kept a PnP SRB for %d s\n", PNP_WAIT_S);
        STOR_UNCOUNT(outstanding);
        return;
    }
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    stor_request_free(request);
}

/* ---- logical units ---- */

static void *unit_find(struct stor_adapter *adapter, UCHAR path, UCHAR target, UCHAR lun)
{
    for (LIST_ENTRY *entry = adapter->unit_list.Flink; entry != &adapter->unit_list; entry = entry->Flink) {
        struct unit *unit = CONTAINING_RECORD(entry, struct unit, link);

        if (unit->path == path && unit->target == target && unit->lun == lun)
            return unit->extension;
    }
    return NULL;
}

/* The extension of a logical unit, made when it is asked for first; NULL if the miniport wants none or there is
 * no memory. */
void *stor_unit_extension(struct stor_adapter *adapter, UCHAR path, UCHAR target, UCHAR lun)
{
    size_t size = adapter->config.SpecificLuExtensionSize;
    struct unit *unit;
    void *found;

    if (!size)
        return NULL;
    wq_lock_take(&adapter->lock);
    found = unit_find(adapter, path, target, lun);
    if (!found) {
        unit = wq_alloc(sizeof(*unit) + size);
        if (unit) {
            memset(unit, 0, sizeof(*unit) + size);
            unit->path = path;
            unit->target = target;
            unit->lun = lun;
            InsertTailList(&adapter->unit_list, &unit->link);
            found = unit->extension;
        }
    }
    wq_lock_drop(&adapter->lock);
    return found;
}

void stor_unit_reclaim(struct stor_adapter *adapter)
{
    while (!IsListEmpty(&adapter->unit_list))
        wq_free(CONTAINING_RECORD(RemoveHeadList(&adapter->unit_list), struct unit, link));
}

/* ---- exports ---- */

PVOID NTAPI StorPortGetLogicalUnit(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    struct stor_adapter *adapter = stor_adapter_find(HwDeviceExtension);
    void *found;

    if (!adapter)
        return NULL;
    found = stor_unit_extension(adapter, PathId, TargetId, Lun);
    stor_adapter_drop(adapter);
    return found;
}

static bool is_for(const SCSI_REQUEST_BLOCK *srb, UCHAR path, UCHAR target, UCHAR lun)
{
    return (path == SP_UNTAGGED || srb->PathId == path) &&
           (target == SP_UNTAGGED || srb->TargetId == target) && (lun == SP_UNTAGGED || srb->Lun == lun);
}

/* The first request that the miniport has for the unit. Unless it is taken it may end at any time. */
static struct stor_request *first_for(struct stor_adapter *adapter, UCHAR path, UCHAR target, UCHAR lun,
                                      bool take)
{
    struct stor_request *found = NULL;

    wq_lock_take(&adapter->lock);
    for (LIST_ENTRY *entry = adapter->request_list.Flink; entry != &adapter->request_list && !found;
         entry = entry->Flink) {
        struct stor_request *request = CONTAINING_RECORD(entry, struct stor_request, link);

        if (request->given && is_for(&request->srb, path, target, lun))
            found = request;
    }
    if (found && take)
        RemoveEntryList(&found->link);
    wq_lock_drop(&adapter->lock);
    return found;
}

/* Completes all SRBs that the miniport has for a unit with that status; a path, target or unit of 0xff is all
 * of them. */
VOID NTAPI StorPortCompleteRequest(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                                   UCHAR SrbStatus)
{
    struct stor_adapter *adapter = stor_adapter_find(HwDeviceExtension);
    struct stor_request *request;

    if (!adapter)
        return;
    while ((request = first_for(adapter, PathId, TargetId, Lun, true)) != NULL) {
        request->srb.SrbStatus = SrbStatus;
        request_finish(request);
    }
    stor_adapter_drop(adapter);
}

/* Requests here carry no tags: the first SRB that the miniport has for the unit, or NULL. */
PSCSI_REQUEST_BLOCK NTAPI StorPortGetSrb(PVOID DeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                                         LONG QueueTag)
{
    struct stor_adapter *adapter = stor_adapter_find(DeviceExtension);
    struct stor_request *found;

    (void)QueueTag;
    if (!adapter)
        return NULL;
    found = first_for(adapter, PathId, TargetId, Lun, false);
    stor_adapter_drop(adapter);
    return found ? &found->srb : NULL;
}
