/*
 * posix_clock.c: the system's clock on Linux. A file of its own, so that a test can put another clock in its place and
 * set that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <time.h>

#include "../port.h"

#define SECONDS_1601_TO_1970 11644473600u

uint64_t port_system_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec + SECONDS_1601_TO_1970) * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
