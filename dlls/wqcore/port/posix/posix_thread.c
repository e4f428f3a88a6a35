/*
 * posix_thread.c: threads and parking on Linux futexes and pthreads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../port.h"

_Thread_local void *port_self_pointer;
_Thread_local void *port_context_pointer;

struct start {
    port_thread_fn *fn;
    void *arg;
};

void port_self_set(void *self)
{
    port_self_pointer = self;
}

void port_context_set(void *context)
{
    port_context_pointer = context;
}

static void *thread_main(void *param)
{
    struct start start = *(struct start *)param;

    port_heap_free(param);
    start.fn(start.arg);
    return NULL;
}

static int create(pthread_t *id, const struct port_stack *stack, void *arg)
{
    const size_t least = 65536; /* what a sanitizer's and libc's own start need */
    pthread_attr_t attributes;
    int result;

    if (!stack || !stack->reserve)
        return pthread_create(id, NULL, thread_main, arg);
    if (pthread_attr_init(&attributes))
        return -1;
    pthread_attr_setstacksize(&attributes,
                              ((stack->reserve > least ? stack->reserve : least) + 4095) / 4096 * 4096);
    result = pthread_create(id, &attributes, thread_main, arg);
    pthread_attr_destroy(&attributes);
    return result;
}

bool port_thread_start(port_thread_fn *fn, void *arg, const struct port_stack *stack,
                       struct port_thread *thread)
{
    struct start *start;

    if (port_fault_hit(PORT_FAULT_THREAD))
        return false;
    start = port_heap_alloc(sizeof(*start));
    if (!start)
        return false;
    start->fn = fn;
    start->arg = arg;
    if (create(&thread->id, stack, start)) {
        port_heap_free(start);
        return false;
    }
    return true;
}

void port_thread_join(struct port_thread *thread)
{
    pthread_join(thread->id, NULL);
}

void port_thread_trim_stack(void)
{
}

bool port_exiting(void)
{
    return false;
}

static void futex_wait(uint32_t *word, uint32_t seen, const struct timespec *left)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, left, NULL, 0);
}

void port_wait_word(uint32_t *word, uint32_t seen)
{
    futex_wait(word, seen, NULL);
}

void port_wake_word(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void port_parker_init(struct port_parker *parker)
{
    /* A waker of the thread that had the parker before may be late. */
    at_put(&parker->word, 0);
    at_put(&parker->thread, (uintptr_t)pthread_self());
}

bool port_park(struct port_parker *parker, uint64_t deadline_us)
{
    while (!at_load(&parker->word)) {
        struct timespec left;
        uint64_t now;

        if (deadline_us == PORT_FOREVER) {
            futex_wait(&parker->word, 0, NULL);
            continue;
        }
        now = port_clock_us();
        if (now >= deadline_us)
            return at_exchange(&parker->word, 0) != 0;
        left.tv_sec = (time_t)((deadline_us - now) / 1000000);
        left.tv_nsec = (long)((deadline_us - now) % 1000000) * 1000;
        futex_wait(&parker->word, 0, &left);
    }
    at_publish(&parker->word, 0);
    return true;
}

void port_unpark(struct port_parker *parker)
{
    if (!at_exchange(&parker->word, 1))
        port_wake_word(&parker->word);
}
