/*
 * dispatch.c: libdispatch, global concurrent queues and serial queues.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

/* Its headers take a clang for granted. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#ifndef __has_extension
#define __has_extension(extension) 0
#endif
#include <dispatch/dispatch.h>

static dispatch_queue_t global;

static bool dispatch_start(void)
{
    global = dispatch_get_global_queue(DISPATCH_QUEUE_PRIORITY_DEFAULT, 0);
    return global != NULL;
}

static bool dispatch_post(bench_routine routine, void *param)
{
    dispatch_async_f(global, param, routine);
    return true;
}

static struct bench_serial *dispatch_serial_create(void)
{
    return (struct bench_serial *)dispatch_queue_create("serial", DISPATCH_QUEUE_SERIAL);
}

static void dispatch_serial_post(struct bench_serial *queue, struct bench_node *node, bench_routine routine,
                                 void *param)
{
    (void)node;
    dispatch_async_f((dispatch_queue_t)queue, param, routine);
}

static void dispatch_serial_free(struct bench_serial *queue)
{
    dispatch_release((dispatch_queue_t)queue);
}

static void dispatch_level_post(unsigned level, struct bench_node *node, bench_routine routine, void *param)
{
    static const long priorities[] = {DISPATCH_QUEUE_PRIORITY_LOW, DISPATCH_QUEUE_PRIORITY_DEFAULT,
                                      DISPATCH_QUEUE_PRIORITY_HIGH};

    (void)node;
    dispatch_async_f(dispatch_get_global_queue(priorities[level], 0), param, routine);
}

const struct bench_engine engine_dispatch = {
    .name = "dispatch",
    .traits = BENCH_NEST | BENCH_GROWS | BENCH_SERIAL | BENCH_LEVELS | BENCH_POST,
    .start = dispatch_start,
    .post = dispatch_post,
    .serial_create = dispatch_serial_create,
    .serial_post = dispatch_serial_post,
    .serial_free = dispatch_serial_free,
    .level_post = dispatch_level_post,
};
