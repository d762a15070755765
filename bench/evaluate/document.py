"""docs/evaluation.md, written from an evaluation of the simulator's own scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import report
from .goals import Goal
from .over_http import Comparison
from .replay import Run
from .score import Score

_TOP = """\
# How good detection is

Written by `make evaluate`; don't edit. Every scenario in `simulator/scenarios/` is played against a model of SNAT ports
(see `simulator/README.md`), and each minute snatbot scans it with its own code from discovery to the incident, as do
two alert rules that people use today. What was found is held against what really failed, which the model knows.

**These are our own scenarios**, and the model is ours too: the figures say that the detector does what it should on
trouble that we thought of. They are no measurement of Azure. Use your own: `make evaluate SCENARIOS=folder`.
"""

_COLUMNS = """\
- *watched*: one scan a minute. Two hours after the start of each scenario and its history before; 7 days where nothing
  fails at all.
- *node-minutes*: of all (node, minute) pairs named as failing, how many really failed (precision); of all that really
  failed, how many were named (recall); *recall of shown* leaves out those that the metrics never showed, because a
  scenario loses metrics or forbids them.
- *incidents*: runs of failing minutes of a cluster, with pauses of up to 10 minutes. *ticks late*: ticks after the
  first at which the first failing minute could be judged. snatbot lets a minute rest for 3 minutes before it judges
  it, because Azure Monitor may not have all of it earlier: 3 minutes after the first failing minute is the earliest.
- *lead*: from the first warning to the first failing minute, if nothing had failed in that incident before. Sudden
  trouble has none.
- *warnings*: right when ports really were 75 % in use, or connections failed within the hour after. *Not confirmed* is
  mostly advice about what would happen (such as nodes' ports being halved if the autoscaler grows the cluster).
  *missed*: ports were 75 % in use and there was no warning.
- *trouble that no metric showed*: nobody may read the metrics. snatbot then says "not measured", never "healthy".
"""

_RULES = """\
## Beside the rules that people use today

On the same data, each minute over 5 minutes, with what had arrived by then:

- *failed total*: `SnatConnectionCount` with `ConnectionState` Failed, Total > 0, for the whole load balancer (advised
  in Azure docs: load-balancer-standard-diagnostics).
- *used average*: `UsedSnatPorts`, Average > 900, not split (Azure Monitor Baseline Alerts,
  `services/Network/loadBalancers/alerts.yaml`: 5 minutes, every minute). An average over all nodes, TCP and UDP.

*False* is an alarm in whose window nothing failed and no node had 75 % of its ports in use. Rules name no node: *of the
nodes suspected* takes every node of the load balancer as suspected. The first rule is a minute or two earlier than
snatbot, because it takes minutes that are still incomplete, and for telling *that* something fails it is good; it can't
say which nodes, does not warn ahead, and says nothing of NAT gateways. Rules that the scenario's owner tuned, split by
dimension, would do better than these two.
"""


_INSIDE = """
## From inside

What [the probe and the list of sockets](explaining.md) show of the same trouble. A probe connects every 5 minutes to
the destinations that fail: its owner is taken to have chosen those. The first connection that lost a SYN or failed
shows it. A culprit is a workload whose flows failed; named are the pods with connections to the destination that tops
snatbot's table, where it names a cure. UDP sockets are closed long before their ports are free: they name nobody.
"""


def page(
    runs: Mapping[str, Run],
    scores: Mapping[str, Score],
    whole: Score,
    goals: Sequence[Goal],
    comparison: Comparison | None,
) -> str:
    goal_lines = [f"- {'**reached**' if goal.is_reached else '**missed**'}: {goal.name} ({goal.of})" for goal in goals]
    details = [f"  - {text}" for goal in goals for text in goal.missed]
    told = " ".join(comparison.line.split()) if comparison else "not done this time"
    proof = f"\nThe replay leaves out the network; held against the same over the network: {told}.\n"
    described = [f"- `{run.scenario}`: {run.description}" for run in runs.values()]
    return "\n".join(
        [
            _TOP,
            "## Goals\n",
            *goal_lines,
            *details,
            proof,
            "## Detection\n",
            report.as_markdown(report.DETECTION_HEAD, report.detection_rows(runs, scores, whole)),
            "",
            _COLUMNS,
            _RULES,
            report.as_markdown(report.RULES_HEAD, report.rules_rows(scores, whole)),
            _INSIDE,
            *(f"- {line[:1].upper()}{line[1:]}" for line in report.inside_lines(whole)),
            "\n## The scenarios\n",
            *described,
            "",
        ]
    )
