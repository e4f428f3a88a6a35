# growth.py: cost against growth: measures one parameter from small to large on each pool, and draws it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import time

from .svg import plot

SLOW_S = 20  # a pool that takes so long for one value is not asked for larger ones
DEADLINE = 90


def sweeps(growth):
    """Plots that differ in their metric only share their measurement: {(workload, axis, values, fixed): what}."""
    found = {}
    for workload, axis, values, fixed, metric, unit in growth:
        found.setdefault((workload, axis, values, fixed), []).append((metric, unit))
    return found


def measure(samples, subjects, growth, rounds, budget, progress):
    for workload, axis, values, fixed in sweeps(growth):
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
                    outcome = subject.run(workload, case, budget, DEADLINE)
                    samples.add("growth", number, workload, case, subject.name, outcome)
                    if time.monotonic() - start > SLOW_S or not outcome.results:
                        slow.add(subject.name)


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


def draw(samples, growth, what, folder):
    """Writes a plot per workload, axis and metric. Returns their file names."""
    table = samples.table("growth")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for workload, axis, _, fixed, metric, unit in growth:
        found = curves(table, workload, axis, fixed, metric)
        if not found:
            continue
        title = "%s: %s against %s" % (workload, metric, axis)
        picture = plot(title, "%s (%s)" % (axis, what.get(workload, workload)), "%s, %s" % (metric, unit), found)
        files.append("%s-%s-%s.svg" % (workload, axis, metric.replace("_", "-")))
        (folder / files[-1]).write_text(picture, encoding="utf-8")
    return files
