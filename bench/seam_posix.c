/*
 * seam_posix.c: time, threads and events for the native programs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "main.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__thread struct bench_slot *bench_slot_own;

uint64_t bench_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct timespec span(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

void bench_event_set(struct bench_event *event)
{
    if (!__atomic_exchange_n(&event->set, 1, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, &event->set, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
}

void bench_event_reset(struct bench_event *event)
{
    __atomic_store_n(&event->set, 0, __ATOMIC_SEQ_CST);
}

bool bench_event_wait(struct bench_event *event, uint32_t timeout_us)
{
    struct timespec timeout = span((uint64_t)timeout_us * 1000);

    while (!__atomic_load_n(&event->set, __ATOMIC_ACQUIRE)) {
        if (syscall(SYS_futex, &event->set, FUTEX_WAIT_PRIVATE, 0, &timeout, NULL, 0) && errno == ETIMEDOUT)
            return __atomic_load_n(&event->set, __ATOMIC_ACQUIRE);
    }
    return true;
}

static void *thread_main(void *param)
{
    struct bench_thread *thread = param;

    thread->main(thread->param);
    return NULL;
}

void bench_thread_start(struct bench_thread *thread, void (*routine)(void *param), void *param)
{
    pthread_t id;

    thread->main = routine;
    thread->param = param;
    if (pthread_create(&id, NULL, thread_main, thread))
        bench_die("no thread");
    thread->handle = (void *)id;
}

void bench_thread_join(struct bench_thread *thread)
{
    pthread_join((pthread_t)thread->handle, NULL);
}

void bench_sleep_us(uint32_t us)
{
    struct timespec rest = span((uint64_t)us * 1000);

    while (nanosleep(&rest, &rest) && errno == EINTR) {}
}

unsigned bench_processors(void)
{
    return (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
}

uint64_t bench_cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t status_field(const char *key)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    uint64_t value = 0;

    while (file && fgets(line, sizeof(line), file)) {
        if (!strncmp(line, key, strlen(key)))
            value = strtoull(line + strlen(key), NULL, 10);
    }
    if (file)
        fclose(file);
    return value;
}

uint64_t bench_resident(void)
{
    return status_field("VmRSS:") * 1024;
}

unsigned bench_thread_count(void)
{
    return (unsigned)status_field("Threads:");
}

uint64_t bench_age_ns(void)
{
    return 0; /* what the system tells has a grain of 10 ms */
}
