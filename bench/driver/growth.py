# growth.py: cost against growth: measures one parameter from small to large on each pool, and draws it. A point needs no
# more than a third of the budget that a figure has: where a curve bends is seen without.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import collections
import re
import time

from .svg import plot

SLOW_S = 20  # a pool that takes so long for one value is not asked for larger ones
DEADLINE = 90
SHARE = 3


def title(entry):
    """What --only is looked for in."""
    workload, axis, _, fixed, _, _ = entry
    return " ".join([workload, axis] + ([] if fixed == "-" else [fixed]))


def sweeps(growth):
    """Plots that differ in their metric only share their measurement: {(workload, axis, values, fixed): what}."""
    found = {}
    for workload, axis, values, fixed, metric, unit in growth:
        found.setdefault((workload, axis, values, fixed), []).append((metric, unit))
    return found


def most(subjects, growth):
    """How many measurements a round has, if no pool is too slow."""
    return sum(len(values.split()) * sum(workload in s.workloads for s in subjects)
               for workload, _, values, _ in sweeps(growth))


def measure(samples, subjects, growth, rounds, budget, progress):
    for (workload, axis, values, fixed), wanted in sweeps(growth).items():
        fitting = [s for s in subjects if workload in s.workloads]
        for number in range(rounds):
            slow = set()
            for value in values.split():
                case = ("" if fixed == "-" else fixed + " ") + "%s=%s" % (axis, value)
                for subject in fitting:
                    if subject.name in slow:
                        continue
                    progress("growth %d/%d  %s %s on %s" % (number + 1, rounds, workload, case, subject.name))
                    start = time.monotonic()
                    outcome = subject.run(workload, case, max(budget // SHARE, 1), DEADLINE)
                    samples.add("growth", number, workload, case, subject.name, outcome)
                    found = {(metric, unit) for metric, _, unit in outcome.results}
                    if time.monotonic() - start > SLOW_S or not found.intersection(wanted):
                        slow.add(subject.name) # or it does not know the axis


def curves(table, workload, axis, fixed, metric):
    found = {}
    for (name, case), metrics in table.items():
        params = dict(p.split("=", 1) for p in case.split() if "=" in p)
        rest = " ".join(p for p in case.split() if not p.startswith(axis + "="))
        if name != workload or axis not in params or rest != ("" if fixed == "-" else fixed):
            continue
        for subject, summary in metrics.get(metric, {}).items():
            if summary.median > 0:
                found.setdefault(subject, []).append((float(params[axis]), summary.median))
    return found


def names(growth):
    """A plot's file name and title for each entry; what is fixed is named where only that tells plots apart."""
    same = collections.Counter((workload, axis, metric) for workload, axis, _, _, metric, _ in growth)
    for workload, axis, _, fixed, metric, _ in growth:
        parts, words = [workload, axis, metric], "%s: %s against %s" % (workload, metric, axis)
        if same[workload, axis, metric] > 1:
            parts.insert(1, fixed)
            words += ", " + fixed
        yield re.sub("[^a-z0-9]+", "-", "-".join(parts)) + ".svg", words


def draw(samples, growth, what, folder):
    """Writes a plot per workload, axis and metric. Returns their file names."""
    table = samples.table("growth")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for (workload, axis, _, fixed, metric, unit), (name, words) in zip(growth, names(growth)):
        found = curves(table, workload, axis, fixed, metric)
        if not found:
            continue
        picture = plot(words, what.get(workload, workload), axis, "%s, %s" % (metric, unit), found)
        files.append(name)
        (folder / name).write_text(picture, encoding="utf-8")
    return files
