/*
 * Names without case, the same in both programs: lower case for the letters that names of programs are
 * likely to have.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "setup.h"

#include <string.h>

/* Both cases of these letters take two bytes in UTF-8. */
static unsigned name_lower(unsigned c)
{
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9 && c != 0x3a2) ||
        (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40f)
        return c + 0x50;
    if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481))
        return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
        return c & 1 ? c + 1 : c;
    return c;
}

void setup_lower(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        if (*at >= 'A' && *at <= 'Z') {
            *at = (unsigned char)(*at + 0x20);
        } else if (*at >= 0xc3 && *at <= 0xd2 && at[1] >= 0x80 && at[1] < 0xc0) {
            unsigned lower = name_lower((*at & 0x1fu) << 6 | (at[1] & 0x3fu));

            *at++ = (unsigned char)(0xc0 | lower >> 6);
            *at = (unsigned char)(0x80 | (lower & 0x3f));
        }
    }
}

bool setup_same_name(const char *a, const char *b)
{
    char x[SETUP_PATH], y[SETUP_PATH];

    if (strlen(a) != strlen(b) || strlen(a) >= SETUP_PATH)
        return false;
    strcpy(x, a);
    strcpy(y, b);
    setup_lower(x);
    setup_lower(y);
    return !strcmp(x, y);
}
