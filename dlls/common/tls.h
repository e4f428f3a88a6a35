/*
 * tls.h: one pointer per thread, for every module of ours.
 *
 * A slot is one bit of the process's TLS bitmap, taken as TlsAlloc takes it, so TlsAlloc returns it to nobody
 * else. Its value is a word in the thread's TEB (64 quick slots) or in an array that hangs there (1024 more).
 * No module of ours has a TLS directory. Compilers may take for granted that the program's own static block is
 * number 0 of the process, and a module that loads before the program's would take that number.
 *
 * Slots are taken from the top, so the program's calls of TlsAlloc return the same numbers as without us. The
 * words belong to the system: they are zero when a thread starts, and nothing is left to free when it ends,
 * however it does. The fibers of a thread share them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_COMMON_TLS_H
#define WQ_COMMON_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets in the TEB, which a segment register points to. */
#ifdef __x86_64__
#define TLS_TEB       __seg_gs
#define TLS_SELF      0x30   /* NT_TIB.Self: the TEB's own address */
#define TLS_QUICK     0x1480 /* TEB.TlsSlots */
#define TLS_EXPANSION 0x1780 /* TEB.TlsExpansionSlots */
#else
#define TLS_TEB       __seg_fs
#define TLS_SELF      0x18
#define TLS_QUICK     0xe10
#define TLS_EXPANSION 0xf94
#endif
#define TLS_QUICK_COUNT 64u
#define TLS_SLOW_COUNT  1024u

/* A slot, the same one for all threads. Constant from tls_open to tls_close; all zero means none. */
struct tls_slot {
    uintptr_t offset; /* of a quick slot's word in the TEB; 0 for a slow slot */
    uint32_t index;   /* as TlsAlloc counts: 1 to 1087 */
};

/* Takes a slot of the process; its value is NULL in all threads. Any thread, also under the loader lock. Returns
 * false if all slots of the process are in use. */
bool tls_open(struct tls_slot *slot);

/* Gives the slot back, if there is one, with its value set to NULL in all threads. Nobody may use it meanwhile. */
void tls_close(struct tls_slot *slot);

/* As tls_place, for a slow slot. */
void **tls_place_slow(const struct tls_slot *slot);

/* The word at an offset of the calling thread's TEB. */
#define TLS_WORD(offset) (*(void *TLS_TEB *)(offset))

/* The calling thread's value of an open slot: NULL until the thread sets it. */
static inline void *tls_get(const struct tls_slot *slot)
{
    void **slow;

    if (__builtin_expect(slot->offset != 0, 1))
        return TLS_WORD(slot->offset);
    slow = TLS_WORD(TLS_EXPANSION);
    return slow ? slow[slot->index - TLS_QUICK_COUNT] : NULL;
}

/* Where that value is, never NULL. The word stays there for the life of the thread and may hold anything of a
 * pointer's size. A thread that never touched a slow slot needs 4 or 8 kB for its array; if there is no memory,
 * this waits until there is. */
static inline void **tls_place(const struct tls_slot *slot)
{
    if (__builtin_expect(slot->offset != 0, 1))
        return (void **)((char *)TLS_WORD(TLS_SELF) + slot->offset);
    return tls_place_slow(slot);
}

#endif
