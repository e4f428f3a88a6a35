/*
 * A test file as people write them in the winetest dialect, compiled unchanged and without our stricter warnings: loose
 * declarations, macros around ok_(), todo_wine before single checks and blocks. Everything in it passes on Wine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdarg.h>
#include <stdio.h>

#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winbase.h"
#include "winternl.h"
#include "winuser.h"

#include "wine/test.h"

static NTSTATUS (WINAPI *pNtClose)( HANDLE );
static BOOL (WINAPI *pNoSuchThing)( int );

#define expect(expected, got) ok((got) == (expected), "got %ld, expected %ld\n", (LONG)(got), (LONG)(expected))
#define check_error(err) check_error_(__LINE__, err)

static void check_error_( int line, DWORD err )
{
    ok_(__FILE__, line)( GetLastError() == err, "got error %lu, expected %lu\n", GetLastError(), err );
    if (0) skip_(__FILE__, line)( "nothing\n" );
    if (0) win_skip_(__FILE__, line)( "nothing\n" );
    if (0) trace_(__FILE__, line)( "nothing %s\n", "at all" );
}

static void init_function_pointers()
{
    HMODULE hntdll = GetModuleHandleA("ntdll.dll");
    HMODULE hkernel32 = GetModuleHandleA("kernel32.dll");

#define GET_PROC(dll, func) do { p ## func = (void *)GetProcAddress(dll, #func); } while (0)
    GET_PROC(hntdll, NtClose);
    GET_PROC(hkernel32, NoSuchThing);
#undef GET_PROC
}

static int add(a, b)
    int a;
    int b;
{
    return a + b;
}

static DWORD CALLBACK thread_proc(LPVOID arg)
{
    LONG *count = arg;
    ok(InterlockedIncrement(count) == 1, "got %ld\n", *count);
    return 0x1234;
}

static void test_threads(void)
{
    LONG count = 0;
    HANDLE thread;
    DWORD tid, code, ret;
    BOOL res;

    thread = CreateThread( NULL, 0, thread_proc, &count, 0, &tid );
    ok( thread != NULL, "CreateThread failed, error %lu\n", GetLastError() );
    ret = WaitForSingleObject( thread, 5000 );
    ok( !ret, "got %#lx\n", ret );
    res = GetExitCodeThread( thread, &code );
    ok( res, "GetExitCodeThread failed\n" );
    ok( code == 0x1234, "wrong code %#lx\n", code );
    expect( 1, count );
    CloseHandle(thread);

    SetLastError( 0xdeadbeef );
    res = SetEvent( NULL );
    ok( !res, "unexpected success\n" );
    check_error( ERROR_INVALID_HANDLE );
}

static void test_status(void)
{
    static const struct
    {
        int a, b, sum;
        BOOL todo;
    }
    tests[] =
    {
        { 1, 2, 3 },
        { 2, 2, 5, TRUE },
        { -1, 1, 0 },
    };
    NTSTATUS status;
    unsigned int i;

    if (!pNtClose)
    {
        win_skip("NtClose is not available\n");
        return;
    }
    status = pNtClose( (HANDLE)0xdeadbee0 );
    ok( status == STATUS_INVALID_HANDLE || broken(status == STATUS_SUCCESS) /* never */,
        "got %#lx for %p, %s\n", status, (HANDLE)0xdeadbee0, wine_dbgstr_w(L"handle") );

    for (i = 0; i < ARRAY_SIZE(tests); i++)
    {
        winetest_push_context( "test %u", i );
        todo_if( tests[i].todo )
        ok( add( tests[i].a, tests[i].b ) == tests[i].sum, "got %d\n", add( tests[i].a, tests[i].b ) );
        winetest_pop_context();
    }

    if (winetest_platform_is_wine)
    {
        todo_wine
        {
            ok( pNoSuchThing != NULL, "not there\n" );
            todo_wine_if( 1 ) ok( 0, "nested\n" );
        }
        flaky_wine ok( 0, "now and then\n" );
        flaky_wine_if( i > 100 ) ok( 1, "always\n" );
    }
    if (!strcmp( winetest_platform, "wine" )) trace( "on %s\n", winetest_platform );
}

START_TEST(dialect)
{
    char **argv;
    int argc;

    init_function_pointers();
    argc = winetest_get_mainargs( &argv );
    if (argc >= 3 && !strcmp( argv[2], "sub" )) return;
    if (!winetest_interactive) skip( "interactive tests (set WINETEST_INTERACTIVE=1)\n" );
    test_threads();
    test_status();
}
