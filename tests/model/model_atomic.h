/*
 * model_atomic.h: the core's atomics as decisions of the model scheduler. port/atomic.h includes it in the model build.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef MODEL_ATOMIC_H
#define MODEL_ATOMIC_H

#include <stddef.h>
#include <stdint.h>

/* Where in the core it stands: for the table of a failing schedule. */
struct model_place {
    const char *file;
    int line;
    const char *what;
};

uint64_t model_load(const volatile void *word, size_t size, struct model_place place);
void model_store(volatile void *word, size_t size, uint64_t value, struct model_place place);
uint64_t model_exchange(volatile void *word, size_t size, uint64_t value, struct model_place place);
uint64_t model_fetch_add(volatile void *word, size_t size, uint64_t value, struct model_place place);
int model_compare(volatile void *word, size_t size, void *seen, uint64_t value, struct model_place place);
void model_fence(struct model_place place);

#define MODEL_PLACE(what)       ((struct model_place){__FILE__, __LINE__, what})
#define MODEL_TYPE(p)           __typeof__(((void)0, *(p)))
#define MODEL_WORD(p)           ((volatile void *)(uintptr_t)(p)), sizeof(*(p))
#define MODEL_VALUE(p, v)       ((uint64_t)(uintptr_t)(MODEL_TYPE(p))(v))
#define MODEL_RESULT(p, result) ((MODEL_TYPE(p))(uintptr_t)(result))

#define at_load(p)       MODEL_RESULT(p, model_load(MODEL_WORD(p), MODEL_PLACE("load " #p)))
#define at_peek(p)       MODEL_RESULT(p, model_load(MODEL_WORD(p), MODEL_PLACE("peek " #p)))
#define at_store(p, v)   model_store(MODEL_WORD(p), MODEL_VALUE(p, v), MODEL_PLACE("store " #p))
#define at_put(p, v)     model_store(MODEL_WORD(p), MODEL_VALUE(p, v), MODEL_PLACE("put " #p))
#define at_publish(p, v) ((void)model_exchange(MODEL_WORD(p), MODEL_VALUE(p, v), MODEL_PLACE("publish " #p)))
#define at_exchange(p, v)                                                                                    \
    MODEL_RESULT(p, model_exchange(MODEL_WORD(p), MODEL_VALUE(p, v), MODEL_PLACE("exchange " #p)))
#define at_add(p, v)                                                                                         \
    MODEL_RESULT(p, model_fetch_add(MODEL_WORD(p), MODEL_VALUE(p, v), MODEL_PLACE("add " #p)))
#define at_cas(p, seen, v)                                                                                   \
    model_compare(MODEL_WORD(p), (void *)(seen), MODEL_VALUE(p, v), MODEL_PLACE("cas " #p))
#define at_fence() model_fence(MODEL_PLACE("fence"))

#endif
