"""`python -m bench.performance.race URL PAIRS`: a failed pass and a loop in threads, by turns in a process of their
own, so that other work on the machine slows both; prints JSON. The load balancers' ids come on standard input.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from shared.gc_freeze import freeze_loaded_modules

from .loop import THREADS, Loop
from .meter import measured
from .ticks import Ticks


def main(url: str, pairs: int, ids: list[str]) -> list[dict[str, Any]]:
    ticks, loop = Ticks(url, "auto"), Loop(url, THREADS)
    ticks.discovery()
    ticks.failed()  # connections are made, tokens read
    loop.failed_pass(ids[: 2 * THREADS])
    freeze_loaded_modules()
    return [
        {"tick": asdict(ticks.failed()), "loop": asdict(measured(lambda: loop.failed_pass(ids), loop.count))}
        for _ in range(pairs)
    ]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), json.load(sys.stdin))))
