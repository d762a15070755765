"""Tenants, and who may use which application in them."""

from __future__ import annotations

from ...state.identities import Identity
from ...state.people import Account, Person
from ...world import World
from .refusals import EntraError

MANY = ("common", "organizations")


def home_tenant(world: World) -> str:
    """The tenant of the first subscription: where applications are registered."""
    return next(iter(world.subscriptions.values())).tenant


def find_tenant(world: World, named: str) -> str:
    """A tenant's id; `common` and `organizations` stay what they are. Raises EntraError."""
    known = {each.tenant for each in world.subscriptions.values()} | {each.tenant for each in world.entra.people}
    if named.lower() not in (*MANY, *known):
        raise EntraError(90002, tenant=named)
    return named.lower()


def find_application(world: World, client_id: str, tenant: str) -> Identity:
    """The application, where it can be used. Raises EntraError."""
    if not client_id:
        raise EntraError(900144, name="client_id")
    application = world.identities.get(client_id)
    is_known = application.is_named or world.settings.unknown_applications == "welcome"
    if not is_known or not (application.is_multi_tenant or tenant in (*MANY, home_tenant(world))):
        raise EntraError(700016, application=client_id, tenant=tenant)
    return application


def find_account(person: Person, tenant: str, application: Identity) -> Account:
    """The account with which a person uses an application in a tenant. Raises EntraError."""
    account = person.account_in(person.tenant if tenant in MANY else tenant)
    words = {"user": person.user_principal_name, "application": application.client_id, "name": application.name}
    if account is None:
        raise EntraError(50020, idp=person.tenant, tenant=tenant, **words)
    if application.assignment_required and not account.roles:
        raise EntraError(50105, **words)
    return account
