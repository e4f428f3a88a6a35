/*
 * How Wine writes text in its registry files: UTF-16 with escapes, in ASCII. Here it is UTF-8.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SETUP_REGTEXT_H
#define SETUP_REGTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Reads escaped text from *at up to the unescaped character stop. Stores at most room bytes and a zero, and
 * their number, for the text may hold zeros. True if stop was found before end and all fitted; *at is then
 * behind stop. */
bool regtext_decode(const char **at, const char *end, char stop, char *out, size_t room, size_t *size);

/* Writes size bytes of text with escapes, those of key names if key is set, and returns how many bytes that
 * took; out has room for 8 times size and a zero. */
size_t regtext_encode(const char *text, size_t size, bool key, char *out);

/* The order in which Wine writes keys and values: without case, part by part. */
int regtext_compare(const char *a, const char *b);

#endif
