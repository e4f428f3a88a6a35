/*
 * queue_level.h: what a queued item's two words hold, and the levels of a queue: chains of items.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_QUEUE_LEVEL_H
#define WQ_QUEUE_LEVEL_H

#include "port/port.h"
#include "wqcore.h"

/* While an item is queued its link is a mark that holds the level, and its spare leads to the next one,
 * disguised: an owner that initialises a queued item anew destroys neither the chain nor the sign that the
 * item is in one. */
#define MARK_BIT 1u
#define RANK_BIT (2u * WQ_LEVELS)
#if UINTPTR_MAX > UINT32_MAX
#define SPARE_DISGUISE ((uintptr_t)0xa5a5 << 48)
#else
#define SPARE_DISGUISE ((uintptr_t)3)
#endif

static inline void item_mark(struct wq_item *item, unsigned level, bool ranked)
{
    at_store(&item->link, (struct wq_item *)(uintptr_t)(level << 1 | MARK_BIT | (ranked ? RANK_BIT : 0)));
}

/* True for the baton of a queue with a rank. */
static inline bool item_ranked(struct wq_item *item)
{
    uintptr_t mark = (uintptr_t)at_load(&item->link);

    return (mark & (MARK_BIT | RANK_BIT)) == (MARK_BIT | RANK_BIT);
}

static inline unsigned item_level(struct wq_item *item)
{
    uintptr_t mark = (uintptr_t)at_load(&item->link);

    return mark & MARK_BIT ? (unsigned)(mark >> 1) % WQ_LEVELS : 0;
}

static inline struct wq_item *item_next(const struct wq_item *item)
{
    return (struct wq_item *)((uintptr_t)at_peek(&item->spare) ^ SPARE_DISGUISE);
}

static inline void item_set_next(struct wq_item *item, struct wq_item *next)
{
    at_put(&item->spare, (void *)((uintptr_t)next ^ SPARE_DISGUISE));
}

/* The baton of a queue over another one. */
struct ranked_item {
    struct wq_item item;
    uint64_t rank; /* as the item: constant while it is queued */
};

/* Ends a chain of queued items. */
extern struct wq_item queue_end;

/* Items that wait, linked by item_next. */
struct level {
    struct wq_item *first; /* Q; NULL = empty */
    struct wq_item *last;  /* Q */
};

static inline uint64_t rank_of(struct wq_item *item)
{
    return ((struct ranked_item *)item)->rank;
}

/* The item in a level behind which a baton with a rank goes; NULL: it becomes the first. Under the queue's lock.
 */
static inline struct wq_item *level_find(struct level *level, struct wq_item *baton)
{
    struct wq_item *before = NULL, *each = level->first;

    while (each && each != &queue_end && item_ranked(each) && rank_of(each) <= rank_of(baton)) {
        before = each;
        each = item_next(each);
    }
    return before;
}

/* Puts an item into its level: at the end or, if it has a rank, in that order before those without. Under the
 * queue's lock. */
static inline void level_insert(struct level *level, struct wq_item *item)
{
    struct wq_item *before = item_ranked(item) ? level_find(level, item) : level->first ? level->last : NULL;
    struct wq_item *after = before ? item_next(before) : level->first ? level->first : &queue_end;

    item_set_next(item, after);
    if (before)
        item_set_next(before, item);
    else
        level->first = item;
    if (after == &queue_end)
        level->last = item;
}

/* Puts an item back to where it was taken from. Under the queue's lock. */
static inline void level_insert_first(struct level *level, struct wq_item *item)
{
    item_set_next(item, level->first ? level->first : &queue_end);
    if (!level->first)
        level->last = item;
    level->first = item;
}

/* Unlinks an item from its level. before: the one before it, or NULL. Under the queue's lock. */
static inline void level_remove(struct level *level, struct wq_item *before, struct wq_item *item)
{
    struct wq_item *after = item_next(item);

    if (before)
        item_set_next(before, after);
    else
        level->first = after == &queue_end ? NULL : after;
    if (level->last == item)
        level->last = before;
    at_put(&item->spare, NULL);
}

#endif
