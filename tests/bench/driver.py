#!/usr/bin/env python3
#
# driver.py: what tools/bench makes of samples: medians, ratios, targets, plots, figures in a document.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import pathlib
import re
import signal
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

from driver import build, command, document, growth, report, subject, svg, targets
from driver.samples import Samples, best_peer, ratio


def samples_of(*lines, kind="round"):
    samples = Samples({"machine": {"processors": 2}, "rounds": 3, "budget": 1, "date": "2000-01-01"})
    for workload, case, name, metric, *values in lines:
        for number, value in enumerate(values):
            outcome = subject.Outcome()
            outcome.results = [(metric, value, "M/s")]
            samples.add(kind, number, workload, case, name, outcome)
    return samples


FLOOD = samples_of(("flood", "producers=1", "ours", "rate", 30, 36, 33), ("flood", "producers=1", "builtin", "rate", 0.1),
                   ("flood", "producers=1", "core", "rate", 20), ("flood", "producers=1", "tbb", "rate", 2),
                   ("flood", "producers=1", "uv", "rate", 1))


class Numbers(unittest.TestCase):
    def setUp(self):
        self.rate = FLOOD.table("round")["flood", "producers=1"]["rate"]

    def test_median_and_spread(self):
        self.assertEqual((self.rate["ours"].median, self.rate["ours"].count), (33, 3))
        self.assertAlmostEqual(self.rate["ours"].spread, 1.5 / 33)

    def test_ratio(self):
        self.assertAlmostEqual(ratio(self.rate["ours"], self.rate["builtin"]), 330)
        self.assertIsNone(ratio(self.rate["ours"], None))

    def test_best_peer_is_not_ours(self):
        self.assertEqual(best_peer("rate", self.rate)[0], "tbb")
        self.assertEqual(best_peer("submit", self.rate)[0], "uv")

    def test_targets(self):
        found = {row[1]: row[2:] for row in report.target_rows(FLOOD.table("round"))}
        self.assertEqual(found["rate, ours / builtin"], (">= 300x", "330x", "met"))
        self.assertEqual(found["rate, core / best native peer"], (">= 5.00x", "10.0x", "met"))

    def test_missed_target(self):
        missed = targets.Target("a", "-", "b", "value", "<=", 2)
        self.assertTrue(targets.compare(missed, 2))
        self.assertFalse(targets.compare(missed, 2.01))

    def test_save_and_load(self):
        with tempfile.TemporaryDirectory() as folder:
            FLOOD.save(folder + "/all.json")
            self.assertEqual(Samples.load(folder + "/all.json").raw, FLOOD.raw)
            both = Samples.load(folder + "/all.json", folder + "/all.json")
            self.assertEqual(both.table("round")["flood", "producers=1"]["rate"]["ours"].count, 6)


class Runs(unittest.TestCase):
    def parse(self, output, status=0, served="ours"):
        listing = subject.Listing(["true"])
        return subject.Subject("ours", "quwi", [], listing, served).parse(output, "", status)

    def test_result(self):
        outcome = self.parse("result\tflood\tquwi\t-\trate\t3.5\tM/s\nserved\tours\n")
        self.assertEqual(outcome.results, [("rate", 3.5, "M/s")])

    def test_results_of_somebody_else_are_thrown_away(self):
        outcome = self.parse("result\tflood\tquwi\t-\trate\t3.5\tM/s\nserved\tbuiltin\n")
        self.assertEqual(outcome.results, [])
        self.assertIn("served by builtin", outcome.trouble)

    def test_call_that_the_front_lacks_is_no_trouble(self):
        outcome = self.parse("result\ttimers\tquwi\t-\tcreate\t3.5\tns\nserved\tbuiltin call\n")
        self.assertEqual((outcome.results, outcome.trouble, outcome.absent), ([], None, True))

    def test_a_program_left_behind_does_not_keep_us(self):
        """Wine's services, which the first program of a prefix starts, hold its stderr."""
        output, errors, status = subject.run_to_end(["sh", "-c", "sleep 20 >/dev/null & echo $!; echo b >&2; exit 3"], 10)
        os.kill(int(output), signal.SIGKILL)
        self.assertEqual((errors, status), ("b\n", 3))

    def test_only_what_a_subject_is_for(self):
        listing = subject.Listing(["printf", "fit\tflood\tquwi\nfit\tkernel\tquwi\nkernel\tkernel\n"])
        self.assertEqual(listing.kernel, {"kernel"})
        self.assertEqual(subject.Subject("builtin", "quwi", [], listing, "builtin", {"kernel"}).workloads, {"kernel"})
        self.assertEqual(subject.Subject("builtin", "quwi", [], listing, "builtin", set()).workloads, set())

    def test_crash(self):
        self.assertIn("status 5", self.parse("result\tflood\tquwi\t-\trate\t3.5\tM/s\n", 5).trouble)


class Plans(unittest.TestCase):
    def plan(self, names, only):
        listing = subject.Listing(["printf", "case\tflood\tproducers=1\nfit\tflood\tcore\ngrowth\tfan\titems\t1\tio=1\tc\tns\n"])
        plan = command.Plan.__new__(command.Plan)
        plan.subjects, plan.listings, plan.names = [subject.Subject("core", "core", [], listing)], [listing], names
        plan.choose(re.compile(only), False)
        return plan

    def test_what_is_measured(self):
        args = command.arguments(["--plots", "x"])
        for names, only in ((None, ""), (["core"], "^flood prod"), (None, "^fan items io=1")):
            self.plan(names, only).check(args)

    def test_slips_are_told(self):
        args = command.arguments([])
        for names, only, text in ((["cora"], "", "no pool cora"), (None, "producer=1", "nothing to measure"),
                                  (None, "^fan", "nothing to measure")):
            with self.assertRaisesRegex(build.Trouble, text):
                self.plan(names, only).check(args)


class Plots(unittest.TestCase):
    def test_curves_and_file(self):
        samples = samples_of(*[("flood", "items=%d" % n, "ours", "cost", 1000 / n) for n in (1, 10, 1000)],
                             kind="growth")
        with tempfile.TemporaryDirectory() as folder:
            files = growth.draw(samples, [("flood", "items", "1 10 1000", "-", "cost", "ns")], {}, pathlib.Path(folder))
            self.assertEqual(files, ["flood-items-cost.svg"])
            picture = xml.dom.minidom.parse(folder + "/" + files[0])
        self.assertEqual(len(picture.getElementsByTagName("circle")), 3)

    def test_what_is_fixed_tells_plots_apart(self):
        entries = [("kernel", "items", "1", "io=1", "cost", "ns"), ("kernel", "items", "1", "ex=1", "cost", "ns"),
                   ("storm", "timers", "1", "lead_ms=9", "late_p50", "us")]
        self.assertEqual([name for name, _ in growth.names(entries)],
                         ["kernel-io-1-items-cost.svg", "kernel-ex-1-items-cost.svg", "storm-timers-late-p50.svg"])

    def test_a_pool_that_does_not_know_the_axis_is_asked_once(self):
        asked = []

        class Pool:
            name, workloads = "pool", {"fan"}

            def run(self, workload, case, budget, deadline):
                asked.append((case, budget))
                outcome = subject.Outcome()
                outcome.results = [("rate", 1.0, "M/s")]
                return outcome

        growth.measure(Samples({}), [Pool()], [("fan", "items", "1 10", "-", "cost", "ns")], 1, 300, lambda text: None)
        self.assertEqual(asked, [("items=1", 100)])

    def test_decades_are_evenly_spaced(self):
        axis = svg.Axis([1, 900], 0, 300)
        self.assertEqual(axis.named(), [1, 10, 100, 1000])
        self.assertEqual([round(axis.place(v)) for v in axis.named()], [0, 100, 200, 300])

    def test_axis_is_no_longer_than_it_must_be(self):
        self.assertEqual(svg.Axis([3, 40], 0, 300).named(), [2, 5, 10, 20, 50])
        axis = svg.Axis([1, 1024], 0, 300, False)
        self.assertEqual((axis.place(1), axis.place(1024)), (0, 300))
        self.assertEqual(axis.named(), [1, 10, 100, 1000])

    def test_axis_of_one_value(self):
        axis = svg.Axis([1, 1], 0, 300, False)
        self.assertEqual(axis.named(), [1, 2])

    def test_labels_do_not_overlap(self):
        axis = svg.Axis([1, 10], 400, 0)
        places = sorted(float(text.split('y="')[1].split('"')[0])
                        for text in svg.labels(axis, [(name, [(1, 5)], "#000") for name in "abc"]))
        self.assertTrue(all(b - a >= 15 for a, b in zip(places, places[1:])))


class Document(unittest.TestCase):
    def test_only_the_marked_places_change(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text("a\n<!-- measured: results -->\nold\n<!-- end -->\nb\n<!-- measured: plots -->\nold\n<!-- end -->\n")
            document.update(page, FLOOD, None, [])
            content = page.read_text()
        self.assertTrue(content.startswith("a\n<!-- measured: results -->\n| workload |"), content)
        self.assertIn("| flood producers=1 | rate, M/s | 33.0 ±5% | 0.10 | 330x |", content)
        self.assertTrue(content.endswith("b\n<!-- measured: plots -->\nold\n<!-- end -->\n"), content)


unittest.main()
