/*
 * grabber.h: the receiver of a sample grabber's samples: it counts their bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef MFPLAT_TEST_GRABBER_H
#define MFPLAT_TEST_GRABBER_H

#include <windows.h>
#include <mfapi.h>
#include <mfidl.h>

extern IMFSampleGrabberSinkCallback grabber; /* never freed */
extern DWORD grabbed;                        /* bytes */

#endif
