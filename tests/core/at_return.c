/*
 * at_return.c: what a routine lets be called on its thread after it has returned.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "check.h"

static _Atomic unsigned calls, returned;
static unsigned order[8]; /* by one thread, then read by the test */

static void note(unsigned what)
{
    CHECK(returned, "called before the routine has returned");
    order[calls] = what;
    calls++;
}

static void WQ_CALL first(void *param)
{
    note(10 + *(unsigned *)param);
}

static void WQ_CALL second(void *param)
{
    note(20 + *(unsigned *)param);
}

static void WQ_CALL third(void *param)
{
    note(30 + *(unsigned *)param);
}

static void WQ_CALL fourth(void *param)
{
    note(40 + *(unsigned *)param);
}

static void WQ_CALL fifth(void *param)
{
    note(50 + *(unsigned *)param);
}

static unsigned one = 1, two = 2;

static void WQ_CALL ask(void *param)
{
    (void)param;
    CHECK(wq_at_return(first, &one), "the first refused");
    CHECK(wq_at_return(second, &one) && wq_at_return(third, &one) && wq_at_return(fourth, &one), "refused");
    CHECK(!wq_at_return(fifth, &one), "a fifth accepted");
    CHECK(wq_at_return(first, &two), "the first refused when it is asked for again");
    CHECK(!calls, "called at once");
    returned = 1;
}

/* Each is called once, the last one first, with what it was given last. */
static void each_once(void)
{
    static const unsigned expected[] = {41, 31, 21, 12};

    calls = returned = 0;
    CHECK(wq_post(ask, NULL), "no memory");
    CHECK_WAIT(calls == 4, "%u of 4 called", calls);
    for (unsigned i = 0; i < CHECK_COUNT(expected); i++)
        CHECK(order[i] == expected[i], "call %u was %u, not %u", i, order[i], expected[i]);
}

/* None of them is left for the routines that follow. */
static void none_is_left(void)
{
    each_once();
    each_once();
}

static void foreign_thread(void)
{
    CHECK(!wq_at_return(first, &one), "accepted on a thread that is not the core's");
}

static const struct check_test tests[] = {
    {"each cleanup is called once, the last one first", each_once},
    {"no cleanup is left for the next routine", none_is_left},
    {"no cleanup on other threads", foreign_thread},
};

int main(int argc, char **argv)
{
    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
