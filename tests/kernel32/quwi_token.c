/*
 * quwi_token.c: whose token a callback of QueueUserWorkItem runs with.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "quwi.h"

static struct tally done;

struct seen {
    DWORD error; /* of opening the thread's token */
    LUID id;
    SECURITY_IMPERSONATION_LEVEL level;
    DWORD thread;
};

static void token_describe(HANDLE token, struct seen *seen)
{
    TOKEN_STATISTICS statistics = {0};
    DWORD size;

    succeeds(GetTokenInformation(token, TokenStatistics, &statistics, sizeof(statistics), &size));
    seen->id = statistics.TokenId;
    seen->level = statistics.ImpersonationLevel;
}

/* What the calling thread impersonates. */
static void token_look(struct seen *seen)
{
    HANDLE token;

    memset(seen, 0, sizeof(*seen));
    seen->thread = GetCurrentThreadId();
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
        seen->error = GetLastError();
        return;
    }
    token_describe(token, seen);
    CloseHandle(token);
}

static DWORD WINAPI look(void *context)
{
    token_look(context);
    tally_add(&done, 1);
    return 0;
}

/* A copy of the process token that can be told from it. The caller closes it. */
static HANDLE token_copy(SECURITY_IMPERSONATION_LEVEL level, struct seen *seen)
{
    HANDLE own, copy = NULL;

    succeeds(OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own));
    succeeds(DuplicateTokenEx(own, TOKEN_QUERY | TOKEN_IMPERSONATE | TOKEN_DUPLICATE, NULL, level,
                              TokenImpersonation, &copy));
    token_describe(copy, seen);
    CloseHandle(own);
    return copy;
}

#define seen_nothing(seen) seen_nothing_(__LINE__, seen)
static void seen_nothing_(int line, const struct seen *seen)
{
    ok_(__FILE__, line)(seen->error == ERROR_NO_TOKEN, "token %lx:%lx, level %d, error %lu\n",
                        seen->id.HighPart, seen->id.LowPart, seen->level, seen->error);
}

#define seen_same(seen, wanted) seen_same_(__LINE__, seen, wanted)
static void seen_same_(int line, const struct seen *seen, const struct seen *wanted)
{
    ok_(__FILE__, line)(
        !seen->error && !memcmp(&seen->id, &wanted->id, sizeof(seen->id)) && seen->level == wanted->level,
        "token %lx:%lx, level %d, error %lu; wanted %lx:%lx, level %d\n", seen->id.HighPart, seen->id.LowPart,
        seen->level, seen->error, wanted->id.HighPart, wanted->id.LowPart, wanted->level);
}

static void run_look(ULONG flags, struct seen *seen)
{
    tally_init(&done, 1);
    queue(look, seen, flags);
    tally_wait(&done, "callback");
}

static void test_transfer(ULONG flags, SECURITY_IMPERSONATION_LEVEL level)
{
    struct seen mine, seen;
    HANDLE token = token_copy(level, &mine);

    winetest_push_context("flags %lx, level %d", flags, level);
    run_look(flags | WT_TRANSFER_IMPERSONATION, &seen);
    seen_nothing(&seen); /* there is none to transfer */

    succeeds(SetThreadToken(NULL, token));
    run_look(flags | WT_TRANSFER_IMPERSONATION, &seen);
    todo_wine_if(quwi_builtin()) seen_same(&seen, &mine);
    run_look(flags, &seen);
    seen_nothing(&seen); /* neither what we impersonate nor what the last callback did */
    token_look(&seen);
    seen_same(&seen, &mine); /* ours is as before */

    RevertToSelf();
    run_look(flags | WT_TRANSFER_IMPERSONATION, &seen);
    seen_nothing(&seen);
    CloseHandle(token);
    winetest_pop_context();
}

static HANDLE leave;

static DWORD WINAPI occupy(void *context)
{
    (void)context;
    handle_wait(leave, "leave");
    return 0;
}

/* The token is taken when the item is queued: what the caller does afterwards changes nothing. */
static void test_token_is_taken_at_once(void)
{
    struct seen mine, seen;
    HANDLE token = token_copy(SecurityImpersonation, &mine);

    leave = CreateEventA(NULL, TRUE, FALSE, NULL);
    tally_init(&done, 1);
    queue(occupy, 0, WT_EXECUTEINPERSISTENTTHREAD);
    succeeds(ImpersonateLoggedOnUser(token));
    queue(look, &seen, WT_EXECUTEINPERSISTENTTHREAD | WT_TRANSFER_IMPERSONATION);
    RevertToSelf();
    CloseHandle(token);
    SetEvent(leave);
    tally_wait(&done, "callback");
    todo_wine_if(quwi_builtin()) seen_same(&seen, &mine);
    quwi_flush();
    CloseHandle(leave);
}

/* The anonymous token can't be opened; the callback runs with the process token. */
static void test_anonymous(void)
{
    struct seen seen;

    if (!ImpersonateAnonymousToken(GetCurrentThread())) {
        skip("no anonymous token: error %lu\n", GetLastError());
        return;
    }
    run_look(WT_TRANSFER_IMPERSONATION, &seen);
    seen_nothing(&seen);
    RevertToSelf();
}

static DWORD handle_count(void)
{
    DWORD count = 0;

    succeeds(GetProcessHandleCount(GetCurrentProcess(), &count));
    return count;
}

/* 1000 items that carry a token leave no handles behind, failed ones included. */
static void test_handles(void)
{
    static struct seen seen;
    struct seen mine;
    HANDLE token = token_copy(SecurityImpersonation, &mine);
    DWORD before, after;
    unsigned i;

    succeeds(SetThreadToken(NULL, token));
    quwi_flush();
    before = handle_count();
    tally_init(&done, 1000);
    for (i = 0; i < 1000; i++)
        queue(look, &seen, quwi_classes[i % QUWI_CLASSES] | WT_TRANSFER_IMPERSONATION);
    tally_wait(&done, "callbacks");
    quwi_flush();
    after = handle_count();
    /* A thread that was started has a handle, too. */
    ok(after < before + 300, "%lu handles before, %lu after\n", before, after);
    RevertToSelf();
    CloseHandle(token);
}

/* ---- callbacks that forget to revert ---- */

static const char *leak_how; /* which function the next callback calls */
static HANDLE leak_token, leak_pipe;
static struct seen leaked;

static BOOL leak_by(const char *how)
{
    if (!strcmp(how, "ImpersonateSelf"))
        return ImpersonateSelf(SecurityImpersonation);
    if (!strcmp(how, "ImpersonateLoggedOnUser"))
        return ImpersonateLoggedOnUser(leak_token);
    if (!strcmp(how, "SetThreadToken"))
        return SetThreadToken(NULL, leak_token);
    if (!strcmp(how, "ImpersonateAnonymousToken"))
        return ImpersonateAnonymousToken(GetCurrentThread());
    return ImpersonateNamedPipeClient(leak_pipe);
}

static DWORD WINAPI leak(void *context)
{
    (void)context;
    token_look(&leaked);
    ok(leaked.error == ERROR_NO_TOKEN, "%s: not clean before, error %lu\n", leak_how, leaked.error);
    if (!leak_by(leak_how))
        skip("%s: error %lu\n", leak_how, GetLastError());
    else
        token_look(&leaked);
    tally_add(&done, 1);
    return 0;
}

/* Runs items one at a time until one comes to the given thread. */
static BOOL look_on(DWORD wanted, ULONG flags, struct seen *seen)
{
    unsigned i;

    for (i = 0; i < 200; i++) {
        run_look(flags, seen);
        if (seen->thread == wanted)
            return TRUE;
    }
    return FALSE;
}

static void test_leak(const char *how, ULONG flags)
{
    struct seen seen;
    DWORD wanted;

    winetest_push_context("%s, flags %lx", how, flags);
    leak_how = how;
    tally_init(&done, 1);
    queue(leak, 0, flags);
    tally_wait(&done, "callback");
    wanted = leaked.thread;
    if (!leaked.error) {
        if (look_on(wanted, flags, &seen))
            todo_wine_if(quwi_builtin()) seen_nothing(&seen);
        else
            skip("no later item on that thread\n");
    }
    winetest_pop_context();
}

static HANDLE leak_connect(void)
{
    static const char name[] = "\\\\.\\pipe\\quwi_token";
    HANDLE client;
    char byte = 0;
    DWORD size;

    leak_pipe = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, 0, 1, 16, 16, 0, NULL);
    succeeds(leak_pipe != INVALID_HANDLE_VALUE);
    client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    succeeds(client != INVALID_HANDLE_VALUE);
    WriteFile(client, &byte, 1, &size, NULL);
    ReadFile(leak_pipe, &byte, 1, &size, NULL);
    return client;
}

static void test_leaks(void)
{
    static const char *const ways[] = {"ImpersonateSelf", "ImpersonateLoggedOnUser", "SetThreadToken",
                                       "ImpersonateNamedPipeClient", "ImpersonateAnonymousToken"};
    /* The builtin would spread its dirty threads; it is asked on one class and one way only. */
    unsigned i, k, count = quwi_builtin() ? 1 : ARRAY_SIZE(ways);
    HANDLE client;
    struct seen mine;

    if (!winetest_platform_is_wine) {
        /* STATUS_CALLBACK_RETURNED_WHILE_IMPERSONATING is documented for the newer pool. */
        skip("Windows may end the process\n");
        return;
    }
    leak_token = token_copy(SecurityIdentification, &mine);
    client = leak_connect();
    for (i = 0; i < count; i++)
        for (k = 0; k < (quwi_builtin() ? 1 : QUWI_CLASSES); k++)
            test_leak(ways[i], quwi_classes[k]);
    CloseHandle(client);
    CloseHandle(leak_pipe);
    CloseHandle(leak_token);
}

START_TEST(quwi_token)
{
    unsigned i;

    for (i = 0; i < QUWI_CLASSES; i++) {
        test_transfer(quwi_classes[i], SecurityImpersonation);
        test_transfer(quwi_classes[i], SecurityIdentification);
    }
    test_token_is_taken_at_once();
    test_anonymous();
    test_handles();
    test_leaks();
}
