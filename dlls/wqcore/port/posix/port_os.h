/*
 * port_os.h: the inline part of the port on Linux.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_OS_H
#define WQ_PORT_OS_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#define PORT_STATUS_NO_MEMORY ENOMEM

struct port_thread {
    pthread_t id;
};

struct port_cpu_set {
    cpu_set_t set;
};

extern _Thread_local void *port_self_pointer;    /* owner only */
extern _Thread_local void *port_context_pointer; /* owner only */

static inline void port_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("" ::: "memory");
#endif
}

#if defined(__x86_64__) || defined(__i386__)
static inline uint64_t port_ticks(void)
{
    return __builtin_ia32_rdtsc();
}
#else
uint64_t port_ticks(void);
#endif

static inline void *port_self(void)
{
    return port_self_pointer;
}

static inline void *port_context(void)
{
    return port_context_pointer;
}

#ifdef WQ_COUNT
unsigned wq_count_cpu(void);
#define port_cpu() wq_count_cpu()
#else
static inline unsigned port_cpu(void)
{
    int cpu = sched_getcpu();

    return cpu < 0 ? 0 : (unsigned)cpu;
}
#endif

#endif
