/*
 * item.h: items and how they are kept while they wait: in a list, under somebody's lock, or on a stack that needs none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_ITEM_H
#define WQ_ITEM_H

#include "wqcore.h"

/* First in, first out, linked by item->link. Zero-initialised; guarded by its owner's lock. */
struct item_list {
    struct wq_item *first; /* NULL = empty */
    struct wq_item *last;
};

static inline void item_list_append(struct item_list *list, struct wq_item *item)
{
    item->link = NULL;
    if (list->first)
        list->last->link = item;
    else
        list->first = item;
    list->last = item;
}

/* Takes the oldest item, NULL if there is none. */
static inline struct wq_item *item_list_pop(struct item_list *list)
{
    struct wq_item *item = list->first;

    if (item)
        list->first = item->link;
    return item;
}

/* The routine of slots that carry an item: runs it. */
void WQ_CALL item_run(void *param);

/* Adds an item to a stack that anybody may push to and that is always taken whole. A full fence. */
void item_stack_push(struct wq_item **stack, struct wq_item *item);

/* Takes all items of such a stack, oldest first. Returns NULL if there are none. */
struct wq_item *item_stack_take(struct wq_item **stack);

#endif
