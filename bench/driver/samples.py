# samples.py: everything that was measured, raw, and what is drawn from it: medians, spread, ratios.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import statistics
from collections import namedtuple

from .targets import MORE_IS_BETTER

Summary = namedtuple("Summary", "median spread count unit") # spread: a share of the median

WINDOWS = ("ours", "builtin", "core-wine")
OURS = ("ours", "builtin", "core-wine", "core")


class Samples:
    def __init__(self, about=None):
        self.about = about or {}
        self.raw = []      # dicts: kind, round, workload, case, subject, metric, value, unit
        self.troubles = [] # dicts: kind, round, workload, case, subject, text, skipped

    def add(self, kind, number, workload, case, subject, outcome):
        where = {"kind": kind, "round": number, "workload": workload, "case": case, "subject": subject}
        for metric, value, unit in outcome.results:
            self.raw.append(dict(where, metric=metric, value=value, unit=unit))
        if outcome.trouble or outcome.skipped:
            self.troubles.append(dict(where, text=outcome.trouble or outcome.skipped,
                                      skipped=not outcome.trouble))

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"about": self.about, "samples": self.raw, "troubles": self.troubles}, file, indent=1)

    @staticmethod
    def load(*paths):
        """Files that measured different things are put together; what they say about themselves is the first one's,
        but for the list of plots."""
        samples = None
        for path in paths:
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
            samples = samples or Samples(data["about"])
            samples.raw += data["samples"]
            samples.troubles += data["troubles"]
            for name, empty in (("growth", []), ("what", {})):
                samples.about[name] = merged(samples.about.get(name, empty), data["about"].get(name, empty))
        return samples

    def table(self, kind):
        """{(workload, case): {metric: {subject: Summary}}}, in the order of measuring."""
        values, units = {}, {}
        for s in self.raw:
            if s["kind"] == kind:
                metrics = values.setdefault((s["workload"], s["case"]), {})
                metrics.setdefault(s["metric"], {}).setdefault(s["subject"], []).append(s["value"])
                units[s["metric"], s["workload"]] = s["unit"]
        return {where: {metric: {subject: summary(v, units[metric, where[0]]) for subject, v in subjects.items()}
                        for metric, subjects in metrics.items()}
                for where, metrics in values.items()}


def merged(one, other):
    if isinstance(one, dict):
        return {**other, **one}
    return one + [entry for entry in other if entry not in one]


def summary(values, unit):
    """The spread is half of what lies between the quartiles: one round that something disturbed does not show."""
    median = statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (median,) * 3
    spread = (high - low) / 2 / abs(median) if median else 0
    return Summary(median, spread, len(values), unit)


def ratio(a, b):
    return a.median / b.median if a and b and b.median else None


def best_peer(metric, subjects):
    """(name, Summary) of the best native pool that is not ours, or (None, None)."""
    peers = [(name, s) for name, s in subjects.items() if name not in OURS]
    if not peers:
        return None, None
    pick = max if metric in MORE_IS_BETTER else min
    return pick(peers, key=lambda peer: peer[1].median)
