/*
 * posix_system.c: clock, processors, memory, settings and reports on Linux.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../port.h"

static unsigned cpu_count; /* constant after port_start */

void port_start(void)
{
    cpu_set_t set;

    cpu_count = 1;
    if (!sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) > 0)
        cpu_count = (unsigned)CPU_COUNT(&set);
}

unsigned port_cpu_count(void)
{
    return cpu_count;
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t port_clock_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t port_process_cpu_us(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

#if !defined(__x86_64__) && !defined(__i386__)
uint64_t port_ticks(void)
{
    return port_clock_us() * 2500;
}
#endif

uint64_t port_thread_cpu_us(struct port_thread *thread)
{
    clockid_t clock;

    return pthread_getcpuclockid(thread->id, &clock) ? 0 : read_clock(clock);
}

uint64_t port_offer_processor(void)
{
    /* See nt/system.c. */
    uint64_t before, took = 0;

    for (int i = 0; i < 6 && took < PORT_BUSY_US; i++) {
        before = port_clock_us();
        sched_yield();
        took = port_clock_us() - before;
    }
    return took;
}

void *port_pages_alloc(size_t size)
{
    void *pages;

    if (port_fault_hit(PORT_FAULT_MEMORY))
        return NULL;
    pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

void port_pages_free(void *pages, size_t size)
{
    munmap(pages, size);
}

uint32_t port_heap_blocks; /* A */

void *port_heap_alloc(size_t size)
{
    void *block = NULL;

    if (!port_fault_hit(PORT_FAULT_MEMORY))
        block = malloc(size);
    if (block)
        at_add(&port_heap_blocks, 1);
    return block;
}

void port_heap_free(void *block)
{
    if (block)
        at_add(&port_heap_blocks, UINT32_MAX);
    free(block);
}

unsigned port_env_number(const char *name, unsigned fallback)
{
    const char *value = getenv(name);
    char *end;
    unsigned long number;

    if (!value || *value < '0' || *value > '9' || strlen(value) > 9)
        return fallback;
    number = strtoul(value, &end, 10);
    return *end ? fallback : (unsigned)number;
}

void port_report(const char *env_name, const char *text, size_t length)
{
    const char *path = getenv(env_name);
    int file;

    if (!path || (file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) < 0)
        return;
    if (write(file, text, length) < 0) {
        /* Nobody is left to be told. */
    }
    close(file);
}

void port_program_name(char *text, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", text, size - 1);

    text[length > 0 ? (size_t)length : 0] = 0;
    for (char *c = text; *c; c++) {
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    }
}
