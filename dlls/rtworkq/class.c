/*
 * class.c: the scheduling classes: those that the registry names, and Windows' own. Wine's registry names none;
 * where a program adds its own, the others must stay.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "class.h"

#define TASKS                                                                                                \
    L"\\Registry\\Machine\\Software\\Microsoft\\Windows "                                                    \
    L"NT\\CurrentVersion\\Multimedia\\SystemProfile\\Tasks"

#define KEY_ACCESS  (KEY_READ | KEY_WOW64_64KEY) /* one list for programs of both kinds */
#define STATUS_MORE ((NTSTATUS)0x80000005)       /* STATUS_BUFFER_OVERFLOW */

/* What a thread of an ordinary process may get for each scheduling category: where Windows runs the class at
 * 23 to 26 (High), 16 to 22 (Medium), 8 to 15 (Low). */
#define PRIORITY_HIGH   15
#define PRIORITY_MEDIUM 2
#define PRIORITY_LOW    1

static const struct {
    const WCHAR *name;
    LONG priority;
} defaults[] = {
    {L"Audio", PRIORITY_MEDIUM},
    {L"Capture", PRIORITY_MEDIUM},
    {L"DisplayPostProcessing", PRIORITY_HIGH},
    {L"Distribution", PRIORITY_MEDIUM},
    {L"Games", PRIORITY_MEDIUM},
    {L"Playback", PRIORITY_MEDIUM},
    {L"Pro Audio", PRIORITY_HIGH},
    {L"Window Manager", PRIORITY_MEDIUM},
};

static struct wq_lock load_lock;
static struct rtwq_class *classes; /* C once loaded */
static LONG loaded;                /* atomic */
static LONG last_task = 100;       /* atomic */

NTSYSAPI NTSTATUS NTAPI NtEnumerateKey(HANDLE key, ULONG index, ULONG information, void *data, ULONG size,
                                       ULONG *length);

/* KEY_BASIC_INFORMATION and KEY_VALUE_PARTIAL_INFORMATION, with room. */
struct key_info {
    LARGE_INTEGER written;
    ULONG title;
    ULONG length;
    WCHAR name[64];
};

struct value_info {
    ULONG title;
    ULONG type;
    ULONG length;
    WCHAR data[32];
};

static struct rtwq_class *class_make(const WCHAR *name, USHORT length, LONG priority)
{
    struct rtwq_class *class = wq_alloc(sizeof(*class));

    if (!class)
        return NULL;
    *class = (struct rtwq_class){.thread_priority = priority, .length = length};
    for (USHORT i = 0; i < length; i++)
        class->name[i] = name[i];
    return class;
}

static bool same_name(const WCHAR *a, USHORT a_length, const WCHAR *b, USHORT b_length)
{
    UNICODE_STRING first = {(USHORT)(a_length * 2), (USHORT)(a_length * 2), (WCHAR *)a};
    UNICODE_STRING second = {(USHORT)(b_length * 2), (USHORT)(b_length * 2), (WCHAR *)b};
    const BOOLEAN ignore_case = TRUE;

    return RtlEqualUnicodeString(&first, &second, ignore_case);
}

static USHORT length_of(const WCHAR *text)
{
    USHORT length = 0;

    while (text[length] && length < 1000)
        length++;
    return length;
}

static HANDLE key_open(HANDLE parent, const WCHAR *name, USHORT length)
{
    UNICODE_STRING text = {(USHORT)(length * 2), (USHORT)(length * 2), (WCHAR *)name};
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, parent, NULL);
    return NtOpenKey(&key, KEY_ACCESS, &attributes) ? NULL : key;
}

/* The priority of a task by its "Scheduling Category"; without one it is Medium, as documented. */
static LONG category_of(HANDLE task)
{
    UNICODE_STRING name;
    struct value_info value;
    ULONG length;
    USHORT n;

    RtlInitUnicodeString(&name, L"Scheduling Category");
    if (NtQueryValueKey(task, &name, 2, &value, sizeof(value), &length) || value.type != REG_SZ)
        return PRIORITY_MEDIUM;
    n = (USHORT)(value.length / 2);
    if (n && !value.data[n - 1])
        n--;
    if (same_name(value.data, n, L"High", 4))
        return PRIORITY_HIGH;
    return same_name(value.data, n, L"Low", 3) ? PRIORITY_LOW : PRIORITY_MEDIUM;
}

/* Returns false without a class. */
static bool class_add(struct rtwq_class *class)
{
    if (!class)
        return false;
    class->for_shared = !same_name(class->name, class->length, L"DisplayPostProcessing", 21);
    class->next = classes;
    classes = class;
    return true;
}

static struct rtwq_class *class_get(const WCHAR *name, USHORT length)
{
    struct rtwq_class *class;

    for (class = classes; class; class = class->next)
        if (same_name(class->name, class->length, name, length))
            break;
    return class;
}

/* Returns false without memory. */
static bool load_registry(void)
{
    HANDLE tasks = key_open(NULL, TASKS, (USHORT)(sizeof(TASKS) / 2 - 1));
    struct key_info info;
    NTSTATUS status;
    bool loading = true;
    ULONG length;

    if (!tasks)
        return true;
    for (ULONG i = 0; loading; i++) {
        HANDLE task;
        USHORT n;

        status = NtEnumerateKey(tasks, i, 0, &info, sizeof(info), &length);
        if (status == STATUS_MORE)
            continue; /* a name that is too long for a class */
        if (status)
            break;
        n = (USHORT)(info.length / 2);
        task = n < 64 ? key_open(tasks, info.name, n) : NULL;
        if (!task)
            continue;
        loading = class_add(class_make(info.name, n, category_of(task)));
        NtClose(task);
    }
    NtClose(tasks);
    return loading;
}

/* Likewise. */
static bool load_defaults(void)
{
    for (unsigned i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        USHORT length = length_of(defaults[i].name);

        if (!class_get(defaults[i].name, length) &&
            !class_add(class_make(defaults[i].name, length, defaults[i].priority)))
            return false;
    }
    return class_add(class_make(L"", 0, 0));
}

static void unload(void)
{
    while (classes) {
        struct rtwq_class *next = classes->next;

        wq_free(classes);
        classes = next;
    }
}

/* Returns false without memory; the next call tries again. */
static bool load(void)
{
    bool done;

    wq_lock_take(&load_lock);
    done = loaded || (load_registry() && load_defaults());
    if (done)
        InterlockedExchange(&loaded, 1);
    else
        unload();
    wq_lock_drop(&load_lock);
    return done;
}

HRESULT rtwq_class_find(const WCHAR *name, struct rtwq_class **class)
{
    if (!InterlockedCompareExchange(&loaded, 0, 0) && !load())
        return E_OUTOFMEMORY;
    *class = class_get(name, length_of(name));
    return *class ? S_OK : RTWQ_E_TASK_NAME;
}

struct wq_queue *rtwq_class_core(struct rtwq_class *class)
{
    struct wq_queue *core;

    wq_lock_take(&rtwq_lock);
    if (!class->core)
        class->core = wq_queue_create(WQ_UNLIMITED);
    core = class->core;
    wq_lock_drop(&rtwq_lock);
    return core;
}

DWORD rtwq_task_id(void)
{
    return (DWORD)InterlockedIncrement(&last_task);
}
