/*
 * rxstruc.h: the part of RDBSS's structures that its dispatcher needs: a mini-redirector's device object.
 *
 * mingw-w64 has no headers for RDBSS. This one and its companions (rxworkq.h, rxtimer.h, rxlog.h) declare what
 * rdbss.sys of wqshim exports; each compiles alone, in C and C++. The order of the members is that of the
 * public DDK header, but the size of the statistics is not confirmed, and what follows DispatcherContext is
 * left out: the structure is for drivers compiled with this header.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQSHIM_RXSTRUC_H
#define WQSHIM_RXSTRUC_H

#include "wqwdm.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef RXAPI
#ifdef WQSHIM_RDBSS /* rdbss.sys itself */
#define RXAPI
#else
#define RXAPI __declspec(dllimport)
#endif
#endif

/* What the dispatcher keeps for a device. Zero before the device's first post, or made so by
 * RxInitializeMRxDispatcher; the dispatcher's alone from then until RxSpinDownMRxDispatcher has returned. */
typedef struct _RX_DISPATCHER_CONTEXT {
    LONG NumberOfWorkerThreads; /* work that was posted and has not returned */
    PKEVENT pTearDownEvent;     /* not NULL: the device accepts no more work. Points to no event. */
} RX_DISPATCHER_CONTEXT, *PRX_DISPATCHER_CONTEXT;

typedef struct _RDBSS_STARTSTOP_CONTEXT {
    ULONG State;
    ULONG Version;
    struct _RX_CONTEXT *pStopContext;
} RDBSS_STARTSTOP_CONTEXT, *PRDBSS_STARTSTOP_CONTEXT;

typedef struct _RDBSS_DEVICE_OBJECT {
    DEVICE_OBJECT DeviceObject;
    ULONG RegistrationControls;
    struct _RDBSS_EXPORTS *RdbssExports;
    PDEVICE_OBJECT RDBSSDeviceObject;
    struct _MINIRDR_DISPATCH *Dispatch;
    UNICODE_STRING DeviceName;
    ULONG NetworkProviderPriority;
    HANDLE MupHandle;
    BOOLEAN RegisterUncProvider;
    BOOLEAN RegisterMailSlotProvider;
    BOOLEAN RegisteredAsFileSystem;
    BOOLEAN Unused;
    LIST_ENTRY MiniRdrListLinks;
    ULONG NumberOfActiveFcbs;
    ULONG NumberOfActiveContexts;
    LARGE_INTEGER Statistics[14];
    LONG PostedRequestCount[3];
    LONG OverflowQueueCount[3];
    LIST_ENTRY OverflowQueue[3];
    KSPIN_LOCK OverflowQueueSpinLock;
    LONG AsynchronousRequestsPending;
    PKEVENT pAsynchronousRequestsCompletionEvent;
    RDBSS_STARTSTOP_CONTEXT StartStopContext;
    RX_DISPATCHER_CONTEXT DispatcherContext;
} RDBSS_DEVICE_OBJECT, *PRDBSS_DEVICE_OBJECT;

#ifdef __cplusplus
}
#endif

#endif
