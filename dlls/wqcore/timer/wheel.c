/*
 * wheel.c: the hierarchical timer wheel, see wheel.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "timer/wheel.h"

static unsigned find_level(uint64_t tick, uint64_t position)
{
    uint64_t differ = tick ^ position;

    return differ ? (63 - (unsigned)__builtin_clzll(differ)) / WHEEL_BITS : 0;
}

/* Puts a timer where it belongs; its tick is not before the position. */
static void place(struct wheel *wheel, struct wq_timer *timer)
{
    unsigned level = find_level(timer->tick, wheel->position);
    unsigned index = (unsigned)(timer->tick >> (level * WHEEL_BITS)) % WHEEL_SLOTS;
    struct wheel_slot *slot = &wheel->slot[level][index];

    timer->level = (uint8_t)level;
    timer->index = (uint8_t)index;
    timer->next = NULL;
    timer->prev = slot->last;
    if (slot->first) {
        slot->last->next = timer;
        if (timer->tick < slot->earliest)
            slot->earliest = timer->tick;
    } else {
        slot->first = timer;
        slot->earliest = timer->tick;
        wheel->filled[level] |= 1ull << index;
    }
    slot->last = timer;
}

uint64_t wheel_tick(uint64_t due_us, uint64_t tolerance_us)
{
    uint64_t earliest = (due_us + WHEEL_US - 1) / WHEEL_US;
    uint64_t latest = (due_us + tolerance_us) / WHEEL_US;
    unsigned bit;

    if (latest <= earliest)
        return earliest;
    /* Most choose the tick with the most zeros at the end. */
    bit = 63 - (unsigned)__builtin_clzll((earliest - 1) ^ latest);
    return latest >> bit << bit;
}

void wheel_add(struct wheel *wheel, struct wq_timer *timer, uint64_t tick, uint64_t now)
{
    if (!wheel->count++ && now > wheel->position)
        wheel->position = now < WHEEL_LAST ? now : WHEEL_LAST - 1;
    timer->tick = tick > wheel->position ? tick : wheel->position + 1;
    if (timer->tick > WHEEL_LAST)
        timer->tick = WHEEL_LAST;
    place(wheel, timer);
}

void wheel_remove(struct wheel *wheel, struct wq_timer *timer)
{
    struct wheel_slot *slot = &wheel->slot[timer->level][timer->index];

    if (timer->prev)
        timer->prev->next = timer->next;
    else
        slot->first = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
    else
        slot->last = timer->prev;
    if (!slot->first)
        wheel->filled[timer->level] &= ~(1ull << timer->index);
    wheel->count--;
}

/* The slot that is due first, NULL if all are empty. */
static struct wheel_slot *first_slot(const struct wheel *wheel, unsigned *level, unsigned *index)
{
    for (unsigned i = 0; i < WHEEL_LEVELS; i++) {
        if (wheel->filled[i]) {
            *level = i;
            *index = (unsigned)__builtin_ctzll(wheel->filled[i]);
            return (struct wheel_slot *)&wheel->slot[i][*index];
        }
    }
    return NULL;
}

/* Moves the timers of a slot to lower levels. */
static void spread(struct wheel *wheel, struct wheel_slot *slot, unsigned level, unsigned index)
{
    struct wq_timer *timer = slot->first;

    slot->first = slot->last = NULL;
    wheel->filled[level] &= ~(1ull << index);
    while (timer) {
        struct wq_timer *next = timer->next;

        place(wheel, timer);
        timer = next;
    }
}

struct wq_timer *wheel_take(struct wheel *wheel, uint64_t now)
{
    struct wheel_slot *slot;
    unsigned level, index;

    while ((slot = first_slot(wheel, &level, &index)) != NULL && slot->earliest <= now) {
        struct wq_timer *timer = slot->first;

        wheel->position = slot->earliest;
        if (!level) {
            wheel_remove(wheel, timer);
            return timer;
        }
        spread(wheel, slot, level, index);
    }
    return NULL;
}

void wheel_rewind(struct wheel *wheel, uint64_t now)
{
    struct wheel before = *wheel;

    memset(wheel, 0, sizeof(*wheel));
    wheel->position = now;
    for (unsigned i = 0; i < WHEEL_LEVELS * WHEEL_SLOTS; i++) {
        struct wq_timer *timer = before.slot[i / WHEEL_SLOTS][i % WHEEL_SLOTS].first, *next;

        for (; timer; timer = next) {
            next = timer->next;
            wheel_add(wheel, timer, timer->tick, now);
        }
    }
}

uint64_t wheel_next(const struct wheel *wheel)
{
    unsigned level, index;
    const struct wheel_slot *slot = first_slot(wheel, &level, &index);

    return slot ? slot->earliest : WHEEL_NEVER;
}
