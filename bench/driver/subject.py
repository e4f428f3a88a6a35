# subject.py: what is measured, a pool in a program, and one run of it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import signal
import subprocess
import tempfile

STATUS_SKIP = 4
DEADLINE = 150 # seconds for one process


class Listing:
    """What a program says it can do."""

    def __init__(self, command):
        self.what, self.cases, self.growth, self.fits, self.kernel = {}, {}, [], set(), set()
        done = subprocess.run(command + ["--list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              timeout=120, stdin=subprocess.DEVNULL)
        for line in done.stdout.splitlines():
            kind, *rest = line.split("\t")
            if kind == "workload":
                self.what[rest[0]] = rest[1]
            elif kind == "case":
                self.cases.setdefault(rest[0], []).append(rest[1])
            elif kind == "growth":
                self.growth.append(tuple(rest))
            elif kind == "fit":
                self.fits.add(tuple(rest))
            elif kind == "kernel":
                self.kernel.add(rest[0])


def run_to_end(command, deadline):
    """Its output, what it wrote to stderr, its status. Files, not pipes: Wine's services, which the first program of a
    prefix starts and which stay, keep its stderr open."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL, start_new_session=True,
                                   env=dict(os.environ, WQ_DEADLINE=str(deadline)))
        try:
            process.wait(deadline + 15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return "", "no end after %d s" % deadline, process.returncode
        except BaseException: # interrupted: it has a session of its own, so it must be told
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
        output.seek(0)
        errors.seek(0)
        return output.read(), errors.read(), process.returncode


class Outcome:
    def __init__(self):
        self.results = []    # (metric, value, unit)
        self.trouble = None  # what went wrong, for people
        self.skipped = None  # why this pool cannot do it
        self.absent = False  # it is not there to be measured


class Subject:
    def __init__(self, name, engine, command, listing, served=None, only=None):
        self.name = name
        self.engine = engine
        self.command = command
        self.served = served # who must be found to serve, None where there is no doubt
        self.absent = set()  # workloads that our modules were seen not to serve
        self.workloads = {w for w, e in listing.fits if e == engine and (only is None or w in only)}

    def run(self, workload, case, budget, deadline=DEADLINE):
        """One process. It is ended, with all that it started, after the deadline."""
        if workload in self.absent:
            return Outcome()
        params = [] if case == "-" else case.split()
        command = self.command + [self.engine, workload, *params, "budget=%d" % budget]
        outcome = self.parse(*run_to_end(command, deadline))
        if outcome.absent:
            self.absent.add(workload)
        return outcome

    def parse(self, output, errors, status):
        outcome = Outcome()
        served = None
        for line in output.splitlines():
            kind, *rest = line.rstrip().split("\t")
            if kind == "result":
                outcome.results.append((rest[3], float(rest[4]), rest[5]))
            elif kind == "served":
                served = rest[0]
            elif kind == "skip":
                outcome.skipped = rest[-1]
            elif kind == "error":
                outcome.trouble = rest[-1]
        if status == STATUS_SKIP or outcome.skipped:
            outcome.skipped = outcome.skipped or "cannot do this"
            return outcome
        if status and not outcome.trouble:
            outcome.trouble = "status %d: %s" % (status, errors.strip()[-300:])
        if not status and self.served and served != self.served:
            self.judge(outcome, served)
        if outcome.trouble:
            outcome.results = [] # not to be believed
        return outcome

    def judge(self, outcome, served):
        """Somebody else served. That is no measurement of ours; where our front does not have the call yet, it is
        no mistake either."""
        if served == "builtin call":
            outcome.skipped = "not served by our modules"
            outcome.absent = True
            outcome.results = []
        else:
            outcome.trouble = "served by %s, not by %s" % (served, self.served)
