/*
 * port.h: what the core needs of an operating system. nt/ implements it on ntdll alone, posix/ on Linux.
 *
 * The core calls nothing else: no clock, thread, park, memory or processor-number call stands outside this
 * seam, and nothing here knows about work items.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_PORT_H
#define WQ_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atomic.h"
#include "port_os.h" /* of nt/ or posix/ */

#define PORT_CACHE_PAIR 128 /* bytes: two lines, because processors fetch them in pairs */
#define PORT_FOREVER    UINT64_MAX

/* port_os.h brings, inline because they are on the hot path:
 *   unsigned port_cpu(void)     the processor we run on (or a number that is constant for the thread); a hint
 *   void port_relax(void)       tells the processor that this is a spin loop
 *   uint64_t port_ticks(void)   a fast clock without a unit, some 2500 a microsecond
 *   void *port_self(void)       the calling thread's own pointer, NULL until port_self_set
 *   void *port_context(void)    likewise, another one
 *   struct port_thread          a started thread
 *   struct port_cpu_set         some processors
 *   PORT_STATUS_NO_MEMORY       the system's status for that */

/* ---- processors and time ---- */

/* Reads what the port needs to know of the machine. Called once, before anything else here. */
void port_start(void);

/* Number of processors that this process may use, at least 1. Constant for the life of the process. */
unsigned port_cpu_count(void);

/* The system's number of the processor that the calling thread is running on, which may change at any time
 * unless the thread is bound. Slower than port_cpu() where the processor does not tell it, and always exact. */
unsigned port_cpu_number(void);

/* Lets the calling thread run on one processor only and saves where it could run before. Returns false, having
 * changed nothing, if it may not run there. */
bool port_cpu_bind(unsigned processor, struct port_cpu_set *before);

/* Undoes a port_cpu_bind of the calling thread. */
void port_cpu_restore(const struct port_cpu_set *before);

/* Monotonic time in microseconds since an arbitrary start. */
uint64_t port_clock_us(void);

/* The system's clock: microseconds since 1601-01-01 UTC. Somebody may set it at any time. */
uint64_t port_system_us(void);

/* Processor time used by the whole process, in microseconds. Coarse (10 ms) and slow (20 us) under Wine. */
uint64_t port_process_cpu_us(void);

/* Offers our processor to other threads and returns for how many microseconds we did not get it back, as soon
 * as that was PORT_BUSY_US or more; less means a processor is idle. For the monitor only. */
#define PORT_BUSY_US 100u
uint64_t port_offer_processor(void);

/* True once the process is exiting: the other threads are gone and whatever they held will never be given
 * back. */
bool port_exiting(void);

/* ---- locks: for the slow paths ---- */

/* A mutex of one word that parks its waiters. Zero-initialised. Not recursive. While the process exits it is
 * always granted, because its holder may have been ended. */
struct port_lock {
    uint32_t word; /* A: 0 free, 1 held, 2 held and somebody may be waiting */
};

void port_lock_take(struct port_lock *lock);
void port_lock_drop(struct port_lock *lock);

/* ---- parking ---- */

/* One per thread that parks; a wake-up given before the park is kept, several count as one. */
struct port_parker {
    uint32_t word;    /* A: 1 = a wake-up is there */
    uintptr_t thread; /* A: whom to wake; set by port_parker_init */
};

/* Ties the parker to the calling thread. */
void port_parker_init(struct port_parker *parker);

/* Consumes a wake-up, waiting for it until the deadline (port_clock_us time, PORT_FOREVER for none). Owner
 * only. Returns false if the deadline passed without one. */
bool port_park(struct port_parker *parker, uint64_t deadline_us);

/* Gives a wake-up. Any thread. If the parker's thread has ended, nothing happens, or a spurious wake-up does
 * in the thread that has the parker or the system's number for it now. */
void port_unpark(struct port_parker *parker);

/* Sleeps for so many microseconds. For what is tried again in a moment. */
static inline void port_rest(unsigned us)
{
    port_park(&(struct port_parker){0}, port_clock_us() + us);
}

/* Sleeps until *word differs from seen, port_wake_word(word) was called, or for no reason. */
void port_wait_word(uint32_t *word, uint32_t seen);

/* Wakes one thread that sleeps on word. */
void port_wake_word(uint32_t *word);

/* ---- alertable waits: for the persistent thread, on which APCs are delivered ---- */

/* A kernel event, auto-reset; waiting for it lets APCs run where the system has them. */
struct port_event {
    void *handle; /* constant after port_event_init */
};

bool port_event_init(struct port_event *event);

/* Likewise, an event that stays signalled whoever waits for it: for port_wait_check only. */
bool port_event_init_signalled(struct port_event *event);

void port_event_close(struct port_event *event);
void port_event_set(struct port_event *event);
void port_event_wait(struct port_event *event);

/* ---- waits for the system's objects ----
 *
 * An object is what the system lets threads wait for: a kernel handle under Windows, a descriptor of an
 * eventfd, plus one, on Linux. A port_event's handle is one as well. */

#define PORT_WAIT_MAX 64u /* objects in one wait */

/* What a wait ended with, if not with an object. */
enum port_wait {
    PORT_WAIT_TIMEOUT = -1,
    PORT_WAIT_NOTHING = -2, /* for no reason: an APC ran */
    PORT_WAIT_BAD = -3,     /* one of them is no object to wait for */
    PORT_WAIT_DENIED = -4   /* we may not wait for one of them */
};

/* Waits, alertably, for one of count (1 to 64) objects until the deadline (port_clock_us time, PORT_FOREVER
 * for none, 0 to look only). Returns the lowest index of those that are signalled, having consumed that
 * signal (a mutex, abandoned or not, is the calling thread's now), or an enum port_wait. */
int port_wait_any(void *const *objects, unsigned count, uint64_t deadline_us);

/* Finds out, without consuming a signal, whether each of count (1 to 63) objects can be waited for; signalled is
 * an event of port_event_init_signalled. Returns 0 if so, else PORT_WAIT_BAD or PORT_WAIT_DENIED for the first
 * that cannot. */
int port_wait_check(const struct port_event *signalled, void *const *objects, unsigned count);

/* Duplicates an object for the process's own use, if it can be waited for and a thread that waits may be any
 * thread; signalled as above. Returns 0, or the system's status (an NTSTATUS or errno). */
uint32_t port_object_adopt(const struct port_event *signalled, void *object, void **own);

/* Closes what port_object_adopt has made. */
void port_object_close(void *own);

/* ---- completion packets: the results of asynchronous input and output ---- */

struct port_packets {
    void *handle; /* constant after port_packets_open */
};

struct port_packet {
    void *key;       /* as given to port_packets_bind */
    void *value;     /* as given to the operation */
    uint32_t status; /* of the operation: the system's code */
    size_t bytes;    /* that were transferred */
};

enum port_bind {
    PORT_BIND_OK,
    PORT_BIND_BAD_FILE, /* no file at all */
    PORT_BIND_REFUSED   /* not asynchronous, or bound before */
};

/* Opens a queue that any number of files can be bound to. Returns false if the system has none for us. */
bool port_packets_open(struct port_packets *packets);
void port_packets_close(struct port_packets *packets);

/* Lets the operations that complete on the file from now on leave packets. For the life of the file. *status: 0, or
 * the system's status (an NTSTATUS or errno). */
enum port_bind port_packets_bind(struct port_packets *packets, void *file, void *key, uint32_t *status);

/* Adds a packet with that key. */
void port_packets_send(struct port_packets *packets, void *key);

/* Takes up to max packets (at most 64), waiting for the first. Returns how many. */
unsigned port_packets_take(struct port_packets *packets, struct port_packet *out, unsigned max);

/* ---- threads ---- */

typedef void port_thread_fn(void *arg);

/* Bytes of a thread's stack: addresses, and of those what is there at once. 0 = as the process's first thread. */
struct port_stack {
    size_t reserve;
    size_t commit;
};

/* Starts a thread with the process's default priority. stack: NULL = that of the process. On success *thread must later be given to port_thread_join. Returns
 * false, having changed nothing, if the system has no thread for us. */
bool port_thread_start(port_thread_fn *fn, void *arg, const struct port_stack *stack,
                       struct port_thread *thread);

/* Waits until the thread has ended and frees what it held. */
void port_thread_join(struct port_thread *thread);

/* Processor time that the thread has used, in microseconds. Coarse (10 ms) and slow (20 us) under Wine. */
uint64_t port_thread_cpu_us(struct port_thread *thread);

/* Gives the unused part of the calling thread's fresh stack back to the system: Wine fills it with zeros on
 * creation, which makes every thread cost a megabyte. */
void port_thread_trim_stack(void);

/* Sets the calling thread's own pointers. */
void port_self_set(void *self);
void port_context_set(void *context);

/* ---- memory ---- */

/* Zeroed pages, NULL if there are none. size is rounded up to pages by the system. */
void *port_pages_alloc(size_t size);
void port_pages_free(void *pages, size_t size);

/* Small blocks from the process heap, not zeroed; NULL if there is no memory. */
void *port_heap_alloc(size_t size);
void port_heap_free(void *block);

/* How many blocks of port_heap_alloc there are. */
extern uint32_t port_heap_blocks; /* A */

/* ---- settings and reports ---- */

/* Reads a decimal number from an environment variable (ASCII name); fallback if it is unset or not a number.
 */
unsigned port_env_number(const char *name, unsigned fallback);

/* Appends a text to the file that the environment variable names; does nothing if it is unset or cannot be
 * opened. */
void port_report(const char *env_name, const char *text, size_t length);

/* Puts the path of the running program, ASCII with other characters as '?', into text, zero-terminated. */
void port_program_name(char *text, size_t size);

/* ---- faults: for tests ---- */

enum port_fault {
    PORT_FAULT_MEMORY, /* port_pages_alloc and port_heap_alloc */
    PORT_FAULT_THREAD, /* port_thread_start */
    PORT_FAULT_COUNT
};

/* Lets `times` operations of that kind fail after `spared` ones that don't; UINT32_MAX means until set to 0 again.
 */
void port_fault_set(enum port_fault kind, uint32_t spared, uint32_t times);

/* How many of them are still to come. */
uint32_t port_fault_left(enum port_fault kind);

/* For the implementations: true if this operation is to fail. */
bool port_fault_hit(enum port_fault kind);

#endif
