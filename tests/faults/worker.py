"""A plain process of the matrix, which nobody forked: what a function app is after a crash.

    python -m tests.faults.worker prepare PHASE PLACE     an approved change, or an approved roll-back of an applied one
    python -m tests.faults.worker sweep CHANGE WALL PLACE the closing sweep, until nobody owes the change another look

WALL is the wall time, in seconds since 1970, before which no other worker would come: the dead one's lease.
"""

from __future__ import annotations

import gc
import sys
import time

gc.disable()  # it lives for a second, a third of it importing

from .stage import Place, Stage, is_applied, is_settled  # noqa: E402


def main(arguments: list[str]) -> int:
    match arguments:
        case ["prepare", "apply", place]:
            Stage(Place.from_text(place)).approved()
        case ["prepare", "roll back", place]:
            _prepare_rollback(Stage(Place.from_text(place)))
        case ["sweep", change_id, wall, place]:
            stage = Stage(Place.from_text(place))
            stage.app.advance  # noqa: B018  # imports what it needs, before the wait and not after it
            time.sleep(max(0.0, float(wall) - time.time()))
            stage.sweep(stage.change(change_id), is_settled)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def _prepare_rollback(stage: Stage) -> None:
    change = stage.approved()
    stage.sweep(change, is_applied)
    applied = stage.change(change.id)
    asked = stage.app.propose.propose_rollback(applied, stage.clock.now(), stage.clock.wall(), "Ada")
    stage.decide(asked, "approve")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
