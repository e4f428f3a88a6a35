/*
 * main.c: the module's life and its thread data. Once loaded the module stays: workers may be anywhere in its
 * code when the last driver that imports it goes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rx.h"

#define PROCESS_ATTACH 1 /* DLL_PROCESS_ATTACH */

int NTAPI DllMain(PVOID module, ULONG reason, PVOID reserved);

/* ---- a static TLS block, its directory written out because there is no C runtime ---- */

struct tls_directory {
    ULONG_PTR start, end, index, callbacks;
    ULONG zero_fill, characteristics;
};

ULONG _tls_index = 0;

static struct rx_frame *tls_template[2] __attribute__((section(".tls$AAA"), used)); /* of its thread only */
static void *const tls_callbacks[1] = {NULL};

extern const struct tls_directory _tls_used;
const struct tls_directory _tls_used __attribute__((used)) = {
    .start = (ULONG_PTR)&tls_template[0],
    .end = (ULONG_PTR)&tls_template[1],
    .index = (ULONG_PTR)&_tls_index,
    .callbacks = (ULONG_PTR)&tls_callbacks,
};

static struct rx_frame **tls(void)
{
    struct rx_frame ***blocks;

#ifdef __x86_64__
    __asm__ volatile("movq %%gs:0x58, %0" : "=r"(blocks)); /* TEB.ThreadLocalStoragePointer */
#else
    __asm__ volatile("movl %%fs:0x2c, %0" : "=r"(blocks));
#endif
    return blocks[_tls_index];
}

struct rx_frame *rx_frame(void)
{
    return *tls();
}

void rx_frame_set(struct rx_frame *frame)
{
    *tls() = frame;
}

int NTAPI DllMain(PVOID module, ULONG reason, PVOID reserved)
{
    const ULONG pin = 1;

    (void)reserved;
    if (reason == PROCESS_ATTACH)
        LdrAddRefDll(pin, module);
    return 1;
}
