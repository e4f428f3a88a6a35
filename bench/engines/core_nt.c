/*
 * core_nt.c: the core of the prefix. Not imported: the program must also start where it is not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core_api.h"

#include <windows.h>

bool core_api_load(struct core_api *api)
{
    HMODULE core = LoadLibraryA("wqcore.dll");

    if (!core)
        return false;
    api->post = (bool (*)(wq_routine, void *))(void *)GetProcAddress(core, "wq_post");
    api->queue_create = (struct wq_queue * (*)(unsigned))(void *)GetProcAddress(core, "wq_queue_create");
    api->queue_submit = (void (*)(struct wq_queue *, struct wq_item *, unsigned))(void *)GetProcAddress(
        core, "wq_queue_submit");
    api->queue_close =
        (void (*)(struct wq_queue *, wq_routine, void *))(void *)GetProcAddress(core, "wq_queue_close");
    return api->post && api->queue_create && api->queue_submit && api->queue_close;
}
