/*
 * image.c: drivers' images: how many routines are queued or running in each, and unloading that has to wait
 * for them.
 *
 * On Windows a driver that is unloaded while its routines are queued or run crashes the machine. Here the
 * builtin's wish to unload the image is put off until the last of them has returned, and reported. Images are
 * found by the address of the routine, because a WORK_QUEUE_ITEM has no room to remember one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define IMAGES 128 /* that have queued something; more are not protected */
#define LINE   64  /* bytes */
/* A routine that has just told its driver that it is done may take so long to return. */
#define GRACE_MS 1000

struct image {
    ULONG_PTR base;     /* A: 0 = free; stored last */
    ULONG_PTR size;     /* A */
    ULONG unload;       /* A: 1 = to be unloaded when all that were held are dropped */
    void *last_routine; /* A: one that was queued lately */
    /* Those who queue write one line, those who run another: two that both write take turns with a line. */
    char apart[LINE];
    ULONG held; /* A: routines queued so far; wraps around, as the next one */
    char apart_too[LINE];
    ULONG dropped; /* A: of these, routines that have returned */
};

static struct image images[IMAGES];
static ULONG used;    /* A: entries below it have been in use */
static ULONG unknown; /* A: 1 = a routine was queued for whose image there is no entry, or was none then */

/* Routines queued or running. */
static ULONG image_count(struct image *image)
{
    ULONG dropped = __atomic_load_n(&image->dropped, __ATOMIC_SEQ_CST);

    return __atomic_load_n(&image->held, __ATOMIC_SEQ_CST) - dropped;
}

static struct image *image_find(ULONG_PTR address)
{
    ULONG count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);

    for (ULONG i = 0; i < count; i++) {
        ULONG_PTR base = __atomic_load_n(&images[i].base, __ATOMIC_ACQUIRE);

        if (base && address - base < __atomic_load_n(&images[i].size, __ATOMIC_RELAXED))
            return &images[i];
    }
    return NULL;
}

static struct image *image_add_locked(ULONG_PTR base, ULONG_PTR size)
{
    struct image *image = image_find(base);
    ULONG i = 0;

    if (image)
        return image;
    while (i < IMAGES && images[i].base)
        i++;
    if (i == IMAGES)
        return NULL;
    images[i].held = images[i].dropped = 0;
    images[i].unload = 0;
    __atomic_store_n(&images[i].size, size, __ATOMIC_RELAXED);
    __atomic_store_n(&images[i].base, base, __ATOMIC_RELEASE);
    if (i >= used)
        __atomic_store_n(&used, i + 1, __ATOMIC_RELEASE);
    return &images[i];
}

static struct image *image_add(void *routine)
{
    void *base = NULL;
    IMAGE_NT_HEADERS *headers = RtlPcToFileHeader(routine, &base) ? RtlImageNtHeader(base) : NULL;
    struct image *image;

    if (!headers)
        return NULL;
    nt_hook_unload();
    nt_lock_take();
    image = image_add_locked((ULONG_PTR)base, headers->OptionalHeader.SizeOfImage);
    nt_lock_drop();
    return image;
}

void nt_image_watch(void *address)
{
    if (!image_find((ULONG_PTR)address))
        image_add(address);
}

void nt_image_hold(void *routine)
{
    struct image *image = image_find((ULONG_PTR)routine);

    if (!image)
        image = image_add(routine);
    if (!image) {
        __atomic_store_n(&unknown, 1, __ATOMIC_RELAXED);
        return;
    }
    if (__atomic_load_n(&image->last_routine, __ATOMIC_RELAXED) != routine)
        __atomic_store_n(&image->last_routine, routine, __ATOMIC_RELAXED);
    __atomic_fetch_add(&image->held, 1, __ATOMIC_SEQ_CST);
}

/* Takes the entry out and returns the base. */
static HMODULE image_remove(struct image *image)
{
    HMODULE module = (HMODULE)image->base;

    nt_lock_take();
    __atomic_store_n(&image->base, 0, __ATOMIC_RELEASE);
    nt_lock_drop();
    return module;
}

/* As below, where some were never held: false if all that were have returned. */
static bool drop_held(struct image *image, ULONG *dropped)
{
    ULONG seen = __atomic_load_n(&image->dropped, __ATOMIC_SEQ_CST);

    do {
        if (seen == __atomic_load_n(&image->held, __ATOMIC_SEQ_CST))
            return false;
        *dropped = seen + 1;
    } while (!__atomic_compare_exchange_n(&image->dropped, &seen, seen + 1, 0, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    return true;
}

void nt_image_drop(void *routine)
{
    struct image *image = image_find((ULONG_PTR)routine);
    ULONG dropped;

    if (!image)
        return;
    if (!__atomic_load_n(&unknown, __ATOMIC_RELAXED))
        dropped = __atomic_add_fetch(&image->dropped, 1, __ATOMIC_SEQ_CST);
    else if (!drop_held(image, &dropped))
        return;
    if (__atomic_load_n(&image->unload, __ATOMIC_SEQ_CST) &&
        __atomic_load_n(&image->held, __ATOMIC_SEQ_CST) == dropped &&
        __atomic_exchange_n(&image->unload, 0, __ATOMIC_SEQ_CST)) {
        nt_timers_recall(image->base, image->size);
        LdrUnloadDll(image_remove(image));
    }
}

/* Gives routines time to return and recalls timers, until nothing is left, or the time is up. A DPC may set its timer
 * again until it has returned. Returns how many timers were set. */
static ULONG image_settle(struct image *image)
{
    const LARGE_INTEGER millisecond = {.QuadPart = -10000};
    ULONG timers = 0;

    for (int i = 0; i < GRACE_MS; i++) {
        ULONG held = __atomic_load_n(&image->held, __ATOMIC_SEQ_CST);
        bool idle = !image_count(image);
        ULONG recalled = nt_timers_recall(image->base, image->size);

        timers += recalled;
        if (idle && !recalled && held == __atomic_load_n(&image->held, __ATOMIC_SEQ_CST))
            break;
        NtDelayExecution(FALSE, &millisecond);
    }
    return timers;
}

bool nt_image_unloading(HMODULE module)
{
    struct image *image = image_find((ULONG_PTR)module);
    ULONG timers;

    if (!image)
        return false;
    timers = image_settle(image);
    if (timers)
        nt_misuse(NT_UNLOADED_PENDING, image->base, timers, 0, 0, NULL, module);
    if (image_count(image)) {
        nt_misuse(NT_UNLOADED_PENDING, image->base, image_count(image), 0, 0, NULL, image->last_routine);
        __atomic_store_n(&image->unload, 1, __ATOMIC_SEQ_CST);
        /* The last routine may have returned before it could see that. */
        if (image_count(image) || !__atomic_exchange_n(&image->unload, 0, __ATOMIC_SEQ_CST))
            return true;
    }
    image_remove(image);
    return false;
}

void nt_image_name(void *address, char *name, size_t size, ULONG_PTR *base)
{
    WCHAR path[MAX_PATH];
    UNICODE_STRING text = {0, sizeof(path), path};
    size_t first, count, n = 0;
    void *found = NULL;

    *name = 0;
    *base = 0;
    if (!address || !RtlPcToFileHeader(address, &found) || LdrGetDllFullName(found, &text))
        return;
    *base = (ULONG_PTR)found;
    count = text.Length / sizeof(WCHAR);
    for (first = count; first && path[first - 1] != '\\'; first--)
        ;
    for (; first < count && n + 1 < size; first++)
        name[n++] = (char)(path[first] > 0x20 && path[first] < 0x7f ? path[first] : '?');
    name[n] = 0;
}
