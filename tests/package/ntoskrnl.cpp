/*
 * ntoskrnl.cpp: a driver in C++ outside of the tree that queues a work item.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <ddk/wqwdm.h>

#include <wqnt.h>

namespace
{
/* Its address is what the item carries; the last routine counts down what the driver waits for. */
class Job
{
  public:
    void queue()
    {
        ExInitializeWorkItem(&item, &Job::run, this);
        ExQueueWorkItem(&item, DelayedWorkQueue);
    }
    LONG runs() const
    {
        return count;
    }

  private:
    static VOID NTAPI run(PVOID self)
    {
        InterlockedIncrement(&static_cast<Job *>(self)->count);
    }

    WORK_QUEUE_ITEM item;
    LONG count;
};

Job job;
} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING)
{
    wqnt_misuse misuse;

    WqNtMisuseQuery(&misuse);
    job.queue();
    return job.runs() < 0 ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}
