"""The handlers of the pages to read: who reads, what is stored, render."""

from collections.abc import Callable
from datetime import datetime, timedelta

import azure.functions as func

from .. import user_input
from ..app import App, current
from ..auth.errors import FormExpired, NotPermitted
from ..core.incidents.cluster_status import ClusterState
from ..errors import BadInput, NotFoundHere, Refused
from ..flows.incidents.history import read_history
from ..flows.incidents.story import read_story
from ..flows.monitoring.fleet_status import FleetStatus, read_fleet_status
from ..flows.probing.read import SHOWN
from ..ids import cluster_key
from ..model.identity import Role
from ..model.incident import Incident
from ..model.text import Text
from ..web.cluster_view import ClusterView
from ..web.fleet_view import FleetView, StatusView
from ..web.incident_view import IncidentView
from ..web.probe_view import ProbeView
from ..web.read_pages import SILENCE, SOCKETS, IncidentForm, cluster_page, fleet_page, incident_page
from .queue_messages import message
from .responses import as_page, language_of, same_language, see_other
from .visitors import KEY, Visitor, is_own_origin, permitted, read_form, reader_of, record_id, signed_in

_LONGEST_FORM = 4 * 2**20  # bytes: the sockets of a node with some 5,000 connections
_AUDIT_SHOWN = timedelta(days=30)
_PURPOSE = Text("silence a cluster or propose a plan")


def show_fleet(req: func.HttpRequest) -> func.HttpResponse:
    app = current()
    reader = reader_of(app, req)
    if reader.paths.partition:
        raise NotPermitted(Text("This link opens the pages of one cluster only."))
    wanted = user_input.text("q", req.params.get("q", ""), 200)
    state = user_input.choice("state", req.params.get("state", ""), ("", *ClusterState))
    person = reader.visitor.person
    audit_url = "/api/audit" if person and Role.AUDIT in person.roles else ""
    view = FleetView(_fleet(app), app.clock.now(), reader.paths, wanted, state, audit_url)
    return as_page(
        fleet_page(view, app.deployment, language=language_of(req), signed_in=signed_in(app, reader.visitor))
    )


def show_cluster(req: func.HttpRequest) -> func.HttpResponse:
    app, now = current(), current().clock.now()
    reader = reader_of(app, req)
    fleet = _fleet(app)
    partition = permitted(reader.paths, _partition(fleet, req.route_params.get("cluster", "")))
    status = next((status for status in fleet.clusters if cluster_key(status.id) == partition), None)
    history = read_history(app.records, partition, since=now - _AUDIT_SHOWN, with_journals=False)
    if status is None and history.record is None:
        raise NotFoundHere(Text("No such cluster is known here."))
    name = status.id.name if status else history.record.cluster_name if history.record else ""
    probes = probes_of(app, partition, status.location if status else "", now)
    view = ClusterView(
        name, StatusView(status, now, reader.paths) if status else None, history, now, reader.paths, probes
    )
    return as_page(cluster_page(view, language=language_of(req), signed_in=signed_in(app, reader.visitor)))


def show_incident(req: func.HttpRequest) -> func.HttpResponse:
    app = current()
    reader = reader_of(app, req)
    partition = permitted(reader.paths, req.params.get("cluster", ""))
    story = read_story(app.records, partition, record_id(req, "incident_id"))
    now, record = app.clock.now(), app.records.cluster_in(partition)
    end = story.incident.cleared_at or now
    page = incident_page(
        IncidentView(story, now, reader.paths, probes_of(app, partition, _region(app, partition), end)),
        _form(app, reader.visitor, story.incident),
        silence=record.value if record and record.value.is_silenced(now) else None,
        language=language_of(req),
        signed_in=signed_in(app, reader.visitor),
    )
    return as_page(page)


def act_on_incident(req: func.HttpRequest, deliver: Callable[[str], None]) -> func.HttpResponse:
    """The POST of a form that silences the cluster for an hour, keeps a list of sockets, or makes a new plan.

    ``deliver`` queues a message.
    """
    app = current()
    reader = reader_of(app, req)
    partition = permitted(reader.paths, req.params.get("cluster", ""))
    incident = read_story(app.records, partition, record_id(req, "incident_id")).incident
    person = reader.visitor.person
    if person is None:
        raise NotPermitted(Text("A link to read changes nothing. Sign-in would be needed for that."))
    if not is_own_origin(req.headers.get("Origin"), app.settings.public_base_url):
        raise FormExpired
    form = read_form(req, _LONGEST_FORM)
    app.signer.check_form(form.get("csrf", ""), reader.visitor.nonce, incident.id)
    app.permission.require_anywhere(person, _PURPOSE, allows_writes=False)
    now = app.clock.now()
    if form.get("action") == SOCKETS:
        app.paste_sockets.keep(incident, form.get("sockets", ""), person, now)
        deliver(message(partition=partition))
        return see_other(same_language(app.links.incident(incident), req))
    if form.get("action") == SILENCE:
        app.silence.begin(incident.cluster_id, now + timedelta(hours=1), person, now)
        deliver(message(partition=partition))
        return see_other(same_language(app.links.incident(incident), req))
    change = app.renewer.plan_for(incident, str(person))
    deliver(message(partition=partition))
    return see_other(same_language(app.links.page(change), req))


def _form(app: App, visitor: Visitor, incident: Incident) -> IncidentForm:
    if visitor.person is None or not incident.is_open:
        return IncidentForm()
    try:
        app.permission.require_anywhere(visitor.person, _PURPOSE, allows_writes=False)
    except Refused as error:
        return IncidentForm(notice=error.text)
    return IncidentForm(app.signer.form_token(visitor.nonce, incident.id), can_plan=app.settings.is_remediation_on)


def _partition(fleet: FleetStatus, selector: str) -> str:
    """Of a key, a name or a resource id. Raises NotFoundHere, or BadInput if several clusters have the name."""
    if KEY.fullmatch(selector):
        return selector
    found = fleet.named(f"/{selector.strip('/')}" if "/" in selector else selector)
    if len(found) > 1:
        raise BadInput(Text("several clusters have this name; open the right one from the page of all clusters"))
    if not found:
        raise NotFoundHere(Text("No scan has seen a cluster with this name."))
    return cluster_key(found[0].id)


def probes_of(app: App, partition: str, region: str, until: datetime) -> ProbeView | None:
    """Of the hour before. None: the cluster has no probes."""
    found = app.read_probes.summary(partition, region, until - SHOWN, until)
    return ProbeView(found) if found else None


def _region(app: App, partition: str) -> str:
    return next((status.location for status in _fleet(app).clusters if cluster_key(status.id) == partition), "")


def _fleet(app: App) -> FleetStatus:
    return read_fleet_status(app.fleet_cache, app.settings.fan_out_above)
