/*
 * port_model.c: the core's port on the model scheduler: threads, parking, words, events, time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>

#include "port/port.h"

#include "stores.h"
#include "model.h"
#include "model_port.h"
#include "sched.h"

#define TICKS_A_US 2500u

#define PROCESSORS 2u

static uint64_t ticks;

void model_port_reset(void)
{
    ticks = 0;
}

/* ---- processors and time ---- */

void port_start(void)
{
}

unsigned port_cpu_count(void)
{
    return PROCESSORS;
}

unsigned port_cpu(void)
{
    return (unsigned)sched_me;
}

unsigned port_cpu_number(void)
{
    return (unsigned)sched_me % PROCESSORS;
}

bool port_cpu_bind(unsigned processor, struct port_cpu_set *before)
{
    before->before = 0;
    return processor < PROCESSORS;
}

void port_cpu_restore(const struct port_cpu_set *before)
{
    (void)before;
}

uint64_t port_clock_us(void)
{
    sched_point(MODEL_PLACE("clock"));
    return ++sched_now;
}

uint64_t port_system_us(void)
{
    return port_clock_us();
}

uint64_t port_ticks(void)
{
    ticks += 1500;
    return sched_now * TICKS_A_US + ticks;
}

uint64_t port_process_cpu_us(void)
{
    return 0; /* nobody computes here */
}

uint64_t port_thread_cpu_us(struct port_thread *thread)
{
    (void)thread;
    return 0;
}

uint64_t port_offer_processor(void)
{
    return 0;
}

void port_relax(void)
{
    sched_yield_turn(MODEL_PLACE("relax"));
}

bool port_exiting(void)
{
    return false;
}

/* ---- words and parkers ---- */

/* Who sleeps on a word is woken only by a wake-up for that word, so that a lost one shows. */
static struct {
    uint32_t *word;
    bool woken;
} sleepers[SCHED_THREADS];

static bool was_woken(void *number)
{
    return sleepers[(intptr_t)number].woken;
}

void port_wait_word(uint32_t *word, uint32_t seen)
{
    sched_point(MODEL_PLACE("wait for a word"));
    stores_drain(sched_me);
    if (at_load(word) != seen)
        return;
    sleepers[sched_me].word = word;
    sleepers[sched_me].woken = false;
    sched_block(was_woken, (void *)(intptr_t)sched_me, SCHED_NEVER, "sleeps on a word");
    sleepers[sched_me].word = NULL;
}

void port_wake_word(uint32_t *word)
{
    sched_point(MODEL_PLACE("wake a word"));
    stores_drain(sched_me);
    for (int i = 0; i < sched_count; i++) {
        if (sleepers[i].word == word && !sleepers[i].woken) {
            sleepers[i].woken = true;
            return;
        }
    }
}

void port_parker_init(struct port_parker *parker)
{
    at_put(&parker->word, 0);
    at_put(&parker->thread, (uintptr_t)sched_me);
}

static bool is_unparked(void *parker)
{
    return ((struct port_parker *)parker)->word != 0;
}

bool port_park(struct port_parker *parker, uint64_t deadline_us)
{
    if (!at_load(&parker->word))
        sched_block(is_unparked, parker, deadline_us, "parked");
    return at_exchange(&parker->word, 0) != 0;
}

void port_unpark(struct port_parker *parker)
{
    at_publish(&parker->word, 1);
}

/* ---- threads ---- */

static bool has_ended(void *number)
{
    return sched_threads[(intptr_t)number].state == SCHED_ENDED;
}

bool port_thread_start(port_thread_fn *fn, void *arg, const struct port_stack *stack,
                       struct port_thread *thread)
{
    (void)stack;
    if (port_fault_hit(PORT_FAULT_THREAD))
        return false;
    stores_drain(sched_me);
    thread->id = sched_spawn(fn, arg, true);
    if (thread->id < 0)
        return false;
    sched_point(MODEL_PLACE("thread start"));
    return true;
}

void model_join(int thread)
{
    if (!has_ended((void *)(intptr_t)thread))
        sched_block(has_ended, (void *)(intptr_t)thread, SCHED_NEVER, "joins");
}

void port_thread_join(struct port_thread *thread)
{
    model_join(thread->id);
}

void port_thread_trim_stack(void)
{
}

void *port_self(void)
{
    return sched_threads[sched_me].self;
}

void *port_context(void)
{
    return sched_threads[sched_me].slot;
}

void port_self_set(void *self)
{
    sched_threads[sched_me].self = self;
}

void port_context_set(void *context)
{
    sched_threads[sched_me].slot = context;
}
