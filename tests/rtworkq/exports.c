/*
 * exports.c: the module exports what Wine's builtin and Windows 10 export, at the builtin's ordinals, and nothing else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "util.h"

/* In the order of the ordinals, which begin with 1. */
static const char *const names[] = {
    "RtwqAddPeriodicCallback",
    "RtwqAllocateSerialWorkQueue",
    "RtwqAllocateWorkQueue",
    "RtwqBeginRegisterWorkQueueWithMMCSS",
    "RtwqBeginUnregisterWorkQueueWithMMCSS",
    "RtwqCancelDeadline",
    "RtwqCancelMultipleWaitingWorkItem",
    "RtwqCancelWorkItem",
    "RtwqCreateAsyncResult",
    "RtwqEndRegisterWorkQueueWithMMCSS",
    "RtwqEndUnregisterWorkQueueWithMMCSS",
    "RtwqGetPlatform",
    "RtwqGetWorkQueueMMCSSClass",
    "RtwqGetWorkQueueMMCSSPriority",
    "RtwqGetWorkQueueMMCSSTaskId",
    "RtwqInvokeCallback",
    "RtwqJoinWorkQueue",
    "RtwqLockPlatform",
    "RtwqLockSharedWorkQueue",
    "RtwqLockWorkQueue",
    "RtwqPutMultipleWaitingWorkItem",
    "RtwqPutWaitingWorkItem",
    "RtwqPutWorkItem",
    "RtwqRegisterPlatformEvents",
    "RtwqRegisterPlatformWithMMCSS",
    "RtwqRemovePeriodicCallback",
    "RtwqScheduleWorkItem",
    "RtwqSetDeadline",
    "RtwqSetDeadline2",
    "RtwqSetLongRunning",
    "RtwqShutdown",
    "RtwqStartup",
    "RtwqUnjoinWorkQueue",
    "RtwqUnlockPlatform",
    "RtwqUnlockWorkQueue",
    "RtwqUnregisterPlatformEvents",
    "RtwqUnregisterPlatformFromMMCSS",
};

static const IMAGE_EXPORT_DIRECTORY *exports_of(HMODULE module)
{
    const BYTE *base = (const BYTE *)module;
    const IMAGE_NT_HEADERS *nt = (const void *)(base + ((const IMAGE_DOS_HEADER *)module)->e_lfanew);

    return (const void *)(base +
                          nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress);
}

START_TEST(exports)
{
    HMODULE module = GetModuleHandleA("rtworkq.dll");
    const IMAGE_EXPORT_DIRECTORY *exports = exports_of(module);

    ok(exports->Base == 1 && exports->NumberOfFunctions == ARRAY_SIZE(names), "ordinals %lu to %lu\n",
       exports->Base, exports->Base + exports->NumberOfFunctions - 1);
    ok(exports->NumberOfNames == ARRAY_SIZE(names), "%lu names\n", exports->NumberOfNames);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        void *by_name = (void *)GetProcAddress(module, names[i]);
        void *by_ordinal = (void *)GetProcAddress(module, (const char *)(ULONG_PTR)(i + 1));

        ok(by_name && by_name == by_ordinal, "%s: %p, ordinal %u: %p\n", names[i], by_name, i + 1,
           by_ordinal);
    }
}
