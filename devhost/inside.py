"""The demo's view from inside: probes that a person applies, and the sockets of a failing node.

It answers the three questions of somebody who looks by hand: which address do pods leave by, how long do connects take,
and who opens the connections; after the switch the first two again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from devhost.console import Teller
from devhost.errors import DevHostError
from devhost.stage import APP_FOLDER, Stage

CLUSTER, TARGET = "shop-prod", "payments.example.org:443"
LEAST_MINUTES, MOST_MINUTES = 3, 15
Probes = Mapping[str, Any]


class InsideError(DevHostError):
    """What the probes or the sockets say is not what the simulated cluster does."""


class Inside:
    def __init__(self, stage: Stage, tell: Teller, read: Callable[[], Probes]) -> None:
        """`read`: what the app makes of the probes' reports."""
        self._stage = stage
        self._tell = tell
        self._read = read
        self._before: Probes = {}
        self._at_switch: Probes = {}

    def explain(self, failing: set[str]) -> None:
        """`failing`: the nodes whose connections fail, by the metrics."""
        self._tell.chapter("From inside: which address, how long connects take, who opens the connections")
        key = self._run("probe", "key", "create", "--cluster", CLUSTER, "--by", "Ada Moreau").strip()
        pods = self._stage.simulator.apply_probes(CLUSTER, self._stage.host.base_url, key)
        self._stage.simulator.run_probes()
        self._tell.say(f"Ada creates a key and applies what `snatbot probe manifest` prints: {pods} pods report.")
        self._before = self._watch(failing)
        self._tell.keep("probes.json", dict(self._before))
        for seen in self._before["addresses"]:
            self._tell.say(f"Pods on {len(seen['nodes'])} nodes leave by {seen['address']}, proven by tickets.")
        self._tell.say(f"New connections to {TARGET}:")
        for row in _rows(self._before):
            at_once, lost = row["connections"] - row["slow"] - row["failed"], row["slow"]
            self._tell.say(
                f"  {row['node']}  {at_once} of {row['connections']} at once; after lost SYNs: {lost}; "
                f"no answer: {row['failed']}; slowest {row['slowest_ms'] / 1000:.2f} s"
            )
        self._name_culprit(min(failing))

    def _watch(self, failing: set[str]) -> Probes:
        """Some minutes, until a probe shows the trouble, and its address."""
        for minute in range(1, MOST_MINUTES + 1):
            self._stage.pass_minutes()
            probes = self._read()
            troubled = {row["node"] for row in _rows(probes) if row["slow"] + row["failed"]}
            if troubled - failing:
                raise InsideError(f"probes see trouble where the metrics see none: {', '.join(troubled - failing)}")
            if minute >= LEAST_MINUTES and troubled and probes["addresses"]:
                return probes
        raise InsideError(f"the probes show no trouble, or no address: {json.dumps(probes)}")

    def _name_culprit(self, node: str) -> None:
        file = self._tell.keep("sockets.json", self._stage.simulator.sockets(node))
        said = self._run("explain", "--file", str(file), expected=1).splitlines()
        self._tell.quote(["$ snatbot explain --file sockets.json", *said[:4]])
        if "/payments-" not in said[2]:
            raise InsideError(f"the workload that opens the connections is not named first: {said}")

    def switched(self) -> None:
        """The last subnet has moved: what comes from now on is the proof."""
        self._at_switch = self._at_switch or self._read()

    def prove(self) -> None:
        """The changed address, and connects without a lost SYN."""
        probes = self._read()
        self._tell.say("From inside:")
        known = {seen["address"] for seen in self._before["addresses"]}
        newest = max(probes["addresses"], key=lambda seen: str(seen["last_at"]))
        if newest["address"] in known:
            raise InsideError(f"the probes still leave by {newest['address']}")
        self._tell.say(f"  {', '.join(newest['nodes'])} leave by {newest['address']}, proven by tickets.")
        new, old = _totals(probes), _totals(self._at_switch)
        count, slow, failed = (new[name] - old[name] for name in ("connections", "slow", "failed"))
        self._tell.say(
            f"  {count} new connections to {TARGET} since the last subnet moved: {slow} slow, {failed} failed."
        )
        self._tell.quote(seen["text"] for seen in probes["observed"] if seen["hint"] == "switch")
        if count <= 0 or slow or failed:
            raise InsideError(f"the connects are not as they should be: {new}, at the switch {old}")

    def _run(self, *arguments: str, expected: int = 0) -> str:
        """A command of the terminal, with the app's settings; whoever may use its storage needs no sign-in."""
        settings = {**self._stage.host.settings, "APPROVAL_MODE": "link"}
        command = [sys.executable, "-m", "shared.cli", *arguments]
        ran = subprocess.run(
            command, cwd=APP_FOLDER, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120
        )
        if ran.returncode != expected:
            raise InsideError(f"`{' '.join(arguments)}` ended with {ran.returncode}: {ran.stdout}{ran.stderr}")
        return ran.stdout


def _rows(probes: Probes) -> list[dict[str, Any]]:
    """The counts of each node's connections to the target."""
    rows = [{"node": each["node"], **each["counts"]} for each in probes["targets"]]
    failures = ("dns_failed", "timed_out", "tls_failed", "failed_otherwise")
    return [
        {**row, "failed": sum(row[name] for name in failures)}
        for row in sorted(rows, key=lambda row: str(row["node"]))
        if row["target"] == TARGET
    ]


def _totals(probes: Probes) -> dict[str, int]:
    return {name: sum(row[name] for row in _rows(probes)) for name in ("connections", "slow", "failed")}
