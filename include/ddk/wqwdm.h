/*
 * wqwdm.h: mingw-w64's <ddk/wdm.h>, usable from C++, too. Drivers in C++ include it instead.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WDM_H
#define WQ_WDM_H

/* It has two functions that C++ takes for contradictions to intrin.h. */
#if defined(__cplusplus) && defined(__MINGW32__) && !defined(InterlockedBitTestAndSet)
#include <intrin.h>
#define InterlockedBitTestAndSet   wq_InterlockedBitTestAndSet
#define InterlockedBitTestAndReset wq_InterlockedBitTestAndReset
#include <ddk/wdm.h>
#undef InterlockedBitTestAndSet
#undef InterlockedBitTestAndReset
#else
#include <ddk/wdm.h>
#endif

#endif
