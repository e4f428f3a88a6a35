# targets.py: what the project wants to reach, as ratios or values of medians. A report, not a test.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
from collections import namedtuple

# of: what is compared with the limit:
#   builtin   ours / builtin, both under Wine
#   faster    builtin / ours: how many times quicker
#   peer      our core natively / the best native pool
#   value     ours under Wine as it is
#   CASE      ours in this case / ours in the case named here
Target = namedtuple("Target", "workload case metric of sign limit")

TARGETS = [
    *[Target("flood", "producers=%d" % n, "rate", "builtin", ">=", 300) for n in (1, 2, 4)],
    *[Target("flood", "producers=%d" % n, "rate", "peer", ">=", 5) for n in (1, 2, 4)],
    Target("kernel", "io=1", "rate", "builtin", ">=", 100), # the only one that Wine has, too
    Target("fan", "-", "rate", "builtin", ">=", 400),
    Target("work", "work_us=1", "speedup", "value", ">=", 1.6),
    Target("work", "work_us=10", "speedup", "value", ">=", 1.9),
    Target("work", "work_us=100", "speedup", "value", ">=", 1.95),
    Target("pingpong", "gap_us=0", "start_p50", "builtin", "<=", 0.3),
    Target("pingpong", "gap_us=200", "start_p50", "builtin", "<=", 0.75),
    Target("pingpong", "gap_us=2000", "start_p50", "builtin", "<=", 0.75),
    *[Target("pingpong", "gap_us=%d" % n, "start_p99", "builtin", "<=", 1) for n in (0, 200, 2000)],
    *[Target("burst", "items=%d" % n, metric, "builtin", "<=", 1) for n in (64, 256) for metric in ("cold", "warm")],
    *[Target("burst", "items=%d" % n, metric, "faster", ">=", 200)
      for n in (64, 256) for metric in ("cold_submit", "warm_submit")],
    Target("compute", "items=32", "beyond", "value", "<=", 2),
    Target("timers", "live=100000", "create", "live=1000", "<=", 2),
    Target("timers", "live=100000", "delete", "live=1000", "<=", 2),
    Target("timers", "live=100000", "pair", "faster", ">=", 100), # create and delete
    Target("storm", "timers=10000", "late_p50", "value", "<", 2000),
    *[Target("periodic", "period_ms=%d" % n, "late_p99", "builtin", "<=", 1) for n in (1, 10, 50)],
    *[Target("waits", "waits=%d" % n, metric, "builtin", "<=", 1)
      for n in (1000, 10000) for metric in ("register", "fire_all", "unregister", "unregister_live")],
    *[Target("waits", "waits=%d" % n, "per_thread", "value", "<=", 100) for n in (1000, 10000)],
    *[Target("memory", "items=%d" % n, "per_item", "value", "<=", 64) for n in (1000000, 10000000)],
    *[Target("tpflood", case, "rate", "builtin", ">=", 100)
      for case in ("objects=1", "objects=1 swollen=300", "objects=100", "simple=1", "simple=1 swollen=300")],
    *[Target("tpflood", case, "of_quwi", "value", ">=", 0.8) for case in ("objects=1", "objects=100", "simple=1")],
    *[Target("tpblock", "objects=%d" % n, metric, "value", "<=", limit)
      for n in (1, 40, 0) for metric, limit in (("all", 100), ("beyond", 2))],
    Target("tppending", "items=1000000", "per_item", "value", "<=", 1),
    Target("memory", "items=1000000", "per_worker", "value", "<=", 100),
    Target("start", "-", "process", "builtin", "<=", 1),
    Target("rtwq", "pending=1", "rate", "builtin", ">=", 20),
    Target("rtwq", "serial=1", "rate", "builtin", ">=", 20),
    Target("rtwq", "multithreaded=1", "rate", "builtin", ">=", 200),
]

# A metric that is not named here is a cost: less is better.
MORE_IS_BETTER = {"rate", "of_quwi", "started", "speedup", "efficiency", "ticks", "load"}


def compare(target, value):
    return {">=": value >= target.limit, "<=": value <= target.limit, "<": value < target.limit}[target.sign]
