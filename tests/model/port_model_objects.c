/*
 * port_model_objects.c: the core's port on the model scheduler: events, memory, settings.
 *
 * Completion packets are those of Linux, which has none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "port/port.h"

#include "stores.h"
#include "model.h"
#include "sched.h"

struct event {
    bool set;
    bool stays;
};

uint32_t port_heap_blocks;

/* ---- events ---- */

static void *event_new(bool set)
{
    struct event *event = calloc(1, sizeof(*event));

    if (event)
        event->set = event->stays = set;
    return event;
}

bool port_event_init(struct port_event *event)
{
    event->handle = port_fault_hit(PORT_FAULT_MEMORY) ? NULL : event_new(false);
    return event->handle != NULL;
}

bool port_event_init_signalled(struct port_event *event)
{
    event->handle = event_new(true);
    return event->handle != NULL;
}

void port_event_close(struct port_event *event)
{
    free(event->handle);
}

void model_event_signal(void *event)
{
    sched_point(MODEL_PLACE("set an event"));
    stores_drain(sched_me);
    ((struct event *)event)->set = true;
}

void port_event_set(struct port_event *event)
{
    model_event_signal(event->handle);
}

void port_event_wait(struct port_event *event)
{
    while (port_wait_any(&event->handle, 1, PORT_FOREVER)) {}
}

struct wait {
    void *const *objects;
    unsigned count;
};

static bool any_set(void *param)
{
    const struct wait *wait = param;

    for (unsigned i = 0; i < wait->count; i++)
        if (((struct event *)wait->objects[i])->set)
            return true;
    return false;
}

int port_wait_any(void *const *objects, unsigned count, uint64_t deadline_us)
{
    struct wait wait = {objects, count};

    sched_point(MODEL_PLACE("wait for events"));
    stores_drain(sched_me);
    if (!any_set(&wait)) {
        if (deadline_us <= sched_now)
            return PORT_WAIT_TIMEOUT;
        sched_block(any_set, &wait, deadline_us, "waits for events");
    }
    for (unsigned i = 0; i < count; i++) {
        struct event *event = objects[i];

        if (!event->set)
            continue;
        event->set = event->stays;
        return (int)i;
    }
    return deadline_us <= sched_now ? PORT_WAIT_TIMEOUT : PORT_WAIT_NOTHING;
}

int port_wait_check(const struct port_event *signalled, void *const *objects, unsigned count)
{
    (void)signalled;
    (void)objects;
    (void)count;
    return 0;
}

/* The same object: scenarios close theirs when nobody waits any more. */
uint32_t port_object_adopt(const struct port_event *signalled, void *object, void **own)
{
    (void)signalled;
    *own = object;
    return 0;
}

void port_object_close(void *own)
{
    (void)own;
}

void *model_event_new(void)
{
    return event_new(false);
}

bool model_event_is_set(void *event)
{
    return ((struct event *)event)->set;
}

void model_event_free(void *event)
{
    free(event);
}

/* ---- memory ---- */

/* Small ones are kept for the next run: fresh pages cost more than the rest of a run. */
#define KEPT_SIZE 65536u
#define KEPT      64u

static struct {
    void *pages;
    size_t size;
} kept[KEPT];
static unsigned kept_count;

static void *take_kept(size_t size)
{
    for (unsigned i = kept_count; i--;) {
        void *pages = kept[i].pages;

        if (kept[i].size != size)
            continue;
        kept[i] = kept[--kept_count];
        return memset(pages, 0, size);
    }
    return NULL;
}

void *port_pages_alloc(size_t size)
{
    void *pages = port_fault_hit(PORT_FAULT_MEMORY) ? MAP_FAILED : take_kept(size);

    if (!pages)
        pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

void port_pages_free(void *pages, size_t size)
{
    stores_forget(pages, size);
    if (size > KEPT_SIZE || kept_count == KEPT) {
        munmap(pages, size);
        return;
    }
    memset(pages, 0xdd, size);
    kept[kept_count].pages = pages;
    kept[kept_count++].size = size;
}

/* Blocks begin with their size, and are ruined when they are freed: who still uses one reads nonsense. */
void *port_heap_alloc(size_t size)
{
    max_align_t *block = port_fault_hit(PORT_FAULT_MEMORY) ? NULL : malloc(sizeof(*block) + size);

    if (!block)
        return NULL;
    memcpy(block, &size, sizeof(size));
    port_heap_blocks++;
    return block + 1;
}

void port_heap_free(void *block)
{
    max_align_t *start = block;
    size_t size;

    if (!block)
        return;
    memcpy(&size, --start, sizeof(size));
    stores_forget(block, size);
    memset(block, 0xdd, size);
    port_heap_blocks--;
    free(start);
}

/* ---- settings and reports ---- */

unsigned port_env_number(const char *name, unsigned fallback)
{
    (void)name;
    return fallback;
}

void port_report(const char *env_name, const char *text, size_t length)
{
    (void)env_name;
    (void)text;
    (void)length;
}

void port_program_name(char *text, size_t size)
{
    if (size)
        *text = 0;
}
