"""Scenario files: finding, reading and checking them.

A scenario is a YAML file: by path, or by the name of one in `simulator/scenarios/`. It is checked
against `scenario.schema.json` and for references that lead nowhere; errors are one line that says
which file, which line, and what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import yamllines
from .faults import parse_fault
from .physics.schedule import parse_cron

FOLDER = Path(__file__).parent / "scenarios"
SCHEMA_FILE = Path(__file__).parent / "scenario.schema.json"

Content = Mapping[str, Any]
Problem = tuple[yamllines.Path, str]


class ScenarioError(ValueError):
    """A scenario can't be used; the message is one line that says where and why."""


def names() -> list[str]:
    """The scenarios that come with the simulator."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(name_or_path: str) -> Path:
    """The scenario's file."""
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file():
            return path
        raise ScenarioError(f"there is no scenario file {name_or_path}")
    if name_or_path in names():
        return FOLDER / f"{name_or_path}.yaml"
    raise ScenarioError(f"there is no scenario {name_or_path!r}; there are {', '.join(names())}, or give a .yaml file")


def load(name_or_path: str) -> Content:
    """A scenario's content, checked."""
    path = find(name_or_path)
    return parse(path.read_text(encoding="utf-8"), str(path), path.stem)


def parse(text: str, file: str, name: str) -> Content:
    """A scenario from its text; `file` is what errors call it."""
    try:
        content, lines = yamllines.load(text)
    except yamllines.YamlError as error:
        raise ScenarioError(f"{file}:{error.line}: {error}") from error
    for path, message in check(content):
        where = _spelled(path)
        raise ScenarioError(f"{file}:{lines[path]}: {where + ': ' if where else ''}{message}")
    return {"name": name} | dict(content)


def schema() -> dict[str, Any]:
    """The JSON Schema of scenario files."""
    read: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return read


def check(content: Any) -> Iterator[Problem]:
    """What is wrong with a scenario, worst first: its shape, then what it refers to."""
    found = list(_shape_problems(content))
    yield from found
    if not found:
        yield from _reference_problems(content)


def _spelled(path: yamllines.Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def _shape_problems(content: Any) -> Iterator[Problem]:
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema()).iter_errors(content)
    for error in sorted(errors, key=lambda each: (len(each.absolute_path), str(each.absolute_path))):
        path = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = sorted(error.schema.get("properties", {}))
            for name in sorted(set(error.instance) - set(known), key=str):
                yield (*path, str(name)), f"is not known here; known are {', '.join(known)}"
        else:
            yield path, error.message


def _reference_problems(content: Content) -> Iterator[Problem]:
    subnets = {
        f"{vnet['name']}/{subnet['name']}"
        for vnet in content.get("virtual_networks") or []
        for subnet in vnet.get("subnets") or []
    }
    pools: dict[str, dict[str, int]] = {}
    for i, cluster in enumerate(content.get("clusters") or []):
        at = ("clusters", i)
        counts = {str(pool["name"]): int(pool.get("nodes", 3)) for pool in cluster.get("pools") or []}
        pools[str(cluster["name"])] = counts or {"nodepool1": 3}
        for j, pool in enumerate(cluster.get("pools") or []):
            for key in ("subnet", "pod_subnet"):
                named = str(pool.get(key, "/"))
                if not named.startswith("/") and named not in subnets:
                    yield (*at, "pools", j, key), f"there is no subnet {named!r}; there are {_list(subnets)}"
        if int(cluster.get("replicas", 1)) > 1 and "{n}" not in str(cluster["name"]):
            yield (*at, "name"), "a cluster with replicas needs {n} in its name"
        yield from _workload_problems(cluster.get("workloads"), pools[str(cluster["name"])], (*at, "workloads"))
    yield from _workload_problems(content.get("workloads"), None, ("workloads",))
    yield from _event_problems(content, pools, subnets)


def _workload_problems(workloads: Any, pools: Mapping[str, int] | None, at: yamllines.Path) -> Iterator[Problem]:
    for i, workload in enumerate(workloads or []):
        for j, place in enumerate(workload.get("runs_on") or []):
            pool, _, instance = str(place).partition("/")
            there = pools is None or (pool in pools and (not instance or int(instance) < pools[pool]))
            if not there:
                yield (*at, i, "runs_on", j), f"there is no pool or node {place!r}; pools are {_list(pools or {})}"
        schedule = workload.get("schedule") or {}
        if schedule.get("kind") == "cron":
            try:
                parse_cron(str(schedule["at"]), 1, 1)
            except ValueError as error:
                yield (*at, i, "schedule", "at"), str(error)


def _event_problems(content: Content, pools: Mapping[str, Mapping[str, int]], subnets: set[str]) -> Iterator[Problem]:
    for i, fault in enumerate(content.get("faults") or []):
        yield from _fault_problems(fault, ("faults", i))
    for i, event in enumerate(content.get("events") or []):
        for j, fault in enumerate(event.get("faults") or []):
            yield from _fault_problems(fault, ("events", i, "faults", j))
        named_subnet = str((event.get("put_subnet") or {}).get("subnet", "/"))
        if not named_subnet.startswith("/") and named_subnet not in subnets:
            yield (
                ("events", i, "put_subnet", "subnet"),
                f"there is no subnet {named_subnet!r}; there are {_list(subnets)}",
            )
        for kind in ("scale", "node_ready", "outbound_type", "upgrade"):
            named = str((event.get(kind) or {}).get("cluster", ""))
            if kind in event and named not in pools:
                yield ("events", i, kind, "cluster"), f"there is no cluster {named!r}; there are {_list(pools)}"
            pool = (event.get(kind) or {}).get("pool")
            if pool is not None and pool not in pools.get(named, {pool: 0}):
                yield ("events", i, kind, "pool"), f"there is no pool {pool!r}; there are {_list(pools.get(named, {}))}"


def _fault_problems(fault: Mapping[str, Any], at: yamllines.Path) -> Iterator[Problem]:
    try:
        parse_fault(fault)
    except ValueError as error:
        yield at, str(error)


def _list(names: Any) -> str:
    return ", ".join(sorted(map(str, names))) or "none"
