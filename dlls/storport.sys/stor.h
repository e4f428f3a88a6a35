/*
 * stor.h: what the files of storport.sys share.
 *
 *   extended.c  StorPortExtendedFunction           worker.c    work items
 *   notify.c    StorPortNotification               timer.c     timers
 *   helper.c    lists, events, processors, time    dpc.c       DPCs and locks
 *   adapter.c   adapters and who uses them         rundown.c   counting uses
 *   driver.c    StorPortInitialize and what the system calls
 *   pnp.c       starting and removing              start.c     the miniport's entry points
 *   request.c   SRBs                               ioctl.c, direct.c  requests of programs
 *   port.c      registers, conversions             misc.c      the other exports
 *
 * The front knows StorPort's rules and nothing about threads: workers, DPCs, timers and completions run on
 * the core. Levels are those of our ntoskrnl.exe.
 *
 * Guards: A is touched through __atomic builtins only, C is constant once others can see the structure, S is
 * guarded by stor_adapter.lock, X belongs to whoever has set the DPC's DpcData.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_STOR_FRONT_H
#define WQ_STOR_FRONT_H

#define _STORPORT_ /* these exports are ours */

/* On x64 mingw-w64's header accesses CR8 inline, which Wine ignores; we import the level functions. */
#ifdef __x86_64__
#define KeGetCurrentIrql inline_KeGetCurrentIrql
#define KeLowerIrql      inline_KeLowerIrql
#define KfRaiseIrql      inline_KfRaiseIrql
#endif
#include <ddk/wqstorport.h>
#ifdef __x86_64__
#undef KeGetCurrentIrql
#undef KeLowerIrql
#undef KfRaiseIrql
NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(void);
NTKERNELAPI void NTAPI KeLowerIrql(KIRQL level);
NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL level);
#endif
NTKERNELAPI HANDLE NTAPI PsGetCurrentProcessId(void);
NTSYSAPI NTSTATUS NTAPI ZwOpenProcess(PHANDLE process, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                      PCLIENT_ID client);

#include "wqcore.h"
#include "wqstor.h"

#ifdef __i386__
#define STOR_SYNCH_LEVEL 27
#else
#define STOR_SYNCH_LEVEL 12
#endif

/* ---- rundown.c ---- */

/* Counts uses of a thing, until it is closed. */
struct stor_rundown {
    uint32_t word; /* A: twice the uses, plus 1 while it is open */
    KEVENT empty;
};

void stor_rundown_open(struct stor_rundown *rundown);
/* Adds a use. False if the rundown is closed. */
bool stor_rundown_hold(struct stor_rundown *rundown);
/* Adds a use whether it is closed or not; for callers that know that it has one, or that it is not awaited
 * yet. */
void stor_rundown_hold_again(struct stor_rundown *rundown);
void stor_rundown_drop(struct stor_rundown *rundown);
/* Closes it: no use can be added. */
void stor_rundown_close(struct stor_rundown *rundown);
/* Waits until there is no use. what: for the report, every ten seconds that this takes. At PASSIVE_LEVEL. */
void stor_rundown_wait(struct stor_rundown *rundown, const char *what);

/* ---- adapter.c ---- */

/* What StorPortInitialize was told; belongs to the driver object. */
struct stor_driver {
    DRIVER_OBJECT *object; /* C */
    VIRTUAL_HW_INITIALIZATION_DATA
    data;                        /* C: of a plain one too, whose shape is the same but for HwFindAdapter */
    bool is_virtual;             /* C */
    void *context;               /* C */
    struct stor_adapter *legacy; /* the one made by StorPortInitialize, or NULL; only the system's thread */
};

enum stor_state { STOR_MADE, STOR_STARTED, STOR_STOPPED, STOR_REMOVED };

struct stor_adapter {
    struct stor_driver *driver; /* C */
    DEVICE_OBJECT *device;      /* C */
    DEVICE_OBJECT *physical;    /* C: NULL if nobody enumerated the adapter */
    DEVICE_OBJECT *lower;       /* C: likewise */
    ULONG number;               /* C: of RaidPort and Scsi names */
    bool has_names;             /* C */
    struct stor_slot *slot;     /* C */
    void *extension;            /* C: the miniport's HwDeviceExtension */
    void *extension_block;      /* C: what to free */
    void *uncached;             /* C after the start: what StorPortGetUncachedExtension gave, or NULL */
    PORT_CONFIGURATION_INFORMATION config;      /* C after the start */
    BOOLEAN controls[WQ_STOR_ADAPTER_CONTROLS]; /* C after the start */
    PHW_PASSIVE_INITIALIZE_ROUTINE passive;     /* only while HwInitialize runs */
    bool may_passive;                           /* likewise */

    uint32_t state;               /* A: STOR_* */
    uint32_t removing;            /* A: no more work items */
    struct stor_rundown requests; /* SRBs that programs sent */
    struct stor_rundown work;     /* queued and running workers, DPCs, expiries */

    struct wq_queue *workers; /* C */
    struct wq_queue *dpcs;    /* C: serial */
    struct wq_lock lock;      /* S: */
    bool gone;                /* S: no more timers and workers */
    LIST_ENTRY worker_list;   /* S */
    LIST_ENTRY timer_list;    /* S */
    LIST_ENTRY request_list;  /* S: those that the miniport has */
    uint64_t serial;          /* S: of the last request */
    LIST_ENTRY unit_list;     /* S: extensions of logical units */
    struct stor_timer *timer; /* C: the one of RequestTimerCall */

    KSPIN_LOCK start_lock;
    KSPIN_LOCK interrupt_lock;
};

/* Makes an adapter's memory, with its extension registered. NULL if there is no memory. */
struct stor_adapter *stor_adapter_create(struct stor_driver *driver, DEVICE_OBJECT *device);
/* Frees it, when all who use it have gone. At PASSIVE_LEVEL. */
void stor_adapter_destroy(struct stor_adapter *adapter);
/* The adapter of a HwDeviceExtension, which stays until stor_adapter_drop; NULL if there is none. Touches no
 * memory of the caller. Any IRQL. */
struct stor_adapter *stor_adapter_find(void *extension);
void stor_adapter_drop(struct stor_adapter *adapter);

extern struct wqstor_counters stor_counters; /* A */

#define STOR_COUNT(what)   __atomic_add_fetch(&stor_counters.what, 1, __ATOMIC_RELAXED)
#define STOR_UNCOUNT(what) __atomic_sub_fetch(&stor_counters.what, 1, __ATOMIC_RELAXED)

/* Puts the level back that a callback should have left, with a report. */
void stor_level_check(KIRQL expected, void *routine);

/* ---- worker.c: see ddk/wqstorport.h for what they return ---- */

ULONG stor_worker_initialize(struct stor_adapter *adapter, void **worker);
ULONG stor_worker_queue(struct stor_adapter *adapter, PHW_WORKITEM callback, void *worker, void *context);
ULONG stor_worker_free(struct stor_adapter *adapter, void *worker);
/* Frees what the miniport has not. Nothing is queued or runs. */
void stor_worker_reclaim(struct stor_adapter *adapter);

/* ---- timer.c ---- */

enum stor_timer_kind { STOR_TIMER_PLAIN, STOR_TIMER_FINE };

struct stor_timer;

ULONG stor_timer_initialize(struct stor_adapter *adapter, enum stor_timer_kind kind, void **handle);
ULONG stor_timer_request(struct stor_adapter *adapter, enum stor_timer_kind kind, void *handle,
                         PHW_TIMER_EX callback, void *context, uint64_t us, uint64_t tolerance_us);
ULONG stor_timer_cancel(struct stor_adapter *adapter, enum stor_timer_kind kind, void *handle);
ULONG stor_timer_free(struct stor_adapter *adapter, enum stor_timer_kind kind, void *handle);

/* The adapter's own timer, of RequestTimerCall: a new request replaces the one before, 0 takes it back. */
bool stor_timer_create_own(struct stor_adapter *adapter);
void stor_timer_request_own(struct stor_adapter *adapter, PHW_TIMER callback, uint32_t us);

/* Lets no timer of the adapter expire any more; what expired is counted as work. */
void stor_timer_close_all(struct stor_adapter *adapter);
void stor_timer_reclaim(struct stor_adapter *adapter);

/* ---- dpc.c ---- */

void stor_dpc_initialize(struct stor_adapter *adapter, STOR_DPC *dpc, PHW_DPC_ROUTINE routine);
bool stor_dpc_issue(struct stor_adapter *adapter, STOR_DPC *dpc, void *argument1, void *argument2);
ULONG stor_dpc_cancel(struct stor_adapter *adapter, STOR_DPC *dpc);
void WQ_CALL stor_dpc_run(struct wq_item *item);

/* INVALID_PARAMETER: no such lock. */
ULONG stor_lock_acquire(struct stor_adapter *adapter, STOR_SPINLOCK lock, void *context,
                        STOR_LOCK_HANDLE *handle);
void stor_lock_release(STOR_LOCK_HANDLE *handle);

/* ---- helper.c ---- */

/* A function whose arguments are all pointers or ULONGs, already read as pointers. */
ULONG stor_helper(ULONG code, void *const argument[4]);
/* The number of arguments that stor_helper wants for the code; -1 if it is not one of its. */
int stor_helper_arguments(ULONG code);

/* ---- start.c: the miniport's entry points ---- */

NTSTATUS stor_start(struct stor_adapter *adapter);
void stor_stop(struct stor_adapter *adapter);
NTSTATUS stor_restart(struct stor_adapter *adapter);
/* Everything that a removal does before the adapter can be destroyed. */
void stor_remove(struct stor_adapter *adapter);
/* Lets no more work be queued. */
void stor_remove_begin(struct stor_adapter *adapter);

/* ---- request.c ---- */

struct stor_request;
typedef void (*stor_request_done)(struct stor_request *request);

struct stor_request {
    union {
        SCSI_REQUEST_BLOCK srb; /* the miniport's while it has it */
        SCSI_PNP_REQUEST_BLOCK pnp;
    };
    struct wq_item item;          /* for its completion */
    struct stor_adapter *adapter; /* C */
    LIST_ENTRY link;              /* S */
    uint64_t serial;              /* S: never the same */
    bool given;                   /* S: the miniport may be asked for it, or complete it unasked */
    IRP *irp;                     /* C: NULL for one of the port driver's own */
    stor_request_done done; /* C: called at PASSIVE_LEVEL (without an irp: anywhere); frees the request */
    void *data;             /* C: a buffer of its own, or NULL */
    void *user;             /* C: address of data in the program */
    HANDLE process;         /* C: that program */
    KEVENT *event;          /* C: for one that is waited for */
    ULONG user_size;        /* C */
    UCHAR sense[256];
};

/* Makes a request, with room for the SRB extension and for data bytes. NULL if there is no memory. */
struct stor_request *stor_request_create(struct stor_adapter *adapter, ULONG data);
void stor_request_free(struct stor_request *request);
/* Gives the SRB to the miniport; the caller holds adapter->requests, which the request drops when it is done. */
void stor_request_start(struct stor_request *request);
/* The miniport is done with an SRB. False if it does not have it. Any IRQL. */
bool stor_request_complete(struct stor_adapter *adapter, SCSI_REQUEST_BLOCK *srb);
/* Sends a PnP SRB and waits for it. */
void stor_request_pnp(struct stor_adapter *adapter, STOR_PNP_ACTION action);
void *stor_unit_extension(struct stor_adapter *adapter, UCHAR path, UCHAR target, UCHAR lun);
void stor_unit_reclaim(struct stor_adapter *adapter);

/* ---- ioctl.c, pnp.c, driver.c ---- */

NTSTATUS stor_ioctl(struct stor_adapter *adapter, IRP *irp);
NTSTATUS stor_pnp(struct stor_adapter *adapter, IRP *irp);
NTSTATUS stor_complete(IRP *irp, NTSTATUS status, ULONG_PTR information);
NTSTATUS NTAPI stor_add_device(DRIVER_OBJECT *driver, DEVICE_OBJECT *physical);
NTSTATUS stor_device_create(struct stor_driver *driver, DEVICE_OBJECT *physical,
                            struct stor_adapter **adapter);
void stor_device_delete(struct stor_adapter *adapter);
struct stor_driver *stor_driver_of(DRIVER_OBJECT *object);

/* ---- misc.c ---- */

/* Says once for each place that something is not there. */
void stor_not_here(uint32_t *said, const char *what);
#define STOR_NOT_HERE(what)                                                                                  \
    do {                                                                                                     \
        static uint32_t said;                                                                                \
        stor_not_here(&said, what);                                                                          \
    } while (0)

/* ---- ntdll ---- */

NTSYSAPI NTSTATUS NTAPI LdrAddRefDll(ULONG flags, void *module);
NTSYSAPI BOOLEAN NTAPI RtlQueryPerformanceCounter(LARGE_INTEGER *counter);
NTSYSAPI BOOLEAN NTAPI RtlQueryPerformanceFrequency(LARGE_INTEGER *frequency);
NTSYSAPI NTSTATUS NTAPI NtDelayExecution(BOOLEAN alertable, const LARGE_INTEGER *timeout);
NTSYSAPI ULONG NTAPI NtGetCurrentProcessorNumber(void);
NTSYSAPI NTSTATUS NTAPI NtReadVirtualMemory(HANDLE process, const void *from, void *to, SIZE_T size,
                                            SIZE_T *done);
NTSYSAPI NTSTATUS NTAPI NtWriteVirtualMemory(HANDLE process, void *to, const void *from, SIZE_T size,
                                             SIZE_T *done);

#endif
