/*
 * events.h: somebody who is told of the platform's events, and notes them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef RTWORKQ_TEST_EVENTS_H
#define RTWORKQ_TEST_EVENTS_H

#include "util.h"

struct events {
    IRtwqPlatformEvents iface;
    LONG refs, told;
    HRESULT (*fn)(char what); /* called with each; what it returns is answered. NULL = S_OK */
    char log[32];             /* the first ones: i(nitialized), s(hutting down), e(nded) */
};

/* With one reference, the caller's. */
void events_init(struct events *events, HRESULT (*fn)(char what));

#endif
