"""The closing sweep in a plain process, which nobody forked: what a function app is after a crash.

    python -m tests.faults.worker CHANGE WALL PLACE

It looks at the change minute after minute until nobody owes it another look. WALL is the wall time, in seconds since
1970, before which it does not begin: the lease of the worker that died.
"""

from __future__ import annotations

import gc
import sys
import time

gc.disable()  # it lives for a second, a third of it importing

from .stage import Place, Stage, is_settled  # noqa: E402


def main(arguments: list[str]) -> int:
    change_id, wall, place = arguments
    stage = Stage(Place.from_text(place))
    stage.app.reconciler  # noqa: B018  # imports what it needs, before the wait and not after it
    time.sleep(max(0.0, float(wall) - time.time()))
    stage.sweep(stage.change(change_id), is_settled)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
