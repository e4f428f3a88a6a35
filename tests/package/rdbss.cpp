/*
 * rdbss.cpp: a driver in C++ outside of the tree that hands an object to RDBSS's queues and waits for its end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <ddk/rxtimer.h>
#include <ddk/rxworkq.h>

namespace
{
class Redirector
{
  public:
    NTSTATUS open(PDRIVER_OBJECT driver)
    {
        PDEVICE_OBJECT made;
        NTSTATUS status = IoCreateDevice(driver, sizeof(*device) - sizeof(*made), nullptr,
                                         FILE_DEVICE_UNKNOWN, 0, FALSE, &made);

        if (status)
            return status;
        device = CONTAINING_RECORD(made, RDBSS_DEVICE_OBJECT, DeviceObject);
        RxInitializeMRxDispatcher(device);
        return RxPostToWorkerThread(device, DelayedWorkQueue, &item, &Redirector::work, this);
    }
    void close()
    {
        RxSpinDownMRxDispatcher(device);
        IoDeleteDevice(&device->DeviceObject);
    }

  private:
    static VOID NTAPI work(PVOID self)
    {
        static_cast<Redirector *>(self)->runs++;
    }

    RDBSS_DEVICE_OBJECT *device;
    RX_WORK_QUEUE_ITEM item;
    LONG runs;
};

Redirector redirector;

VOID NTAPI unload(PDRIVER_OBJECT)
{
    redirector.close();
}
} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING)
{
    driver->DriverUnload = unload;
    return redirector.open(driver);
}
