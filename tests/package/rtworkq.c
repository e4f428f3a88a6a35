/*
 * rtworkq.c: a program outside of the tree that uses real-time work queues.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <wqrtworkq.h>

int main(void)
{
    BOOL ours = GetModuleHandleA("wqcore.dll") != NULL; /* no other rtworkq.dll needs it */

    return ours && !RtwqStartup() && !RtwqShutdown() ? 0 : 1;
}
