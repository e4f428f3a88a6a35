/*
 * serve_io.c: completion routines of asynchronous input and output.
 *
 * One thread takes the packets that completed operations leave, many at a time, and posts each to the pool.
 * So a routine that blocks holds nobody up, and the pool decides how many run at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool.h"

#define IO_BATCH    64u
#define IO_RETRY_US 1000u /* without memory for a packet, until the next attempt */

/* What a file is bound to. Files come and go unseen, so targets are kept; a program has few. */
struct io_target {
    struct io_target *next; /* I */
    wq_io_routine routine;  /* C */
    void *param;            /* C */
};

struct io_call {
    struct io_target *target;
    void *value;
    uint32_t status;
    size_t bytes;
};

static struct {
    struct port_lock lock;       /* as I above; held while the thread is started */
    struct io_target *targets;   /* I */
    struct port_packets packets; /* C once started */
    struct port_thread thread;   /* I */
    bool started;                /* I */
} ports;

static void WQ_CALL run_call(void *param)
{
    struct io_call call = *(struct io_call *)param;

    port_heap_free(param);
    call.target->routine(call.target->param, call.value, call.status, call.bytes);
}

/* Posts a packet. Its operation is done and can't be undone, so without memory this waits for some. */
static void post_packet(const struct port_packet *packet)
{
    struct io_call *call;

    while (!(call = port_heap_alloc(sizeof(*call))))
        port_park(&(struct port_parker){0}, port_clock_us() + IO_RETRY_US);
    *call = (struct io_call){packet->key, packet->value, packet->status, packet->bytes};
    while (!wq_post(run_call, call))
        port_park(&(struct port_parker){0}, port_clock_us() + IO_RETRY_US);
}

/* A packet without a key is the last one. */
static void packets_main(void *arg)
{
    struct port_packet packets[IO_BATCH];
    bool stop = false;

    (void)arg;
    port_thread_trim_stack();
    while (!stop) {
        unsigned n = port_packets_take(&ports.packets, packets, IO_BATCH);

        for (unsigned i = 0; i < n; i++) {
            if (packets[i].key)
                post_packet(&packets[i]);
            else
                stop = true;
        }
    }
}

/* Opens the queue and starts the thread. Under the lock. */
static bool start(void)
{
    bool open;

    if (ports.started)
        return true;
    if (!at_load(&pool_default.ready) && !pool_start())
        return false;
    open = port_packets_open(&ports.packets);
    ports.started = open && port_thread_start(packets_main, NULL, &ports.thread);
    if (open && !ports.started)
        port_packets_close(&ports.packets);
    port_lock_take(&pool_default.lock);
    if (ports.started)
        thread_count(1);
    else
        pool_default.start_failed += open;
    port_lock_drop(&pool_default.lock);
    return ports.started;
}

/* The target for that routine and parameter. Under the lock. NULL if there is no memory. */
static struct io_target *find_target(wq_io_routine routine, void *param)
{
    struct io_target *target = ports.targets;

    while (target && (target->routine != routine || target->param != param))
        target = target->next;
    if (target)
        return target;
    target = port_heap_alloc(sizeof(*target));
    if (target) {
        *target = (struct io_target){ports.targets, routine, param};
        ports.targets = target;
    }
    return target;
}

enum wq_io_result wq_io_bind(void *file, wq_io_routine routine, void *param)
{
    struct io_target *target = NULL;

    port_lock_take(&ports.lock);
    if (start())
        target = find_target(routine, param);
    port_lock_drop(&ports.lock);
    if (!target)
        return WQ_IO_NO_MEMORY;
    switch (port_packets_bind(&ports.packets, file, target)) {
    case PORT_BIND_OK:
        return WQ_IO_OK;
    case PORT_BIND_BAD_FILE:
        return WQ_IO_BAD_FILE;
    default:
        return WQ_IO_REFUSED;
    }
}

void io_stop(void)
{
    if (!ports.started)
        return;
    port_packets_send(&ports.packets, NULL);
    port_thread_join(&ports.thread);
    port_lock_take(&pool_default.lock);
    thread_count(-1);
    port_lock_drop(&pool_default.lock);
    port_packets_close(&ports.packets);
    ports.started = false;
}

void io_free(void)
{
    while (ports.targets) {
        struct io_target *target = ports.targets;

        ports.targets = target->next;
        port_heap_free(target);
    }
}
