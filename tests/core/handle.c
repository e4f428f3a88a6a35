/*
 * handle.c: handles: good ones find their object, all others find nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

#define HANDLES 5000u

static _Atomic unsigned held;

static void WQ_CALL hold(void *object)
{
    (void)object;
    held++;
}

static void good(void)
{
    static void *handles[HANDLES];
    static int objects[HANDLES];

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < HANDLES; i++) {
            handles[i] = wq_handle_create(1 + i % 2, &objects[i]);
            CHECK((uintptr_t)handles[i] >= 1u << 20 && handles[i] != (void *)-1, "%p", handles[i]);
        }
        held = 0;
        for (unsigned i = 0; i < HANDLES; i++) {
            unsigned kind = 1 + i % 2;

            CHECK(wq_handle_find(kind, handles[i], hold) == &objects[i], "handle %u", i);
            CHECK(!wq_handle_find(3 - kind, handles[i], hold), "handle %u is of another kind", i);
        }
        CHECK(held == HANDLES, "%u held", held);
        for (unsigned i = 0; i < HANDLES; i++) {
            unsigned kind = 1 + i % 2;

            CHECK(!wq_handle_delete(3 - kind, handles[i]), "handle %u is of another kind", i);
            CHECK(wq_handle_delete(kind, handles[i]) == &objects[i], "handle %u", i);
            CHECK(!wq_handle_delete(kind, handles[i]), "handle %u was deleted", i);
        }
    }
}

static void bad(void)
{
    int object;
    void *handle = wq_handle_create(1, &object);

    CHECK(!wq_handle_find(1, NULL, hold) && !wq_handle_delete(1, NULL), "NULL");
    CHECK(!wq_handle_find(1, (void *)-1, hold) && !wq_handle_delete(1, (void *)-1), "-1");
    CHECK(!wq_handle_find(1, &object, hold), "a pointer");
    for (uintptr_t i = 0; i < 1000; i++)
        CHECK(!wq_handle_find(1, (void *)(i * 4), hold), "a small number");
    CHECK(wq_handle_delete(1, handle) == &object, "the good one");
    for (unsigned i = 0; i < 4000; i++) {
        void *other = wq_handle_create(1, &object);

        CHECK(other != handle, "a deleted handle came back after %u others", i);
        wq_handle_delete(1, other);
    }
}

static void no_memory(void)
{
    int object;
    void *handle;

    wq_fault_set(WQ_FAULT_MEMORY, 1);
    CHECK(!wq_handle_create(1, &object), "a handle without memory");
    handle = wq_handle_create(1, &object);
    CHECK(wq_handle_delete(1, handle) == &object, "no handle though there is memory again");
}

static void claim(void *arg, unsigned number)
{
    void *handle = arg;

    (void)number;
    for (unsigned n = check_scaled(20000); n; n--) {
        void *own = wq_handle_create(3, &handle);

        CHECK(own && wq_handle_find(3, own, hold) == &handle, "own handle");
        CHECK(wq_handle_delete(3, own) == &handle, "own handle");
    }
    if (wq_handle_delete(1, handle))
        held++;
}

static void threads(void)
{
    int object;
    void *handle = wq_handle_create(1, &object);
    unsigned found = 4 * check_scaled(20000);

    held = 0;
    check_threads(4, claim, handle);
    CHECK(held == found + 1, "%u threads deleted one handle", held - found);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"a good handle finds its object", good},
        {"a bad handle finds nothing", bad},
        {"without memory there is no handle", no_memory},
        {"of several threads one deletes a handle", threads},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
