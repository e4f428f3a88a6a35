/*
 * item.c: running an item, and the stack that items without a slot wait on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/item.h"

#include "port/port.h"

void WQ_CALL item_run(void *param)
{
    struct wq_item *item = param;

    item->routine(item->param);
}

void item_stack_push(struct wq_item **stack, struct wq_item *item)
{
    struct wq_item *top = at_load(stack);

    do {
        item->link = top;
    } while (!at_cas(stack, &top, item));
}

struct wq_item *item_stack_take(struct wq_item **stack)
{
    struct wq_item *item = at_exchange(stack, NULL), *oldest = NULL;

    while (item) {
        struct wq_item *next = item->link;

        item->link = oldest;
        oldest = item;
        item = next;
    }
    return oldest;
}
