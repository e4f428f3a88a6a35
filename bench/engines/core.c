/*
 * core.c: our core through wqcore.h: linked in natively, from the wqcore.dll of the prefix under Wine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core_api.h"

static struct core_api api;
static struct wq_queue *levels;

static bool core_start(void)
{
    return core_api_load(&api);
}

static bool core_post(bench_routine routine, void *param)
{
    return api.post((wq_routine)routine, param);
}

static struct bench_serial *core_serial_create(void)
{
    return (struct bench_serial *)api.queue_create(1);
}

static struct wq_item *item_in(struct bench_node *node, bench_routine routine, void *param)
{
    struct wq_item *item = (struct wq_item *)node;

    _Static_assert(sizeof(*item) <= sizeof(*node), "a node holds an item");
    item->routine = (wq_routine)routine;
    item->param = param;
    return item;
}

static void core_serial_post(struct bench_serial *queue, struct bench_node *node, bench_routine routine,
                             void *param)
{
    api.queue_submit((struct wq_queue *)queue, item_in(node, routine, param), 0);
}

static void core_serial_free(struct bench_serial *queue)
{
    api.queue_close((struct wq_queue *)queue, NULL, NULL);
}

static void core_level_post(unsigned level, struct bench_node *node, bench_routine routine, void *param)
{
    if (!levels)
        levels = api.queue_create(bench_processors());
    if (!levels)
        bench_die("no queue");
    api.queue_submit(levels, item_in(node, routine, param), 8 + 8 * level);
}

const struct bench_engine engine_core = {
    .name = "core",
    .traits = BENCH_NEST | BENCH_GROWS | BENCH_SERIAL | BENCH_LEVELS | BENCH_POST,
    .start = core_start,
    .post = core_post,
    .serial_create = core_serial_create,
    .serial_post = core_serial_post,
    .serial_free = core_serial_free,
    .level_post = core_level_post,
};
