/*
 * misuse_state.c: misuse of the thread's state: what a routine must not leave behind, and levels raised or lowered
 * the wrong way.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "misuse.h"

#define BAD_IRQL_CODE      0xe1
#define IMPERSONATING_CODE 0xdf
#define VERIFIER_CODE      0xc4
#define IRQL_CODE          0x0a

/* ---- what a routine leaves behind ---- */

static void NTAPI stay_raised(PVOID context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
}

static void left_raised(void)
{
    ULONG before = ktest_misuses();
    struct misuse_job job;

    misuse_job_init(&job, stay_raised);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    ktest_misused(before, BAD_IRQL_CODE, (ULONG_PTR)stay_raised, "returned at DISPATCH_LEVEL");
    misuse_check_sound();
}

static WORK_QUEUE_ITEM misbehaving;

void ktest_misbehave(void)
{
    ExInitializeWorkItem(&misbehaving, stay_raised, NULL);
    ExQueueWorkItem(&misbehaving, DelayedWorkQueue);
}

static void NTAPI stay_locked(PDEVICE_OBJECT device, PVOID context)
{
    KIRQL old;

    (void)device;
    KeAcquireSpinLock((PKSPIN_LOCK)context, &old);
}

static void left_locked(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(ktest_device);
    ULONG before = ktest_misuses();
    KSPIN_LOCK lock;

    KeInitializeSpinLock(&lock);
    IoQueueWorkItem(item, stay_locked, DelayedWorkQueue, &lock);
    ktest_misused(before, BAD_IRQL_CODE, (ULONG_PTR)stay_locked, "returned with a spin lock");
    IoFreeWorkItem(item);
    misuse_check_sound();
}

static void NTAPI impersonate(PVOID context)
{
    struct misuse_job *job = context;
    SECURITY_QUALITY_OF_SERVICE quality = {sizeof(quality), SecurityImpersonation, FALSE, POOL_ANY};
    OBJECT_ATTRIBUTES attributes;
    HANDLE process_token, token;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    attributes.SecurityQualityOfService = &quality;
    status = ZwOpenProcessToken(NtCurrentProcess(), TOKEN_RIGHTS, &process_token);
    if (kok(!status, "ZwOpenProcessToken returned %lx", status)) {
        status = ZwDuplicateToken(process_token, TOKEN_RIGHTS, &attributes, FALSE, TOKEN_TYPE_IMPERSONATION,
                                  &token);
        ZwClose(process_token);
        if (kok(!status, "ZwDuplicateToken returned %lx", status)) {
            status = ZwSetInformationThread((HANDLE)(LONG_PTR)-2, THREAD_IMPERSONATION_TOKEN, &token,
                                            sizeof(token));
            kok(!status, "ZwSetInformationThread returned %lx", status);
            ZwClose(token);
        }
    }
    misuse_count(job);
}

static void left_impersonating(void)
{
    ULONG before = ktest_misuses();
    struct misuse_job job;

    misuse_job_init(&job, impersonate);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    ktest_wait(&job.done, "the routine");
    ktest_misused(before, IMPERSONATING_CODE, (ULONG_PTR)impersonate, "returned impersonating");
    misuse_check_sound();
}

/* ---- levels ---- */

static void bad_levels(void)
{
    ULONG before = ktest_misuses();
    struct misuse_job job;
    KIRQL old = KeRaiseIrqlToDpcLevel();

    KfRaiseIrql(APC_LEVEL);
    ktest_misused(before, VERIFIER_CODE, 0x30, "raised to a lower level");
    before = ktest_misuses();
    KeLowerIrql(DISPATCH_LEVEL);
    ktest_misused(before, VERIFIER_CODE, 0x31, "lowered to a higher level");
    KeLowerIrql(old);

    misuse_job_init(&job, misuse_count);
    before = ktest_misuses();
    old = KfRaiseIrql(DISPATCH_LEVEL + 1);
    ExQueueWorkItem(&job.item, DelayedWorkQueue);
    KeLowerIrql(old);
    ktest_misused(before, IRQL_CODE, (ULONG_PTR)&job.item, "queued above DISPATCH_LEVEL");
    ktest_wait(&job.done, "the routine");
}

const struct ktest ktest_misuse_state[] = {
    {"a routine that stays at DISPATCH_LEVEL", left_raised, BUILTIN_ENDS, POOL_ANY},
    {"a routine that keeps a spin lock", left_locked, BUILTIN_ENDS, POOL_ANY},
    {"a routine that keeps impersonating", left_impersonating, BUILTIN_ENDS, POOL_ANY},
    {"levels that are raised or lowered the wrong way", bad_levels, BUILTIN_ENDS, POOL_ANY},
    {NULL, NULL, BUILTIN_ENDS, POOL_ANY}};
