/*
 * wheel.c: the timer wheel against a plain list: the same timers come out, in the same order, whatever was
 * added, removed and skipped in between.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "check.h"
#include "timer/wheel.h"

#define TIMERS 3000u

static struct wheel wheel;
static struct wq_timer timers[TIMERS];
static bool inside[TIMERS];
static uint64_t random_state;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Spans of all sizes, with crowds on the borders of slots. */
static uint64_t random_span(void)
{
    uint64_t span = random_number() >> (random_number() % 47 + 17);

    return random_number() % 4 ? span : span & ~63ull;
}

static void setup(uint64_t seed)
{
    memset(&wheel, 0, sizeof(wheel));
    memset(timers, 0, sizeof(timers));
    memset(inside, 0, sizeof(inside));
    random_state = seed * 0x9e3779b97f4a7c15u | 1;
}

static uint64_t earliest(void)
{
    uint64_t tick = WHEEL_NEVER;

    for (unsigned i = 0; i < TIMERS; i++) {
        if (inside[i] && timers[i].tick < tick)
            tick = timers[i].tick;
    }
    return tick;
}

/* Adds or removes a timer. */
static void flip(unsigned i, uint64_t now)
{
    if (inside[i]) {
        wheel_remove(&wheel, &timers[i]);
    } else {
        uint64_t tick = now + random_span();

        wheel_add(&wheel, &timers[i], tick, now);
        CHECK(timers[i].tick >= tick && timers[i].tick <= tick + 1, "asked for %llu, got %llu at %llu",
              (unsigned long long)tick, (unsigned long long)timers[i].tick, (unsigned long long)now);
    }
    inside[i] = !inside[i];
}

/* Takes all that is due. */
static unsigned take(uint64_t now)
{
    uint64_t last = 0;
    struct wq_timer *timer;
    unsigned n = 0;

    while ((timer = wheel_take(&wheel, now)) != NULL) {
        unsigned i = (unsigned)(timer - timers);

        CHECK(inside[i], "timer %u came out twice", i);
        CHECK(timer->tick <= now && timer->tick >= last, "tick %llu at %llu after %llu",
              (unsigned long long)timer->tick, (unsigned long long)now, (unsigned long long)last);
        inside[i] = false;
        last = timer->tick;
        n++;
    }
    return n;
}

static void model(void)
{
    for (uint64_t seed = 1; seed <= check_scaled(20); seed++) {
        uint64_t now = seed * 1000;
        unsigned taken = 0;

        setup(seed);
        for (unsigned round = 0; round < 300; round++) {
            uint64_t first, next;

            for (uint64_t i = random_number() % 200; i; i--)
                flip((unsigned)(random_number() % TIMERS), now);
            first = earliest();
            next = wheel_next(&wheel);
            CHECK(next <= first && (next == WHEEL_NEVER) == (first == WHEEL_NEVER), "next %llu of %llu",
                  (unsigned long long)next, (unsigned long long)first);
            now = random_number() % 3 || first == WHEEL_NEVER ? now + random_span() % 100000 : first;
            taken += take(now);
            first = earliest();
            CHECK(first > now, "left behind: %llu at %llu", (unsigned long long)first,
                  (unsigned long long)now);
        }
        CHECK(taken > 1000, "seed %llu: %u came out", (unsigned long long)seed, taken);
    }
}

/* Without removals the next tick is exact, so that nobody wakes up in vain. */
static void exact(void)
{
    uint64_t now = 12345;

    setup(7);
    for (unsigned i = 0; i < TIMERS; i++)
        flip(i, now);
    for (uint64_t first; (first = earliest()) != WHEEL_NEVER; now = first) {
        CHECK(wheel_next(&wheel) == first, "next %llu of %llu", (unsigned long long)wheel_next(&wheel),
              (unsigned long long)first);
        CHECK(take(first - 1) == 0, "too early");
        CHECK(take(first) > 0, "nothing");
    }
    CHECK(wheel.count == 0 && wheel_next(&wheel) == WHEEL_NEVER, "%zu left", wheel.count);
}

static void order(void)
{
    setup(1);
    for (unsigned i = 0; i < 100; i++)
        wheel_add(&wheel, &timers[i], 1000 + 5000, 1000);
    for (unsigned i = 0; i < 100; i++)
        CHECK(wheel_take(&wheel, 6000) == &timers[i], "timer %u is not next", i);
}

static void far_away(void)
{
    setup(1);
    wheel_add(&wheel, &timers[0], UINT64_MAX / 1000, 5);
    wheel_add(&wheel, &timers[1], 6, 5);
    CHECK(wheel_take(&wheel, 10) == &timers[1], "the near one");
    CHECK(!wheel_take(&wheel, 1ull << 47), "the far one");
    wheel_remove(&wheel, &timers[0]);
    CHECK(!wheel.count, "%zu left", wheel.count);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        {"random operations do what a plain list does", model},
        {"the next tick is exact", exact},
        {"timers of a tick come in the order in which they were added", order},
        {"the end of time", far_away},
    };

    return check_main(argc, argv, tests, CHECK_COUNT(tests));
}
