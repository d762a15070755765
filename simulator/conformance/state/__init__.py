"""Puts the simulator into the state that a recording shows, before each exchange.

What is put in is what callers write (settings, names, members); what the services themselves add to
that (states, ids, etags, back-references, defaults) the simulator has to come up with.
"""

from __future__ import annotations

from ..recording import Exchange
from ..stage import Stage
from .access import arrange_access, open_access
from .clusters import arrange_clusters
from .directory import arrange_directory
from .logs import arrange_logs
from .metrics import arrange_metrics
from .network import arrange_network
from .operations import arrange_operations
from .places import arrange_places
from .rows import arrange_rows

ARRANGERS = (
    open_access,
    arrange_places,
    arrange_directory,
    arrange_operations,
    arrange_clusters,
    arrange_network,
    arrange_metrics,
    arrange_rows,
    arrange_logs,
    arrange_access,
)


def arrange(stage: Stage, exchange: Exchange, later: tuple[Exchange, ...]) -> None:
    """Make the simulator's state equivalent to the recorded one; NotArrangeable when it can't be.

    `later` are the exchanges that follow in the recording: they tell how long operations take.
    """
    while stage.undo:
        stage.undo.pop()()
    for arranger in ARRANGERS:
        arranger(stage, exchange, later)
