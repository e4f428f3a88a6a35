/*
 * core_api.h: the core's functions, however they are found.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCH_CORE_API_H
#define BENCH_CORE_API_H

#include "../bench.h"

#include <wqcore.h>

struct core_api {
    bool (*post)(wq_routine routine, void *param);
    struct wq_queue *(*queue_create)(unsigned limit);
    void (*queue_submit)(struct wq_queue *queue, struct wq_item *item, unsigned level);
    void (*queue_close)(struct wq_queue *queue, wq_routine finished, void *param);
};

/* Returns false if there is no core. */
bool core_api_load(struct core_api *api);

#endif
