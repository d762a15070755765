"""Queue functions: each looks at what a hint points to. A poison consumer says so where nobody else would."""

from __future__ import annotations

import json
import logging
from typing import List  # noqa: UP035 - Microsoft's worker takes List in an annotation, not list

import azure.functions as func

blueprint = func.Blueprint()
log = logging.getLogger("snatbot.triggers")


@blueprint.function_name("deliver")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-deliver", connection="AzureWebJobsStorage")
def deliver(message: func.QueueMessage) -> None:
    """Posts what is due in one cluster's outbox."""
    from ..app import current
    from .queue_messages import read_message

    (partition,) = read_message(message.get_body(), "partition")
    app = current()
    result = app.deliver.all_due(partition, app.clock.wall)
    log.info("deliver: %d sent, %d waiting, %d given up", result.sent, result.waiting, result.given_up)


@blueprint.function_name("advance")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-advance", connection="AzureWebJobsStorage")
@blueprint.queue_output("deliver", queue_name="%QUEUE_PREFIX%-deliver", connection="AzureWebJobsStorage")
def advance(message: func.QueueMessage, deliver: func.Out[str]) -> None:
    """Brings one change forward; what there is to tell about it is delivered at once."""
    from ..app import current
    from .queue_messages import deliver_message, read_message

    partition, change_id = read_message(message.get_body(), "partition", "change")
    change = current().reconciler.run(partition, change_id)
    deliver.set(deliver_message(partition))
    log.info("advance: change %s is %s", change_id, change.state.value if change else "not known")


@blueprint.function_name("offer")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-offer", connection="AzureWebJobsStorage")
@blueprint.queue_output("deliver", queue_name="%QUEUE_PREFIX%-deliver", connection="AzureWebJobsStorage")
def offer(message: func.QueueMessage, deliver: func.Out[str]) -> None:
    """Plans against one incident, after its alarm; what comes of it is delivered at once."""
    from ..app import current
    from .queue_messages import deliver_message, read_message

    partition, incident_id = read_message(message.get_body(), "partition", "incident")
    app = current()
    change = (
        app.incident_proposer.run(partition, incident_id, app.clock.now(), app.clock.wall())
        if app.settings.is_remediation_on
        else None
    )
    deliver.set(deliver_message(partition))
    log.info("offer: incident %s: %s", incident_id, f"change {change.id}" if change else "nothing to approve")


@blueprint.function_name("measure")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-measure", connection="AzureWebJobsStorage")
@blueprint.queue_output("deliver", queue_name="%QUEUE_PREFIX%-deliver", connection="AzureWebJobsStorage")
def measure(message: func.QueueMessage, deliver: func.Out[List[str]]) -> None:  # noqa: UP006
    """Looks at one part of a large fleet; what there is to tell about it is delivered at once."""
    from ..app import current
    from ..gc_freeze import freeze_loaded_modules
    from .log_fields import tally_fields
    from .queue_messages import deliver_message, read_message

    part, tick = read_message(message.get_body(), "part", "tick")
    app = current()
    look = app.watch.scan_shard(part, tick, app.clock.now(), app.clock.wall())
    if look is None:
        log.info("part %s was looked at for tick %s already", part, tick)
        return
    deliver.set([deliver_message(partition) for partition in look.deliver])
    line = {
        "part": part,
        "tick": tick,
        **tally_fields(look.report.tally, look.report.effort),
        "deliver": len(look.deliver),
    }
    log.info("part %s", json.dumps(line))
    freeze_loaded_modules()


@blueprint.function_name("measure_poison")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-measure-poison", connection="AzureWebJobsStorage")
def measure_poison(message: func.QueueMessage) -> None:
    _given_up("measure", message)


@blueprint.function_name("offer_poison")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-offer-poison", connection="AzureWebJobsStorage")
def offer_poison(message: func.QueueMessage) -> None:
    _given_up("offer", message)


@blueprint.function_name("deliver_poison")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-deliver-poison", connection="AzureWebJobsStorage")
def deliver_poison(message: func.QueueMessage) -> None:
    _given_up("deliver", message)


@blueprint.function_name("advance_poison")
@blueprint.queue_trigger("message", queue_name="%QUEUE_PREFIX%-advance-poison", connection="AzureWebJobsStorage")
def advance_poison(message: func.QueueMessage) -> None:
    _given_up("advance", message)


def _given_up(queue: str, message: func.QueueMessage) -> None:
    """Nothing is lost: what is due stands in the tables, and the next tick asks for it again."""
    log.error("%s: message %s failed every delivery; the next tick tries again from the tables", queue, message.id)
