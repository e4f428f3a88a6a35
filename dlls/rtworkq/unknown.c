/*
 * unknown.c: the export whose parameters nobody has published. It touches nothing and answers E_NOTIMPL.
 *
 * A caller on 32-bit Windows passes parameters that only the callee could take off the stack; no such program is
 * known. README.md names it under Limitations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

HRESULT WINAPI RtwqGetPlatform(void);

HRESULT WINAPI RtwqGetPlatform(void)
{
    return E_NOTIMPL;
}
