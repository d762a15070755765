"""Sets the simulator's state to what a recording shows, before each exchange.

That is what callers write (settings, names, members). What the services themselves add (states, ids,
etags, back-references, defaults) the simulator must derive.
"""

from __future__ import annotations

from ..recording import Exchange
from ..stage import Stage
from .access import arrange_access, open_access
from .clusters import arrange_clusters
from .directory import arrange_directory
from .metrics import arrange_metrics
from .network import arrange_network
from .operations import arrange_operations
from .places import arrange_places
from .queries import arrange_logs, arrange_rows

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
    """Make the simulator's state equivalent to the recorded one. Raises NotArrangeable and Refused.

    `later` are the recording's next exchanges: they show how long operations take.
    """
    while stage.undo:
        stage.undo.pop()()
    for arranger in ARRANGERS:
        arranger(stage, exchange, later)
