"""Tenants, subscriptions and resource groups: creates all that a recording names, unless it shows that they don't
exist."""

from __future__ import annotations

import re
from dataclasses import replace

from ..recording import Exchange
from ..stage import CLIENT, Stage
from .bodies import ids_in, place_of

_TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token", re.IGNORECASE)


def arrange_places(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Create the subscription and the group in the path, and those of all ids in the bodies."""
    if not stage.world.subscriptions:
        stage.know_subscription(CLIENT.client_id)
    issuer = _TOKEN.fullmatch(exchange.path)
    if issuer is not None and exchange.status == 200:
        subscriptions = stage.world.subscriptions
        subscriptions |= {key: replace(each, tenant=issuer[1].lower()) for key, each in subscriptions.items()}
    named = re.match(r"/subscriptions/([^/]+)", exchange.path, re.IGNORECASE)
    if named is not None and exchange.error_code != "SubscriptionNotFound":
        stage.know_subscription(named[1])
    place = place_of(exchange.path)
    if place is not None and exchange.error_code != "SubscriptionNotFound":
        subscription, group = place
        stage.know_subscription(subscription)
        if group is not None and exchange.error_code != "ResourceGroupNotFound":
            stage.know_group(subscription, group)
        elif group is not None:
            _forget_group(stage, subscription, group)
    for resource_id in (*ids_in(exchange.request_body), *ids_in(exchange.body)):
        stage.know_group(resource_id.subscription, resource_id.group)


def _forget_group(stage: Stage, subscription: str, group: str) -> None:
    """Delete a group with its resources."""
    world = stage.world
    world.groups.pop((subscription.lower(), group.lower()), None)
    for kind in world.network.kinds():
        for document in list(world.network.of_kind(kind, subscription, group)):
            world.network.remove(document)
