/*
 * wqnt.h: what the ntoskrnl front exports besides the documented kernel functions: what it saw drivers do
 * wrong. For tests and diagnostic drivers; resolve it with MmGetSystemRoutineAddress if Wine's builtin may be
 * there instead.
 *
 * Needs windef.h's or ntdef.h's types before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQNT_H
#define WQNT_H

/* One misuse, by the bug check that Windows would have stopped with. */
struct wqnt_misuse {
    ULONG count;             /* misuses of this process so far; the rest is the last one */
    ULONG code;              /* 0xE4 and so on */
    ULONG_PTR parameters[4]; /* as documented for the code */
    PVOID item;              /* the WORK_QUEUE_ITEM or IO_WORKITEM, or NULL */
    PVOID routine;           /* the routine concerned, or NULL */
    ULONG_PTR offset;        /* of the routine in its module */
    char module[32];         /* file name of the routine's module, zero-terminated; "" if it has none */
};

/* Copies the last misuse and their number; all zero if there was none. Any IRQL, any thread. */
#ifdef __cplusplus
extern "C"
#endif
    void NTAPI
    WqNtMisuseQuery(struct wqnt_misuse *misuse);

#endif
