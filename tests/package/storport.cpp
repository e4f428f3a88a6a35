/*
 * storport.cpp: a miniport in C++ outside of the tree: an adapter is an object, and so is what it queues.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <ddk/wqstorport.h>

#include <wqstor.h>

namespace
{
/* Lives in the device extension, which StorPort makes. */
class Adapter
{
  public:
    static ULONG NTAPI find(PVOID self, PVOID, PVOID, PVOID, PCHAR, PPORT_CONFIGURATION_INFORMATION config,
                            PBOOLEAN again)
    {
        config->VirtualDevice = TRUE;
        *again = FALSE;
        return static_cast<Adapter *>(self)->queue() ? SP_RETURN_FOUND : SP_RETURN_ERROR;
    }
    static BOOLEAN NTAPI initialize(PVOID)
    {
        return TRUE;
    }
    static BOOLEAN NTAPI start(PVOID self, PSCSI_REQUEST_BLOCK srb)
    {
        srb->SrbStatus = SRB_STATUS_SUCCESS;
        StorPortNotification(RequestComplete, self, srb);
        return TRUE;
    }

  private:
    bool queue()
    {
        PVOID worker;

        return !StorPortInitializeWorker(this, &worker) &&
               !StorPortQueueWorkItem(this, &Adapter::work, worker, this);
    }
    static VOID NTAPI work(PVOID self, PVOID, PVOID worker)
    {
        static_cast<Adapter *>(self)->runs++;
        StorPortFreeWorker(self, worker);
    }

    ULONG runs;
};
} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    VIRTUAL_HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.DeviceExtensionSize = sizeof(Adapter);
    data.HwInitialize = &Adapter::initialize;
    data.HwStartIo = &Adapter::start;
    data.HwFindAdapter = &Adapter::find;
    return static_cast<NTSTATUS>(
        StorPortInitialize(driver, path, reinterpret_cast<PHW_INITIALIZATION_DATA>(&data), nullptr));
}
