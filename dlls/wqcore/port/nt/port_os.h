/*
 * port_os.h: the inline part of the port on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_OS_H
#define WQ_PORT_OS_H

struct port_thread {
    void *handle; /* owned by whoever started the thread */
};

struct port_cpu_set {
    uintptr_t mask;
};

/* What one thread keeps in our static TLS block. */
struct port_tls {
    void *self;    /* owner only */
    void *context; /* owner only */
};

extern unsigned long _tls_index; /* set by the loader */
extern bool port_has_rdpid;      /* constant after start */

static inline void port_relax(void)
{
    __builtin_ia32_pause();
}

/* NULL on a thread that was started without the loader, as injected ones can be. */
static inline struct port_tls *port_tls(void)
{
    struct port_tls **blocks;

#ifdef __x86_64__
    __asm__("movq %%gs:0x58, %0" : "=r"(blocks)); /* TEB.ThreadLocalStoragePointer */
#else
    __asm__("movl %%fs:0x2c, %0" : "=r"(blocks));
#endif
    return __builtin_expect(blocks != NULL, 1) ? blocks[_tls_index] : NULL;
}

static inline uint64_t port_ticks(void)
{
    return __builtin_ia32_rdtsc();
}

static inline void *port_self(void)
{
    struct port_tls *tls = port_tls();

    return tls ? tls->self : NULL;
}

static inline void *port_context(void)
{
    struct port_tls *tls = port_tls();

    return tls ? tls->context : NULL;
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
