/*
 * unknown.c: exports whose parameters nobody has published. They touch nothing and answer E_NOTIMPL.
 *
 * Whoever calls them on 32-bit Windows passes parameters that only the callee could take off the stack; no
 * such program is known. README.md names them under Limitations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

HRESULT WINAPI RtwqGetPlatform(void);
HRESULT WINAPI RtwqDebugGetOutstandingRefs(void);
HRESULT WINAPI RtwqDebugSetCleanShutdown(void);

HRESULT WINAPI RtwqGetPlatform(void)
{
    return E_NOTIMPL;
}

HRESULT WINAPI RtwqDebugGetOutstandingRefs(void)
{
    return E_NOTIMPL;
}

HRESULT WINAPI RtwqDebugSetCleanShutdown(void)
{
    return E_NOTIMPL;
}
