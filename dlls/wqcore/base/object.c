/*
 * object.c: memory for objects whose addresses their users hold, as those of the modern thread pool.
 *
 * A user may pass any address, also that of an object that is gone or is somebody else's. So these objects lie in
 * areas of their own, which are never given back while the core lives: an address outside of them is told from
 * ours without touching it, and inside of them it can be read. Every object begins with a word made of its kind and its
 * address; it changes when the object is freed. An area is twice as large as the one before, so there are few.
 *
 * Free objects lie in lists, one for each size and processor, so that submitters and workers seldom meet. A list
 * that becomes long gives a batch to the others.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   C  constant once the area is counted
 *   J  guarded by the areas' lock
 *   E  guarded by the list's lock, which may be held when J is taken
 */
#include <string.h>

#include "base/object.h"
#include "port/port.h"
#include "wqcore.h"

#define AREA_FIRST (256u << 10) /* bytes */
#define AREAS_MAX  (sizeof(void *) == 8 ? 20u : 12u)
#define GRAIN      64u /* bytes; every object's address is a multiple of this */
#define LISTS      16u /* for each size */
#define BATCH      32u /* objects */

static const size_t sizes[] = {192, 384, 768};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct cell {
    struct wq_object head;
    struct cell *next;       /* E, or J in a batch */
    struct cell *next_batch; /* J: of the first in a batch */
};

struct list {
    struct port_lock lock;
    unsigned count;     /* E */
    struct cell *first; /* E */
    int64_t used;       /* EA: objects made less objects freed here */
    char apart[PORT_CACHE_PAIR - sizeof(struct port_lock) - sizeof(unsigned) - sizeof(void *) -
               sizeof(int64_t)];
};

static struct {
    struct port_lock lock; /* as J above */
    uint32_t count;        /* A: areas */
    struct {
        char *base;  /* C */
        size_t size; /* C */
    } area[20];
    size_t carved;               /* J: bytes of the last area */
    struct cell *batches[SIZES]; /* J */
    struct list lists[SIZES][LISTS];
} objects;

static uint32_t mark_of(const void *object, unsigned kind)
{
    return kind ^ (uint32_t)((uintptr_t)object / GRAIN * 0x9e3779b1u);
}

bool wq_object_ours(const void *address)
{
    for (uint32_t i = at_load(&objects.count); i--;)
        if ((uintptr_t)address - (uintptr_t)objects.area[i].base < objects.area[i].size)
            return true;
    return false;
}

bool wq_object_is(unsigned kind, const void *address)
{
    const struct wq_object *object = address;

    if ((uintptr_t)address % GRAIN || !wq_object_ours(address))
        return false;
    return at_load(&object->mark) == mark_of(object, kind);
}

void wq_object_turn(unsigned kind, void *address)
{
    struct wq_object *object = address;

    at_store(&object->mark, mark_of(object, kind));
}

/* Under J. */
static bool area_add(void)
{
    uint32_t n = objects.count;
    size_t size = (size_t)AREA_FIRST << n;
    char *base = n < AREAS_MAX ? port_pages_alloc(size) : NULL;

    if (!base)
        return false;
    objects.area[n].base = base;
    objects.area[n].size = size;
    objects.carved = 0;
    at_store(&objects.count, n + 1);
    return true;
}

/* Under J. */
static struct cell *area_carve(unsigned number)
{
    struct cell *first = NULL;

    for (unsigned i = 0; i < BATCH; i++) {
        struct cell *cell;

        if (!objects.count || objects.carved + sizes[number] > objects.area[objects.count - 1].size) {
            if (first || !area_add())
                break;
        }
        cell = (struct cell *)(void *)(objects.area[objects.count - 1].base + objects.carved);
        objects.carved += sizes[number];
        cell->head.size_number = number;
        cell->next = first;
        first = cell;
    }
    return first;
}

/* Returns a chain of free objects, or NULL. */
static struct cell *batch_take(unsigned number)
{
    struct cell *first;

    port_lock_take(&objects.lock);
    first = objects.batches[number];
    if (first)
        objects.batches[number] = first->next_batch;
    else
        first = area_carve(number);
    port_lock_drop(&objects.lock);
    return first;
}

static void batch_give(unsigned number, struct cell *first)
{
    port_lock_take(&objects.lock);
    first->next_batch = objects.batches[number];
    objects.batches[number] = first;
    port_lock_drop(&objects.lock);
}

void *wq_object_alloc(unsigned kind, size_t size)
{
    struct list *list;
    struct cell *cell;
    unsigned number = 0;

    while (number < SIZES && sizes[number] < size)
        number++;
    if (number == SIZES || port_fault_hit(PORT_FAULT_MEMORY))
        return NULL;
    list = &objects.lists[number][port_cpu() % LISTS];
    port_lock_take(&list->lock);
    cell = list->first;
    if (!cell) {
        cell = batch_take(number);
        list->count = 0; /* from here on it counts what comes */
    }
    if (cell) {
        list->first = cell->next;
        list->count -= list->count != 0;
        at_put(&list->used, list->used + 1);
    }
    port_lock_drop(&list->lock);
    if (cell)
        wq_object_turn(kind, cell);
    return cell;
}

void wq_object_free(void *object)
{
    struct cell *cell = object, *batch = NULL;
    unsigned number = cell->head.size_number;
    struct list *list = &objects.lists[number][port_cpu() % LISTS];

    wq_object_turn(0, object);
    port_lock_take(&list->lock);
    cell->next = list->first;
    list->first = cell;
    at_put(&list->used, list->used - 1);
    if (++list->count == 2 * BATCH) {
        struct cell *last = cell;

        for (unsigned i = 1; i < BATCH; i++)
            last = last->next;
        batch = cell;
        list->first = last->next;
        last->next = NULL;
        list->count = BATCH;
    }
    port_lock_drop(&list->lock);
    if (batch)
        batch_give(number, batch);
}

uint32_t object_used(void)
{
    int64_t used = 0;

    for (unsigned i = 0; i < SIZES * LISTS; i++)
        used += at_peek(&objects.lists[i / LISTS][i % LISTS].used);
    return (uint32_t)used;
}

uint64_t object_memory(void)
{
    uint32_t count = at_load(&objects.count);
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += objects.area[i].size;
    return bytes;
}

void object_free_all(void)
{
    for (uint32_t i = 0; i < objects.count; i++)
        port_pages_free(objects.area[i].base, objects.area[i].size);
    memset(&objects, 0, sizeof(objects));
}
