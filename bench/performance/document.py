"""docs/performance.md and what `make bench` prints, from the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.evaluate.report import as_markdown

from .bound import share_above
from .goals import cpu_seconds, goals, growth, requests, seconds, times_loads
from .other_tools import section

Row = Sequence[str]

HEAD = (
    "load balancers", "subscriptions × regions", "what", "requests", "by hand", "wall s", "CPU s", "peak MB",
)  # fmt: skip


def rows(results: Mapping[str, Any]) -> list[Row]:
    return [row for size in results["sizes"] for row in _rows(size)]


def _rows(size: Mapping[str, Any]) -> Iterator[Row]:
    count, where, ticks = f"{size['load_balancers']:,}", f"{size['subscriptions']} × {size['regions']}", size["ticks"]
    for kind, name in (("failed", "failed pass"), ("pressure", "failed and pressure pass")):
        yield (
            count,
            where,
            name,
            f"{requests(ticks, kind):,}",
            f"{size['bound'][kind]:,} ({100 * size['above_bound'][kind]:+.1f} %)",
            f"{seconds(ticks, kind):.2f}",
            f"{cpu_seconds(ticks, kind):.2f}",
            _megabytes(ticks[f"{kind}_mib"]),
        )
    found = ticks["discovery"]
    above = f"{size['bound']['discovery']} ({100 * size['above_bound']['discovery']:+.1f} %)"
    yield (
        count,
        where,
        "discovery, every 10 min",
        str(found["requests"]),
        above,
        f"{found['seconds']:.2f}",
        f"{found['cpu_seconds']:.2f}",
        "",
    )
    if size["arm"] is not None:
        for kind, name in (("failed", "failed pass, METRICS_MODE=arm"), ("pressure", "with ports, METRICS_MODE=arm")):
            sent, least = requests(size["arm"], kind), size["arm"]["bound"][kind]
            yield (
                count,
                where,
                name,
                f"{sent:,}",
                f"{least:,} ({100 * share_above(sent, least):+.1f} %)",
                f"{seconds(size['arm'], kind):.2f}",
                f"{cpu_seconds(size['arm'], kind):.2f}",
                _megabytes(size["arm"][f"{kind}_mib"]),
            )
    for kind, name in (("threads", "loop, 16 threads"), ("sequential", "loop, one by one")):
        if kind in size["loops"]:
            loop = size["loops"][kind]
            failed, pressure = loop["failed"], loop["pressure"]
            yield (
                count,
                where,
                f"{name}: failed",
                f"{failed['requests']:,}",
                "",
                f"{failed['seconds']:.2f}",
                f"{failed['cpu_seconds']:.2f}",
                _megabytes(loop["mib"]),
            )
            yield (
                count,
                where,
                f"{name}: ports",
                f"{pressure['requests']:,}",
                "",
                f"{pressure['seconds']:.2f}",
                f"{pressure['cpu_seconds']:.2f}",
                "",
            )


WHOLE_HEAD = ("where", "minute", "Azure requests", "storage requests", "timer s", "workers", "longest worker s")


def _whole_rows(whole: Mapping[str, Any]) -> Iterator[Row]:
    for way, name in (("inline", "all in the timer"), ("fan_out", "handed to workers")):
        measured = whole[way]
        for kind, minute in (("failed", "failed pass"), ("pressure", "failed and pressure pass")):
            found = sorted(measured[kind], key=lambda run: float(run["timer_seconds"]))[len(measured[kind]) // 2]
            parts = found["part_seconds"]
            yield (
                name,
                minute,
                f"{found['requests']:,}",
                f"{found['storage']:,}",
                f"{found['timer_seconds']:.2f}",
                str(len(parts)) if parts else "–",
                f"{max(parts):.2f}" if parts else "–",
            )


def _megabytes(mib: float) -> str:
    return f"{mib * 1.048576:.0f}"


def page(results: Mapping[str, Any], peers: Mapping[str, Any] | None = None) -> str:
    """``peers``: what bench.peers found, when it was run."""
    machine, cold, sizes = results["machine"], results["cold_start"], results["sizes"]
    exponents = {
        f"{figure} of the {kind} tick": growth(sizes, kind, figure)
        for kind in ("failed", "pressure")
        for figure in ("requests", "seconds", "cpu_seconds")
    }
    grown = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in exponents.items() if value is not None)
    loads = ", ".join(f"{times_loads(size['ticks']):.1f} (at {size['load_balancers']:,})" for size in sizes)
    lines = [
        f"- {'**reached**' if goal.is_reached else '**missed**'}: {goal.name}: {goal.found}" for goal in goals(results)
    ]
    return "\n".join(
        [
            _TOP.format(
                date=results["measured_at"][:10],
                cpus=machine["cpus"],
                python=machine["python"],
                repeats=results["repeats"],
                nodes=results["nodes_per_cluster"],
                workers=results["workers"],
            ),
            "## Goals\n",
            *lines,
            "\n## Ticks, and a loop\n",
            as_markdown(HEAD, rows(results)),
            "",
            _NOTES.format(
                grown=grown or "–", loads=loads, megabytes=f"{sizes[-1]['ticks']['answer_bytes'] / 1e6:.0f} MB"
            ),
            "## As deployed\n",
            *(as_markdown(WHOLE_HEAD, list(_whole_rows(fleet))) for fleet in results["whole"]),
            *(_WHOLE.format(load_balancers=fleet["load_balancers"]) for fleet in results["whole"]),
            _COLD.format(
                index=cold["index_seconds"],
                functions=cold["functions"],
                check=cold["check_import_seconds"],
                index_cpu=cold["index_cpu_seconds"],
                check_cpu=cold["check_import_cpu_seconds"],
                base_cpu=cold["functions_cpu_seconds"],
                modules=cold["check_modules"],
            ),
            *([section(peers)] if peers else []),
        ]
    )


_TOP = """\
# What looking costs

Written by `make bench` on {date}; don't edit. Results: [latest.json](../bench/results/latest.json). Money:
[cost.md](cost.md).

Measured against the simulator over HTTPS with 50 ms added to each answer, {nodes} nodes a cluster, one cluster in a
hundred with a failing node (at least one), {workers} workers; medians of {repeats} ticks (3 of the failed pass at
10,000) in the steady state: connections and incidents are open, node names and the list of clusters are known. Each
kind of work runs in a process of its own; storage and chat are left out. **The machine** had {cpus} cores (Python
{python}), which the simulator and other work shared: seconds differ from run to run and from machine to machine, so
goals are held against ratios: two kinds of work by turns in one run, the median of {repeats} pairs.
"""

_NOTES = """\
- *by hand*: what the limit of 50 resources a batch demands, and how much more was sent. Failed pass: all load
  balancers by state; the sick by backend and two hours back; clusters in trouble also for ports and their last hour.
  A batch never reaches over a subscription or a region.
- *loop*: azure-mgmt-monitor, a request for each load balancer, plus one for each sick one; ports in one request each.
  One by one is measured up to 100 and threads up to 1,000 load balancers: what it costs grows with each alike.
- a tick with ports takes {loads} times the processor time of json.loads on the same answers ({megabytes} at the
  largest size): requests, decoding, judging and all else included.
- growth, as the exponent of a power law from 100 load balancers on (1 is linear): {grown}.
- `METRICS_MODE=arm`, for identities without the role at the subscription: a request for each load balancer and
  question, so 1 in the failed pass and 2 with ports. Azure Resource Manager lets an identity read 25 times a second in
  the long run (Azure docs: request-limits-and-throttling): 1,500 requests a minute. That is the limit: about 1,200 load
  balancers with one tick a minute and ports every fifth (1.2 requests each on average), fewer with trouble.
"""

_WHOLE = """\

{load_balancers:,} load balancers with storage, put together by the app itself and without chat; REMEDIATION=off.
Workers (queue messages, above `FAN_OUT_ABOVE`) take up to 100 clusters each. They were run one after the other here and
run side by side in Azure, so the longest of them is what a minute takes there, apart from the queue's own delay.
"""

_COLD = """\
## Cold start

In new processes, medians, by the clock and in processor time (the machine was shared): import and indexing of the app
{index:.2f} s and {index_cpu:.2f} s ({functions} functions; heavy packages are not loaded, which a test holds); what a
healthy check then imports {check:.2f} s and {check_cpu:.2f} s ({modules} modules, never azure.mgmt.network).
`import azure.functions` alone, which every Python app loads: {base_cpu:.2f} s of processor time.
"""
