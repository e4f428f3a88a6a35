/*
 * port_lock.c: the slow paths' mutex, a three-state word over port_wait_word.
 *
 * Not an SRW lock or a pthread mutex, because it must be granted when its holder was ended by process exit:
 * the last code of a process (DLL detach routines) may still queue work.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "port.h"

#define LOCK_FREE   0u
#define LOCK_HELD   1u
#define LOCK_WAITED 2u
#define LOCK_SPINS  40

static bool lock_try(struct port_lock *lock)
{
    uint32_t seen = LOCK_FREE;

    return at_peek(&lock->word) == LOCK_FREE && at_cas(&lock->word, &seen, LOCK_HELD);
}

void port_lock_take(struct port_lock *lock)
{
    for (int i = 0; i < LOCK_SPINS; i++) {
        if (lock_try(lock))
            return;
        port_relax();
    }
    while (at_exchange(&lock->word, LOCK_WAITED) != LOCK_FREE) {
        if (port_exiting())
            return;
        port_wait_word(&lock->word, LOCK_WAITED);
    }
}

void port_lock_drop(struct port_lock *lock)
{
    if (at_exchange(&lock->word, LOCK_FREE) == LOCK_WAITED)
        port_wake_word(&lock->word);
}
