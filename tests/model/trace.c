/*
 * trace.c: the table of a schedule.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "trace.h"

#include <stdio.h>
#include <string.h>

#include "sched.h"

#define MOST 20000u
#define SHOW 120u

struct stretch {
    int thread;
    unsigned steps;
    uint64_t began;
    struct model_place first, last;
    const char *why;
};

bool trace_on;

static struct stretch stretches[MOST];
static unsigned count;

static struct stretch *present(void)
{
    if (!count || stretches[count - 1].why || stretches[count - 1].thread != sched_me) {
        if (count == MOST) {
            memmove(stretches, stretches + MOST / 2, MOST / 2 * sizeof(*stretches));
            count = MOST / 2;
        }
        stretches[count++] = (struct stretch){.thread = sched_me, .began = sched_now};
    }
    return &stretches[count - 1];
}

void trace_step(struct model_place place)
{
    struct stretch *stretch;

    if (!trace_on)
        return;
    stretch = present();
    if (!stretch->steps++)
        stretch->first = place;
    stretch->last = place;
}

void trace_stop(const char *why)
{
    if (trace_on)
        present()->why = why;
}

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "-";
}

void trace_print(void)
{
    unsigned i = count > SHOW ? count - SHOW : 0;

    if (i)
        fprintf(stderr, "  (%u stretches before)\n", i);
    fprintf(stderr, "  %8s %-9s %5s  %-42s %-42s %s\n", "time/us", "thread", "steps", "from", "to", "then");
    for (; i < count; i++) {
        struct stretch *s = &stretches[i];
        char from[128], to[128];

        snprintf(from, sizeof(from), "%s:%d %s", base_name(s->first.file), s->first.line,
                 s->first.what ? s->first.what : "");
        snprintf(to, sizeof(to), "%s:%d %s", base_name(s->last.file), s->last.line,
                 s->last.what ? s->last.what : "");
        fprintf(stderr, "  %8llu %2d %-6s %5u  %-42s %-42s %s\n", (unsigned long long)s->began, s->thread,
                sched_threads[s->thread].is_core ? "core" : "test", s->steps, from, to, s->why ? s->why : "");
    }
}
