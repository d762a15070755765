"""Each way to look at a fleet: what is run, and what its own output says."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
TENANT = "99999999-9999-4999-8999-999999999999"
_NAMESPACE = "Microsoft.Network/loadBalancers"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the fleet took, and what the tool said. Load balancers and clusters are resource ids."""

    seconds: float
    cpu_seconds: float
    failing: tuple[str, ...] = ()
    node: str = "no"
    """Whether failing nodes are told: no, by address, or by name."""
    idle: tuple[str, ...] = ()
    of_refusal: str = ""
    """What a script would see if Azure refused: exit code, and whether the output names what was not measured."""


class Tool(Protocol):
    """A way to look at the fleet."""

    name: str

    def look(self) -> Look:
        """Look at the whole fleet, in processes of its own."""


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    cpu_seconds: float
    outputs: list[str]
    exit_codes: list[int]
    errors: str


def _run(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> _Run:
    """The commands one after the other, each a process, as a shell script runs them."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    every = {**os.environ, **environment}
    done = [
        subprocess.run(command, env=every, cwd=ROOT, capture_output=True, text=True, check=False)
        for command in commands
    ]
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return _Run(
        seconds,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        [process.stdout for process in done],
        [process.returncode for process in done],
        "".join(process.stderr for process in done),
    )


def _install(name: str, *packages: str) -> Path:
    """An environment of its own in .cache; returns the folder of its programs. Raises CalledProcessError."""
    folder = CACHE / name
    python, uv = folder / "bin" / "python", ROOT / ".venv" / "bin" / "uv"
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *packages], check=True)
    return folder / "bin"


class AzureCli:
    """`az monitor metrics list`, one load balancer after the other, as scripts on the web do."""

    name = "`az monitor metrics list` in a loop"
    package = "azure-cli==2.91.0"

    def __init__(self, folder: Path, arm_url: str, ca: Path, ids: Sequence[str]) -> None:
        self._az, self._ids = str(_install("azure-cli", self.package) / "az"), ids
        self._environment = {
            "AZURE_CONFIG_DIR": str(folder / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
            "REQUESTS_CA_BUNDLE": str(ca),
        }
        signed_in = _run(
            [
                [self._az, "cloud", "register", "--name", "simulated", "--endpoint-resource-manager", arm_url],
                [self._az, "cloud", "set", "--name", "simulated"],
                [self._az, "login", "--service-principal", "-u", "operator", "-p", "any", "--tenant", TENANT],
            ],
            self._environment,
        )
        if any(signed_in.exit_codes):
            raise RuntimeError(signed_in.errors)

    def look(self) -> Look:
        end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=3)
        start, until = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (end - timedelta(minutes=5), end))
        question = ["--metric", "SnatConnectionCount", "--aggregation", "Total", "--interval", "PT1M"]
        question += ["--start-time", start, "--end-time", until, "--top", "2000", "--output", "json"]
        question += ["--filter", "BackendIPAddress eq '*' and ConnectionState eq 'failed'"]
        command = [self._az, "monitor", "metrics", "list", *question, "--resource"]
        run = _run([[*command, each] for each in self._ids], self._environment)
        answered = [
            (each, json.loads(output)) for each, output in zip(self._ids, run.outputs, strict=True) if output.strip()
        ]
        failing = [
            (each, series)
            for each, answer in answered
            for series in answer["value"][0]["timeseries"]
            if any((point["total"] or 0) > 0 for point in series["data"])
        ]
        by_backend = all(
            any(value["name"]["value"].lower() == "backendipaddress" for value in series["metadatavalues"])
            for _, series in failing
        )
        refused = f"error each, exit code {max(run.exit_codes)}" if any(run.exit_codes) else "nothing, exit code 0"
        ids = tuple(dict.fromkeys(each for each, _ in failing))
        return Look(run.seconds, run.cpu_seconds, ids, "address" if by_backend else "no", of_refusal=refused)


class CloudCustodian:
    """A policy with the metric filter. It knows the hosts of the public clouds only: a proxy leads them here."""

    name = "Cloud Custodian, metric filter"
    packages = ("c7n==0.9.53", "c7n-azure==0.7.52")

    def __init__(self, folder: Path, proxy: str, ca: Path, subscription: str) -> None:
        self._custodian = str(_install("cloud-custodian", *self.packages) / "custodian")
        self._out, self._policy = folder / "custodian", folder / "policy.json"
        self._policy.write_text(json.dumps({"policies": [_POLICY]}), encoding="utf-8")
        self._environment = {
            "HTTPS_PROXY": proxy,
            "NO_PROXY": "",
            "REQUESTS_CA_BUNDLE": str(ca),
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": "operator",
            "AZURE_CLIENT_SECRET": "any",
            "AZURE_SUBSCRIPTION_ID": subscription,
        }

    def look(self) -> Look:
        command = [self._custodian, "run", "--cache-period", "0", "-s", str(self._out), str(self._policy)]
        run = _run([command], self._environment)
        named = json.loads((self._out / _POLICY_NAME / "resources.json").read_text(encoding="utf-8"))
        refused = f"{len(named)} named, exit code {run.exit_codes[0]}"
        return Look(run.seconds, run.cpu_seconds, tuple(each["id"] for each in named), of_refusal=refused)


_POLICY_NAME = "failed"
_POLICY = {
    "name": _POLICY_NAME,
    "resource": "azure.loadbalancer",
    "filters": [
        {
            "type": "metric",
            "metric": "SnatConnectionCount",
            "metric_namespace": _NAMESPACE,
            "aggregation": "total",
            "interval": "PT1M",
            "timeframe": 0.25,  # hours
            "filter": "ConnectionState eq 'failed'",
            "op": "gt",
            "threshold": 0,
        }
    ],
}


class Snatbot:
    """`snatbot check` as a new process: it finds the clusters, then looks."""

    name = "`snatbot check`, a new process"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def look(self) -> Look:
        run = _run([[sys.executable, "-m", "shared.cli", "check", "-o", "json"]], self._environment)
        clusters = json.loads(run.outputs[0])["clusters"]
        of_kind = {
            kind: tuple(each["cluster"]["id"] for each in clusters if each["reading"]["kind"] == kind)
            for kind in ("idle", "unmeasured")
        }
        failing = [each for each in clusters if each["reading"].get("failed")]
        refused = f"not measured: {len(of_kind['unmeasured'])}, exit code {run.exit_codes[0]}"
        return Look(
            run.seconds,
            run.cpu_seconds,
            tuple(each["cluster"]["id"] for each in failing),
            "name" if all(node["name"] for each in failing for node in each["reading"]["nodes"]) else "address",
            of_kind["idle"],
            refused,
        )
