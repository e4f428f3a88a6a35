/*
 * The printable forms of values that the winetest dialect offers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include "wine/test.h"

#define same(got, expected) ok(!strcmp(got, expected), "got %s, expected %s\n", got, expected)

static void test_strings(void)
{
    same(wine_dbgstr_w(L"plain"), "L\"plain\"");
    same(wine_dbgstr_a("plain"), "\"plain\"");
    same(debugstr_w(L""), "L\"\"");
    same(debugstr_a("\t\"\\\r\n"), "\"\\t\\\"\\\\\\r\\n\"");
    same(wine_dbgstr_w(L"\x263a\x01"), "L\"\\263a\\0001\"");
    same(wine_dbgstr_a("\xff"), "\"\\ff\"");
    same(wine_dbgstr_wn(L"a\0b", 3), "L\"a\\0000b\"");
    same(wine_dbgstr_an("abc", 2), "\"ab\"");
    same(debugstr_wn(L"abc", 0), "L\"\"");
    same(debugstr_an("abc", 3), "\"abc\"");
    same(wine_dbgstr_w(NULL), "(null)");
    same(wine_dbgstr_a((const char *)0x7b), "#007b");
}

static void test_long_string(void)
{
    char text[2000];
    const char *got;

    memset(text, 'x', sizeof(text));
    got = wine_dbgstr_an(text, sizeof(text));
    ok(strlen(got) > 200 && strlen(got) < 400, "got %Iu characters\n", strlen(got));
    ok(!strcmp(got + strlen(got) - 5, "x\"..."), "got %s\n", got);
}

static void test_structures(void)
{
    static const GUID guid = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 0xff}};
    static const RECT rect = {-1, 2, 30, 40};
    static const POINT point = {-5, 6};
    static const SIZE size = {7, 8};

    same(wine_dbgstr_guid(&guid), "{12345678-9abc-def0-0102-0304050607ff}");
    same(wine_dbgstr_guid(NULL), "(null)");
    same(wine_dbgstr_rect(&rect), "(-1,2)-(30,40)");
    same(wine_dbgstr_rect(NULL), "(null)");
    same(wine_dbgstr_point(&point), "(-5,6)");
    same(wine_dbgstr_size(&size), "(7,8)");
    same(wine_dbgstr_longlong(0), "0");
    same(wine_dbgstr_longlong((ULONGLONG)0xfedcba98 << 32 | 1), "fedcba9800000001");
}

/* Several strings are alive at the same time, as in one call of ok(). */
static void test_ring(void)
{
    const char *got[20];
    WCHAR text[2] = L"a";
    unsigned int i;

    for (i = 0; i < 1000; i++) {
        text[0] = (WCHAR)('a' + i % 20);
        got[i % 20] = wine_dbgstr_w(text);
        if (i % 20 == 19) {
            ok(got[0][2] == 'a', "got %s\n", got[0]);
            ok(got[19][2] == 't', "got %s\n", got[19]);
        }
    }
}

START_TEST(dbgstr)
{
    test_strings();
    test_long_string();
    test_structures();
    test_ring();
}
