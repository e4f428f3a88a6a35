#!/usr/bin/env python3
#
# check.py: wqbench runs every workload on the core, and refuses results of pools that lose, double or reorder.
#
# usage: check.py WQBENCH WQBENCH_COUNT WQBENCH_BROKEN
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import subprocess
import sys
import unittest

BENCH, COUNT, BROKEN = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120)
    return done.returncode, done.stdout


class Workloads(unittest.TestCase):
    def test_each_gives_results(self):
        for name in [line.split("\t")[1] for line in run(BENCH, "--list")[1].splitlines()
                     if line.startswith("workload")]:
            with self.subTest(name):
                status, output = run(BENCH, "core", name, "budget=5")
                self.assertEqual(status, 0, output)
                self.assertTrue(output.startswith("result\t%s\tcore\t" % name), output)

    def test_each_plot_gets_its_metric(self):
        for line in run(BENCH, "--list")[1].splitlines():
            kind, *rest = line.split("\t")
            if kind != "growth":
                continue
            name, axis, values, fixed, metric, unit = rest
            with self.subTest(name + " " + axis):
                params = [] if fixed == "-" else fixed.split()
                status, output = run(BENCH, "core", name, *params, "%s=%s" % (axis, values.split()[0]), "budget=5")
                self.assertEqual(status, 0, output)
                self.assertRegex(output, r"(?m)^result\t%s\tcore\t[^\t]*\t%s\t[^\t]*\t%s$" % (name, metric, unit))

    def test_writes_to_shared_memory_are_counted(self):
        status, output = run(COUNT, "core", "sharing", "processors=16", "budget=500")
        self.assertEqual(status, 0, output)
        found = {line.split("\t")[4]: float(line.split("\t")[5]) for line in output.splitlines()
                 if line.startswith("result")}
        self.assertGreater(found["writes"], 1, output) # it counts
        self.assertGreater(found["writes"], found["foreign"], output)
        self.assertGreaterEqual(found["foreign"], found["hottest"], output)

    def test_what_an_engine_cannot_do_is_skipped(self):
        status, output = run(BROKEN, "sound", "serial", "budget=1")
        self.assertEqual((status, output.split("\t")[0]), (4, "skip"))


class Detection(unittest.TestCase):
    def expect(self, engine, workload, text):
        status, output = run(BROKEN, engine, workload, "budget=1", "deadline=1")
        self.assertEqual(status, 3, output)
        self.assertRegex(output, r"error\t%s\t%s\t.*%s" % (workload, engine, text))
        self.assertNotIn("result\t%s\t%s\t-\trate" % (workload, engine), output)

    def test_sound_pool_is_believed(self):
        status, output = run(BROKEN, "sound", "flood", "budget=1", "deadline=1")
        self.assertEqual(status, 0, output)

    def test_lost_item(self):
        self.expect("losing", "flood", "1 items did not run in time")

    def test_doubled_item(self):
        self.expect("doubling", "flood", "200[01] items ran, 2000 were queued")

    def test_wrong_item(self):
        self.expect("mistaking", "flood", "index sums differ")

    def test_order_of_serial_queue(self):
        self.expect("reordering", "serial", "ran out of order")


unittest.main()
