/*
 * uv.c: libuv's uv_queue_work. Only the thread of a loop may queue, so each producer has a loop of its own
 * and runs it when it has queued everything; items cannot queue items.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../bench.h"

#include <stdlib.h>
#include <uv.h>

struct request {
    uv_work_t work;
    bench_routine routine;
    void *param;
};

static __thread uv_loop_t *loop;

static void producer_begin(void)
{
    loop = bench_memory(1, sizeof(*loop));
    if (uv_loop_init(loop))
        bench_die("no loop");
}

static void producer_end(void)
{
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    free(loop);
}

static void run(uv_work_t *work)
{
    struct request *request = work->data;

    request->routine(request->param);
}

static void after(uv_work_t *work, int status)
{
    (void)status;
    free(work->data);
}

static bool uv_post(bench_routine routine, void *param)
{
    struct request *request = malloc(sizeof(*request));

    if (!request)
        return false;
    request->work.data = request;
    request->routine = routine;
    request->param = param;
    return !uv_queue_work(loop, &request->work, run, after);
}

const struct bench_engine engine_uv = {
    .name = "uv",
    .producer_begin = producer_begin,
    .producer_end = producer_end,
    .post = uv_post,
};
