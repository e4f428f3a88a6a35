/*
 * ntoskrnl.c: a driver outside of the tree that uses work items which mingw-w64's libntoskrnl.a lacks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <ddk/wdm.h>

#include <wqnt.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    struct wqnt_misuse misuse;

    (void)driver, (void)path;
    WqNtMisuseQuery(&misuse);
    return IoSizeofWorkItem() ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
