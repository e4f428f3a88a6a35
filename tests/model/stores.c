/*
 * stores.c: loads and stores, and store buffers.
 *
 * A processor of the x86 kind keeps its stores in a buffer, in order, before others see them; it sees them itself at once. A locked
 * instruction or a fence empties the buffer. Here the memory always holds the new value, so that plain reads by the thread itself
 * are right; the buffer holds what others still see in its place. Who stores to a word, or changes it by a locked
 * instruction, while it is in somebody's buffer lets that buffer be emptied up to there: that is one of the things that may happen.
 *
 * Plain stores are seen at once. Others may read what they write only after something that is counted here, so nothing is missed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stores.h"

#include <string.h>

#include "choose.h"
#include "model.h"
#include "sched.h"

#define BUFFER 8u
#define SOON   6u /* a store that is delayed for a while: so many further steps of its thread */

struct delayed {
    const volatile char *word;
    size_t size;
    uint64_t seen; /* by others */
};

struct buffer {
    struct delayed stores[BUFFER]; /* oldest first */
    unsigned count;
    unsigned steps_left; /* 0 = until something empties it */
};

bool stores_tso;

static struct buffer buffers[SCHED_THREADS];
static unsigned delayed_stores; /* in all buffers */

static uint64_t read_word(const volatile void *word, size_t size)
{
    switch (size) {
    case 1:
        return *(const volatile uint8_t *)word;
    case 2:
        return *(const volatile uint16_t *)word;
    case 4:
        return *(const volatile uint32_t *)word;
    default:
        return *(const volatile uint64_t *)word;
    }
}

static void write_word(volatile void *word, size_t size, uint64_t value)
{
    switch (size) {
    case 1:
        *(volatile uint8_t *)word = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)word = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)word = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)word = value;
    }
}

/* Empties the thread's buffer of its oldest n stores. */
static void drain(int thread, unsigned n)
{
    struct buffer *buffer = &buffers[thread];

    buffer->count -= n;
    delayed_stores -= n;
    memmove(buffer->stores, buffer->stores + n, buffer->count * sizeof(*buffer->stores));
    if (!buffer->count)
        buffer->steps_left = 0;
}

void stores_drain(int thread)
{
    if (delayed_stores)
        drain(thread, buffers[thread].count);
}

void stores_reset(void)
{
    memset(buffers, 0, sizeof(buffers));
    delayed_stores = 0;
}

static bool overlaps(const struct delayed *store, const volatile char *word, size_t size)
{
    return store->word < word + size && word < store->word + store->size;
}

/* Empties what others have in their buffers for these bytes. */
static void drain_others(const volatile void *word, size_t size)
{
    for (int t = 0; delayed_stores && t < sched_count; t++) {
        if (t == sched_me)
            continue;
        for (unsigned i = buffers[t].count; i--;) {
            if (!overlaps(&buffers[t].stores[i], word, size))
                continue;
            drain(t, i + 1);
            break;
        }
    }
}

void stores_forget(const void *block, size_t size)
{
    drain_others(block, size);
    stores_drain(sched_me);
}

/* What the present thread sees. */
static uint64_t view(const volatile void *word, size_t size)
{
    for (int t = 0; delayed_stores && t < sched_count; t++) {
        if (t == sched_me)
            continue;
        for (unsigned i = 0; i < buffers[t].count; i++) {
            const struct delayed *store = &buffers[t].stores[i];

            if (store->word == (const volatile char *)word && store->size == size)
                return store->seen;
            if (overlaps(store, word, size)) {
                drain_others(word, size);
                return read_word(word, size);
            }
        }
    }
    return read_word(word, size);
}

/* A step of the present thread; a delayed store may become old enough. */
static void step(struct model_place place)
{
    struct buffer *own;

    sched_point(place);
    own = &buffers[sched_me];
    if (own->steps_left && !--own->steps_left)
        stores_drain(sched_me);
}

/* A step that empties the buffer. */
static void locked_step(const volatile void *word, size_t size, struct model_place place)
{
    sched_point(place);
    stores_drain(sched_me);
    drain_others(word, size);
}

uint64_t model_load(const volatile void *word, size_t size, struct model_place place)
{
    step(place);
    return view(word, size);
}

/* Decides whether the store is delayed. Behind one that is, it is too: the order is kept. */
static bool delays(struct buffer *own)
{
    if (!stores_tso || sched_calm)
        return false;
    if (own->count)
        return true;
    switch (choose(CHOOSE_DELAY, NULL, 3)) {
    case 0:
        return false;
    case 1:
        own->steps_left = SOON;
        return true;
    default:
        return true;
    }
}

void model_store(volatile void *word, size_t size, uint64_t value, struct model_place place)
{
    struct buffer *own;

    step(place);
    drain_others(word, size);
    own = &buffers[sched_me];
    if (delays(own)) {
        if (own->count == BUFFER)
            drain(sched_me, 1);
        own->stores[own->count++] = (struct delayed){word, size, read_word(word, size)};
        delayed_stores++;
    }
    write_word(word, size, value);
}

uint64_t model_exchange(volatile void *word, size_t size, uint64_t value, struct model_place place)
{
    uint64_t before;

    locked_step(word, size, place);
    before = read_word(word, size);
    write_word(word, size, value);
    return before;
}

uint64_t model_fetch_add(volatile void *word, size_t size, uint64_t value, struct model_place place)
{
    uint64_t before;

    locked_step(word, size, place);
    before = read_word(word, size);
    write_word(word, size, before + value);
    return before;
}

int model_compare(volatile void *word, size_t size, void *seen, uint64_t value, struct model_place place)
{
    uint64_t before, expected = read_word(seen, size);

    locked_step(word, size, place);
    before = read_word(word, size);
    if (before == expected)
        write_word(word, size, value);
    else
        write_word(seen, size, before);
    return before == expected;
}

void model_fence(struct model_place place)
{
    step(place);
    stores_drain(sched_me);
}
