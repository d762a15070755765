"""Queue functions: each reads its data from the tables by the keys in its message."""

import json
import logging
from typing import List  # noqa: UP035 - Microsoft's worker takes List in an annotation, not list

import azure.functions as func

from ..clock import Instant
from ..gc_freeze import freeze_loaded_modules
from .queue_messages import message as queue_message
from .queue_messages import queue, read_message

blueprint = func.Blueprint()
log = logging.getLogger("snatbot.triggers")


@blueprint.queue_trigger("message", **queue("deliver"))
def deliver(message: func.QueueMessage) -> None:
    """Post the due messages of one cluster's outbox."""
    from ..app import current

    (partition,) = read_message(message.get_body(), "partition")
    app = current()
    result = app.deliver.all_due(partition, app.clock.wall)
    counts = {"sent": result.sent, "waiting": result.waiting, "given_up": result.given_up}
    log.info("deliver %s", json.dumps({"partition": partition, **counts}))


@blueprint.queue_trigger("message", **queue("advance"))
@blueprint.queue_output("deliver", **queue("deliver"))
def advance(message: func.QueueMessage, deliver: func.Out[str]) -> None:
    """Advance one change, and queue the delivery of its messages."""
    from ..app import current

    partition, change_id = read_message(message.get_body(), "partition", "change")
    change = current().reconciler.run(partition, change_id)
    deliver.set(queue_message(partition=partition))
    log.info("advance %s", json.dumps({"change": change_id, "state": change.state.value if change else None}))


@blueprint.queue_trigger("message", **queue("offer"))
@blueprint.queue_output("deliver", **queue("deliver"))
def offer(message: func.QueueMessage, deliver: func.Out[str]) -> None:
    """Plan against one incident after its alarm, and queue the delivery of the proposal."""
    from ..app import current

    partition, incident_id = read_message(message.get_body(), "partition", "incident")
    app = current()
    change = None
    if app.settings.is_remediation_on:
        change = app.incident_proposer.run(partition, incident_id, Instant.of(app.clock))
    deliver.set(queue_message(partition=partition))
    log.info("offer %s", json.dumps({"incident": incident_id, "change": change.id if change else None}))


@blueprint.queue_trigger("message", **queue("measure"))
@blueprint.queue_output("deliver", **queue("deliver"))
def measure(message: func.QueueMessage, deliver: func.Out[List[str]]) -> None:  # noqa: UP006
    """Scan one shard of a large fleet, and queue the delivery of its messages."""
    from ..app import current
    from .log_fields import tally_fields

    shard, tick = read_message(message.get_body(), "shard", "tick")
    app = current()
    scan = app.watch.scan_shard(shard, tick, app.clock.now(), app.clock.wall())
    if scan is None:
        log.info("shard %s was scanned for tick %s already", shard, tick)
        return
    deliver.set([queue_message(partition=partition) for partition in scan.deliver])
    fields = tally_fields(scan.report.tally, scan.report.effort)
    log.info("shard %s", json.dumps({"shard": shard, "tick": tick, **fields, "deliver": len(scan.deliver)}))
    freeze_loaded_modules()


@blueprint.queue_trigger("message", **queue("slack"))
@blueprint.queue_output("advance", **queue("advance"))
@blueprint.queue_output("deliver", **queue("deliver"))
def answer_slack(message: func.QueueMessage, advance: func.Out[str], deliver: func.Out[str]) -> None:
    """Answer what one person asked for in Slack."""
    from ..app import current
    from ..first_use import import_lock

    with import_lock:
        from .slack_commands import answer
    (request,) = read_message(message.get_body(), "request")
    answer(current(), request, advance.set, deliver.set)


def _log_poison(name: str) -> None:
    """Log a message that failed every delivery. Nothing is lost: the tables hold what is due."""

    @blueprint.function_name(f"{name}_poison")
    @blueprint.queue_trigger("message", **queue(f"{name}-poison"))
    def poison(message: func.QueueMessage) -> None:
        log.error(
            "%s: message %s failed every delivery attempt; ticks retry from the tables, but not a person's request",
            name,
            message.id,
        )


for _name in ("measure", "offer", "deliver", "advance", "slack"):
    _log_poison(_name)
