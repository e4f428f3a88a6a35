/*
 * main.c: the module's life and its thread data. Once loaded the module stays: workers may be anywhere in its
 * code when the last driver that imports it goes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/tls.h"
#include "rx.h"

#define PROCESS_ATTACH 1 /* DLL_PROCESS_ATTACH */

int NTAPI DllMain(PVOID module, ULONG reason, PVOID reserved);

static struct tls_slot frame_slot; /* C */

struct rx_frame *rx_frame(void)
{
    return tls_get(&frame_slot);
}

void rx_frame_set(struct rx_frame *frame)
{
    *tls_place(&frame_slot) = frame;
}

int NTAPI DllMain(PVOID module, ULONG reason, PVOID reserved)
{
    const ULONG pin = 1;

    (void)reserved;
    if (reason == PROCESS_ATTACH) {
        if (!tls_open(&frame_slot))
            return 0;
        LdrAddRefDll(pin, module);
    }
    return 1;
}
