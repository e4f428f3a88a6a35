/*
 * port_os.h: the inline part of the port on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_OS_H
#define WQ_PORT_OS_H

#include "common/tls.h"

#define PORT_STATUS_NO_MEMORY 0xC0000017u

struct port_thread {
    void *handle; /* owned by whoever started the thread */
};

struct port_cpu_set {
    uintptr_t mask;
};

extern struct tls_slot port_self_slot, port_context_slot; /* constant after start */
extern bool port_has_rdpid;                               /* constant after start */

static inline void port_relax(void)
{
    __builtin_ia32_pause();
}

static inline uint64_t port_ticks(void)
{
    return __builtin_ia32_rdtsc();
}

static inline void *port_self(void)
{
    return tls_get(&port_self_slot);
}

static inline void *port_context(void)
{
    return tls_get(&port_context_slot);
}

static inline unsigned port_cpu(void)
{
    uintptr_t id;

    if (__builtin_expect(port_has_rdpid, 1)) {
        __asm__ volatile("rdpid %0" : "=r"(id));
        return (unsigned)id & 0xfff; /* above it stands the NUMA node */
    }
#ifdef __x86_64__
    __asm__("movq %%gs:0x30, %0" : "=r"(id)); /* the TEB's own address: one per thread */
#else
    __asm__("movl %%fs:0x18, %0" : "=r"(id));
#endif
    return (unsigned)(id >> 12) * 0x9e3779b1u >> 20;
}

#endif
