/*
 * setting.c: settings, from the environment or, because services do not inherit it, from the registry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "nt.h"

#define KEY_NAME  L"\\Registry\\Machine\\Software\\wqshim"
#define PREFIX    L"WQSHIM_"
#define NAME_MAX  32  /* characters of a setting's name, with the prefix */
#define VALUE_MAX 260 /* characters of a value */

/* What NtQueryValueKey fills in for KeyValuePartialInformation. */
struct partial_value {
    ULONG title;
    ULONG type;
    ULONG size; /* bytes */
    WCHAR text[VALUE_MAX];
};

#define PARTIAL_INFORMATION 2

static size_t copy(WCHAR *to, const WCHAR *from, size_t count, size_t size)
{
    while (count && !from[count - 1])
        count--;
    if (count >= size)
        return 0;
    for (size_t i = 0; i < count; i++)
        to[i] = from[i];
    to[count] = 0;
    return count;
}

static size_t length(const WCHAR *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

static UNICODE_STRING string(const WCHAR *text, size_t count)
{
    UNICODE_STRING string = {(USHORT)(count * sizeof(WCHAR)), (USHORT)(count * sizeof(WCHAR)), (WCHAR *)text};

    return string;
}

static size_t from_environment(const WCHAR *name, WCHAR *value, size_t size)
{
    WCHAR full[NAME_MAX], buffer[VALUE_MAX];
    size_t prefix = copy(full, PREFIX, length(PREFIX), NAME_MAX);
    size_t rest = copy(full + prefix, name, length(name), NAME_MAX - prefix);
    UNICODE_STRING key = string(full, prefix + rest);
    UNICODE_STRING text = {0, sizeof(buffer), buffer};

    if (RtlQueryEnvironmentVariable_U(NULL, &key, &text))
        return 0;
    return copy(value, buffer, text.Length / sizeof(WCHAR), size);
}

static size_t from_registry(const WCHAR *name, WCHAR *value, size_t size)
{
    UNICODE_STRING key_name = string(KEY_NAME, length(KEY_NAME)), value_name = string(name, length(name));
    OBJECT_ATTRIBUTES attributes;
    struct partial_value data;
    NTSTATUS status;
    ULONG needed;
    HANDLE key;

    InitializeObjectAttributes(&attributes, &key_name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (NtOpenKey(&key, KEY_READ, &attributes))
        return 0;
    status = NtQueryValueKey(key, &value_name, PARTIAL_INFORMATION, &data, sizeof(data), &needed);
    NtClose(key);
    if (status || data.type != REG_SZ)
        return 0;
    return copy(value, data.text, data.size / sizeof(WCHAR), size);
}

size_t nt_setting(const WCHAR *name, WCHAR *value, size_t size)
{
    size_t found = from_environment(name, value, size);

    return found ? found : from_registry(name, value, size);
}
