#!/usr/bin/env python3
"""Runs subject.exe, whose tests fail on purpose, under Wine and compares all that it says: messages, the closing line,
the exit status and what the WINETEST_* variables change.

usage: check.py WINERUN SUBJECT.EXE SINGLE.EXE

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import subprocess
import sys

SKIPPED = 77
failures = []


class Run:
    """One run of a program: its status, its lines without those of the summary, and the summary's numbers."""

    SUMMARY = re.compile(r"[0-9a-f]{4}:(\w+):([\d.]*) (\d+) tests executed \((\d+) marked as todo, (\d+) as flaky, "
                         r"(\d+) (failures?)\), (\d+) skipped\.")

    def __init__(self, program, *args, **env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("WINETEST_")}
        done = subprocess.run([WINERUN, program, *args], env={**clean, **env}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=150, check=False)
        self.what = " ".join([os.path.basename(program), *args, *(f"{k}={v}" for k, v in env.items())])
        self.status, self.stderr = done.returncode, done.stderr
        self.output = done.stdout.replace("\r\n", "\n").split("\n")
        if self.status == SKIPPED:
            sys.stderr.write(self.stderr)
            sys.exit(SKIPPED)
        self.equal("end of output", self.output.pop(), "")
        self.summaries = [m for m in map(self.SUMMARY.fullmatch, self.output) if m]
        # Line numbers change with every edit of the subject.
        self.lines = [re.sub(r"^(\x1b\S*m)?subject\.c:\d+:", r"\1subject.c:", line)
                      for line in self.output if not self.SUMMARY.fullmatch(line)]

    def equal(self, what, got, expected):
        """Notes a failure when got is not what is expected."""
        if got != expected:
            failures.append(f"{self.what}: {what}: got {got!r}, expected {expected!r}")

    def expect(self, status, counts, lines=None):
        """counts: executed, todo, flaky, failures, skipped of the last summary; None when there must be none."""
        self.equal("status", self.status, status)
        got = tuple(int(self.summaries[-1][i]) for i in (3, 4, 5, 6, 8)) if self.summaries else None
        self.equal("counts", got, counts)
        if self.summaries and counts:
            self.equal("plural", self.summaries[-1][7], "failure" if counts[3] == 1 else "failures")
        if lines is not None:
            self.equal("lines", self.lines, lines)
        return self


KINDS = [
    "subject.c: Test failed: plain 42 text",
    "subject.c: Test marked todo: expected",
    "subject.c: Test succeeded inside todo block: unexpected",
    "subject.c: Test failed: not flaky",
    "subject.c: Tests skipped: left out",
    "subject.c: Test failed: left out on Windows",
    "subject.c: a remark",
    "subject.c: Subtest part two",
    "other.c:7: Test failed: elsewhere",
]


def check_kinds():
    """One of each kind of check, on Wine and as if on Windows."""
    Run(SUBJECT, "kinds").expect(5, (11, 1, 1, 5, 1), KINDS)
    windows = [line.replace("marked todo", "failed") for line in KINDS if "inside todo" not in line]
    windows[4] = "subject.c: Tests skipped: left out on Windows"
    windows.insert(7, "subject.c: Test failed: broken is never true on Wine")
    Run(SUBJECT, "kinds", WINETEST_PLATFORM="windows").expect(5, (10, 0, 1, 5, 2), windows)
    Run(SUBJECT, "kinds", WINETEST_PLATFORM="wine").expect(5, (11, 1, 1, 5, 1), KINDS)


def check_variables():
    """The WINETEST_* variables that change what is shown, but not what is counted."""
    hidden = ("marked todo", "remark", "Subtest")
    Run(SUBJECT, "kinds", WINETEST_DEBUG="0").expect(5, None, [x for x in KINDS if not any(h in x for h in hidden)])
    flaky = KINDS[:3] + ["subject.c: Test marked flaky: unsteady"] + KINDS[3:]
    Run(SUBJECT, "kinds", WINETEST_REPORT_FLAKY="1").expect(5, (11, 1, 1, 5, 1), flaky)
    run = Run(SUBJECT, "good", WINETEST_REPORT_SUCCESS="1")
    run.expect(0, (2, 0, 0, 0, 0), ["subject.c: Test succeeded"] * 2)
    run = Run(SUBJECT, "kinds", WINETEST_TIME="1").expect(5, (11, 1, 1, 5, 1))
    run.equal("times", [re.sub(r":\d+\.\d{3} ", ": ", line) for line in run.lines], KINDS)
    run.equal("time of the summary", bool(re.fullmatch(r"\d+\.\d{3}", run.summaries[-1][2])), True)
    run = Run(SUBJECT, "kinds", WINETEST_COLOR="1").expect(5, (11, 1, 1, 5, 1))
    run.equal("colours", sum(line.startswith("\x1b[1;31m") and line.endswith("\x1b[0m") for line in run.lines), 5)
    run.equal("uncoloured", [re.sub("\x1b[^m]*m", "", line) for line in run.lines], KINDS)
    Run(SUBJECT, "kinds", WINETEST_COLOR="auto").expect(5, (11, 1, 1, 5, 1), KINDS)
    run = Run(SUBJECT, "dialect").expect(0, (16, 3, 1, 0, 1))
    run.equal("interactive", any("WINETEST_INTERACTIVE" in line for line in run.lines), True)
    Run(SUBJECT, "dialect", WINETEST_INTERACTIVE="1").expect(0, (16, 3, 1, 0, 0))


def check_blocks():
    """Contexts, nested blocks, silenced and long messages."""
    Run(SUBJECT, "contexts").expect(4, (5, 1, 0, 4, 0), [
        "subject.c: Test failed: outer 1: one",
        "subject.c: Test failed: outer 1: inner: two",
        "subject.c: Test marked todo: outer 1: inner: three",
        "subject.c: Test failed: four",
        "subject.c: Test failed: five"])
    Run(SUBJECT, "nested").expect(0, (5, 3, 1, 0, 0))
    run = Run(SUBJECT, "muted").expect(0, (100, 100, 0, 0, 100))
    run.equal("shown", [sum(word in x for x in run.lines) for word in (": skip", "c: trace", ": todo")], [42] * 3)
    run.equal("silenced", re.sub("^[0-9a-f]{4}", "", run.lines[-1]),
              ":muted: Silenced 58 todos, 58 skips and 58 traces.")
    run = Run(SUBJECT, "muted", WINETEST_DEBUG="2").expect(0, (100, 100, 0, 0, 100))
    run.equal("lines", len(run.lines), 300)
    run = Run(SUBJECT, "long_lines").expect(3, (3, 0, 0, 3, 0))
    run.equal("long line", bool(re.fullmatch(r"subject.c: Test failed: x{4000,}", run.lines[0])), True)
    run.equal("after it", run.lines[1:], ["subject.c: Test failed: no line feed", "subject.c: Test failed: after"])


def check_status():
    """The exit status, the command line and single-file programs."""
    Run(SUBJECT, "many_failures", "254").expect(254, (254, 0, 0, 254, 0))
    Run(SUBJECT, "many_failures", "1").expect(1, (1, 0, 0, 1, 0), ["subject.c: Test failed: failure 0"])
    run = Run(SUBJECT, "many_failures").expect(255, (300, 0, 0, 300, 0))
    run.equal("failures shown", len(run.lines), 300)
    Run(SINGLE).expect(0, (1, 0, 0, 0, 0), [])
    Run(SUBJECT, "nonsense").expect(1, None, ["Fatal: test 'nonsense' does not exist."])
    run = Run(SUBJECT).expect(1, None)
    run.equal("usage", (run.lines[0].startswith("Usage: "), "    kinds" in run.lines), (True, True))
    Run(SINGLE, "--list").expect(0, None, ["Valid test names:", "    single"])


def check_threads():
    """Eight threads at once: exact numbers and whole lines, each with the context of its own thread."""
    run = Run(SUBJECT, "flood", WINETEST_DEBUG="2").expect(255, (8 * 15100, 8 * 5000, 0, 8 * 100, 0))
    expected = [f"subject.c: Test failed: thread {t}: failure {i} with some text to make the line longer: L\"abcdefgh\""
                for t in range(8) for i in range(100)]
    run.equal("failures", sorted(x for x in run.lines if "failed" in x) == sorted(expected), True)
    todos = [f"subject.c: Test marked todo: thread {t}: todo" for t in range(8)]
    run.equal("todos", [sum(x == todo for x in run.lines) for todo in todos], [5000] * 8)
    run.equal("lines", len(run.lines), 8 * 5100)


def check_crashes():
    """A crash is told in two lines, has no summary and starts no debugger; a parent counts its children's failures."""
    run = Run(SUBJECT, "crash").expect(5, None)
    run.equal("first", run.lines[0], "subject.c: this is the last test seen before the exception")
    run.equal("second", bool(re.fullmatch(r"[0-9a-f]{4}:crash: unhandled exception c0000005 at [0-9a-f]+",
                                          run.lines[1])), True)
    run.equal("lines", len(run.lines), 2)
    run.equal("stderr", run.stderr, "")
    Run(SUBJECT, "quiet_crash").expect(0x34, None, [])
    run = Run(SUBJECT, "children").expect(5, (5, 0, 0, 5, 0))
    run.equal("children", [re.sub("process .*", "process", x) for x in run.lines if "child" in x], [
        "subject.c: 3 failures in child process",
        "subject.c: unhandled exception c0000005 in child process",
        "subject.c: unhandled exception e0001234 in child process"])
    run.equal("summaries", [m[1] for m in run.summaries], ["good", "many_failures", "children"])


WINERUN, SUBJECT, SINGLE = sys.argv[1:]
for check in (check_kinds, check_variables, check_blocks, check_status, check_threads, check_crashes):
    check()
for failure in failures:
    print(failure)
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
