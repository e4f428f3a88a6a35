/*
 * core_posix.c: the core that is linked in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core_api.h"

bool core_api_load(struct core_api *api)
{
    *api = (struct core_api){wq_post, wq_queue_create, wq_queue_submit, wq_queue_close};
    return true;
}
