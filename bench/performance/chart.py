"""The chart of docs/performance.md: wall time of a look against the size of the fleet, both on logarithmic scales."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pygal
import resvg_py
from pygal.style import CleanStyle

from .goals import seconds

WIDTH, HEIGHT = 900, 480


def draw(results: Mapping[str, Any], folder: Path) -> list[Path]:
    """Writes performance.svg and performance.png; returns their paths."""
    chart = pygal.XY(
        width=WIDTH,
        height=HEIGHT,
        style=CleanStyle(font_family="sans-serif"),
        title="Seconds per look, 50 ms round trip (both axes logarithmic)",
        x_title="load balancers",
        y_title="seconds",
        legend_at_bottom=True,
        x_labels=[{"value": exponent, "label": f"{10**exponent:,}"} for exponent in range(1, 5)],
        y_labels=[{"value": exponent, "label": f"{10**exponent:g}"} for exponent in range(-1, 4)],
        x_value_formatter=lambda value: f"{10**value:,.0f}",
        value_formatter=lambda value: f"{10**value:.2g} s" if isinstance(value, int | float) else "",
        print_values=False,
        js=[],
    )
    chart.uuid = "performance"  # otherwise a new one each time, and the file would differ for nothing
    for name, points in _lines(results).items():
        chart.add(name, [(math.log10(x), math.log10(y)) for x, y in points])
    svg = chart.render(is_unicode=True)
    paths = [folder / "performance.svg", folder / "performance.png"]
    paths[0].write_text(svg, encoding="utf-8")
    paths[1].write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg, background="white")))
    return paths


def _lines(results: Mapping[str, Any]) -> dict[str, list[tuple[float, float]]]:
    lines: dict[str, list[tuple[float, float]]] = {
        "failed pass": [],
        "with pressure pass": [],
        "loop, threads": [],
        "loop, one by one": [],
    }
    for size in results["sizes"]:
        count = size["load_balancers"]
        lines["failed pass"].append((count, seconds(size["ticks"], "failed")))
        lines["with pressure pass"].append((count, seconds(size["ticks"], "pressure")))
        for name, kind in (("loop, threads", "threads"), ("loop, one by one", "sequential")):
            if kind in size["loops"]:
                lines[name].append((count, size["loops"][kind]["failed"]["seconds"]))
    return lines
