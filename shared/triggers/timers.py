"""The timer that looks at every cluster and hands out what is due."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, List  # noqa: UP035 - Microsoft's worker takes List in an annotation, not list

import azure.functions as func

if TYPE_CHECKING:
    from ..app import App
    from ..flows.monitoring.tick import Tick

blueprint = func.Blueprint()
log = logging.getLogger("snatbot.triggers")


@blueprint.function_name("watch")
@blueprint.timer_trigger("timer", schedule="%WATCH_SCHEDULE%", run_on_startup=False, use_monitor=True)
@blueprint.queue_output("deliver", queue_name="%QUEUE_PREFIX%-deliver", connection="AzureWebJobsStorage")
@blueprint.queue_output("advance", queue_name="%QUEUE_PREFIX%-advance", connection="AzureWebJobsStorage")
@blueprint.queue_output("offer", queue_name="%QUEUE_PREFIX%-offer", connection="AzureWebJobsStorage")
@blueprint.queue_output("measure", queue_name="%QUEUE_PREFIX%-measure", connection="AzureWebJobsStorage")
def watch(
    timer: func.TimerRequest,
    deliver: func.Out[List[str]],  # noqa: UP006
    advance: func.Out[List[str]],  # noqa: UP006
    offer: func.Out[List[str]],  # noqa: UP006
    measure: func.Out[List[str]],  # noqa: UP006
) -> None:
    """One look at everything; queue messages are hints to what the tables say is due."""
    from ..app import current
    from ..gc_freeze import freeze_loaded_modules
    from .queue_messages import advance_message, deliver_message, measure_message, offer_message

    app = current()
    tick = app.watch.run(app.clock.now(), app.clock.wall())
    deliver.set([deliver_message(partition) for partition in tick.deliver])
    advance.set([advance_message(partition, change_id) for partition, change_id in tick.advance])
    offer.set([offer_message(partition, incident_id) for partition, incident_id in tick.offer])
    measure.set([measure_message(shard, tick.name) for shard in tick.shards])
    line = {
        **_figures(tick),
        "past_due": timer.past_due,
        "one_by_one": sorted(tick.tally.one_by_one),
    }
    log.info("tick %s", json.dumps(line))
    _beat(app, tick)
    freeze_loaded_modules()


def _figures(tick: Tick) -> dict[str, Any]:
    """The structured line of a tick: counts, no names of clusters but in what could not be listed."""
    from .log_fields import tally_fields

    return {
        "tick": tick.name,
        "is_success": tick.is_success,
        "problems": list(tick.problems),
        **tally_fields(tick.tally, tick.effort),
        "unreadable": list(tick.unreadable),
        "measure": len(tick.shards),
        "deliver": len(tick.deliver),
        "advance": len(tick.advance),
        "offer": len(tick.offer),
    }


def _beat(app: App, tick: Tick) -> None:
    """After a good look only: silence of the heartbeat is the alarm."""
    if app.settings.heartbeat_url is not None and tick.is_success:
        from ..flows.notification.heartbeat import beat

        beat(app.settings.heartbeat_url.get_secret_value())
