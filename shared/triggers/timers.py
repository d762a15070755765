"""The timer that scans every cluster and queues what is due."""

import json
import logging
from typing import List  # noqa: UP035 - Microsoft's worker takes List in an annotation, not list

import azure.functions as func

from ..cloud.deadline import Deadline
from ..errors import SnatbotError
from ..gc_freeze import freeze_loaded_modules
from .queue_messages import message, queue

blueprint = func.Blueprint()
log = logging.getLogger("snatbot.triggers")
_RETENTION_SECONDS = 5.0  # at most, because the tick's queue messages are sent after it


@blueprint.timer_trigger("timer", schedule="%WATCH_SCHEDULE%", run_on_startup=False, use_monitor=True)
@blueprint.queue_output("deliver", **queue("deliver"))
@blueprint.queue_output("advance", **queue("advance"))
@blueprint.queue_output("offer", **queue("offer"))
@blueprint.queue_output("measure", **queue("measure"))
def watch(
    timer: func.TimerRequest,
    deliver: func.Out[List[str]],  # noqa: UP006
    advance: func.Out[List[str]],  # noqa: UP006
    offer: func.Out[List[str]],  # noqa: UP006
    measure: func.Out[List[str]],  # noqa: UP006
) -> None:
    """Run one tick. The queue messages name the due rows of the tables."""
    from ..app import current
    from ..flows.notification.heartbeat import beat
    from .log_fields import tick_fields

    app = current()
    tick = app.watch.run(app.clock.now(), app.clock.wall())
    deliver.set([message(partition=partition) for partition in tick.deliver])
    advance.set([message(partition=partition, change=change_id) for partition, change_id in tick.advance])
    offer.set([message(partition=partition, incident=incident_id) for partition, incident_id in tick.offer])
    measure.set([message(shard=shard, tick=tick.name) for shard in tick.shards])
    log.info("tick %s", json.dumps({**tick_fields(tick), "past_due": timer.past_due}))
    if app.settings.heartbeat_url is not None and tick.is_success:  # an external monitor alarms if this stops
        beat(app.settings.heartbeat_url.get_secret_value())
    try:
        app.refused_attempts.flush(app.clock.now())
        app.policy_audit.run(app.clock.now())
        app.seal_audit.run(app.clock.now())
        app.retention.run(app.clock.now(), Deadline(_RETENTION_SECONDS))
    except SnatbotError as error:
        log.warning("could not keep the audit, or delete old rows: %s", error)
    freeze_loaded_modules()
