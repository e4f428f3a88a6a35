/*
 * quwi_subject.c: a DLL that queues items while it is loaded and unloaded; quwi_dll.c takes it out of the
 * test program's resources.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

static HANDLE ran;
static void (*last_words)(void);

/* A jump into SetEvent: once the event is set, nothing of this module is left to be run, so that it may be
 * unloaded. Nothing else tells that a callback has returned. */
static DWORD WINAPI signal(void *event)
{
    return (DWORD)SetEvent(event);
}

/* Returns an event that is set when an item that was queued inside of DllMain has run here. */
__declspec(dllexport) HANDLE subject_attached(void);
HANDLE subject_attached(void)
{
    return ran;
}

/* What to call when this module is unloaded or the process ends. */
__declspec(dllexport) void subject_detach(void (*words)(void));
void subject_detach(void (*words)(void))
{
    last_words = words;
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)module;
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        ran = CreateEventA(NULL, FALSE, FALSE, NULL);
        return QueueUserWorkItem(signal, ran, 0);
    }
    if (reason == DLL_PROCESS_DETACH && last_words)
        last_words();
    return TRUE;
}
