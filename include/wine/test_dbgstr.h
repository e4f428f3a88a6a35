/*
 * Printable forms of values for the winetest dialect: the wine_dbgstr_* functions of test.h. Included by
 * test_run.h only, once per program, which provides the thread's buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WQ_WINE_TEST_DBGSTR_H
#define WQ_WINE_TEST_DBGSTR_H

/* The longest form of a string, quotes and "..." included. */
#define WINETEST_DBGSTR_MAX 320

/* Takes size bytes of the thread's ring; the caller may give back what it did not need with
 * winetest_dbgstr_trim. */
static char *winetest_dbgstr_take(size_t size)
{
    struct winetest_thread *t = winetest_thread();
    char *ret;

    if (t->ring_pos + size > sizeof(t->ring)) {
        t->ring_pos = 0;
    }
    ret = t->ring + t->ring_pos;
    t->ring_pos += size;
    return ret;
}

static void winetest_dbgstr_trim(const char *end)
{
    struct winetest_thread *t = winetest_thread();

    t->ring_pos = (size_t)(end - t->ring);
}

static const char *WINETEST_PRINTF(1, 2) winetest_dbgstr_printf(const char *fmt, ...)
{
    char *buffer = winetest_dbgstr_take(WINETEST_DBGSTR_MAX);
    va_list args;
    int len;

    va_start(args, fmt);
    len = __mingw_vsnprintf(buffer, WINETEST_DBGSTR_MAX, fmt, args);
    va_end(args);
    if (len >= 0 && len < WINETEST_DBGSTR_MAX) {
        winetest_dbgstr_trim(buffer + len + 1);
    }
    return buffer;
}

/* Writes one character as it stands in a C string, at most 5 bytes: a hexadecimal form has the width of the
 * type. */
static char *winetest_dbgstr_char(char *dst, unsigned int c, int width)
{
    static const char hex[] = "0123456789abcdef";
    static const char special[] = "\n\r\t\"\\", letter[] = "nrt\"\\";
    unsigned int i;

    for (i = 0; special[i]; i++) {
        if (c == (unsigned char)special[i]) {
            *dst++ = '\\';
            *dst++ = letter[i];
            return dst;
        }
    }
    if (c >= ' ' && c < 127) {
        *dst++ = (char)c;
        return dst;
    }
    *dst++ = '\\';
    while (width--) {
        *dst++ = hex[(c >> (4 * width)) & 15];
    }
    return dst;
}

/* wide tells whether str points to WCHARs or CHARs. */
static const char *winetest_dbgstr_any(const void *str, intptr_t n, int wide)
{
    const WCHAR *w = str;
    const unsigned char *a = str;
    char *buffer, *dst;
    intptr_t i;

    if (!str) {
        return "(null)";
    }
    if (!((ULONG_PTR)str >> 16)) {
        return winetest_dbgstr_printf("#%04x", (unsigned int)(ULONG_PTR)str);
    }
    if (n < 0) {
        for (n = 0; wide ? w[n] : a[n]; n++) {}
    }
    buffer = dst = winetest_dbgstr_take(WINETEST_DBGSTR_MAX);
    if (wide) {
        *dst++ = 'L';
    }
    *dst++ = '"';
    /* Room stays for one more character, the quote, the dots and the end. */
    for (i = 0; i < n && dst - buffer < WINETEST_DBGSTR_MAX - 10; i++) {
        dst = winetest_dbgstr_char(dst, wide ? w[i] : a[i], wide ? 4 : 2);
    }
    *dst++ = '"';
    if (i < n) {
        memcpy(dst, "...", 3);
        dst += 3;
    }
    *dst++ = 0;
    winetest_dbgstr_trim(dst);
    return buffer;
}

const char *wine_dbgstr_an(const CHAR *str, intptr_t n)
{
    return winetest_dbgstr_any(str, n, 0);
}

const char *wine_dbgstr_wn(const WCHAR *str, intptr_t n)
{
    return winetest_dbgstr_any(str, n, 1);
}

const char *wine_dbgstr_guid(const GUID *guid)
{
    if (!guid) {
        return "(null)";
    }
    return winetest_dbgstr_printf("{%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", guid->Data1,
                                  guid->Data2, guid->Data3, guid->Data4[0], guid->Data4[1], guid->Data4[2],
                                  guid->Data4[3], guid->Data4[4], guid->Data4[5], guid->Data4[6],
                                  guid->Data4[7]);
}

const char *wine_dbgstr_point(const POINT *point)
{
    if (!point) {
        return "(null)";
    }
    return winetest_dbgstr_printf("(%ld,%ld)", point->x, point->y);
}

const char *wine_dbgstr_size(const SIZE *size)
{
    if (!size) {
        return "(null)";
    }
    return winetest_dbgstr_printf("(%ld,%ld)", size->cx, size->cy);
}

const char *wine_dbgstr_rect(const RECT *rect)
{
    if (!rect) {
        return "(null)";
    }
    return winetest_dbgstr_printf("(%ld,%ld)-(%ld,%ld)", rect->left, rect->top, rect->right, rect->bottom);
}

const char *wine_dbgstr_longlong(ULONGLONG value)
{
    return winetest_dbgstr_printf("%I64x", value);
}

#endif
