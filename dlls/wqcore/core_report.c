/*
 * core_report.c: the line of counters that the core leaves behind at process exit, so that anybody can see what
 * ran where.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core.h"
#include "port/port.h"
#include "wqcore.h"

#define LINE_SIZE 1024

struct line {
    char text[LINE_SIZE];
    size_t length;
};

static void line_text(struct line *line, const char *text)
{
    while (*text && line->length + 1 < LINE_SIZE)
        line->text[line->length++] = *text++;
}

static void line_number(struct line *line, const char *key, uint64_t number)
{
    char digits[24];
    size_t n = sizeof(digits) - 1;

    digits[n] = 0;
    do {
        digits[--n] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    line_text(line, " ");
    line_text(line, key);
    line_text(line, "=");
    line_text(line, digits + n);
}

void core_report_exit(void)
{
    struct wq_counters counters;
    struct line line = {.length = 0};

    wq_counters_read(&counters);
    port_program_name(line.text, LINE_SIZE / 2);
    while (line.text[line.length])
        line.length++;
    line_number(&line, "posted", counters.posted);
    line_number(&line, "run", counters.run);
    line_number(&line, "persistent_run", counters.persistent_run);
    line_number(&line, "workers", counters.workers);
    line_number(&line, "workers_peak", counters.workers_peak);
    line_number(&line, "workers_started", counters.workers_started);
    line_number(&line, "threads_peak", counters.threads_peak);
    line_number(&line, "threads_failed", counters.threads_failed);
    line_number(&line, "timers_expired", counters.timers_expired);
    line_number(&line, "waits_fired", counters.waits_fired);
    line_number(&line, "wait_run", counters.wait_run);
    line_text(&line, "\n");
    port_report(WQ_REPORT_VARIABLE, line.text, line.length);
}
