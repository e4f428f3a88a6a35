/*
 * rtworkq.cpp: a program in C++ outside of the tree that uses real-time work queues.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <wqrtworkq.h>

int main()
{
    bool ours = GetModuleHandleA("wqcore.dll") != nullptr; // no other rtworkq.dll needs it

    return ours && !RtwqStartup() && !RtwqShutdown() ? 0 : 1;
}
