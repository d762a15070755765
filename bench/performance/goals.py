"""Limits for the cost of scanning, compared with the measurements.

What depends on the machine is a ratio of two things measured by turns in the same run: the median of the pairs counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

MOST_ABOVE_BOUND = 0.05
FEWER_REQUESTS = 20
LESS_WALL = 8
"""Twelve was wanted. Most of a tick's wall time is the simulator computing the answers on the same cores, all of a
tick's at once: a faster client changes that little. So the client's own share, processor time, has a goal beside it."""
LESS_CPU = 10
TIMES_LOADS = 2.5
LARGEST = 10_000
MOST_MB = 200
MOST_EXPONENT = 1.1
TIMES_INDEX, TIMES_CHECK_IMPORT = 1.2, 5.5
"""Three was wanted for a check. azure-identity needs msal, cryptography and azure-core, and tables azure-data-tables:
with pydantic-core and requests they are four fifths of it, and nothing that a check can do without."""


@dataclass(frozen=True, slots=True)
class Goal:
    name: str
    found: str
    is_reached: bool

    @property
    def line(self) -> str:
        return f"{'reached' if self.is_reached else 'MISSED '}  {self.name}: {self.found}"


def seconds(ticks: Mapping[str, Any], kind: str) -> float:
    return float(median(tick["seconds"] for tick in ticks[kind]))


def cpu_seconds(ticks: Mapping[str, Any], kind: str) -> float:
    return float(median(tick["cpu_seconds"] for tick in ticks[kind]))


def requests(ticks: Mapping[str, Any], kind: str) -> int:
    return int(ticks[kind][-1]["requests"])


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The power law's exponent, fitted to the points' logarithms by least squares: 1 is linear growth."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def growth(sizes: Sequence[Mapping[str, Any]], kind: str, figure: str) -> float | None:
    """Growth from 100 load balancers on: smaller fleets measure a single request's latency. None for fewer than two
    sizes."""
    read = {"requests": requests, "seconds": seconds, "cpu_seconds": cpu_seconds}[figure]
    points = [(size["load_balancers"], read(size["ticks"], kind)) for size in sizes if size["load_balancers"] >= 100]
    return exponent(points) if len(points) > 1 else None


def goals(results: Mapping[str, Any]) -> list[Goal]:
    sizes = results["sizes"]
    found = [_bound(sizes)]
    for size in sizes:
        found += _at(size)
    exponents = {kind: growth(sizes, kind, "requests") for kind in ("failed", "pressure")}
    if None not in exponents.values():
        text = ", ".join(f"{kind} {value:.2f}" for kind, value in exponents.items())
        is_linear = all(value is not None and value <= MOST_EXPONENT for value in exponents.values())
        found.append(Goal("requests grow no faster than the fleet (exponent from 100 on)", text, is_linear))
        found.append(_cpu_growth(sizes))
    return [*found, *_cold(results["cold_start"])]


def _bound(sizes: Sequence[Mapping[str, Any]]) -> Goal:
    above = [value for size in sizes for value in size["above_bound"].values()]
    is_reached = min(above) >= 0 and max(above) <= MOST_ABOVE_BOUND
    return Goal(
        "requests within 5 % of what the batch limit demands", f"at most {100 * max(above):.1f} % above", is_reached
    )


def _at(size: Mapping[str, Any]) -> list[Goal]:
    count, ticks = size["load_balancers"], size["ticks"]
    found = []
    if count == LARGEST:
        times = times_loads(ticks)
        name = (
            f"{count:,} with ports: at most {TIMES_LOADS:g} times the processor time of json.loads on the same answers"
        )
        found.append(Goal(name, f"{times:.1f} times", times <= TIMES_LOADS))
        held = ticks["pressure_mib"] * 1.048576
        found.append(Goal(f"and at most {MOST_MB:g} MB", f"{held:.0f} MB", held <= MOST_MB))
    if size["race"] is not None:
        times = size["loop_requests"]["failed"] / requests(ticks, "failed")
        name = f"{count:,}: {FEWER_REQUESTS} times fewer requests than the loop"
        found.append(Goal(name, f"{times:.0f} times fewer", times >= FEWER_REQUESTS))
        for figure, least, name in (("seconds", LESS_WALL, "wall"), ("cpu_seconds", LESS_CPU, "processor")):
            faster = times_less(size["race"], figure)
            text = f"{count:,}: {least} times less {name} time than the loop at its best"
            found.append(Goal(text, f"{faster:.1f} times less", faster >= least))
    return found


def times_loads(ticks: Mapping[str, Any]) -> float:
    """Processor time of ticks with ports, by that of json.loads on the same answers."""
    pairs = zip(ticks["pressure"], ticks["loads_seconds"], strict=True)
    return float(median(tick["cpu_seconds"] / loads for tick, loads in pairs))


def times_less(race: Sequence[Mapping[str, Any]], figure: str) -> float:
    """``figure``: seconds or cpu_seconds."""
    return float(median(pair["loop"][figure] / pair["tick"][figure] for pair in race))


def _cpu_growth(sizes: Sequence[Mapping[str, Any]]) -> Goal:
    value = growth(sizes, "failed", "cpu_seconds") or 0.0
    return Goal("processor time of the failed pass too", f"{value:.2f}", value <= MOST_EXPONENT)


def _cold(cold: Mapping[str, Any]) -> list[Goal]:
    heavy = [*cold["heavy_after_index"], *cold["never_by_check"]]
    return [
        Goal("indexing loads no heavy package, a check no azure.mgmt.network", ", ".join(heavy) or "none", not heavy),
        _loading(cold["index_times"], "import and indexing", TIMES_INDEX),
        _loading(cold["check_import_times"], "own imports of a healthy check", TIMES_CHECK_IMPORT),
    ]


def _loading(times: Sequence[float], name: str, most: float) -> Goal:
    found = median(times)
    return Goal(f"{name}: at most {most:g} times `import azure.functions`", f"{found:.2f} times", found <= most)
