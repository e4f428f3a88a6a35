/*
 * adapter.c: adapters, found by the HwDeviceExtension that miniports pass.
 *
 * The table is in this module's data and its places are never freed, so that any pointer can be looked up,
 * without a lock and at any level. Whoever has found an adapter counts as a use of its place; the place is
 * given to another adapter only when there are none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define SLOTS           64
#define EXTENSION_ALIGN 16

struct stor_slot {
    void *extension;              /* A: NULL = free */
    struct stor_adapter *adapter; /* A */
    struct stor_rundown uses;
};

static struct stor_slot slots[SLOTS];
static char slot_taken; /* its address marks a place that is being filled */

struct wqstor_counters stor_counters;

/* Copies what the module has done. Any IRQL, any thread. */
void NTAPI WqStorQuery(struct wqstor_counters *counters)
{
    *counters = stor_counters;
}

static struct stor_slot *slot_claim(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        void *expected = NULL;

        if (__atomic_compare_exchange_n(&slots[i].extension, &expected, &slot_taken, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return &slots[i];
    }
    return NULL;
}

struct stor_adapter *stor_adapter_find(void *extension)
{
    if (!extension || extension == &slot_taken)
        return NULL;
    for (unsigned i = 0; i < SLOTS; i++) {
        struct stor_slot *slot = &slots[i];

        if (__atomic_load_n(&slot->extension, __ATOMIC_ACQUIRE) != extension ||
            !stor_rundown_hold(&slot->uses))
            continue;
        if (__atomic_load_n(&slot->extension, __ATOMIC_ACQUIRE) == extension)
            return __atomic_load_n(&slot->adapter, __ATOMIC_ACQUIRE);
        stor_rundown_drop(&slot->uses); /* it has become another's meanwhile */
    }
    return NULL;
}

void stor_adapter_drop(struct stor_adapter *adapter)
{
    stor_rundown_drop(&adapter->slot->uses);
}

/* The extension is zeroed, as miniports expect. */
static bool extension_create(struct stor_adapter *adapter)
{
    size_t size = adapter->driver->data.DeviceExtensionSize + 1u;

    adapter->extension_block = wq_alloc(size + EXTENSION_ALIGN);
    if (!adapter->extension_block)
        return false;
    adapter->extension = (void *)(((ULONG_PTR)adapter->extension_block + EXTENSION_ALIGN - 1) &
                                  ~(ULONG_PTR)(EXTENSION_ALIGN - 1));
    memset(adapter->extension, 0, size);
    return true;
}

static bool adapter_create_parts(struct stor_adapter *adapter)
{
    if (!extension_create(adapter))
        return false;
    adapter->workers = wq_queue_create(WQ_UNLIMITED);
    adapter->dpcs = wq_queue_create(1);
    if (!adapter->workers || !adapter->dpcs || !stor_timer_create_own(adapter))
        return false;
    wq_queue_set_runner(adapter->dpcs, stor_dpc_run);
    adapter->slot = slot_claim();
    return adapter->slot != NULL;
}

static void adapter_free_parts(struct stor_adapter *adapter)
{
    if (adapter->workers)
        wq_queue_close(adapter->workers, NULL, NULL);
    if (adapter->dpcs)
        wq_queue_close(adapter->dpcs, NULL, NULL);
    if (adapter->timer)
        wq_free(adapter->timer);
    if (adapter->uncached)
        wq_free(adapter->uncached);
    if (adapter->extension_block)
        wq_free(adapter->extension_block);
    wq_free(adapter);
}

struct stor_adapter *stor_adapter_create(struct stor_driver *driver, DEVICE_OBJECT *device)
{
    struct stor_adapter *adapter = wq_alloc(sizeof(*adapter));

    if (!adapter)
        return NULL;
    memset(adapter, 0, sizeof(*adapter));
    adapter->driver = driver;
    adapter->device = device;
    InitializeListHead(&adapter->worker_list);
    InitializeListHead(&adapter->timer_list);
    InitializeListHead(&adapter->request_list);
    InitializeListHead(&adapter->unit_list);
    stor_rundown_open(&adapter->work);
    stor_rundown_open(&adapter->requests);
    if (!adapter_create_parts(adapter)) {
        adapter_free_parts(adapter);
        return NULL;
    }
    __atomic_store_n(&adapter->slot->adapter, adapter, __ATOMIC_RELEASE);
    __atomic_store_n(&adapter->slot->extension, adapter->extension, __ATOMIC_RELEASE);
    stor_rundown_open(&adapter->slot->uses);
    STOR_COUNT(adapters);
    return adapter;
}

void stor_adapter_destroy(struct stor_adapter *adapter)
{
    struct stor_slot *slot = adapter->slot;

    stor_rundown_close(&slot->uses);
    stor_rundown_wait(&slot->uses, "calls of StorPort functions");
    stor_worker_reclaim(adapter);
    stor_timer_reclaim(adapter);
    stor_unit_reclaim(adapter);
    adapter_free_parts(adapter);
    __atomic_store_n(&slot->extension, NULL, __ATOMIC_RELEASE);
    STOR_UNCOUNT(adapters);
}

void stor_level_check(KIRQL expected, void *routine)
{
    KIRQL level = KeGetCurrentIrql();

    if (level == expected)
        return;
    STOR_COUNT(bad_levels);
    DbgPrint("wqshim: storport: the routine at %p returned at level %u\n", routine, level);
    if (level > expected)
        KeLowerIrql(expected);
    else
        KfRaiseIrql(expected);
}
