/*
 * tp_io.c: I/O objects.
 *
 * Two numbers are kept, both under the object's lock. Started: a completion that comes while it is not 0 calls back and takes
 * one off; others are swallowed. Owed: the operations that may still complete, also those that were written off by
 * WaitForThreadpoolIoCallbacks; the object stays as long as there are any. Completions that wait for their callback are in a list.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tp.h"

#ifndef STATUS_OBJECT_TYPE_MISMATCH
#define STATUS_OBJECT_TYPE_MISMATCH ((NTSTATUS)0xC0000024)
#endif
#define RETRY_100NS 10000 /* without memory for a packet, until the next attempt */

struct tp_packet {
    struct tp_packet *next; /* D */
    void *overlapped;
    uint32_t status; /* an NTSTATUS */
    size_t bytes;
};

struct tp_io {
    struct tp_object object;
    struct wq_binding *binding; /* C: the core's */
    struct wq_lock lock;        /* as D below */
    uint32_t started;           /* D */
    uint32_t owed;              /* D: while it is not 0 the state has TP_OWED */
    struct tp_packet *first;    /* D: as many as callbacks are pending */
    struct tp_packet *last;     /* D */
};

static struct tp_io *io_of(struct tp_object *object)
{
    return CONTAINING_RECORD(object, struct tp_io, object);
}

/* The operation is done and cannot be undone, so without memory this waits for some. */
static struct tp_packet *packet_make(void *overlapped, uint32_t status, size_t bytes)
{
    struct tp_packet *packet;
    LARGE_INTEGER moment = {.QuadPart = -RETRY_100NS};

    while (!(packet = wq_alloc(sizeof(*packet))) && !RtlDllShutdownInProgress())
        NtDelayExecution(FALSE, &moment);
    if (packet)
        *packet = (struct tp_packet){NULL, overlapped, status, bytes};
    return packet;
}

/* Under D. */
static void packet_append(struct tp_io *io, struct tp_packet *packet)
{
    if (io->first)
        io->last->next = packet;
    else
        io->first = packet;
    io->last = packet;
}

/* One operation less. Under D. Returns true if the caller is to take TP_OWED from the state. */
static bool owed_less(struct tp_io *io)
{
    return io->owed && !--io->owed;
}

/* An operation has completed. On the core's thread for completions, one at a time. */
static void WQ_CALL io_completed(void *param, void *overlapped, uint32_t status, size_t bytes)
{
    struct tp_io *io = param;
    struct tp_packet *packet = packet_make(overlapped, status, bytes);
    bool queue = false, last;

    wq_lock_take(&io->lock);
    if (io->started && packet) {
        packet_append(io, packet);
        packet = NULL;
        queue = tp_pend(&io->object, 0);
        io->started--;
    }
    last = owed_less(io);
    wq_lock_drop(&io->lock);
    if (queue)
        tp_enqueue(&io->object);
    if (packet)
        wq_free(packet);
    if (last)
        tp_leave(&io->object, TP_OWED);
}

/* True if operations were started that a wait has to wait for. */
static bool io_is_started(struct tp_object *object)
{
    struct tp_io *io = io_of(object);
    bool started;

    wq_lock_take(&io->lock);
    started = io->started != 0;
    wq_lock_drop(&io->lock);
    return started;
}

/* Drops what is pending and writes off what was started. */
static uint32_t io_drop(struct tp_object *object)
{
    struct tp_io *io = io_of(object);
    struct tp_packet *packet, *next;
    uint32_t dropped;

    wq_lock_take(&io->lock);
    dropped = tp_drop(object);
    packet = io->first;
    io->first = io->last = NULL;
    io->started = 0;
    wq_lock_drop(&io->lock);
    for (; packet; packet = next) {
        next = packet->next;
        wq_free(packet);
    }
    return dropped;
}

static bool io_begin(struct tp_object *object, struct tp_instance *instance)
{
    struct tp_io *io = io_of(object);
    bool begun;

    tp_hold(object); /* the item that was queued keeps it until tp_begin */
    wq_lock_take(&io->lock);
    begun = tp_begin(object);
    if (begun) {
        instance->packet = io->first;
        io->first = io->first->next;
    }
    wq_lock_drop(&io->lock);
    tp_leave(object, TP_HOLD);
    return begun;
}

/* Of a failed operation no bytes count; a warning comes with those that were transferred. */
static void io_call(struct tp_object *object, struct tp_instance *instance)
{
    struct tp_packet packet = *instance->packet;
    const uint32_t error_bits = 0xC0000000;
    ULONG result =
        (NTSTATUS)packet.status >= 0 ? ERROR_SUCCESS : RtlNtStatusToDosError((NTSTATUS)packet.status);

    wq_free(instance->packet);
    if ((packet.status & error_bits) == error_bits)
        packet.bytes = 0;
    ((PTP_WIN32_IO_CALLBACK)object->callback)((TP_CALLBACK_INSTANCE *)instance, object->context,
                                              packet.overlapped, result, packet.bytes, (TP_IO *)object);
}

static void io_destroy(struct tp_object *object)
{
    if (io_of(object)->binding)
        wq_binding_close(io_of(object)->binding);
}

static const struct tp_kind io_kind = {.number = TP_IO_KIND,
                                       .begin = io_begin,
                                       .call = io_call,
                                       .drop = io_drop,
                                       .more = io_is_started,
                                       .destroy = io_destroy};

/* Makes an I/O object for a file that is open for overlapped operations, and binds the file to it, for good.
 * callback(instance, context, overlapped, result, bytes, io) is called for each operation that was announced by StartThreadpoolIo
 * and has completed; result is a Win32 code. Calls run beside each other.
 *
 * environment: as CreateThreadpoolWork. Returns the object, to be given to CloseThreadpoolIo, with the last error left alone; or NULL
 * with ERROR_INVALID_HANDLE (no file), ERROR_INVALID_PARAMETER (no callback, a bad environment, a file that is not open for
 * overlapped operations or bound before) or ERROR_NOT_ENOUGH_MEMORY (or no thread). Any thread. Documented at
 * learn.microsoft.com, threadpoolapiset.h. */
TP_IO *WINAPI CreateThreadpoolIo(HANDLE file, PTP_WIN32_IO_CALLBACK callback, void *context,
                                 TP_CALLBACK_ENVIRON *environment)
{
    struct tp_environ env;
    struct tp_io *io;
    uint32_t status;

    switch (callback ? tp_environ_read(environment, &env) : TP_ENVIRON_BAD) {
    case TP_ENVIRON_OK:
        break;
    case TP_ENVIRON_FOREIGN:
        return tp_builtin_io(file, callback, context, environment);
    default:
        k32_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    io = (struct tp_io *)tp_object_make(&io_kind, sizeof(*io), 0, (void *)callback, context, &env);
    if (!io)
        return NULL;
    memset(&io->binding, 0, sizeof(*io) - offsetof(struct tp_io, binding));
    status = wq_binding_open(&io->binding, file, io_completed, io);
    if (!status) {
        tp_object_made(&io->object);
        return (TP_IO *)io;
    }
    io->binding = NULL;
    tp_object_unmake(&io->object);
    k32_fail(status == (uint32_t)STATUS_OBJECT_TYPE_MISMATCH ? ERROR_INVALID_HANDLE
                                                             : RtlNtStatusToDosError((NTSTATUS)status));
    return NULL;
}

/* An I/O object, also one that is closed but is owed completions. NULL for all else. */
static struct tp_io *io_find(TP_IO *address)
{
    struct tp_object *object = (struct tp_object *)address;

    if (wq_object_is(TP_IO_KIND, address))
        return io_of(object);
    if (wq_object_is(TP_CLOSED_KIND, address) && object->kind->number == TP_IO_KIND &&
        (tp_state(object) & TP_OWED))
        return io_of(object);
    return NULL;
}

/* To be called before each operation on the file: one more completion calls back. Never fails. Raises
 * STATUS_INVALID_PARAMETER for what is no I/O object, also one that is closed. Any thread. Documented at learn.microsoft.com,
 * threadpoolapiset.h. */
void WINAPI StartThreadpoolIo(TP_IO *address)
{
    struct tp_io *io = (struct tp_io *)address;

    if (!wq_object_is(TP_IO_KIND, address)) {
        if (tp_foreign(address))
            TpStartAsyncIoOperation(address);
        return;
    }
    wq_lock_take(&io->lock);
    io->started++;
    if (!io->owed++)
        __atomic_fetch_or(&io->object.state, TP_OWED, __ATOMIC_SEQ_CST);
    wq_lock_drop(&io->lock);
}

/* Takes a StartThreadpoolIo back whose operation will not complete: it failed at once, or succeeded at once on a file for
 * which that leaves no packet. Raises as StartThreadpoolIo does. */
void WINAPI CancelThreadpoolIo(TP_IO *address)
{
    struct tp_io *io = io_find(address);
    bool last;

    if (!io) {
        if (tp_foreign(address))
            TpCancelAsyncIoOperation(address);
        return;
    }
    wq_lock_take(&io->lock);
    io->started -= io->started != 0;
    last = owed_less(io);
    if (!last)
        tp_wake(&io->object);
    wq_lock_drop(&io->lock);
    if (last)
        tp_leave(&io->object, TP_OWED);
}

/* As WaitForThreadpoolWorkCallbacks; waits for operations that were started as well. cancel: they are written off,
 * and what completes of them is swallowed; the operations themselves go on, and use their OVERLAPPED and buffers. */
void WINAPI WaitForThreadpoolIoCallbacks(TP_IO *io, BOOL cancel)
{
    if (wq_object_is(TP_IO_KIND, io))
        tp_wait((struct tp_object *)io, cancel);
    else if (tp_foreign(io))
        TpWaitForIoCompletion(io, cancel);
}

/* As CloseThreadpoolWork. Operations that were started still call back; the object is freed after the last. The file stays
 * the caller's. */
void WINAPI CloseThreadpoolIo(TP_IO *io)
{
    if (wq_object_is(TP_IO_KIND, io))
        tp_close((struct tp_object *)io);
    else if (tp_foreign_close(io))
        TpReleaseIoCompletion(io);
}
