/*
 * core.c: start, counters and end of the core.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "base/handle.h"
#include "base/object.h"
#include "base/thread.h"
#include "pool/face.h"
#include "queue/queue_default.h"
#include "serve/serve_io.h"
#include "serve/serve_own.h"
#include "timer/ticker.h"
#include "wait/waits.h"

_Static_assert(sizeof(struct wq_lock) == sizeof(struct port_lock), "wq_lock is a port_lock");

unsigned wq_processor(void)
{
    return port_cpu_number();
}

void wq_counters_read(struct wq_counters *counters)
{
    memset(counters, 0, sizeof(*counters));
    counters->persistent_run = own_count();
    counters->memory = handle_table_memory() + object_memory();
    counters->blocks = at_load(&port_heap_blocks) + object_used();
    timers_count(counters);
    waits_count(counters);
    pool_count(counters);
    thread_count(counters);
}

/* Runs what is queued, and what those routines queue, in the pools and on threads that never end. */
static void drain(void)
{
    uint64_t before, posted;

    do {
        own_idle(&before);
        while (!pool_all_quiet() && !port_exiting())
            port_rest(1000);
        while (!own_idle(&posted) && !port_exiting())
            port_rest(1000);
    } while ((posted != before || !pool_all_quiet()) && !port_exiting());
}

bool wq_shutdown(void)
{
    if (port_context() || pool_private_open())
        return false;
    timers_stop();
    waits_stop();
    io_stop();
    drain();
    default_queue_free();
    own_stop();
    pool_stop();
    io_free();
    pool_stop_monitor();
    thread_join_last();
    pool_free();
    handle_table_free();
    object_free_all();
    timers_reset();
    return true;
}

void wq_fault_set(unsigned kind, uint32_t times)
{
    if (kind < PORT_FAULT_COUNT)
        port_fault_set((enum port_fault)kind, 0, times);
}

void wq_fault_after(unsigned kind, uint32_t spared)
{
    if (kind < PORT_FAULT_COUNT)
        port_fault_set((enum port_fault)kind, spared, 1);
}

bool wq_fault_waits(unsigned kind)
{
    return kind < PORT_FAULT_COUNT && port_fault_left((enum port_fault)kind);
}

void *wq_alloc(size_t size)
{
    return port_heap_alloc(size);
}

void wq_free(void *block)
{
    port_heap_free(block);
}

void wq_lock_take(struct wq_lock *lock)
{
    port_lock_take((struct port_lock *)lock);
}

void wq_lock_drop(struct wq_lock *lock)
{
    port_lock_drop((struct port_lock *)lock);
}
