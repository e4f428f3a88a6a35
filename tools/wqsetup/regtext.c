/*
 * Text of Wine's registry files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "regtext.h"
#include "setup.h"

#include <stdio.h>
#include <string.h>

#define REGTEXT_LONG 2048 /* longest names that are compared as a whole */

struct regtext_out {
    char *text;
    size_t room, size;
    unsigned high; /* first half of a surrogate pair */
    bool fits;
};

static void regtext_byte(struct regtext_out *out, unsigned byte)
{
    if (out->size == out->room)
        out->fits = false;
    else
        out->text[out->size++] = (char)byte;
}

static void regtext_point(struct regtext_out *out, unsigned c)
{
    if (c >= 0x10000) {
        regtext_byte(out, 0xf0 | c >> 18);
        regtext_byte(out, 0x80 | (c >> 12 & 0x3f));
    } else if (c >= 0x800) {
        regtext_byte(out, 0xe0 | c >> 12);
    }
    if (c >= 0x800)
        regtext_byte(out, 0x80 | (c >> 6 & 0x3f));
    else
        regtext_byte(out, 0xc0 | c >> 6);
    regtext_byte(out, 0x80 | (c & 0x3f));
}

/* One UTF-16 unit. */
static void regtext_unit(struct regtext_out *out, unsigned c)
{
    if (c >= 0xdc00 && c < 0xe000 && out->high) {
        regtext_point(out, 0x10000 + ((out->high - 0xd800) << 10) + (c - 0xdc00));
        out->high = 0;
        return;
    }
    out->high = c >= 0xd800 && c < 0xdc00 ? c : 0;
    if (c < 0x80)
        regtext_byte(out, c);
    else if (!out->high)
        regtext_point(out, c);
}

static unsigned regtext_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 99;
}

static unsigned regtext_number(const char **at, const char *end, unsigned base, unsigned digits)
{
    unsigned value = 0;

    for (; digits && *at < end && regtext_digit(**at) < base; digits--)
        value = value * base + regtext_digit(*(*at)++);
    return value;
}

/* What follows a backslash. */
static unsigned regtext_escape(const char **at, const char *end)
{
    static const char names[] = "abefnrtv", values[] = "\a\b\x1b\f\n\r\t\v";
    char c = **at;
    const char *name = strchr(names, c);

    if (c >= '0' && c <= '7')
        return regtext_number(at, end, 8, 3);
    ++*at;
    if (c == 'x' && *at < end && regtext_digit(**at) < 16)
        return regtext_number(at, end, 16, 4);
    return c && name ? (unsigned)values[name - names] : (unsigned char)c;
}

bool regtext_decode(const char **at, const char *end, char stop, char *text, size_t room, size_t *size)
{
    struct regtext_out out = {text, room, 0, 0, true};
    bool found = false;

    while (!found && *at < end) {
        char c = *(*at)++;

        if (c == stop)
            found = true;
        else if (c == '\\' && *at < end)
            regtext_unit(&out, regtext_escape(at, end));
        else if ((unsigned char)c < 0x80)
            regtext_unit(&out, (unsigned char)c);
        else
            regtext_byte(&out, (unsigned char)c); /* of a file from elsewhere */
    }
    text[out.size] = 0;
    *size = out.size;
    return found && out.fits;
}

/* The next code point of UTF-8; a stray byte stands for itself. */
static unsigned regtext_next(const unsigned char **at, const unsigned char *end)
{
    unsigned c = *(*at)++, more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

    if (more && (size_t)(end - *at) >= more) {
        c &= 0x3fu >> more;
        for (; more; more--)
            c = c << 6 | (*(*at)++ & 0x3fu);
    }
    return c;
}

/* A number without leading zeros, unless the next character would be taken for a digit of it. */
static int regtext_put_unit(char *out, unsigned unit, bool digit_follows)
{
    return sprintf(out, digit_follows ? "\\x%04x" : "\\x%x", unit);
}

static int regtext_put(char *out, unsigned c, bool key, char next)
{
    static const char names[] = "abefnrtv", values[] = "\a\b\x1b\f\n\r\t\v";
    const char *special = c && c < 0x20 ? strchr(values, (int)c) : NULL;

    if (c >= 0x10000) {
        int used = regtext_put_unit(out, 0xd7c0 + (c >> 10), false);

        return used + regtext_put_unit(out + used, 0xdc00 + (c & 0x3ff), regtext_digit(next) < 16);
    }
    if (!c)
        return sprintf(out, next >= '0' && next <= '7' ? "\\000" : "\\0");
    if (special)
        return sprintf(out, "\\%c", names[special - values]);
    if (c < 0x20 || c >= 0x7f)
        return regtext_put_unit(out, c, regtext_digit(next) < 16);
    return sprintf(out, c == '\\' || (key ? c == '[' || c == ']' : c == '"') ? "\\%c" : "%c", (char)c);
}

size_t regtext_encode(const char *text, size_t size, bool key, char *out)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    size_t used = 0;

    while (at < end) {
        unsigned c = regtext_next(&at, end);

        used += (size_t)regtext_put(out + used, c, key, at < end ? (char)*at : 0);
    }
    out[used] = 0;
    return used;
}

static void regtext_fold(const char *text, char *folded)
{
    snprintf(folded, REGTEXT_LONG, "%s", text);
    setup_lower(folded);
    for (char *at = folded; (at = strchr(at, '\\')); at++)
        *at = 1; /* before all that a name may hold */
}

int regtext_compare(const char *a, const char *b)
{
    char x[REGTEXT_LONG], y[REGTEXT_LONG];

    regtext_fold(a, x);
    regtext_fold(b, y);
    return strcmp(x, y);
}
