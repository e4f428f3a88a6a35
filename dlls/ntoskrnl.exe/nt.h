/*
 * nt.h: what the files of the ntoskrnl front share.
 *
 *   work.c     the system work queue and its runner    item.c    Io work items
 *   irql.c     the level of each thread                spin.c    spin locks that change it
 *   dpc.c      deferred procedure calls                rwspin.c  reader-writer spin locks
 *   mutex.c    fast mutexes                            wait.c    waits, of which the core is told
 *   misuse.c   what drivers do wrong                   image.c   drivers' images and their unloading
 *   object.c   items' references of their devices      hook.c    hearing of unloading
 *   main.c     start, and the builtin behind us        setting.c settings
 *   token.c    impersonation left behind               timer.c   timers
 *
 * The front knows the kernel's rules and nothing about threads. There is one copy of it in a process, so it
 * may keep state. Types that drivers see are declared here anew: the DDK headers of mingw-w64 define half of
 * these functions inline.
 *
 * Guards: A is touched through __atomic builtins only, C is constant after DllMain, T belongs to its thread,
 * L is guarded by nt_lock (a leaf: nothing is called while it is held), X belongs to whoever has set the
 * item's link from NULL.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_NT_FRONT_H
#define WQ_NT_FRONT_H

#include "common/ntdll.h"
#include "wqcore.h"
#include "wqnt.h"

#ifndef STATUS_SUCCESS
#define STATUS_SUCCESS ((NTSTATUS)0)
#endif
#define NT_STATUS_NOT_IMPLEMENTED ((NTSTATUS)0xc0000002)
#define NT_THIS_PROCESS           ((HANDLE)(LONG_PTR)-1)
#define NT_THIS_THREAD            ((HANDLE)(LONG_PTR)-2)

#ifdef __i386__
#define NT_FASTCALL __attribute__((fastcall))
#else
#define NT_FASTCALL
#endif

typedef UCHAR KIRQL;
typedef ULONG_PTR KSPIN_LOCK;

#define PASSIVE_LEVEL  0
#define APC_LEVEL      1
#define DISPATCH_LEVEL 2
#ifdef __i386__
#define SYNCH_LEVEL 27
#define HIGH_LEVEL  31
#else
#define SYNCH_LEVEL 12
#define HIGH_LEVEL  15
#endif

/* ---- main.c ---- */

/* What a thread has of its own, no more than fits into a pointer; all zero at first. */
struct nt_thread {
    KIRQL irql;          /* TO */
    bool may_have_token; /* TO: it was given a token since the routine began */
    bool in_dpc;         /* TO: a DPC's routine runs here */
    bool in_work;        /* TO: a work routine runs here */
};

/* The calling thread's. */
struct nt_thread *nt_thread(void);

/* Exports of the builtin behind the graft. */
enum nt_base_export {
    NT_BASE_REFERENCE,
    NT_BASE_DEREFERENCE,
    NT_BASE_TYPE_OF,
    NT_BASE_DEVICE_TYPE, /* data: a pointer to the type */
    NT_BASE_DRIVER_TYPE, /* likewise */
    NT_BASE_LOCK,
    NT_BASE_CANCEL_LOCK,
    NT_BASE_CANCEL_UNLOCK,
    NT_BASE_WAIT,
    NT_BASE_WAIT_MULTIPLE,
    NT_BASE_DELAY,
    NT_BASE_INIT_EVENT,
    NT_BASE_SET_EVENT,
    NT_BASE_CLEAR_EVENT,
    NT_BASE_CURRENT_THREAD,
    NT_BASE_COUNT
};

/* The address of the builtin's export, NULL if there is none: the module runs without a graft. */
void *nt_base(enum nt_base_export export);

/* The builtin's image, NULL if there is none. */
HMODULE nt_base_module(void);

/* The front's one lock, for what is rare. */
void nt_lock_take(void);
void nt_lock_drop(void);

/* ---- irql.c ---- */

/* Levels, as drivers change them. */
KIRQL NT_FASTCALL KfRaiseIrql(KIRQL level);
void NT_FASTCALL KfLowerIrql(KIRQL level);

/* ---- dpc.c ---- */

struct nt_dpc; /* a KDPC */

BOOLEAN NTAPI KeInsertQueueDpc(struct nt_dpc *dpc, void *argument1, void *argument2);

/* The driver's routine. */
void *nt_dpc_routine(struct nt_dpc *dpc);

/* ---- timer.c ---- */

/* Recalls all timers that are set and lie in this memory or have a DPC or its routine there. Returns how many. */
ULONG nt_timers_recall(ULONG_PTR base, ULONG_PTR size);

/* ---- work.c ---- */

typedef void(NTAPI *nt_work_routine)(void *param);

/* Makes the queue. False if there is no memory. */
bool nt_work_start(void);

/* The queue of all work items, with a level for each priority. */
extern struct wq_queue *nt_queue; /* C */

/* What of an item is needed to run it, copied out of it before anybody may use it again. */
struct nt_call {
    void *routine; /* the driver's */
    void *param;
    void *item;
    void *object;            /* held, or NULL: to be dropped afterwards */
    struct nt_object *entry; /* for that */
    void *io_object;         /* the first argument of an Io routine */
    unsigned kind;           /* NT_CALL_* */
};

#define NT_CALL_EX    0u /* routine(param) */
#define NT_CALL_IO    1u /* routine(object, param) */
#define NT_CALL_IO_EX 2u /* routine(object, param, item) */

/* The level of a queue type; misuse is reported for one that does not exist, which counts as
 * DelayedWorkQueue. */
unsigned nt_work_level(unsigned type, void *item, void *routine);

/* True if code could be there; reports the misuse otherwise. */
bool nt_work_check_routine(void *routine, void *item);

/* Reports a queueing function that is called above DISPATCH_LEVEL. */
void nt_work_check_irql(void *item, void *routine);

/* Marks an item as queued. False, with a report, if it is. */
bool nt_work_claim(struct wq_item *item, unsigned level, void *routine);

/* ---- item.c ---- */

/* If the item is part of an IO_WORKITEM, fills in the call and returns true. */
bool nt_item_call(struct wq_item *queued, struct nt_call *call);

/* Drops what a queued item holds for its routine. object: NULL if it holds none. */
void nt_item_release(struct nt_object *entry, void *object, void *routine);

/* ---- object.c ---- */

struct nt_object;

/* The entry of an object, for one more item of it; NULL if there is no room. To be given up when the item is freed. */
struct nt_object *nt_object_find(void *object);
void nt_object_forget(struct nt_object *entry);

/* Keeps the object referenced for as long as an item is queued or runs; and ends that, which may delete the device and
 * its driver. entry: the object's, or NULL. */
void nt_object_hold(struct nt_object *entry, void *object);
void nt_object_drop(struct nt_object *entry, void *object);

/* ---- image.c ---- */

/* Counts a queued or running routine for the image that it is in, which then stays mapped; and ends that. */
void nt_image_hold(void *routine);
void nt_image_drop(void *routine);

/* Lets us hear of it when the image that holds this address is unloaded. */
void nt_image_watch(void *address);

/* File name (ASCII, others as '?') and base of the image that holds an address; "" and 0 if none does. */
void nt_image_name(void *address, char *name, size_t size, ULONG_PTR *base);

/* The builtin wants to unload this module. True if routines are still queued or running there: it must not be
 * unloaded now; image.c does that when the last one has returned. */
bool nt_image_unloading(HMODULE module);

/* ---- hook.c ---- */

/* Lets nt_image_unloading hear of it when the builtin unloads modules. Once. */
void nt_hook_unload(void);

/* ---- misuse.c ---- */

#define NT_WORKER_INVALID         0xe4
#define NT_INVALID_ITEM           0x96
#define NT_BAD_IRQL_ON_RETURN     0xe1
#define NT_IMPERSONATING          0xdf
#define NT_VERIFIER               0xc4
#define NT_IRQL_NOT_LESS_OR_EQUAL 0x0a
#define NT_UNLOADED_PENDING       0xce
#define NT_DPC_INVALID            0xc7
#define NT_IRQL_UNEXPECTED        0xc8

/* Reports a misuse and does what the setting says: goes on, breaks into a debugger or ends the process. */
void nt_misuse(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4, void *item, void *routine);

/* ---- setting.c ---- */

/* Reads a setting: the environment variable WQSHIM_<name>, else the string value <name> of the registry key
 * HKEY_LOCAL_MACHINE\Software\wqshim. size in characters. Returns the length; 0 if it is unset, empty or too
 * long. */
size_t nt_setting(const WCHAR *name, WCHAR *value, size_t size);

/* ---- token.c ---- */

/* Reverts the calling thread to the process token if it impersonates. Returns whether it did. */
bool nt_token_revert(struct nt_thread *thread);

/* ---- ntdll ---- */

NTSYSAPI NTSTATUS NTAPI LdrGetDllFullName(HMODULE module, UNICODE_STRING *name);
NTSYSAPI NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG protect,
                                               ULONG *old_protect);
NTSYSAPI void *NTAPI RtlImageDirectoryEntryToData(HMODULE module, BOOLEAN mapped, USHORT directory,
                                                  ULONG *size);
NTSYSAPI void NTAPI DbgBreakPoint(void);
NTSYSAPI ULONG WINAPIV DbgPrint(const char *format, ...);

/* One turn of waiting for a word to change; its holder may have lost its processor. turns: 0 at first. */
static inline void nt_spin(unsigned *turns)
{
    if (++*turns % 64)
        __builtin_ia32_pause();
    else
        NtYieldExecution();
}

#endif
