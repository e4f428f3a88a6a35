/*
 * Registry files: what is changed is as Wine writes it, and everything else stays byte for byte.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hive.h"
#include "regtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition, ...)                                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            failures++;                                                                                      \
            printf("hive.c:%d: %s: ", __LINE__, #condition);                                                 \
            printf(__VA_ARGS__);                                                                             \
            printf("\n");                                                                                    \
        }                                                                                                    \
    } while (0)

/* As Wine 8.0 wrote it. */
static const char sample[] =
    "WINE REGISTRY Version 2\n"
    ";; All keys relative to REGISTRY\\\\User\\\\S-1-5-21-0-0-0-1000\n"
    "\n"
    "#arch=win64\n"
    "\n"
    "[Software\\\\Wine\\\\AppDefaults\\\\Abc-x.exe\\\\DllOverrides] 1796126914\n"
    "#time=1dd818cb0605c96\n"
    "\"Kz\"=\"\"\n"
    "\n"
    "[Software\\\\Wine\\\\AppDefaults\\\\Abc_x.exe\\\\DllOverrides] 1796126913\n"
    "#time=1dd818caff031e6\n"
    "\"Kz\"=\"tab\\t\\xe4\\x20ac\\xd83d\\xde00\"\n"
    "\n"
    "[Software\\\\Wine\\\\AppDefaults\\\\probe.exe\\\\DllOverrides] 1796126913\n"
    "#time=1dd818caf75b18c\n"
    "@=\"def\"\n"
    "\"blob\"=hex:01,02,\\\n"
    "  03,04\n"
    "\"kernel32\"=\"native,builtin\"\n"
    "\"kernelbase\"=\"na\\\"t\\\\i;v\"\n"
    "\n"
    "[Software\\\\Wine\\\\AppDefaults\\\\zz.exe\\\\X] 1796126917\n"
    "#time=1dd818cb246aba0\n"
    "\"e\"=str(2):\"a%b\"\n"
    "\"m\"=str(7):\"a\\0b\\0\"\n"
    "\n"
    "[Software\\\\Wine\\\\AppDefaults\\\\\\xe4\\[\\]\\xd83d\\xde00.exe\\\\X] 1796126915\n"
    "#time=1dd818cb0d77bf0\n"
    "\"K\\\"z=\\\\\"=\"x\"\n"
    "\n"
    "[Software\\\\Wine\\\\Debug] 1796126706\n"
    "#time=1dd818c34468782\n"
    "\"RelayExclude\"=\"a\"\n"
    "\n";

static const char apps[] = "Software\\Wine\\AppDefaults\\";

static struct hive hive_of(const char *text)
{
    struct hive hive = {strdup(text), strlen(text), false};

    return hive;
}

static const char *path_of(const char *rest)
{
    static char path[400];

    snprintf(path, sizeof(path), "%s%s", apps, rest);
    return path;
}

static void test_reading(void)
{
    struct hive hive = hive_of(sample);
    char text[100];
    size_t size;

    CHECK(hive_valid((struct graft_bytes){(const uint8_t *)sample, sizeof(sample) - 1}), "the sample");
    CHECK(!hive_valid((struct graft_bytes){(const uint8_t *)"REGEDIT4\n", 9}), "another format");
    CHECK(hive_wide(&hive), "a 64-bit prefix");
    CHECK(!hive_read(&hive, path_of("PROBE.EXE\\dlloverrides"), "KERNELBASE", text, sizeof(text), &size) &&
              !strcmp(text, "na\"t\\i;v"),
          "%s", text);
    CHECK(!hive_read(&hive, path_of("abc_x.exe\\DllOverrides"), "kz", text, sizeof(text), &size) &&
              !strcmp(text, "tab\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
          "%s", text);
    CHECK(
        !hive_read(&hive, path_of("\xc3\x84[]\xf0\x9f\x98\x80.exe\\X"), "K\"z=\\", text, sizeof(text), &size),
        "a key with special characters");
    CHECK(!hive_read(&hive, path_of("zz.exe\\X"), "m", text, sizeof(text), &size) && size == 4 &&
              !memcmp(text, "a\0b", 4),
          "%zu bytes", size);
    CHECK(hive_read(&hive, path_of("zz.exe\\X"), "e", text, sizeof(text), &size) == HIVE_OTHER,
          "another type");
    CHECK(hive_read(&hive, path_of("probe.exe\\DllOverrides"), "blob", text, sizeof(text), &size) ==
              HIVE_OTHER,
          "bytes");
    CHECK(hive_read(&hive, path_of("probe.exe\\DllOverrides"), "none", text, sizeof(text), &size) ==
              HIVE_ABSENT,
          "no such value");
    CHECK(hive_key_exists(&hive, path_of("zz.exe")) && !hive_key_exists(&hive, path_of("zz")), "parents");
    CHECK(hive_subkey(&hive, "Software\\Wine\\AppDefaults", 2, text, sizeof(text)) &&
              !strcmp(text, "probe.exe"),
          "%s", text);
    CHECK(!hive_subkey(&hive, "Software\\Wine\\AppDefaults", 5, text, sizeof(text)), "%s", text);
    CHECK(!hive.changed, "reading changes nothing");
    free(hive.text);
}

static void expect_around(const struct hive *hive, const char *expected)
{
    CHECK(strstr(hive->text, expected), "%s\nis not in:\n%s", expected, hive->text);
}

static void test_values(void)
{
    struct hive hive = hive_of(sample);
    const char *key = path_of("probe.exe\\DllOverrides");

    CHECK(!hive_write(&hive, key, "kernel32", "", "builtin", 7), "replace");
    expect_around(&hive, "  03,04\n\"kernel32\"=\"builtin\"\n\"kernelbase\"=");
    CHECK(!hive_write(&hive, key, "rtworkq", "", "n\"\\", 3), "add at the end");
    expect_around(&hive, "\"na\\\"t\\\\i;v\"\n\"rtworkq\"=\"n\\\"\\\\\"\n\n[");
    CHECK(!hive_write(&hive, key, "c", "",
                      "\xc3\xa4"
                      "b",
                      3),
          "add in between");
    expect_around(&hive, "  03,04\n\"c\"=\"\\x00e4b\"\n\"kernel32\"");
    CHECK(!hive_erase(&hive, key, "c") && !hive_erase(&hive, key, "rtworkq") && hive_erase(&hive, key, "c"),
          "erase");
    CHECK(!hive_write(&hive, key, "kernel32", "", "native,builtin", 14) && !strcmp(hive.text, sample), "%s",
          hive.text);
    free(hive.text);
}

/* Keys come at the place that Wine gives them, and go without a trace. */
static void test_keys(void)
{
    static const char *const before[][2] = {{"aa.exe\\DllOverrides", "Abc-x.exe"},
                                            {"Abc0.exe\\DllOverrides", "Abc_x.exe"},
                                            {"ABCD.exe\\DllOverrides", "probe.exe"},
                                            {"zzz.exe\\DllOverrides", "\\xe4\\[\\]"}};
    struct hive hive = hive_of(sample);
    char expected[200], text[100];
    size_t size;

    for (unsigned i = 0; i < 4; i++) {
        const char *key = path_of(before[i][0]);

        CHECK(!hive_write(&hive, key, "kernel32", "", "n", 1), "%s", key);
        snprintf(expected, sizeof(expected), "\"kernel32\"=\"n\"\n\n[Software\\\\Wine\\\\AppDefaults\\\\%s",
                 before[i][1]);
        expect_around(&hive, expected);
        CHECK(!hive_read(&hive, key, "kernel32", text, sizeof(text), &size), "read back");
        CHECK(!hive_key_empty(&hive, key) && !hive_erase(&hive, key, "kernel32") &&
                  hive_key_empty(&hive, key),
              "empty");
        CHECK(!hive_delete_key(&hive, key), "delete %s", key);
        snprintf(expected, sizeof(expected), "%.*s", (int)strcspn(before[i][0], "\\"), before[i][0]);
        CHECK(hive_key_empty(&hive, path_of(expected)), "the key above stays");
        CHECK(!hive_delete_key(&hive, path_of(expected)) && !strcmp(hive.text, sample), "%s", hive.text);
    }
    CHECK(!hive_write(&hive, "ZZ", "a", "", "b", 1), "at the end");
    CHECK(!hive_delete_key(&hive, "zz") && !strcmp(hive.text, sample), "%s", hive.text);
    free(hive.text);
}

/* Whatever stands in a file, nothing is read outside of it. Run with sanitizers, this finds what is. */
static void test_damaged(void)
{
    char text[100];
    size_t size;

    for (size_t cut = sizeof("WINE REGISTRY Version 2\n") - 1; cut < sizeof(sample); cut++) {
        for (int mode = 0; mode < 3; mode++) {
            struct hive hive = hive_of(sample);

            if (mode)
                hive.text[cut] = mode == 1 ? '\\' : '"';
            else
                hive.text[hive.size = cut] = 0;
            hive_read(&hive, path_of("probe.exe\\DllOverrides"), "kernelbase", text, sizeof(text), &size);
            hive_subkey(&hive, "Software\\Wine\\AppDefaults", 3, text, sizeof(text));
            CHECK(!hive_write(&hive, path_of("new.exe\\DllOverrides"), "kernel32", "", "n", 1), "cut at %zu",
                  cut);
            CHECK(!hive_read(&hive, path_of("new.exe\\DllOverrides"), "kernel32", text, sizeof(text), &size),
                  "cut at %zu", cut);
            free(hive.text);
        }
    }
}

int main(void)
{
    test_reading();
    test_values();
    test_keys();
    test_damaged();
    printf("%d failures\n", failures);
    return failures != 0;
}
