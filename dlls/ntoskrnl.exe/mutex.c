/*
 * mutex.c: fast mutexes, held at APC_LEVEL.
 *
 * The structure is initialised by drivers inline (Count 1, an event), so its use is given: Count is 1 when it
 * is free, 0 when it is held, less by one for each that waits for the event. The builtin's own functions do not
 * know levels and lack the trial.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define EVENT_BYTES (sizeof(void *) == 8 ? 24 : 16) /* a KEVENT */

/* As the DDK's FAST_MUTEX. */
struct fast_mutex {
    LONG count;       /* A */
    void *owner;      /* its holder's */
    ULONG contention; /* A */
    union {
        UCHAR bytes[EVENT_BYTES];
        void *align;
    } event;
    ULONG old_level; /* its holder's */
};

typedef NTSTATUS(NTAPI *wait_function)(void *object, ULONG reason, ULONG mode, ULONG alertable,
                                       LARGE_INTEGER *timeout);
typedef LONG(NTAPI *set_function)(void *event, LONG increment, ULONG wait);
typedef void *(NTAPI *thread_function)(void);

void NT_FASTCALL ExAcquireFastMutex(struct fast_mutex *mutex);
void NT_FASTCALL ExReleaseFastMutex(struct fast_mutex *mutex);
BOOLEAN NT_FASTCALL ExTryToAcquireFastMutex(struct fast_mutex *mutex);
void NT_FASTCALL ExAcquireFastMutexUnsafe(struct fast_mutex *mutex);
void NT_FASTCALL ExReleaseFastMutexUnsafe(struct fast_mutex *mutex);

static void mutex_own(struct fast_mutex *mutex)
{
    thread_function current = (thread_function)nt_base(NT_BASE_CURRENT_THREAD);

    mutex->owner = current ? current() : NULL;
}

static void mutex_wait(struct fast_mutex *mutex)
{
    wait_function wait = (wait_function)nt_base(NT_BASE_WAIT);

    __atomic_fetch_add(&mutex->contention, 1, __ATOMIC_RELAXED);
    wq_blocking_begin();
    wait(&mutex->event, 0 /* Executive */, 0 /* KernelMode */, FALSE, NULL);
    wq_blocking_end();
}

/* Takes a mutex, waiting for it, without raising: the caller is at APC_LEVEL or in a critical region. Not
 * recursive. */
void NT_FASTCALL ExAcquireFastMutexUnsafe(struct fast_mutex *mutex)
{
    if (__atomic_sub_fetch(&mutex->count, 1, __ATOMIC_ACQUIRE) < 0)
        mutex_wait(mutex);
    mutex_own(mutex);
}

/* Gives a mutex back that ExAcquireFastMutexUnsafe has taken. */
void NT_FASTCALL ExReleaseFastMutexUnsafe(struct fast_mutex *mutex)
{
    mutex->owner = NULL;
    if (__atomic_add_fetch(&mutex->count, 1, __ATOMIC_RELEASE) < 1)
        ((set_function)nt_base(NT_BASE_SET_EVENT))(&mutex->event, 0, FALSE);
}

/* Takes a mutex, waiting for it, and raises to APC_LEVEL. At or below APC_LEVEL. Not recursive. */
void NT_FASTCALL ExAcquireFastMutex(struct fast_mutex *mutex)
{
    KIRQL old = KfRaiseIrql(APC_LEVEL);

    ExAcquireFastMutexUnsafe(mutex);
    mutex->old_level = old;
}

/* As ExAcquireFastMutex if the mutex is free: returns TRUE. Otherwise returns FALSE, the level unchanged. */
BOOLEAN NT_FASTCALL ExTryToAcquireFastMutex(struct fast_mutex *mutex)
{
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    LONG is_free = 1;

    if (!__atomic_compare_exchange_n(&mutex->count, &is_free, 0, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        KfLowerIrql(old);
        return FALSE;
    }
    mutex_own(mutex);
    mutex->old_level = old;
    return TRUE;
}

/* Gives a mutex back and lowers to the level before. At APC_LEVEL, by the thread that took it. */
void NT_FASTCALL ExReleaseFastMutex(struct fast_mutex *mutex)
{
    KIRQL old = (KIRQL)mutex->old_level;

    ExReleaseFastMutexUnsafe(mutex);
    KfLowerIrql(old);
}
