/*
 * nt_environ.c: settings from the environment and the report file, on ntdll.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../port.h"
#include "nt.h"

#define ENV_VALUE_MAX 260 /* characters */

/* Widens an ASCII text. Returns the number of characters, without the zero. */
static size_t widen(const char *text, WCHAR *wide, size_t size)
{
    size_t n = 0;

    while (text[n] && n + 1 < size) {
        wide[n] = (unsigned char)text[n];
        n++;
    }
    wide[n] = 0;
    return n;
}

/* Returns the number of characters of the variable's value, 0 if it is unset, empty or too long. */
static size_t env_value(const char *name, WCHAR *value, size_t size)
{
    WCHAR wide_name[64];
    size_t length = widen(name, wide_name, 64);
    UNICODE_STRING key = {(USHORT)(length * sizeof(WCHAR)), (USHORT)(length * sizeof(WCHAR)), wide_name};
    UNICODE_STRING text = {0, (USHORT)((size - 1) * sizeof(WCHAR)), value};

    if (RtlQueryEnvironmentVariable_U(NULL, &key, &text))
        return 0;
    value[text.Length / sizeof(WCHAR)] = 0;
    return text.Length / sizeof(WCHAR);
}

unsigned port_env_number(const char *name, unsigned fallback)
{
    WCHAR value[16];
    size_t length = env_value(name, value, 16);
    unsigned number = 0;

    if (!length || length > 9)
        return fallback;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return fallback;
        number = number * 10 + (unsigned)(value[i] - '0');
    }
    return number;
}

void port_report(const char *env_name, const char *text, size_t length)
{
    WCHAR path[ENV_VALUE_MAX + 4] = L"\\??\\";
    size_t chars = env_value(env_name, path + 4, ENV_VALUE_MAX);
    UNICODE_STRING name = {(USHORT)((chars + 4) * sizeof(WCHAR)), (USHORT)((chars + 4) * sizeof(WCHAR)),
                           path};
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    HANDLE file;

    if (!chars)
        return;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (NtCreateFile(&file, FILE_APPEND_DATA | SYNCHRONIZE, &attributes, &io, NULL, FILE_ATTRIBUTE_NORMAL,
                     FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN_IF, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0))
        return;
    NtWriteFile(file, NULL, NULL, NULL, &io, text, (ULONG)length, NULL, NULL);
    NtClose(file);
}

void port_program_name(char *text, size_t size)
{
    const UNICODE_STRING *path = &NtCurrentTeb()->ProcessEnvironmentBlock->ProcessParameters->ImagePathName;
    size_t length = path->Length / sizeof(WCHAR), n = 0;

    for (; n < length && n + 1 < size; n++)
        text[n] = (char)(path->Buffer[n] >= 0x20 && path->Buffer[n] < 0x7f ? path->Buffer[n] : '?');
    text[n] = 0;
}
