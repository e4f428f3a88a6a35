/*
 * pool_growth.c: how many workers may run, judged every millisecond while something is queued.
 *
 * Each worker's beat changes with every routine. A worker that stays inside one routine is either waiting or
 * computing, and Wine says only late and coarsely which: thread times have a grain of 10 ms. So:
 *
 * The monitor offers its own processor to others. If nobody wants it, a processor is idle and the still workers
 * wait. They are counted out, which lets as many others take their place; while that is not enough, each round
 * also allows four times as many workers as are blocked. Before a thread is made the finding must repeat
 * itself, because a preempted worker stands still, too; and from the second round on the process must not
 * have used its processors meanwhile.
 *
 * A worker that says itself that it waits (wq_waiting_begin) is counted out at once, but threads are not made
 * for waits that are over before a look has found them unchanged. Then others like it are likely, and four
 * times as many are believed at once. The monitor makes these threads, and several at a time.
 *
 * If somebody wants the processor, either the routines compute, and more threads would only get in each
 * other's way, or other programs do. Then pool_usage.c tells, more slowly, who hardly used any processor time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pool/pool_growth.h"

#include "pool/pool_census.h"
#include "pool/pool_idle.h"

#define TICK_FAST_US    250u /* between looks while parked workers can take the place of blocked ones */
#define PATIENCE        2u /* looks without a change that make a worker a still one, if a thread is to be made */
#define IDLE_LOOKS      2u      /* looks that must find a processor idle before a thread is made */
#define LADDER          4u      /* workers allowed for each blocked one, from the second round on */
#define COMPUTING_EXTRA 1u      /* workers beyond the processors while all of them compute */
#define COMPUTING_US    100000u /* how long they must have computed for that */
#define UNRUN_LOOKS     2u      /* for so long no processor takes a worker that is awake: they are busy */
#define LATE_US         1000u   /* a look that comes so late tells that the processors were busy */
#define DELAY_MOST_US   20000u  /* a longer one tells of something else than of busy processors */
#define BUSY_HOLDS      4u /* found busy, they count as busy for so many times as long as we had to wait */
#define STARVING_US     2000000u /* nothing finished for so long: allow one more whatever the processors do */

struct look {
    struct wq_pool *pool;
    bool grow; /* the pool may have to grow */
    uint64_t now;
    uint64_t late;     /* microseconds after it was due */
    uint64_t beats;    /* sum over all workers that are awake */
    unsigned still;    /* runnable workers that have not left their routine */
    unsigned moving;   /* runnable workers that have */
    unsigned patience; /* looks without a change that make a worker a still one */
    unsigned left;     /* still ones that are yet to be counted out */
    unsigned waiting;  /* workers that say they wait and did so at the last look */
    unsigned unrun;    /* most looks that an awake worker has not run for */
    bool have_parked;  /* a worker could be woken; else a thread must be made */
    unsigned spare;    /* parked ones that may not be woken yet */
};

static bool look_at(struct worker *worker, void *param)
{
    struct look *look = param;
    uint64_t beat = at_peek(&worker->beat);
    bool blocked = at_load(&worker->blocked) != 0;

    look->beats += beat;
    if (beat != worker->beat_seen)
        look->moving += !blocked;
    worker->beat_still = (beat & 1) && beat == worker->beat_seen ? worker->beat_still + 1 : 0;
    worker->beat_unrun = !(beat & 1) && beat == worker->beat_seen && !blocked ? worker->beat_unrun + 1 : 0;
    worker->beat_seen = beat;
    if (look->unrun < worker->beat_unrun)
        look->unrun = worker->beat_unrun;
    look->waiting += worker->beat_still && at_load(&worker->waiting);
    if (worker->beat_still >= look->patience)
        look->still += !blocked;
    return false;
}

static bool count_out(struct worker *worker, void *param)
{
    struct look *look = param;

    if (at_load(&worker->blocked) || worker->beat_still < look->patience ||
        at_peek(&worker->beat) != worker->beat_seen)
        return false;
    census_block(worker, false);
    return --look->left == 0;
}

static void allow(struct look *look, unsigned boost)
{
    look->pool->growth.boost = boost;
    census_allow(look->pool, boost, look->pool->growth.believed);
    look->grow = true;
}

/* Nobody stands still; but on busy processors they may wait for most of each routine. */
static void serve_moving(struct look *look)
{
    struct growth *growth = &look->pool->growth;

    if (!census_blocked(look->pool))
        growth->since = 0;
    growth->rescuers = 0;
    if (growth->busy)
        allow(look, usage_waiting(look->pool, look->now));
    else
        allow(look, look->moving ? growth->boost / 2 : growth->boost);
}

/* More workers wait than compute at a time, and none computes: others use the processors. Then callbacks that wait for each
 * other may need many more threads, and one look at thread times takes long. */
static unsigned expect_more(const struct look *look, unsigned waiting)
{
    bool all = !look->pool->usage.computing && waiting > look->pool->processors + COMPUTING_EXTRA;

    return all ? LADDER * waiting : waiting;
}

/* The still workers compute, or somebody else uses the processors: grow hardly, unless workers are seen to
 * wait. */
static void serve_computing(struct look *look)
{
    struct growth *growth = &look->pool->growth;
    unsigned waiting = expect_more(look, usage_waiting(look->pool, look->now));
    unsigned extra = look->now - growth->since >= COMPUTING_US ? COMPUTING_EXTRA : 0;

    if (look->now - growth->moved >= STARVING_US) {
        growth->moved = look->now;
        growth->rescuers++;
    }
    extra += growth->rescuers;
    allow(look, waiting > extra ? waiting : extra);
}

/* The process has used more than half of what its processors could give since the episode began. */
static bool process_computes(const struct look *look)
{
    uint64_t used = port_process_cpu_us() - look->pool->growth.cpu;

    return used * 2 > (look->now - look->pool->growth.since) * look->pool->processors;
}

/* The still workers wait, or so it seems: count out no more than parked ones can replace, so that no thread is
 * made on the evidence of one look. */
static void serve_from_parked(struct look *look)
{
    struct growth *growth = &look->pool->growth;
    bool first = !growth->wakes++;
    unsigned boost, most;

    look->left = look->still < look->spare ? look->still : look->spare;
    most = growth->boost + look->spare - look->left;
    if (look->left)
        awake_any(look->pool, count_out, look);
    boost = first ? 0 : LADDER * census_blocked(look->pool);
    allow(look, boost < most ? boost : most);
    growth->idle_looks = 0;
}

/* The still workers wait: count them out. In the first round only one: the finding may be wrong, and a burst of
 * computations shall not need more threads than processors + 2, the monitor among them. */
static void serve_blocked(struct look *look)
{
    struct growth *growth = &look->pool->growth;
    bool first = !growth->rounds++;

    look->left = first ? 1 : look->still;
    awake_any(look->pool, count_out, look);
    allow(look, first ? 0 : LADDER * census_blocked(look->pool));
    growth->idle_looks = 0;
}

/* Whether others wait for a processor. A look that was late or finds a worker that should run and does not knows
 * without trying. Then a still beat is no evidence, for its worker had no processor either; and one lucky try
 * does not undo that. */
static bool processors_busy(const struct look *look)
{
    struct growth *growth = &look->pool->growth;
    uint64_t delay = look->unrun >= UNRUN_LOOKS ? look->unrun * GROWTH_TICK_US : 0;

    if (delay < look->late)
        delay = look->late;
    if (delay < LATE_US)
        delay = port_offer_processor();
    if (delay >= PORT_BUSY_US) {
        growth->busy = true;
        if (delay > DELAY_MOST_US) /* the process was stopped, or a thread waits for the loader */
            delay = DELAY_MOST_US;
        growth->busy_until = look->now + delay * (BUSY_HOLDS + 1);
        usage_delayed(look->pool, delay);
    }
    return look->now < growth->busy_until;
}

static void serve_still(struct look *look)
{
    struct growth *growth = &look->pool->growth;

    if (!growth->since) {
        growth->since = look->now;
        growth->cpu = port_process_cpu_us();
        growth->wakes = 0;
        growth->rounds = 0;
        growth->idle_looks = 0;
    }
    if (processors_busy(look)) {
        growth->idle_looks = 0;
        serve_computing(look);
    } else if (look->have_parked) {
        serve_from_parked(look);
    } else if (++growth->idle_looks >= IDLE_LOOKS) {
        if (growth->rounds && process_computes(look))
            serve_computing(look);
        else
            serve_blocked(look);
    }
}

static void count_parked(struct look *look)
{
    struct wq_pool *pool = look->pool;
    unsigned runnable, allowed;

    port_lock_take(&pool->lock);
    runnable = census_runnable(pool);
    allowed = census_allowed(pool);
    look->have_parked = pool->parked != 0;
    look->spare = pool->parked;
    if (runnable < allowed)
        look->spare = look->spare > allowed - runnable ? look->spare - (allowed - runnable) : 0;
    port_lock_drop(&pool->lock);
}

unsigned growth_look(struct wq_pool *pool, uint64_t now, uint64_t late, bool *grow)
{
    struct look look = {.pool = pool, .now = now, .late = late};
    struct growth *growth = &pool->growth;

    count_parked(&look);
    look.patience = look.have_parked ? 1 : PATIENCE;
    awake_any(pool, look_at, &look);
    growth->believed = LADDER * look.waiting;
    if (look.beats != growth->beats || !growth->moved)
        growth->moved = look.now;
    growth->beats = look.beats;
    if (look.still)
        serve_still(&look);
    else
        serve_moving(&look);
    *grow = look.grow;
    return look.still && look.have_parked ? TICK_FAST_US : GROWTH_TICK_US;
}

void growth_forget(struct wq_pool *pool)
{
    struct growth *growth = &pool->growth;

    growth->believed = 0;
    growth->boost = 0;
    census_allow(pool, 0, 0);
    growth->since = 0;
    growth->moved = 0;
    growth->rescuers = 0;
    growth->busy = false;
    growth->busy_until = 0;
    usage_forget(pool);
}
