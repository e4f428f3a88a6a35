/*
 * wqrtworkq.h: mingw-w64's rtworkq.h, usable from C, and what it lacks.
 *
 * Include it instead of <rtworkq.h>. In C that header only compiles the way Wine's sources use it; so
 * RTWQASYNCRESULT begins with a field AsyncResult there, while it inherits from IRtwqAsyncResult in C++.
 * Link with rtworkq.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQRTWORKQ_H
#define WQRTWORKQ_H

#include <windows.h>
#include <ole2.h>
#include <rpc.h>
#include <rpcndr.h>
#include <unknwn.h>

#ifdef __cplusplus
#include <rtworkq.h>
#elif defined(__WINESRC__)
#include <rtworkq.h>
#else
#define __WINESRC__
#include <rtworkq.h>
#undef __WINESRC__
#endif

/* Standard queues; published as MFASYNC_CALLBACK_QUEUE_*. */
#define RTWQ_CALLBACK_QUEUE_UNDEFINED     0x00000000u
#define RTWQ_CALLBACK_QUEUE_STANDARD      0x00000001u
#define RTWQ_CALLBACK_QUEUE_RT            0x00000002u
#define RTWQ_CALLBACK_QUEUE_IO            0x00000003u
#define RTWQ_CALLBACK_QUEUE_TIMER         0x00000004u
#define RTWQ_CALLBACK_QUEUE_MULTITHREADED 0x00000005u
#define RTWQ_CALLBACK_QUEUE_LONG_FUNCTION 0x00000007u
#define RTWQ_CALLBACK_QUEUE_PRIVATE_MASK  0xffff0000u
#define RTWQ_CALLBACK_QUEUE_ALL           0xffffffffu

/* Flags of IRtwqAsyncCallback::GetParameters; published as MFASYNC_*. */
#define RTWQ_FAST_IO_PROCESSING_CALLBACK 0x01u
#define RTWQ_SIGNAL_CALLBACK             0x02u
#define RTWQ_BLOCKING_CALLBACK           0x04u
#define RTWQ_REPLY_CALLBACK              0x08u
#define RTWQ_LOCALIZE_REMOTE_CALLBACK    0x10u

#ifdef __cplusplus
extern "C" {
#endif

/* Ends RtwqBeginUnregisterWorkQueueWithMMCSS; the real header lacks it too. */
HRESULT WINAPI RtwqEndUnregisterWorkQueueWithMMCSS(IRtwqAsyncResult *result);

/* Invokes the result's callback once, when one of `count` (1 to 63) events is signalled; cancels that. Exports of
 * Windows up to 10 that nobody has published: wqshim's parameters follow RtwqPutWaitingWorkItem. Wine's builtin
 * ends the program that calls them. */
HRESULT WINAPI RtwqPutMultipleWaitingWorkItem(DWORD count, const HANDLE *events, LONG priority,
                                              IRtwqAsyncResult *result, RTWQWORKITEM_KEY *key);
HRESULT WINAPI RtwqCancelMultipleWaitingWorkItem(RTWQWORKITEM_KEY key);

#ifdef __cplusplus
}
#endif

#endif
