/*
 * rtworkq.cpp: a program in C++ outside of the tree that uses real-time work queues.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <wqrtworkq.h>

int main()
{
    wq_rtwq_counters counters;

    WqRtwqCountersRead(&counters); /* no other rtworkq.dll has it */
    return RtwqStartup() || RtwqShutdown() || counters.put ? 1 : 0;
}
