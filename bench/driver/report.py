# report.py: what was measured, for people: tables of medians with spread and ratios, and how that compares with
# the targets.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
from .samples import best_peer, ratio
from .targets import TARGETS, compare


def number(value):
    """Three digits that count."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 99.95:
        return "%.0f" % value
    return "%.1f" % value if size >= 9.995 else "%.2f" % value if size >= 0.0995 else "%.2g" % value


def cell(summary):
    if not summary:
        return "-"
    return number(summary.median) + (" ±%.0f%%" % (100 * summary.spread) if summary.count > 1 else "")


def times(value):
    return "-" if value is None else number(value) + "x"


def title(workload, case):
    return workload if case == "-" else "%s %s" % (workload, case)


def rows(table):
    """One row per case and metric: names, ours, builtin, their ratio, core, best peer, their ratio."""
    for (workload, case), metrics in table.items():
        for metric, subjects in metrics.items():
            if metric == "samples":
                continue
            ours = subjects.get("ours") or subjects.get("core-wine")
            core = subjects.get("core")
            name, peer = best_peer(metric, subjects)
            unit = next(iter(subjects.values())).unit
            yield (title(workload, case), "%s, %s" % (metric, unit), cell(ours),
                   cell(subjects.get("builtin")), times(ratio(ours, subjects.get("builtin"))), cell(core),
                   "%s (%s)" % (cell(peer), name) if peer else "-", times(ratio(core, peer)))


HEAD = ("workload", "metric", "ours", "builtin", "ratio", "core native", "best native peer", "ratio")


def plain(head, body, gaps=True):
    """Columns; a first column that repeats is left out."""
    body = list(body)
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
    lines, last = [], None
    for row in [head, *body]:
        shown = row if row[0] != last else ("",) + row[1:]
        if gaps and last is not None and row[0] != last:
            lines.append("")
        last = row[0]
        lines.append("  ".join(text.ljust(width) for text, width in zip(shown, widths)).rstrip())
    return "\n".join(lines)


def markdown(head, body):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def measured(target, table):
    """The target's ratio or value, None if it was not measured."""
    subjects = table.get((target.workload, target.case), {}).get(target.metric, {})
    ours = subjects.get("ours")
    if target.of == "value":
        return ours.median if ours else None
    if target.of == "builtin":
        return ratio(ours, subjects.get("builtin"))
    if target.of == "faster":
        return ratio(subjects.get("builtin"), ours)
    if target.of == "peer":
        return ratio(subjects.get("core"), best_peer(target.metric, subjects)[1])
    other = table.get((target.workload, target.of), {}).get(target.metric, {})
    return ratio(ours, other.get("ours"))


TEXTS = {"builtin": "ours / builtin", "faster": "builtin / ours", "peer": "core / best native peer", "value": "ours"}


def target_rows(table):
    for target in TARGETS:
        value = measured(target, table)
        if value is None:
            continue
        unit = "" if target.of == "value" else "x"
        yield (title(target.workload, target.case),
               "%s, %s" % (target.metric, TEXTS.get(target.of, "ours / ours at " + target.of)),
               "%s %s%s" % (target.sign, number(target.limit), unit), number(value) + unit,
               "met" if compare(target, value) else "MISSED")


TARGET_HEAD = ("workload", "what", "target", "measured", "")


def text(samples):
    table = samples.table("round")
    parts = [plain(HEAD, rows(table))] if table else []
    targets = list(target_rows(table))
    if targets:
        met = sum(row[-1] == "met" for row in targets)
        parts.append("Targets: %d of %d measured ones met." % (met, len(targets)))
        parts.append(plain(TARGET_HEAD, targets, False))
    troubles = {(t["workload"], t["case"], t["subject"], t["text"], t["skipped"]): 0 for t in samples.troubles}
    for t in samples.troubles:
        troubles[t["workload"], t["case"], t["subject"], t["text"], t["skipped"]] += 1
    if troubles:
        parts.append("\n".join("%s %s on %s: %s%s" % ("skipped" if skipped else "FAILED", title(workload, case),
                                                      subject, why, " (%d times)" % count if count > 1 else "")
                               for (workload, case, subject, why, skipped), count in troubles.items()))
    return "\n\n".join(parts)
