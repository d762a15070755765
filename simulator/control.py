"""The simulator's own endpoints under `/_sim/`: clock, messages, request log, faults, state, a page.

They need no token; faults and the request log leave them out.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .clock import iso_text
from .errors import ControlError
from .events import check_event, schedule_event
from .fleet import Node
from .gadget import sockets
from .ground_truth import truth_of_world
from .http import Request, Response
from .physics.workload import Protocol
from .probe_reports import apply_probes, run_probes
from .requestlog import RequestLog
from .routing import Route
from .world import World

Handler = Callable[[World, RequestLog, Request], Response]
ROUNDS = "/_sim/probes/rounds"


def _json(request: Request) -> Any:
    try:
        return json.loads(request.body or b"{}")
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from error


def _clock_json(world: World) -> dict[str, Any]:
    times = {"now": world.clock.now(), "started": world.started, "wall": world.clock.wall()}
    return {name: iso_text(moment) for name, moment in times.items()}


def set_clock(world: World, _log: RequestLog, request: Request) -> Response:
    """`{"advance_seconds": n}` or `{"now": "2026-01-01T10:00:00Z"}`; only forward."""
    body = _json(request)
    try:
        if "advance_seconds" in body:
            world.clock.advance(float(body["advance_seconds"]))
        elif "now" in body:
            moment = datetime.fromisoformat(str(body["now"]))
            if moment.tzinfo is None:
                raise ValueError(f"now was {body['now']!r}; it needs a zone, as in 2026-01-01T10:00:00Z")
            world.clock.move_to(moment)
        else:
            raise ValueError('send {"advance_seconds": n} or {"now": "2026-01-01T10:00:00Z"}')
    except (TypeError, ValueError) as error:
        raise ControlError(str(error)) from error
    world.settle()
    return Response(200, _clock_json(world))


def _messages(world: World) -> list[dict[str, Any]]:
    posted = sorted([*world.slack.messages, *world.teams.messages], key=lambda message: message.at)
    return [message.to_json() for message in posted]


def list_requests(_world: World, log: RequestLog, request: Request) -> Response:
    after = request.query.get("after", "0")
    if not after.isdigit():
        raise ControlError(f"after was {after!r}; it must be a sequence number")
    return Response(200, log.after(int(after)))


def add_faults(world: World, _log: RequestLog, request: Request) -> Response:
    """One fault, or a list of them."""
    body = _json(request)
    try:
        for described in body if isinstance(body, list) else [body]:
            world.faults.add(described)
    except (ValueError, AttributeError, TypeError) as error:
        raise ControlError(str(error)) from error
    return Response(200, world.faults.to_json())


def clear_faults(world: World, _log: RequestLog, _request: Request) -> Response:
    world.faults.clear()
    return Response(200, [])


def add_event(world: World, _log: RequestLog, request: Request) -> Response:
    """An event as scenario files have them; without a minute or a write to wait for, it happens now."""
    event = _json(request)
    try:
        check_event(event)
        schedule_event(world, event)
        world.settle()
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise ControlError(f"the event can't happen: {error!s}") from error
    return Response(200, _state(world)["happened"])


def _state(world: World) -> dict[str, Any]:
    minute = world.minute() - 1
    return {
        "scenario": world.scenario,
        "clock": _clock_json(world),
        "subscriptions": [each.id for each in world.subscriptions.values()],
        "clusters": [
            {
                "id": cluster.id,
                "outboundType": cluster.outbound_type,
                "nodes": len(cluster.nodes),
                "failedLastMinute": {
                    node.name: failed for node in cluster.nodes if (failed := _failed(world, node, minute))
                }
                if len(world.clusters) <= 20
                else None,
            }
            for cluster in world.clusters.values()
        ],
        "operations": [
            {"id": each.id, "name": each.name, "resource": each.resource_key, "status": each.status}
            for each in world.operations.running()
        ],
        "faults": world.faults.to_json(),
        "happened": [{"at": iso_text(each.at), "what": each.what} for each in world.happened],
    }


def _failed(world: World, node: Node, minute: int) -> int:
    minutes = range(minute, minute + 1)
    return sum(world.traffic.node_window(node, protocol, minutes).failed[0] for protocol in Protocol)


def roll_keys(world: World, _log: RequestLog, request: Request) -> Response:
    """Make Entra ID sign with a new key; `{"keep_old": false}` withdraws the old keys at once."""
    keys = world.entra.keys
    keys.roll(keep_old=bool(_json(request).get("keep_old", True)))
    return Response(200, [key.id for key in keys.published()])


def add_probes(world: World, _log: RequestLog, request: Request) -> Response:
    """`{"cluster", "url", "key"}`: what a person does who applies the probes of a cluster, with their Secret."""
    given = _json(request)
    try:
        pods = apply_probes(world, str(given["cluster"]), str(given["url"]), str(given["key"]))
    except (KeyError, TypeError) as error:
        raise ControlError(f"the body needs cluster, url and key: {error}") from error
    return Response(200, {"pods": pods})


def run_rounds(world: World) -> Response:
    """All rounds of probes that are due by now, without the world's lock; answers each pod's last status."""
    return Response(200, run_probes(world))


def node_sockets(world: World, _log: RequestLog, request: Request) -> Response:
    """What Inspektor Gadget says of `?node=`, in the last whole minute."""
    node = next((node for node in world.all_nodes() if node.name == request.query.get("node")), None)
    if node is None:
        raise ControlError("node must be the name of a node")
    return Response(200, sockets(world.traffic, node, world.minute() - 1))


def page(world: World, _log: RequestLog, _request: Request) -> Response:
    """State and messages as a page for people."""
    state = _state(world)
    rows = "".join(
        f"<tr><td>{html.escape(c['id'])}</td><td>{c['nodes']}</td><td>{html.escape(c['outboundType'])}</td>"
        f"<td>{html.escape(json.dumps(c['failedLastMinute']))}</td></tr>"
        for c in state["clusters"][:50]
    )
    messages = "".join(
        f"<h3>{html.escape(m['service'])} &middot; {html.escape(m['channel'])} &middot; {m['at']}"
        f" &middot; {m['status']}</h3><pre>{html.escape(json.dumps(m['body'], indent=1, ensure_ascii=False))}</pre>"
        for m in reversed(_messages(world))
    )
    text = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Simulator</title>"
        "<style>body{font:15px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}"
        "td,th{border:1px solid #888;padding:.3em .6em;text-align:left}pre{white-space:pre-wrap}</style>"
        f"<h1>Scenario {html.escape(state['scenario'])}</h1><p>Simulated time {state['clock']['now']}, "
        f"started {state['clock']['started']}</p>"
        "<h2>Clusters</h2><table><tr><th>Cluster<th>Nodes<th>Outbound type<th>Failed last minute</tr>"
        f"{rows}</table><h2>Messages</h2>{messages or '<p>None yet.</p>'}"
        "<p>JSON: <a href=/_sim/state>state</a>, <a href=/_sim/messages>messages</a>, "
        "<a href=/_sim/requests>requests</a>, <a href=/_sim/faults>faults</a>, <a href=/_sim/clock>clock</a></p>"
    )
    return Response(200, text, {"Content-Type": "text/html; charset=utf-8"})


_SHOWN: dict[str, Callable[[World], Any]] = {
    "clock": _clock_json,
    "messages": _messages,
    "faults": lambda world: world.faults.to_json(),
    "state": _state,
    "truth": truth_of_world,
    "people": lambda world: [person.to_json() for person in world.entra.people],
}
"""What can be read, by the last part of its path. `truth`: what failed, whatever the metrics say."""


def _shower(of: Callable[[World], Any]) -> Handler:
    return lambda world, _log, _request: Response(200, of(world))


ROUTES: list[Route[Handler]] = [
    Route("GET", "/_sim", page),
    *(Route("GET", f"/_sim/{name}", _shower(of)) for name, of in _SHOWN.items()),
    Route("POST", "/_sim/clock", set_clock),
    Route("GET", "/_sim/requests", list_requests),
    Route("POST", "/_sim/faults", add_faults),
    Route("DELETE", "/_sim/faults", clear_faults),
    Route("POST", "/_sim/events", add_event),
    Route("POST", "/_sim/keys", roll_keys),
    Route("POST", "/_sim/probes", add_probes),
    Route("GET", "/_sim/sockets", node_sockets),
]
