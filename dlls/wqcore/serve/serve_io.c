/*
 * serve_io.c: completion routines of asynchronous input and output.
 *
 * One thread takes the packets that completed operations leave, many at a time. Routines of wq_io_bind it posts to
 * the pool, so one that blocks holds nobody up, and the pool decides how many run at a time. Those of bindings it
 * calls itself.
 *
 * A file cannot be unbound, so packets may come long after their binding is closed. Therefore a packet's key is a
 * handle: one that was deleted is told from a good one without touching memory that is gone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "serve/serve_io.h"

#include "base/thread.h"
#include "pool/face.h"

#define IO_KIND     0x696fu /* of wq_handle_create: "io" */
#define IO_BATCH    64u
#define IO_RETRY_US 1000u /* without memory for a packet, until the next attempt */

enum { CALLS_NONE, CALLS_ONE, CALLS_AWAITED /* and somebody waits for it to return */ };

/* What a file is bound to. */
struct wq_binding {
    struct wq_binding *next; /* I: of those that are kept for wq_io_bind; a program has few */
    wq_io_routine routine;   /* C */
    void *param;             /* C */
    void *key;               /* C: our handle */
    uint32_t calls;          /* A: CALLS_...: whether the thread is about to call the routine or calls it */
    bool kept;               /* C: of wq_io_bind */
    bool closed;             /* by the thread itself: inside the routine */
};

struct io_call {
    struct wq_binding *target;
    void *value;
    uint32_t status;
    size_t bytes;
};

static struct {
    struct port_lock lock;        /* as I above; held while the thread is started */
    struct wq_binding *kept;      /* I */
    struct port_packets packets;  /* C once started */
    struct port_thread thread;    /* I */
    bool started;                 /* I */
    struct thread_context common; /* the thread's */
} ports;

static void WQ_CALL run_call(void *param)
{
    struct io_call call = *(struct io_call *)param;

    port_heap_free(param);
    call.target->routine(call.target->param, call.value, call.status, call.bytes);
}

/* Posts a packet. Its operation is done and can't be undone, so without memory this waits for some. */
static void post_packet(struct wq_binding *target, const struct port_packet *packet)
{
    struct io_call *call;

    while (!(call = port_heap_alloc(sizeof(*call))))
        port_rest(IO_RETRY_US);
    *call = (struct io_call){target, packet->value, packet->status, packet->bytes};
    while (!wq_post(run_call, call))
        port_rest(IO_RETRY_US);
}

static void call_binding(struct wq_binding *binding, const struct port_packet *packet)
{
    binding->routine(binding->param, packet->value, packet->status, packet->bytes);
    thread_cleanup(&ports.common);
    if (binding->closed)
        port_heap_free(binding);
    else if (at_exchange(&binding->calls, CALLS_NONE) == CALLS_AWAITED)
        port_wake_word(&binding->calls); /* it may be free already: only an address */
}

/* The binding cannot be freed now, nor before its calls are none. */
static void WQ_CALL pin_binding(void *binding)
{
    at_store(&((struct wq_binding *)binding)->calls, CALLS_ONE);
}

static void serve_packet(const struct port_packet *packet)
{
    struct wq_binding *binding = wq_handle_find(IO_KIND, packet->key, pin_binding);

    if (binding && binding->kept)
        post_packet(binding, packet);
    else if (binding)
        call_binding(binding, packet);
}

/* A packet without a key is the last one. */
static void packets_main(void *arg)
{
    struct port_packet packets[IO_BATCH];
    bool stop = false;

    (void)arg;
    port_thread_trim_stack();
    port_context_set(&ports.common);
    while (!stop) {
        unsigned n = port_packets_take(&ports.packets, packets, IO_BATCH);

        for (unsigned i = 0; i < n; i++) {
            if (packets[i].key)
                serve_packet(&packets[i]);
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
    if (!pool_start())
        return false;
    open = port_packets_open(&ports.packets);
    ports.started = open && thread_start(packets_main, NULL, NULL, &ports.thread);
    if (open && !ports.started)
        port_packets_close(&ports.packets);
    return ports.started;
}

/* A binding with its handle. NULL if there is no memory. */
static struct wq_binding *make_binding(wq_io_routine routine, void *param, bool kept)
{
    struct wq_binding *binding = port_heap_alloc(sizeof(*binding));

    if (!binding)
        return NULL;
    *binding = (struct wq_binding){.routine = routine, .param = param, .kept = kept};
    binding->key = wq_handle_create(IO_KIND, binding);
    if (binding->key)
        return binding;
    port_heap_free(binding);
    return NULL;
}

/* The kept one for that routine and parameter. Under the lock. NULL if there is no memory. */
static struct wq_binding *find_kept(wq_io_routine routine, void *param)
{
    struct wq_binding *target = ports.kept;

    while (target && (target->routine != routine || target->param != param))
        target = target->next;
    if (target)
        return target;
    target = make_binding(routine, param, true);
    if (target) {
        target->next = ports.kept;
        ports.kept = target;
    }
    return target;
}

enum wq_io_result wq_io_bind(void *file, wq_io_routine routine, void *param)
{
    struct wq_binding *target = NULL;
    uint32_t status;

    port_lock_take(&ports.lock);
    if (start())
        target = find_kept(routine, param);
    port_lock_drop(&ports.lock);
    if (!target)
        return WQ_IO_NO_MEMORY;
    switch (port_packets_bind(&ports.packets, file, target->key, &status)) {
    case PORT_BIND_OK:
        return WQ_IO_OK;
    case PORT_BIND_BAD_FILE:
        return WQ_IO_BAD_FILE;
    default:
        return WQ_IO_REFUSED;
    }
}

uint32_t wq_binding_open(struct wq_binding **out, void *file, wq_io_routine routine, void *param)
{
    struct wq_binding *binding = NULL;
    uint32_t status = PORT_STATUS_NO_MEMORY;
    bool started;

    port_lock_take(&ports.lock);
    started = start();
    port_lock_drop(&ports.lock);
    if (started)
        binding = make_binding(routine, param, false);
    if (!binding)
        return status;
    if (port_packets_bind(&ports.packets, file, binding->key, &status) == PORT_BIND_OK)
        *out = binding;
    else
        wq_binding_close(binding);
    return status;
}

void wq_binding_close(struct wq_binding *binding)
{
    uint32_t seen = CALLS_ONE;

    wq_handle_delete(IO_KIND, binding->key);
    if (port_context() == &ports.common && at_load(&binding->calls)) {
        binding->closed = true;
        return;
    }
    if (at_cas(&binding->calls, &seen, CALLS_AWAITED)) {
        while (at_load(&binding->calls) && !port_exiting())
            port_wait_word(&binding->calls, CALLS_AWAITED);
    }
    port_heap_free(binding);
}

void io_stop(void)
{
    if (!ports.started)
        return;
    port_packets_send(&ports.packets, NULL);
    thread_join(&ports.thread);
    port_packets_close(&ports.packets);
    ports.started = false;
}

void io_free(void)
{
    while (ports.kept) {
        struct wq_binding *target = ports.kept;

        ports.kept = target->next;
        port_heap_free(target);
    }
}
