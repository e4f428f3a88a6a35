/*
 * Shows from inside a process which modules serve it: one line per function with the module that holds its
 * code, whether QueueUserWorkItem is the stand-in's, and that messages, versions and threads still work. With the
 * argument "exports": the first for every export of kernel32 and kernelbase.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>
#include <stdio.h>
#include <string.h>

typedef BOOL(WINAPI *queue_function)(LPTHREAD_START_ROUTINE, void *, ULONG);

static DWORD WINAPI probe_thread(void *argument)
{
    return (DWORD)(ULONG_PTR)argument;
}

static void probe_show(const char *module, const char *name)
{
    FARPROC code = GetProcAddress(GetModuleHandleA(module), name);
    char path[MAX_PATH] = "-";
    HMODULE holder;

    if (GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                               GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                           (const char *)(ULONG_PTR)code, &holder))
        GetModuleFileNameA(holder, path, sizeof(path));
    printf("%s.%s %s\n", module, name, path);
}

static void probe_queue(const char *module)
{
    queue_function queue =
        (queue_function)(ULONG_PTR)GetProcAddress(GetModuleHandleA(module), "QueueUserWorkItem");
    BOOL result = queue(probe_thread, NULL, 0);

    printf("%s queue %s\n", module, (result & ~0xff) == 0x5100 ? "stand-in" : "builtin");
}

/* What probe_show does, for all exports that have a name. */
static void probe_exports(const char *module)
{
    char *base = (char *)GetModuleHandleA(module);
    const IMAGE_NT_HEADERS *headers = (void *)(base + ((IMAGE_DOS_HEADER *)(void *)base)->e_lfanew);
    const IMAGE_EXPORT_DIRECTORY *directory =
        (void *)(base + headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress);
    const DWORD *names = (void *)(base + directory->AddressOfNames);

    for (DWORD i = 0; i < directory->NumberOfNames; i++)
        probe_show(module, base + names[i]);
}

int main(int argc, char **argv)
{
    HANDLE thread = CreateThread(NULL, 0, probe_thread, (void *)42, 0, NULL);
    DWORD code = 0;
    char text[200] = "";

    if (argc > 1 && !strcmp(argv[1], "exports")) {
        probe_exports("kernel32.dll");
        probe_exports("kernelbase.dll");
        return 0;
    }
    WaitForSingleObject(thread, 10000);
    GetExitCodeThread(thread, &code);
    FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, ERROR_FILE_NOT_FOUND,
                   0x409, text, sizeof(text), NULL);
    probe_show("kernel32.dll", "QueueUserWorkItem");
    probe_show("kernelbase.dll", "QueueUserWorkItem");
    probe_show("kernel32.dll", "BaseThreadInitThunk");
    probe_show("kernel32.dll", "GetTickCount64");
    probe_queue("kernel32.dll");
    probe_queue("kernelbase.dll");
    printf("thread %lu\nmessage %s\n", code, text[0] ? "yes" : "no");
    printf("version resource %s\n",
           FindResourceA(GetModuleHandleA("kernel32.dll"), MAKEINTRESOURCEA(1), (char *)RT_VERSION) ? "yes"
                                                                                                    : "no");
    return 0;
}
