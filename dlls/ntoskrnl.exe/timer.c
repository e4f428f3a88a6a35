/*
 * timer.c: KTIMERs, on the core's wheel.
 *
 * Drivers wait for timers with the builtin's functions, alone or among other objects. For these a timer of ours is an
 * event: it has an event's head, which we set when the timer expires. A notification timer is a notification event,
 * a synchronization timer a synchronization event.
 *
 * A KTIMER has no room for a timer of the core. So while one is set TimerListEntry points to a setting, which has it.
 * A setting that is recalled while its expiry is under way lives on until that has come and found nothing to do.
 *
 * Guards: U is guarded by timer_lock, which comes before the DPCs' and the core's locks and before the builtin's. The
 * legend of the others is in nt.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stddef.h>

#include "nt.h"

#define SETTING_KIND 0x4b54u /* of the core's objects */

/* Laid out as a KTIMER; the head is a DISPATCHER_HEADER. */
struct nt_timer {
    ULONG type;
    LONG signalled;
    void *waiters[2];
    LARGE_INTEGER due;       /* U */
    struct setting *setting; /* U: NULL = not set */
    void *unused;
    struct nt_dpc *dpc; /* U */
};

struct setting {
    struct wq_object object; /* must be first */
    struct wq_timer timer;   /* the core's */
    struct nt_timer *of;     /* U: NULL = recalled or expired for the last time */
    struct nt_dpc *dpc;      /* U: or NULL */
    void *routine;           /* U: the DPC's */
    bool periodic;           /* U */
    LONG expiring;           /* A: calls of setting_expire that are to come or under way */
    struct setting *next;    /* U: all that are set */
    struct setting *prev;    /* U */
};

/* When a timer is to expire. */
struct schedule {
    LARGE_INTEGER due; /* 100 ns, relative if negative */
    uint64_t period_us;
    uint64_t tolerance_us;
};

_Static_assert(offsetof(struct nt_timer, due) == 8 + 2 * sizeof(void *), "DueTime");
_Static_assert(offsetof(struct nt_timer, dpc) == 16 + 4 * sizeof(void *), "Dpc");

typedef void(NTAPI *init_event_function)(void *event, ULONG type, BOOLEAN state);
typedef LONG(NTAPI *set_event_function)(void *event, LONG increment, BOOLEAN wait);
typedef void(NTAPI *clear_event_function)(void *event);

void NTAPI KeInitializeTimer(struct nt_timer *timer);
void NTAPI KeInitializeTimerEx(struct nt_timer *timer, ULONG type);
BOOLEAN NTAPI KeSetTimer(struct nt_timer *timer, LARGE_INTEGER due, struct nt_dpc *dpc);
BOOLEAN NTAPI KeSetTimerEx(struct nt_timer *timer, LARGE_INTEGER due, LONG period, struct nt_dpc *dpc);
BOOLEAN NTAPI KeSetCoalescableTimer(struct nt_timer *timer, LARGE_INTEGER due, ULONG period, ULONG tolerance,
                                    struct nt_dpc *dpc);
BOOLEAN NTAPI KeCancelTimer(struct nt_timer *timer);
BOOLEAN NTAPI KeReadStateTimer(struct nt_timer *timer);

static struct wq_lock timer_lock;
static struct setting *settings; /* U */

/* ---- the event that a timer is ---- */

static void event_signal(struct nt_timer *timer)
{
    set_event_function set = (set_event_function)nt_base(NT_BASE_SET_EVENT);

    if (set)
        set(timer, 0, FALSE);
    else
        __atomic_store_n(&timer->signalled, 1, __ATOMIC_SEQ_CST);
}

static void event_clear(struct nt_timer *timer)
{
    clear_event_function clear = (clear_event_function)nt_base(NT_BASE_CLEAR_EVENT);

    if (!__atomic_load_n(&timer->signalled, __ATOMIC_SEQ_CST))
        return;
    if (clear)
        clear(timer);
    else
        __atomic_store_n(&timer->signalled, 0, __ATOMIC_SEQ_CST);
}

/* Nobody touches the timer's memory afterwards, which whoever waits for the timer, or the DPC, may free. */
static void timer_fire(struct nt_timer *timer, struct nt_dpc *dpc)
{
    event_signal(timer);
    if (dpc)
        KeInsertQueueDpc(dpc, NULL, NULL);
}

/* ---- settings ---- */

/* The setting of a timer, NULL if it is not set. The memory need not be initialised. */
static struct setting *setting_of(struct nt_timer *timer)
{
    struct setting *setting = timer->setting;

    return wq_object_is(SETTING_KIND, setting) && setting->of == timer ? setting : NULL;
}

static void setting_link(struct setting *setting, struct nt_timer *timer)
{
    setting->of = timer;
    setting->prev = NULL;
    setting->next = settings;
    if (settings)
        settings->prev = setting;
    settings = setting;
    timer->setting = setting;
}

static void setting_unlink(struct setting *setting)
{
    setting->of->setting = NULL;
    setting->of = NULL;
    if (setting->prev)
        setting->prev->next = setting->next;
    else
        settings = setting->next;
    if (setting->next)
        setting->next->prev = setting->prev;
}

/* The core queues an expiry. */
static void WQ_CALL setting_hold(void *param)
{
    __atomic_fetch_add(&((struct setting *)param)->expiring, 1, __ATOMIC_SEQ_CST);
}

/* On the core's timer thread. */
static void WQ_CALL setting_expire(void *param)
{
    struct setting *setting = param;
    bool last;

    wq_lock_take(&timer_lock);
    if (setting->of) {
        struct nt_timer *timer = setting->of;

        if (!setting->periodic)
            setting_unlink(setting);
        timer_fire(timer, setting->dpc);
    }
    last = !__atomic_sub_fetch(&setting->expiring, 1, __ATOMIC_SEQ_CST) && !setting->of;
    wq_lock_drop(&timer_lock);
    if (last)
        wq_object_free(setting);
}

/* Takes a setting from its timer. True if nobody will look at it any more. */
static bool setting_recall(struct setting *setting)
{
    setting_unlink(setting);
    wq_timer_cancel(&setting->timer);
    return !__atomic_load_n(&setting->expiring, __ATOMIC_SEQ_CST);
}

static struct setting *setting_make(void)
{
    struct setting *setting = wq_object_alloc(SETTING_KIND, sizeof(*setting));

    if (!setting)
        return NULL;
    setting->of = NULL;
    setting->expiring = 0;
    wq_timer_init(&setting->timer, WQ_CLASS_TIMER, setting_expire, setting, setting_hold);
    return setting;
}

static void setting_start(struct setting *setting, const struct schedule *schedule)
{
    uint64_t due =
        schedule->due.QuadPart < 0 ? 0 - (uint64_t)schedule->due.QuadPart : (uint64_t)schedule->due.QuadPart;

    due = due / 10 + (due % 10 != 0);
    setting->periodic = schedule->period_us != 0;
    if (schedule->due.QuadPart < 0)
        wq_timer_set(&setting->timer, due, schedule->period_us, schedule->tolerance_us);
    else
        wq_timer_set_clock(&setting->timer, due, schedule->period_us, schedule->tolerance_us);
}

ULONG nt_timers_recall(ULONG_PTR base, ULONG_PTR size)
{
    ULONG count = 0;

    wq_lock_take(&timer_lock);
    for (struct setting *setting = settings, *next; setting; setting = next) {
        next = setting->next;
        if ((ULONG_PTR)setting->of - base >= size && (ULONG_PTR)setting->dpc - base >= size &&
            (ULONG_PTR)setting->routine - base >= size)
            continue;
        count++;
        if (setting_recall(setting))
            wq_object_free(setting);
    }
    wq_lock_drop(&timer_lock);
    return count;
}

/* ---- what drivers call ---- */

static bool is_past(LARGE_INTEGER due)
{
    LARGE_INTEGER now;

    if (due.QuadPart < 0)
        return false;
    NtQuerySystemTime(&now);
    return due.QuadPart <= now.QuadPart;
}

/* Sets a timer whose lock is held. One that is due now fires here; then it need not be set, but for its period. */
static void set_locked(struct nt_timer *timer, struct setting *reused, struct schedule *schedule,
                       struct nt_dpc *dpc)
{
    struct setting *setting = reused;
    bool now = is_past(schedule->due);

    if (now)
        schedule->due.QuadPart = -10 * (LONGLONG)schedule->period_us;
    if (!setting && schedule->due.QuadPart)
        setting = setting_make();
    if (setting && schedule->due.QuadPart) {
        setting->dpc = dpc;
        setting->routine = dpc ? nt_dpc_routine(dpc) : NULL;
        setting_link(setting, timer);
        setting_start(setting, schedule);
    } else if (setting) {
        wq_object_free(setting);
    } else if (schedule->due.QuadPart) {
        DbgPrint("wqshim: no memory, timer %p is not set\n", timer);
    }
    if (now)
        timer_fire(timer, dpc);
}

static BOOLEAN timer_set(struct nt_timer *timer, struct schedule schedule, struct nt_dpc *dpc, void *caller)
{
    struct setting *before;
    BOOLEAN was_set;

    nt_image_watch(caller);
    wq_lock_take(&timer_lock);
    before = setting_of(timer);
    was_set = before != NULL;
    if (before && !setting_recall(before))
        before = NULL;
    event_clear(timer);
    timer->due = schedule.due;
    timer->dpc = dpc;
    timer->setting = NULL;
    set_locked(timer, before, &schedule, dpc);
    wq_lock_drop(&timer_lock);
    return was_set;
}

/* Makes a timer that is not set, of NotificationTimer (0), which stays signalled until it is set anew, or
 * SynchronizationTimer (1), which lets one wait through for each expiry. The memory is the caller's and need not be
 * initialised; a timer that is set is reported as TIMER_OR_DPC_INVALID and cancelled. It may be freed when it is not
 * set. At or below DISPATCH_LEVEL. This and the others are documented at learn.microsoft.com, wdm.h. */
void NTAPI KeInitializeTimerEx(struct nt_timer *timer, ULONG type)
{
    init_event_function init = (init_event_function)nt_base(NT_BASE_INIT_EVENT);
    struct setting *setting;

    wq_lock_take(&timer_lock);
    setting = setting_of(timer);
    wq_lock_drop(&timer_lock);
    if (setting) {
        nt_misuse(NT_DPC_INVALID, 0, (ULONG_PTR)timer, 0, 0, timer, __builtin_return_address(0));
        KeCancelTimer(timer);
    }
    *timer = (struct nt_timer){.type = type};
    if (init)
        init(timer, type, FALSE);
}

/* As KeInitializeTimerEx, a NotificationTimer. */
void NTAPI KeInitializeTimer(struct nt_timer *timer)
{
    KeInitializeTimerEx(timer, 0);
}

/* Sets a timer, cancelling what it was set to. It expires at due, in 100 ns: relative if negative, else a time of
 * the system's clock, which is followed if somebody sets it. A time that has passed is now: the timer has expired
 * when this returns. An expiry signals the timer and queues the DPC, if there is one. Returns TRUE if the timer was
 * set. At or below DISPATCH_LEVEL, also from the timer's own DPC. Takes a block of memory; if there is none the timer
 * is not set, which DbgPrint tells. */
BOOLEAN NTAPI KeSetTimer(struct nt_timer *timer, LARGE_INTEGER due, struct nt_dpc *dpc)
{
    return timer_set(timer, (struct schedule){.due = due}, dpc, __builtin_return_address(0));
}

/* As KeSetTimer; then the timer expires every period milliseconds, measured from due time to due time, until it is
 * cancelled or set. 0, or a negative one: it expires once. */
BOOLEAN NTAPI KeSetTimerEx(struct nt_timer *timer, LARGE_INTEGER due, LONG period, struct nt_dpc *dpc)
{
    struct schedule schedule = {.due = due, .period_us = period > 0 ? (uint64_t)period * 1000 : 0};

    return timer_set(timer, schedule, dpc, __builtin_return_address(0));
}

/* As KeSetTimerEx. Each expiry may be up to tolerance milliseconds late, to share a wake-up with others. */
BOOLEAN NTAPI KeSetCoalescableTimer(struct nt_timer *timer, LARGE_INTEGER due, ULONG period, ULONG tolerance,
                                    struct nt_dpc *dpc)
{
    struct schedule schedule = {
        .due = due, .period_us = (uint64_t)period * 1000, .tolerance_us = (uint64_t)tolerance * 1000};

    return timer_set(timer, schedule, dpc, __builtin_return_address(0));
}

/* Cancels a timer: it does not expire any more. Its DPC may be queued or running; the timer's state stays what it is.
 * Returns TRUE if it was set: a periodic timer, or one that has not expired. Waits for nothing. At or below
 * DISPATCH_LEVEL, also from the timer's own DPC. */
BOOLEAN NTAPI KeCancelTimer(struct nt_timer *timer)
{
    struct setting *setting;
    bool unused;

    wq_lock_take(&timer_lock);
    setting = setting_of(timer);
    unused = setting && setting_recall(setting);
    wq_lock_drop(&timer_lock);
    if (unused)
        wq_object_free(setting);
    return setting != NULL;
}

/* Returns TRUE if the timer is signalled: it has expired since it was set and, if it is a SynchronizationTimer, let
 * nobody through yet. Any IRQL. */
BOOLEAN NTAPI KeReadStateTimer(struct nt_timer *timer)
{
    return __atomic_load_n(&timer->signalled, __ATOMIC_SEQ_CST) != 0;
}
