"""The pages that only show: the fleet, a cluster, an incident. Pure functions, like those of ``pages``."""

from dataclasses import dataclass

from ..chat.first_message import NOTHING_SET, Deployment
from ..model.incident import ClusterRecord
from .cluster_view import ClusterView
from .fleet_view import FleetView
from .incident_view import IncidentView
from .pages import FLEET, SignedIn, crumbs, render


def fleet_page(
    view: FleetView, deployment: Deployment = NOTHING_SET, *, language: str = "en", signed_in: SignedIn | None = None
) -> str:
    """``deployment``: shown while there is no cluster."""
    return render("fleet.html", language, view=view, deployment=deployment, is_live=True, signed_in=signed_in)


def cluster_page(view: ClusterView, *, language: str = "en", signed_in: SignedIn | None = None) -> str:
    return render(
        "cluster.html", language, view=view, is_live=True, crumbs=[(FLEET, view.paths.fleet)], signed_in=signed_in
    )


SILENCE, SOCKETS = "silence", "sockets"  # what a form does, else it makes a new plan


@dataclass(frozen=True, slots=True)
class IncidentForm:
    csrf: str = ""  # empty: no form
    can_plan: bool = False
    notice: str = ""  # why there is no form, if that is worth saying


NO_FORM = IncidentForm()


def incident_page(
    view: IncidentView,
    form: IncidentForm = NO_FORM,
    *,
    silence: ClusterRecord | None = None,
    language: str = "en",
    signed_in: SignedIn | None = None,
) -> str:
    """``silence``: of its cluster, if messages are held back now."""
    above = crumbs(view.paths, view.incident.cluster_id, view.incident.cluster_name)
    context = {
        "form": form,
        "silence": silence,
        "signed_in": signed_in,
        "crumbs": above,
        "is_live": view.incident.is_open,
    }
    return render("incident.html", language, view=view, **context)
