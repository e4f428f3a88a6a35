/*
 * bench.h: what the measuring programs are made of. A workload (workloads/) says what to queue and what to
 * measure, an engine (engines/) says what to queue it on, and the seam (seam_nt.c, seam_posix.c) gives both
 * time, threads and events, so that one source runs inside Wine and natively. main.c puts one workload and
 * one engine together per process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__i386__) && defined(__MINGW32__)
#define BENCH_CALL __attribute__((stdcall))
#else
#define BENCH_CALL
#endif

typedef void(BENCH_CALL *bench_routine)(void *param);

/* ---- the seam ---- */

/* Time in ticks of an unspecified unit; bench_ns tells what a difference of them is. The first bench_ns of a
 * process waits until the clock has run for long enough to be calibrated. */
uint64_t bench_clock_ns(void); /* a monotonic clock; slower and coarser than bench_ticks */

static inline uint64_t bench_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#else
    return bench_clock_ns();
#endif
}

double bench_ns(uint64_t ticks);
void bench_clock_start(void);

/* Set and reset by anybody, stays set. A wait blocks; it returns false if timeout_us went by first. */
struct bench_event {
    uint32_t set;
};
void bench_event_set(struct bench_event *event);
void bench_event_reset(struct bench_event *event);
bool bench_event_wait(struct bench_event *event, uint32_t timeout_us);

struct bench_thread {
    void *handle;
    void (*main)(void *param);
    void *param;
};
/* The structure must stay where it is until the join. Ends the program if the thread cannot be started. */
void bench_thread_start(struct bench_thread *thread, void (*routine)(void *param), void *param);
void bench_thread_join(struct bench_thread *thread);

void bench_sleep_us(uint32_t us);
unsigned bench_processors(void);
uint64_t bench_cpu_us(void);   /* processor time of this process; 10 ms grain under Wine */
uint64_t bench_resident(void); /* bytes of it in memory */
unsigned bench_thread_count(void);
uint64_t bench_age_ns(void); /* time since the process was created, 0 if the system does not tell */

/* This thread's slot for counting what it ran; NULL until bench_slot_set. */
struct bench_slot;
#ifdef _WIN32
struct bench_slot *bench_slot_get(void);
void bench_slot_set(struct bench_slot *slot);
#else
extern __thread struct bench_slot *bench_slot_own;
static inline struct bench_slot *bench_slot_get(void)
{
    return bench_slot_own;
}
static inline void bench_slot_set(struct bench_slot *slot)
{
    bench_slot_own = slot;
}
#endif

/* ---- engines ---- */

#define BENCH_NEST   1u   /* items may post items */
#define BENCH_GROWS  2u   /* the pool makes more threads when items block */
#define BENCH_SERIAL 4u   /* has serial queues */
#define BENCH_LEVELS 8u   /* has priorities */
#define BENCH_WIN32  16u  /* the workload calls the Win32 API itself */
#define BENCH_FAN    32u  /* made for fan-out: the rest would not be used like this */
#define BENCH_POST   64u  /* any thread may post */
#define BENCH_KERNEL 128u /* the workload runs in drivers: who serves is for the whole prefix */

struct bench_serial;

/* Memory that a serial post may use until the item has run. */
struct bench_node {
    void *space[4];
};

struct bench_engine {
    const char *name;
    unsigned traits;
    bool (*start)(void);          /* once, before anything else; may be NULL */
    void (*producer_begin)(void); /* on each thread that posts from outside, before and after; may be NULL. */
    void (*producer_end)(void);   /* The latter may wait for what was posted. */
    bool (*post)(bench_routine routine, void *param);
    struct bench_serial *(*serial_create)(void);
    void (*serial_post)(struct bench_serial *queue, struct bench_node *node, bench_routine routine,
                        void *param);
    void (*serial_free)(struct bench_serial *queue);
    /* level: 0 low, 1 normal, 2 high */
    void (*level_post)(unsigned level, struct bench_node *node, bench_routine routine, void *param);
    /* Who really serves: "ours", "builtin", NULL where there is no doubt. Called at the end. */
    const char *(*served)(void);
};

extern const struct bench_engine *const bench_engines[]; /* ends with NULL */
extern const struct bench_engine *bench_engine;          /* the one of this process */

/* bench_engine->post, or the end of the program. */
static inline void bench_post(bench_routine routine, uint64_t param);

/* ---- workloads ---- */

/* A plot of one metric against one parameter. */
struct bench_growth {
    const char *axis;   /* the parameter that grows */
    const char *values; /* "1 10 100" */
    const char *fixed;  /* other parameters, "a=1 b=2" */
    const char *metric;
    const char *unit;
};

struct bench_workload {
    const char *name;
    const char *what;         /* for the report: one line */
    unsigned needs;           /* traits that the engine must have */
    const char *const *cases; /* parameters, "a=1 b=2"; "!" in front: not in a quick run; ends with NULL */
    const struct bench_growth *growth; /* ends with an axis of NULL; may be NULL */
    void (*run)(void);
};

extern const struct bench_workload *const bench_workloads[]; /* ends with NULL */

/* ---- counting: every item ran exactly once ---- */

/* One per thread that ran items, so that counting needs no atomic operations. The power sums of the items'
 * indices prove that each ran exactly once. */
struct bench_slot {
    uint64_t count;
    uint64_t sum;
    uint64_t squares;
    uint64_t base;  /* count when the batch began */
    uint64_t stamp; /* ticks of the last bench_stamp of the batch, 0: none */
    uint64_t pad[11];
};

/* The last so many items of a batch look whether they are the last, and wake the main thread. */
#define BENCH_TAIL 64u

struct bench_batch {
    uint64_t tail;   /* from this index on */
    uint64_t target; /* sum of all slots' counts when all have run */
    uint64_t looks;  /* by the last items */
    uint64_t end;    /* ticks when the last one was seen to have run */
    struct bench_event done;
    uint64_t expect_sum, expect_squares;
};
extern struct bench_batch bench_batch;

struct bench_slot *bench_slot_new(void);
void bench_tail(void);

/* To be called by each item of a batch with its index, 0 to items - 1. */
static inline void bench_ran(uint64_t index)
{
    struct bench_slot *slot = bench_slot_get();

    if (__builtin_expect(!slot, 0))
        slot = bench_slot_new();
    slot->sum += index;
    slot->squares += index * index;
    __atomic_store_n(&slot->count, slot->count + 1, __ATOMIC_RELEASE);
    if (__builtin_expect(index >= __atomic_load_n(&bench_batch.tail, __ATOMIC_RELAXED), 0))
        bench_tail();
}

/* For batches in which the last items by index need not be the last to run, now and then: else the end is known only
 * by when the main thread looks, once in a millisecond. */
static inline void bench_stamp(void)
{
    struct bench_slot *slot = bench_slot_get();

    if (slot)
        __atomic_store_n(&slot->stamp, bench_ticks(), __ATOMIC_RELAXED);
}

void bench_batch_begin(uint64_t items);
/* Blocks until all have run. Ends the program if they do not within a minute (parameter "deadline", seconds),
 * or one ran twice. Returns the ticks when the last one ran. */
uint64_t bench_batch_wait(void);
unsigned bench_batch_threads(void); /* how many threads ran items of the last batch */
uint64_t bench_ran_altogether(void);

/* ---- parameters and results ---- */

uint64_t bench_param(const char *name, uint64_t preset);
double bench_budget_ns(void); /* how long a measurement should take */
/* One line: workload, engine, parameters, metric, value, unit. */
void bench_result(const char *metric, double value, const char *unit);
/* Sorts; reports NAME_p50, _p99 and _p99.9 in microseconds. */
void bench_percentiles(const char *name, double *samples_ns, size_t count);
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void bench_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *bench_memory(uint64_t count, size_t size); /* zeroed, or the end of the program */

/* How many items to try next when n of them took so long; n if that was long enough. */
uint64_t bench_next(uint64_t n, double took_ns, uint64_t most);

/* For growth: the same number of items again and again; reports the mean of what fits into the budget as "cost".
 * measure runs so many and returns how long that took in ns. The first time does not count, unless one is enough.
 */
void bench_cost(uint64_t items, double (*measure)(uint64_t items));

/* Work that takes a processor: rounds of a loop, and how many of them take ns. */
void bench_work(uint64_t rounds);
uint64_t bench_work_rounds(double ns);

/* ---- */

static inline void bench_post(bench_routine routine, uint64_t param)
{
    if (__builtin_expect(!bench_engine->post(routine, (void *)(uintptr_t)param), 0))
        bench_die("posting failed");
}

#ifdef __cplusplus
}
#endif

#endif
