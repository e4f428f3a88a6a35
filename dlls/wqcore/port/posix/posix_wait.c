/*
 * posix_wait.c: events, and waiting for several of them, on Linux: an eventfd with its semaphore bit is a
 * semaphore, without it an auto-reset event.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../port.h"

static int object_fd(void *object)
{
    return (int)(intptr_t)object - 1;
}

bool port_event_init(struct port_event *event)
{
    int fd = port_fault_hit(PORT_FAULT_MEMORY) ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    event->handle = (void *)(intptr_t)(fd + 1);
    return fd >= 0;
}

bool port_event_init_signalled(struct port_event *event)
{
    if (!port_event_init(event))
        return false;
    port_event_set(event);
    return true;
}

void port_event_close(struct port_event *event)
{
    close(object_fd(event->handle));
}

void port_event_set(struct port_event *event)
{
    const uint64_t one = 1;

    while (write(object_fd(event->handle), &one, sizeof(one)) < 0 && errno == EINTR) {}
}

void port_event_wait(struct port_event *event)
{
    while (port_wait_any(&event->handle, 1, PORT_FOREVER) != 0) {}
}

/* Waits until one of them is readable. Returns what ppoll does. */
static int poll_until(struct pollfd *fds, unsigned count, uint64_t deadline_us)
{
    uint64_t now = deadline_us && deadline_us != PORT_FOREVER ? port_clock_us() : 0;
    uint64_t left = now < deadline_us ? deadline_us - now : 0;
    struct timespec timeout = {(time_t)(left / 1000000), (long)(left % 1000000) * 1000};

    return ppoll(fds, count, deadline_us == PORT_FOREVER ? NULL : &timeout, NULL);
}

int port_wait_any(void *const *objects, unsigned count, uint64_t deadline_us)
{
    struct pollfd fds[PORT_WAIT_MAX];
    int ready;

    for (unsigned i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = object_fd(objects[i]), .events = POLLIN};
    ready = poll_until(fds, count, deadline_us);
    if (ready <= 0)
        return ready ? PORT_WAIT_NOTHING : PORT_WAIT_TIMEOUT;
    for (unsigned i = 0; i < count; i++) {
        uint64_t taken;

        if (fds[i].revents & POLLNVAL)
            return PORT_WAIT_BAD;
        if (fds[i].revents && read(fds[i].fd, &taken, sizeof(taken)) == (ssize_t)sizeof(taken))
            return (int)i;
    }
    return PORT_WAIT_NOTHING; /* somebody else took the signal */
}

uint32_t port_object_adopt(const struct port_event *signalled, void *object, void **own)
{
    int fd = fcntl(object_fd(object), F_DUPFD_CLOEXEC, 0);

    (void)signalled;
    if (fd < 0)
        return (uint32_t)errno;
    *own = (void *)(intptr_t)(fd + 1);
    return 0;
}

void port_object_close(void *own)
{
    close(object_fd(own));
}

int port_wait_check(const struct port_event *signalled, void *const *objects, unsigned count)
{
    (void)signalled;
    for (unsigned i = 0; i < count; i++) {
        if (fcntl(object_fd(objects[i]), F_GETFD) < 0)
            return PORT_WAIT_BAD;
    }
    return 0;
}
