/*
 * atomic.h: the core's only way to atomics.
 *
 * Every shared word that the core reads or writes without a lock goes through these macros, so that a test
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

#ifdef WQ_MODEL
#include "model_atomic.h" /* tests/model: each of them is a decision of a scheduler */
#else

/* The scheduling point. The stress build (tests/core) delays there at random; else it is nothing. */
#ifdef WQ_STRESS
void wq_stress_point(void);
#define at_point() wq_stress_point()
#else
#define at_point() ((void)0)
#endif

/* What writes, or takes the line as if to write. The counting build (bench/count.c) notes who does so where. */
#ifdef WQ_COUNT
void wq_count_write(const volatile void *word);
#define at_touch(p) (at_point(), wq_count_write(p))
#else
#define at_touch(p) at_point()
#endif

#define at_load(p)        (at_point(), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define at_peek(p)        (at_point(), __atomic_load_n((p), __ATOMIC_RELAXED))
#define at_store(p, v)    (at_touch(p), __atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define at_put(p, v)      (at_touch(p), __atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define at_publish(p, v)  (at_touch(p), (void)__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST))
#define at_exchange(p, v) (at_touch(p), __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST))
#define at_add(p, v)      (at_touch(p), __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST))
#define at_cas(p, seen, v)                                                                                   \
    (at_touch(p), __atomic_compare_exchange_n((p), (seen), (v), 0, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))

/* Thread sanitizers know no fences; to them an exchange is one. */
#ifdef __SANITIZE_THREAD__
#define WQ_NO_FENCE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WQ_NO_FENCE 1
#endif
#endif
#ifdef WQ_NO_FENCE
#define at_fence() ((void)__atomic_exchange_n(&(uint32_t){0}, 1, __ATOMIC_SEQ_CST))
#else
#define at_fence() (at_point(), __atomic_thread_fence(__ATOMIC_SEQ_CST))
#endif

#endif
#endif
