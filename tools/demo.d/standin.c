/*
 * standin.c: a program of ours that the demonstration runs beside the published ones, and instead of them
 * where they can't be had: jobs like those of workload.js as work items, registered waits for the ends of its
 * child processes, and a timer queue.
 *
 * It knows nothing of wqshim: the calls are what its kernel32.dll makes of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN      20
#define CONVERSATIONS 10
#define LOOKUPS       10
#define JOBS          (CHILDREN + CONVERSATIONS + LOOKUPS)
#define TIMERS        20
#define TIMER_MS      5 /* the first is due after it, the second after twice that, … */
#define LINES         (JOBS + TIMERS)
#define CHILD_STATUS  7
#define LINE_SIZE     128
#define DEADLINE_MS   60000

static char lines[LINES][LINE_SIZE]; /* each written by one job or timer, read after all are done */
static LONG left = LINES + CHILDREN; /* interlocked: jobs, timers and ends of children */
static HANDLE all_done;
static HANDLE children[CHILDREN]; /* each written before the wait for it begins */
static HANDLE waits[CHILDREN];    /* read after all are done; NULL: not registered */
static CRITICAL_SECTION
    inheriting; /* held while there are inheritable handles, which must not get into another child */
static char self_path[MAX_PATH];
static char pipe_name[64];

/* Reads until the other side closes or size is reached, and ends the text with a zero. */
static void read_all(HANDLE from, char *text, DWORD size)
{
    DWORD length = 0, n;

    while (length + 1 < size && ReadFile(from, text + length, size - 1 - length, &n, NULL) && n)
        length += n;
    text[length] = 0;
}

/* Starts this program as an echo; the caller owns both ends of its standard handles. Returns NULL if it
 * can't. */
static HANDLE start_child(HANDLE *to_child, HANDLE *from_child)
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    STARTUPINFOA startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process = {0};
    char command[MAX_PATH + 16];

    snprintf(command, sizeof(command), "\"%s\" child", self_path);
    EnterCriticalSection(&inheriting);
    CreatePipe(&startup.hStdInput, to_child, &inherit, 0);
    CreatePipe(from_child, &startup.hStdOutput, &inherit, 0);
    SetHandleInformation(*to_child, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(*from_child, HANDLE_FLAG_INHERIT, 0);
    if (CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        CloseHandle(process.hThread);
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    LeaveCriticalSection(&inheriting);
    return process.hProcess;
}

static void one_done(void)
{
    if (!InterlockedDecrement(&left))
        SetEvent(all_done);
}

/* The job has put what the child said into the line. */
static void CALLBACK child_ended(void *param, BOOLEAN timed_out)
{
    int number = (int)(INT_PTR)param;
    size_t length = strlen(lines[number]);
    DWORD status = 0;

    if (!timed_out)
        GetExitCodeProcess(children[number], &status);
    CloseHandle(children[number]);
    snprintf(lines[number] + length, LINE_SIZE - length, ", status %lu", status);
    one_done();
}

/* The line is done when the child has ended. */
static void job_child(int number, char *line)
{
    HANDLE to_child, from_child, process = start_child(&to_child, &from_child);
    char text[LINE_SIZE / 2];
    DWORD n;

    snprintf(text, sizeof(text), "hello %d", number);
    WriteFile(to_child, text, (DWORD)strlen(text), &n, NULL);
    CloseHandle(to_child);
    read_all(from_child, text, sizeof(text));
    CloseHandle(from_child);
    snprintf(line, LINE_SIZE, "child %d: %s", number, text);
    children[number] = process;
    if (!RegisterWaitForSingleObject(&waits[number], process, child_ended, (void *)(INT_PTR)number,
                                     DEADLINE_MS, WT_EXECUTEONLYONCE)) {
        snprintf(line, LINE_SIZE, "child %d: error %lu", number, GetLastError());
        one_done();
    }
}

/* Answers one client; one of these is queued for each conversation. */
static DWORD WINAPI serve(void *pipe)
{
    char text[LINE_SIZE / 2];
    DWORD n;

    if ((ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED) &&
        ReadFile(pipe, text, sizeof(text), &n, NULL) && WriteFile(pipe, text, n, &n, NULL))
        FlushFileBuffers(pipe);
    CloseHandle(pipe);
    return 0;
}

static void job_conversation(int number, char *line)
{
    char text[LINE_SIZE / 2];
    DWORD mode = PIPE_READMODE_MESSAGE, n = 0;
    HANDLE pipe;

    snprintf(text, sizeof(text), "question %d", number);
    WaitNamedPipeA(pipe_name, DEADLINE_MS);
    pipe = CreateFileA(pipe_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    SetNamedPipeHandleState(pipe, &mode, NULL, NULL);
    TransactNamedPipe(pipe, text, (DWORD)strlen(text), text, sizeof(text) - 1, &n, NULL);
    text[n] = 0;
    CloseHandle(pipe);
    snprintf(line, LINE_SIZE, "pipe %d: %s", number, text);
}

static void job_lookup(int number, char *line)
{
    struct addrinfo hints = {.ai_family = AF_INET}, *found = NULL;
    int error = getaddrinfo("localhost", NULL, &hints, &found);

    snprintf(line, LINE_SIZE, "name %d: %s", number,
             error ? "not found" : inet_ntoa(((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr));
    if (!error)
        freeaddrinfo(found);
}

static DWORD WINAPI job(void *param)
{
    int number = (int)(INT_PTR)param;
    char *line = lines[number];

    if (number < CHILDREN)
        job_child(number, line);
    else if (number < CHILDREN + CONVERSATIONS)
        job_conversation(number - CHILDREN, line);
    else
        job_lookup(number - CHILDREN - CONVERSATIONS, line);
    one_done();
    return 0;
}

static void CALLBACK timer_expired(void *param, BOOLEAN timed_out)
{
    int number = (int)(INT_PTR)param;

    snprintf(lines[JOBS + number], LINE_SIZE, "timer %d: %s", number, timed_out ? "expired" : "signalled");
    one_done();
}

static void start_timers(HANDLE queue)
{
    for (int i = 0; i < TIMERS; i++) {
        HANDLE timer;

        if (CreateTimerQueueTimer(&timer, queue, timer_expired, (void *)(INT_PTR)i, (DWORD)(i + 1) * TIMER_MS,
                                  0, 0))
            continue;
        snprintf(lines[JOBS + i], LINE_SIZE, "timer %d: error %lu", i, GetLastError());
        one_done();
    }
}

static int child_main(void)
{
    char text[LINE_SIZE];
    DWORD n;

    read_all(GetStdHandle(STD_INPUT_HANDLE), text, sizeof(text));
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, (DWORD)strlen(text), &n, NULL);
    return CHILD_STATUS;
}

static void start_servers(void)
{
    snprintf(pipe_name, sizeof(pipe_name), "\\\\.\\pipe\\wqshim-standin-%lu", GetCurrentProcessId());
    for (int i = 0; i < CONVERSATIONS; i++) {
        HANDLE pipe =
            CreateNamedPipeA(pipe_name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
                             PIPE_UNLIMITED_INSTANCES, LINE_SIZE, LINE_SIZE, 0, NULL);

        QueueUserWorkItem(serve, pipe, WT_EXECUTELONGFUNCTION);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

int main(int argc, char **argv)
{
    WSADATA sockets;
    HANDLE timers;

    (void)argv;
    if (argc > 1)
        return child_main();
    GetModuleFileNameA(NULL, self_path, sizeof(self_path));
    WSAStartup(MAKEWORD(2, 2), &sockets);
    InitializeCriticalSection(&inheriting);
    all_done = CreateEventA(NULL, TRUE, FALSE, NULL);
    timers = CreateTimerQueue();
    start_timers(timers);
    start_servers();
    for (int i = 0; i < JOBS; i++)
        QueueUserWorkItem(job, (void *)(INT_PTR)i, WT_EXECUTELONGFUNCTION);
    if (WaitForSingleObject(all_done, DEADLINE_MS)) {
        fprintf(stderr, "%ld things were not done in time\n", left);
        return 1;
    }
    for (int i = 0; i < CHILDREN; i++)
        if (waits[i])
            UnregisterWaitEx(waits[i], INVALID_HANDLE_VALUE);
    DeleteTimerQueueEx(timers, INVALID_HANDLE_VALUE);
    qsort(lines, LINES, sizeof(lines[0]), compare);
    for (int i = 0; i < LINES; i++)
        puts(lines[i]);
    return 0;
}
