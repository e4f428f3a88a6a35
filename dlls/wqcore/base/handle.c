/*
 * handle.c: numbers that stand for the fronts' objects.
 *
 * A handle is an index into one table and the tag that its entry had when the handle was made; each deletion
 * changes the tag. So whatever a program passes, a stale handle included, is told from a good one without
 * touching memory that may be gone. Entries live in segments that are never moved; free ones are reused
 * oldest first and not before there are some, so that tags last (on 32-bit systems they have only 12 bits).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "base/handle.h"
#include "port/port.h"
#include "wqcore.h"

#define INDEX_BITS   (sizeof(void *) == 8 ? 24 : 20)
#define INDEX_MAX    ((1u << INDEX_BITS) - 1)
#define TAG_LAST     (UINTPTR_MAX >> INDEX_BITS) /* not used, so that no handle is -1 */
#define SEGMENT      1024u                       /* entries */
#define SEGMENT_SIZE (SEGMENT * sizeof(struct entry))
#define SEGMENTS     (1u << 14)
#define KEEP_FREE    512u /* free entries below which new ones are used */

struct entry {
    void *object;   /* H: NULL = free */
    uintptr_t tag;  /* H: 1 to TAG_LAST - 1, 0 = never used */
    uint32_t kind;  /* H */
    uint32_t after; /* H: index of the next free entry */
};

static struct {
    struct port_lock lock;           /* as H above */
    uint32_t used;                   /* H: entries that have ever been used */
    uint32_t free;                   /* H: number of free ones among them */
    uint32_t free_first;             /* H: valid if free is not 0 */
    uint32_t free_last;              /* H: likewise */
    uint32_t segments;               /* H */
    struct entry *segment[SEGMENTS]; /* H */
} table;

static struct entry *entry_at(uint32_t index)
{
    return &table.segment[index / SEGMENT][index % SEGMENT];
}

/* Adds a segment. Returns false if there is no memory or the table is full. */
static bool table_grow(void)
{
    struct entry *fresh;
    bool taken = false;

    if (at_peek(&table.segments) * SEGMENT > INDEX_MAX) /* it never shrinks */
        return false;
    fresh = port_pages_alloc(SEGMENT_SIZE);
    if (!fresh)
        return false;
    port_lock_take(&table.lock);
    if (table.used == table.segments * SEGMENT && table.used <= INDEX_MAX) {
        table.segment[table.segments] = fresh;
        at_put(&table.segments, table.segments + 1);
        taken = true;
    }
    port_lock_drop(&table.lock);
    if (!taken) /* somebody else was faster */
        port_pages_free(fresh, SEGMENT_SIZE);
    return true;
}

/* Takes an entry out of the free ones, or a new one. Under the lock. Returns false if the table must grow. */
static bool entry_take(uint32_t *index)
{
    bool fresh = table.used < table.segments * SEGMENT;

    if (table.free > KEEP_FREE || (table.free && !fresh)) {
        *index = table.free_first;
        table.free_first = entry_at(*index)->after;
        table.free--;
        return true;
    }
    if (fresh)
        *index = table.used++;
    return fresh;
}

void *wq_handle_create(unsigned kind, void *object)
{
    uintptr_t handle = 0;

    do {
        uint32_t index;

        port_lock_take(&table.lock);
        if (entry_take(&index)) {
            struct entry *entry = entry_at(index);

            entry->object = object;
            entry->kind = kind;
            if (++entry->tag == TAG_LAST)
                entry->tag = 1;
            handle = entry->tag << INDEX_BITS | index;
        }
        port_lock_drop(&table.lock);
    } while (!handle && table_grow());
    return (void *)handle;
}

/* The entry of a good handle, or NULL. Under the lock. */
static struct entry *entry_of(unsigned kind, const void *handle)
{
    uint32_t index = (uint32_t)((uintptr_t)handle & INDEX_MAX);
    struct entry *entry = index < table.used ? entry_at(index) : NULL;

    if (!entry || !entry->object || entry->tag != (uintptr_t)handle >> INDEX_BITS || entry->kind != kind)
        return NULL;
    return entry;
}

void *wq_handle_find(unsigned kind, const void *handle, wq_routine hold)
{
    struct entry *entry;
    void *object;

    port_lock_take(&table.lock);
    entry = entry_of(kind, handle);
    object = entry ? entry->object : NULL;
    if (object)
        hold(object);
    port_lock_drop(&table.lock);
    return object;
}

void *wq_handle_delete(unsigned kind, const void *handle)
{
    uint32_t index = (uint32_t)((uintptr_t)handle & INDEX_MAX);
    struct entry *entry;
    void *object = NULL;

    port_lock_take(&table.lock);
    entry = entry_of(kind, handle);
    if (entry) {
        object = entry->object;
        entry->object = NULL;
        if (table.free++)
            entry_at(table.free_last)->after = index;
        else
            table.free_first = index;
        table.free_last = index;
    }
    port_lock_drop(&table.lock);
    return object;
}

uint64_t handle_table_memory(void)
{
    return (uint64_t)at_peek(&table.segments) * SEGMENT_SIZE;
}

void handle_table_free(void)
{
    for (uint32_t i = 0; i < table.segments; i++)
        port_pages_free(table.segment[i], SEGMENT_SIZE);
    memset(&table, 0, sizeof(table));
}
