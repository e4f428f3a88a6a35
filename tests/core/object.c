/*
 * object.c: objects: live ones are told from all other addresses, and what is freed is used again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "check.h"

#define OBJECTS 5000u

struct sample {
    struct wq_object head;
    unsigned number;
    char rest[];
};

static const size_t sizes[] = {sizeof(struct sample), 192, 200, 384, 768};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static struct sample *sample_make(unsigned kind, unsigned i)
{
    size_t size = sizes[i % SIZES];
    struct sample *sample = wq_object_alloc(kind, size);
    struct wq_object head;

    CHECK(sample && (uintptr_t)sample % 64 == 0, "object %u at %p", i, (void *)sample);
    head = sample->head;
    memset(sample, (int)i, size);
    sample->head = head;
    sample->number = i;
    return sample;
}

static uint32_t blocks(void)
{
    struct wq_counters counters;

    wq_counters_read(&counters);
    return counters.blocks;
}

static void good(void)
{
    static struct sample *samples[OBJECTS];
    uint32_t before = blocks();

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < OBJECTS; i++)
            samples[i] = sample_make(1 + i % 2, i);
        CHECK(blocks() == before + OBJECTS, "%u blocks more", blocks() - before);
        for (unsigned i = 0; i < OBJECTS; i++) {
            CHECK(samples[i]->number == i, "object %u says %u", i, samples[i]->number);
            CHECK(wq_object_is(1 + i % 2, samples[i]), "object %u", i);
            CHECK(!wq_object_is(2 - i % 2, samples[i]), "object %u is of another kind", i);
            CHECK(!wq_object_is(1 + i % 2, (char *)samples[i] + 64), "beside object %u", i);
            wq_object_turn(3, samples[i]);
            CHECK(wq_object_is(3, samples[i]), "object %u has turned", i);
            wq_object_free(samples[i]);
            CHECK(!wq_object_is(3, samples[i]) && wq_object_ours(samples[i]), "object %u is gone", i);
        }
        CHECK(blocks() == before, "%u blocks left", blocks() - before);
    }
}

static void bad(void)
{
    int somewhere;

    CHECK(!wq_object_is(1, NULL) && !wq_object_ours(NULL), "NULL");
    CHECK(!wq_object_is(1, (void *)-1) && !wq_object_ours((void *)-1), "-1");
    CHECK(!wq_object_is(1, &somewhere) && !wq_object_ours(&somewhere), "a pointer");
    for (uintptr_t i = 0; i < 1000; i++)
        CHECK(!wq_object_is(1, (void *)(i * 64)), "a small number");
}

static void no_memory(void)
{
    void *object;

    CHECK(!wq_object_alloc(1, 769), "an object that is too large");
    wq_fault_set(WQ_FAULT_MEMORY, 1);
    CHECK(!wq_object_alloc(1, 100), "an object without memory");
    object = wq_object_alloc(1, 100);
    CHECK(wq_object_is(1, object), "no object though there is memory again");
    wq_object_free(object);
}

static struct sample *_Atomic handed_over;

/* Each thread frees what another one has made. */
static void exchange(void *arg, unsigned number)
{
    (void)arg;
    for (unsigned i = 0; i < check_scaled(200000); i++) {
        struct sample *mine = sample_make(1 + number, number);
        struct sample *other = atomic_exchange(&handed_over, mine);

        if (!other)
            continue;
        CHECK(wq_object_is(1 + other->number, other), "an object of thread %u", other->number);
        wq_object_free(other);
    }
}

static void threads(void)
{
    uint32_t before = blocks();

    check_threads(4, exchange, NULL);
    wq_object_free(atomic_exchange(&handed_over, NULL));
    CHECK(blocks() == before, "%u blocks left", blocks() - before);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"an object is told from all else", good},
        {"what is no object is not touched", bad},
        {"without memory there is no object", no_memory},
        {"one thread frees what another has made", threads},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
