# command.py: the command line of tools/bench: builds, measures in interleaved rounds, reports.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import argparse
import contextlib
import datetime
import os
import pathlib
import re
import signal
import sys
import time

from . import build, document, growth, report
from .machine import describe
from .prefix import NOTHING, Prefix
from .samples import WINDOWS, Samples
from .subject import Listing, Subject


GO, RUST = ("go",), ("rayon", "tokio")


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def arguments(argv):
    parser = argparse.ArgumentParser(prog="bench", description="Measures our pool against others.")
    parser.add_argument("--quick", action="store_true", help="one short round: to see that it works")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (5; quick: 1)")
    parser.add_argument("--budget", type=int, help="milliseconds of one measurement (300; quick: 60)")
    parser.add_argument("--only", metavar="PATTERN", help="regular expression of 'WORKLOAD PARAMETERS' to measure")
    parser.add_argument("--subjects", metavar="LIST", help="pools to measure, separated by commas: ours, builtin, core-wine (under "
                        "Wine), core, glib, tbb, tbb_group, uv, dispatch, go, rayon, tokio")
    parser.add_argument("--json", metavar="FILE", help="write all raw samples")
    parser.add_argument("--from", dest="load", metavar="FILE", nargs="+",
                        help="report earlier --json files together, measure nothing")
    parser.add_argument("--plots", metavar="DIR", help="measure growth too and draw it there")
    parser.add_argument("--plots-only", action="store_true", help="measure growth only")
    parser.add_argument("--update", metavar="FILE", help="put the figures into this document")
    args = parser.parse_args(argv)
    args.rounds = args.rounds or (1 if args.quick else 5)
    args.budget = args.budget or (60 if args.quick else 300)
    return args


def title(workload, case):
    """What --only is looked for in."""
    return "%s %s" % (workload, case.lstrip("!"))


class Plan:
    """The pools and what they can do."""

    def __init__(self, stack, args):
        self.subjects, self.listings = [], []
        self.names = args.subjects.split(",") if args.subjects else None
        pattern = re.compile(args.only or "")
        say("building in %s; the first time takes minutes" % build.BUILD.relative_to(build.ROOT))
        stage = self.wanted(*WINDOWS) and build.build_windows(say)
        if not self.names or set(self.names) - set(WINDOWS): # the peers' plots are among its
            self.add([str(build.build_native())])
            self.add([str(build.build_count())])
        for program in (self.wanted(*GO) and build.build_go(say), self.wanted(*RUST) and build.build_rust(say)):
            if program:
                self.add([str(program)])
        if stage:
            say("making a Wine prefix")
            self.add_windows(stack, stage, pattern)
        self.choose(pattern, args.quick)

    def choose(self, pattern, quick):
        self.subjects = [s for s in self.subjects if self.wanted(s.name)]
        self.what = {}
        for listing in self.listings:
            self.what.update(listing.what)
        self.cases = [(w, c.lstrip("!")) for w, c in self.unique_cases()
                      if not (quick and c.startswith("!")) and pattern.search(title(w, c))]
        self.all_growth = list(dict.fromkeys(g for listing in self.listings for g in listing.growth))
        self.growth = [g for g in self.all_growth if pattern.search(growth.title(g))]

    def wanted(self, *names):
        return not self.names or any(name in self.names for name in names)

    def check(self, args):
        """A slip of the keyboard shall not look like a measurement."""
        unknown = set(self.names or ()) - {s.name for s in self.subjects}
        if unknown:
            raise build.Trouble("there is no pool %s here" % ", ".join(sorted(unknown)))
        if not (self.runs() or args.plots and self.growth):
            raise build.Trouble("nothing to measure: --only is looked for in 'flood producers=1' and the like")

    def add(self, command):
        listing = Listing(command)
        self.listings.append(listing)
        for engine in dict.fromkeys(e for _, e in sorted(listing.fits)):
            self.subjects.append(Subject(engine, engine, command, listing))

    def add_windows(self, stack, stage, pattern):
        """The same program twice; and the core itself for what Win32 does not offer."""
        prefix = stack.enter_context(Prefix(stage))
        ours, builtin = prefix.command("wqbench.exe"), prefix.command("wqbuiltin.exe")
        listing = Listing(ours)
        self.listings.append(listing)
        win32 = {w for w, e in listing.fits if e == "quwi"}
        rest = {w for w, e in listing.fits if e == "core"} - win32
        self.subjects += [Subject("ours", "quwi", ours, listing, "ours"),
                          Subject("builtin", "quwi", builtin, listing, "builtin", win32 - listing.kernel),
                          Subject("core-wine", "core", ours, listing, None, rest)]
        asked = [(w, title(w, c)) for w, cases in listing.cases.items() for c in cases]
        asked += [(g[0], growth.title(g)) for g in listing.growth]
        kernel = listing.kernel & {w for w, text in asked if pattern.search(text)}
        if kernel and self.wanted("builtin"):
            bare = stack.enter_context(Prefix(stage, NOTHING)).command("wqbuiltin.exe")
            self.subjects.append(Subject("builtin", "quwi", bare, listing, "builtin", kernel))

    def unique_cases(self):
        return dict.fromkeys((w, c) for listing in self.listings for w, cases in listing.cases.items() for c in cases)

    def runs(self):
        return [(w, c, s) for w, c in self.cases for s in self.subjects if w in s.workloads]


class Progress:
    def __init__(self, total):
        self.total, self.done, self.start = total, 0, time.monotonic()
        self.terminal = sys.stderr.isatty()

    def __call__(self, text):
        took = time.monotonic() - self.start
        left = took / self.done * (self.total - self.done) if self.done else None
        rest = ", about %.0f s left" % left if left is not None and self.done <= self.total else ""
        line = "[%d/%d, %.0f s%s] %s" % (self.done, self.total, took, rest, text)
        self.done += 1
        if self.terminal:
            sys.stderr.write("\r\033[K" + line[:150])
            sys.stderr.flush()
        elif self.done % 20 == 1:
            say(line)


def measure(plan, samples, args):
    """Each round measures every case on every pool, the pools in another order each time, so that slow changes
    of the machine hit all of them."""
    runs = plan.runs()
    progress = Progress(len(runs) * args.rounds)
    for number in range(args.rounds):
        for workload, case in plan.cases:
            fitting = [s for s in plan.subjects if workload in s.workloads]
            shift = number % len(fitting) if fitting else 0
            for subject in fitting[shift:] + fitting[:shift]:
                progress("round %d  %s %s on %s" % (number + 1, workload, case, subject.name))
                samples.add("round", number, workload, case, subject.name, subject.run(workload, case, args.budget))


def run(args):
    with contextlib.ExitStack() as stack:
        plan = Plan(stack, args)
        plan.check(args)
        start = time.monotonic()
        samples = Samples({"machine": describe(), "rounds": args.rounds, "budget": args.budget,
                           "date": datetime.date.today().isoformat(), "subjects": [s.name for s in plan.subjects],
                           "growth": plan.all_growth, "what": plan.what})
        try:
            if not args.plots_only:
                measure(plan, samples, args)
            if args.plots:
                rounds = min(args.rounds, 3)
                growth.measure(samples, plan.subjects, plan.growth, rounds, args.budget,
                               Progress(growth.most(plan.subjects, plan.growth) * rounds))
        except KeyboardInterrupt:
            say("interrupted: reporting what there is")
    samples.about["machine"]["load_after"] = round(os.getloadavg()[0], 1)
    samples.about["seconds"] = round(time.monotonic() - start)
    return samples


def show(args, samples):
    print(report.text(samples))
    print("\n%s processors, %s, %s, commit %s; measured in %d s" % (
        samples.about["machine"]["processors"], samples.about["machine"]["processor"],
        samples.about["machine"]["wine"], samples.about["machine"]["commit"], samples.about["seconds"]))
    files = []
    if args.plots:
        files = growth.draw(samples, [tuple(g) for g in samples.about["growth"]], samples.about["what"],
                            pathlib.Path(args.plots))
        print("Plots in %s: %s" % (args.plots, ", ".join(files)))
    if args.update:
        document.update(pathlib.Path(args.update), samples, args.plots, files)


def main(argv):
    args = arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)) # ends what was started and removes the prefix
    try:
        samples = Samples.load(*args.load) if args.load else run(args)
    except build.Trouble as trouble:
        say(str(trouble))
        return 2
    if args.json:
        samples.save(args.json)
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    show(args, samples)
    return 1 if any(not t["skipped"] for t in samples.troubles) else 0
