/*
 * atomic.h: the core's only way to atomics.
 *
 * Every shared word that the core reads or writes without a lock goes through these macros, so that a later
 * build can put a scheduling point in front of each of them and run every interleaving of a scenario. They
 * work on plain integer and pointer lvalues; the field's guard letter (docs/locking.md) says that it may only
 * be touched this way.
 *
 * The read-modify-write forms and at_publish are full fences: what was stored before them is visible to
 * whoever reads afterwards, and later loads are not done before them. The parking protocol (docs/design.md)
 * needs exactly that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_ATOMIC_H
#define WQ_PORT_ATOMIC_H

#define at_load(p)        __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define at_peek(p)        __atomic_load_n((p), __ATOMIC_RELAXED)
#define at_store(p, v)    __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define at_put(p, v)      __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define at_publish(p, v)  ((void)__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST))
#define at_exchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define at_add(p, v)      __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define at_fence()        __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define at_cas(p, seen, v)                                                                                   \
    __atomic_compare_exchange_n((p), (seen), (v), 0, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE)

#endif
