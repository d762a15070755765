"""The table of docs/performance.md, from bench/results/peers.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.evaluate.report import as_markdown

HEAD = ("load balancers", "with", "requests", "wall s", "CPU s", "failing", "node", "idle", "Azure refuses: says")


def rows(results: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            f"{size['load_balancers']:,}",
            look["name"],
            f"{look['requests']:,}",
            f"{look['seconds']:.1f}",
            f"{look['cpu_seconds']:.1f}",
            f"{look['found']} of {look['expected']}" + (f", {look['false']} false" if look["false"] else ""),
            look["node"],
            "said" if look["says_idle"] else "as healthy",
            look["refused"],
        )
        for size in results["sizes"]
        for look in size["looks"]
    ]


def section(results: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            "\n## Beside what people use today\n",
            as_markdown(HEAD, rows(results)),
            "",
            _NOTES.format(date=results["measured_at"][:10], versions=", ".join(results["versions"])),
        ]
    )


_NOTES = """\
Written by `make bench-peers` on {date}: {versions}, unmodified, each in an environment of its own, by turns on the same
simulated Azure. One cluster has a failing node, another none of whose nodes opens a connection. *Azure refuses*: all
metrics answer 403. Read from what each prints, and from its exit code:

- **`az monitor metrics list`** is asked for failed connections by backend, so the answer has the node's address, not
  its name. The load balancers' ids are given: finding them is not counted. An idle load balancer and a healthy one both
  have no series. It needs nothing but az, and any question can be asked.
- **Cloud Custodian** reads the first time series only, so its filter asks for `ConnectionState eq 'failed'` and finds
  the load balancer, not the node. Its window ends now. What it can't measure is left out of the result, as what is
  healthy is, and the exit code stays 0; its log has the error. It can judge every kind of resource of Azure, which
  snatbot can't. It knows the public clouds' hosts only, so a proxy leads it to the simulator.
- **snatbot** finds the clusters, asks in batches, and by node only where something fails. `snatbot check` is a new
  process: most of its time is Python's imports.
"""
