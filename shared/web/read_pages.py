"""The pages that only show: the fleet, a cluster, an incident. Pure functions, like those of ``pages``."""

from __future__ import annotations

from .fleet_view import FleetView
from .incident_view import ClusterView, IncidentView
from .pages import FLEET, SignedIn, crumbs, render


def fleet_page(view: FleetView, *, language: str = "en", signed_in: SignedIn | None = None) -> str:
    return render("fleet.html", language, view=view, is_live=True, signed_in=signed_in)


def cluster_page(view: ClusterView, *, language: str = "en", signed_in: SignedIn | None = None) -> str:
    return render(
        "cluster.html", language, view=view, is_live=True, crumbs=[(FLEET, view.paths.fleet)], signed_in=signed_in
    )


def incident_page(
    view: IncidentView,
    *,
    csrf: str = "",
    notice: str = "",
    language: str = "en",
    signed_in: SignedIn | None = None,
) -> str:
    """``csrf``: of the form that makes a new plan; empty without that form. ``notice``: why it is not there."""
    above = crumbs(view.paths, view.incident.cluster_id, view.incident.cluster_name)
    context = {
        "csrf": csrf,
        "notice": notice,
        "signed_in": signed_in,
        "crumbs": above,
        "is_live": view.incident.is_open,
    }
    return render("incident.html", language, view=view, **context)
