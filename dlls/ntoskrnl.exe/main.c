/*
 * main.c: the front's start, its thread data, and the builtin behind it.
 *
 * The builtin's functions are looked up when they are needed first, not imported: the module must load
 * without a graft too, for unit tests. A test may bring its own module of the builtin's name.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/tls.h"
#include "nt.h"

#define BASE_NAME L"ntoskrnl_base.dll" /* the builtin behind the graft */

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

/* ---- thread data: all of it fits into the thread's word of one TLS slot ---- */

static struct tls_slot thread_slot; /* C */

_Static_assert(sizeof(struct nt_thread) <= sizeof(void *), "");

struct nt_thread *nt_thread(void)
{
    return (struct nt_thread *)tls_place(&thread_slot);
}

/* ---- the builtin ---- */

static const ANSI_STRING base_names[NT_BASE_COUNT] = {
#define NAME(text)                                                                                           \
    {                                                                                                        \
        sizeof(text) - 1, sizeof(text), (char *)text                                                         \
    }
    [NT_BASE_REFERENCE] = NAME("ObfReferenceObject"),
    [NT_BASE_DEREFERENCE] = NAME("ObfDereferenceObject"),
    [NT_BASE_TYPE_OF] = NAME("ObGetObjectType"),
    [NT_BASE_DEVICE_TYPE] = NAME("IoDeviceObjectType"),
    [NT_BASE_DRIVER_TYPE] = NAME("IoDriverObjectType"),
    [NT_BASE_LOCK] = NAME("KeAcquireSpinLockAtDpcLevel"),
    [NT_BASE_CANCEL_LOCK] = NAME("IoAcquireCancelSpinLock"),
    [NT_BASE_CANCEL_UNLOCK] = NAME("IoReleaseCancelSpinLock"),
    [NT_BASE_WAIT] = NAME("KeWaitForSingleObject"),
    [NT_BASE_WAIT_MULTIPLE] = NAME("KeWaitForMultipleObjects"),
    [NT_BASE_DELAY] = NAME("KeDelayExecutionThread"),
    [NT_BASE_INIT_EVENT] = NAME("KeInitializeEvent"),
    [NT_BASE_SET_EVENT] = NAME("KeSetEvent"),
    [NT_BASE_CLEAR_EVENT] = NAME("KeClearEvent"),
    [NT_BASE_CURRENT_THREAD] = NAME("KeGetCurrentThread"),
};

static void *base_exports[NT_BASE_COUNT]; /* A */
static char base_none;                    /* its address stands for "there is none" */

HMODULE nt_base_module(void)
{
    static const WCHAR name[] = BASE_NAME;
    UNICODE_STRING text = {sizeof(name) - sizeof(WCHAR), sizeof(name), (WCHAR *)name};
    HMODULE module;

    return LdrGetDllHandle(NULL, NULL, &text, &module) ? NULL : module;
}

void *nt_base(enum nt_base_export export)
{
    void *found = __atomic_load_n(&base_exports[export], __ATOMIC_RELAXED);

    if (__builtin_expect(!found, 0)) {
        HMODULE module = nt_base_module();

        if (!module || LdrGetProcedureAddress(module, &base_names[export], 0, &found))
            found = &base_none;
        __atomic_store_n(&base_exports[export], found, __ATOMIC_RELAXED);
    }
    return found == &base_none ? NULL : found;
}

/* ---- lock ---- */

static ULONG lock_word; /* A: 1 = held */

void nt_lock_take(void)
{
    while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE))
        NtYieldExecution();
}

void nt_lock_drop(void)
{
    __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)module;
    if (reason == DLL_PROCESS_ATTACH)
        return tls_open(&thread_slot) && nt_work_start();
    if (reason == DLL_PROCESS_DETACH && !reserved) /* else the process ends */
        tls_close(&thread_slot);
    return TRUE;
}
