/*
 * quwi_dll.c: QueueUserWorkItem from DllMain, and a module whose callbacks have finished can be unloaded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

static struct tally done;

static DWORD WINAPI count(void *context)
{
    (void)context;
    tally_add(&done, 1);
    return 0;
}

static void queue_all(void)
{
    unsigned i;

    for (i = 0; i < QUWI_CLASSES; i++)
        queue(count, 0, quwi_classes[i]);
}

static HMODULE subject_load(const char *path)
{
    HMODULE module = quwi_subject_load(path, queue_all);
    HANDLE (*attached)(void);

    if (!module)
        return NULL;
    attached = (HANDLE(*)(void))(void *)(ULONG_PTR)GetProcAddress(module, "subject_attached");
    handle_wait(attached(), "item queued in DLL_PROCESS_ATTACH");
    CloseHandle(attached());
    return module;
}

/* The first round also is the first use of the pool in the process, under the loader's lock. */
static void test_load_and_unload(const char *path)
{
    unsigned i;

    for (i = 0; i < 20; i++) {
        HMODULE module = subject_load(path);

        if (!module)
            return;
        tally_init(&done, QUWI_CLASSES);
        succeeds(FreeLibrary(module));
        ok(!GetModuleHandleA(path), "still loaded\n");
        tally_wait(&done, "items queued in DLL_PROCESS_DETACH");
    }
}

START_TEST(quwi_dll)
{
    char path[MAX_PATH];

    if (quwi_subject_extract(path))
        test_load_and_unload(path);
    DeleteFileA(path);
}
