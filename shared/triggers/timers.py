"""The timer that looks at every cluster and hands out what is due."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict
from typing import List  # noqa: UP035 - Microsoft's worker takes List in an annotation, but not list

import azure.functions as func

blueprint = func.Blueprint()
log = logging.getLogger("snatbot.triggers")


@blueprint.function_name("watch")
@blueprint.timer_trigger("timer", schedule="%WATCH_SCHEDULE%", run_on_startup=False, use_monitor=True)
@blueprint.queue_output("deliver", queue_name="%QUEUE_PREFIX%-deliver", connection="AzureWebJobsStorage")
@blueprint.queue_output("advance", queue_name="%QUEUE_PREFIX%-advance", connection="AzureWebJobsStorage")
def watch(
    timer: func.TimerRequest,
    deliver: func.Out[List[str]],  # noqa: UP006
    advance: func.Out[List[str]],  # noqa: UP006
) -> None:
    """One look at everything; queue messages are hints to what the tables say is due."""
    from ..app import current
    from .hints import advance_hint, deliver_hint

    app = current()
    began = time.monotonic()
    tick = app.watch.run(app.clock.now(), app.clock.wall())
    deliver.set([deliver_hint(partition) for partition in tick.deliver])
    advance.set([advance_hint(partition, change_id) for partition, change_id in tick.advance])
    line = {**asdict(tick), "deliver": len(tick.deliver), "advance": len(tick.advance)}
    line |= {"requests": app.arm.requests, "seconds": round(time.monotonic() - began, 3), "past_due": timer.past_due}
    log.info("tick %s", json.dumps(line))
