"""One call of each client that carries a token, to an endpoint that a test gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken

from shared.cloud import metric_queries
from shared.cloud.activity import ActivityLog
from shared.cloud.arm import Arm
from shared.cloud.discovery import Discovery
from shared.cloud.logs import HealthEventLog
from shared.cloud.metrics import Metrics
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.network import Network
from shared.cloud.parse.subnet import parse_subnet
from shared.cloud.pipeline import BoundedRetry
from shared.model.network import Subnet
from tests.support.builders import window

GATEWAY = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Network/natGateways/nat"
SUBNET = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
BALANCER = "/subscriptions/s1/resourceGroups/mc/providers/Microsoft.Network/loadBalancers/kubernetes"


class Identity:
    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("secret", 2**40)


def arm(url: str) -> Arm:
    return Arm(url, Identity(), retry=BoundedRetry(attempts=1))


def network(url: str) -> Network:
    return Network(url, Identity(), "s1", retry=BoundedRetry(attempts=1))


def batch(url: str) -> BatchMetrics:
    return BatchMetrics(Identity(), endpoint=url + "/{region}", retry=BoundedRetry(attempts=1))


def subnet() -> Subnet:
    parsed: Any = {"id": SUBNET, "name": "nodes", "etag": "e", "properties": {"addressPrefix": "10.0.0.0/24"}}
    return parse_subnet(parsed)


CALLS: dict[str, Callable[[str], object]] = {
    "arm get": lambda url: arm(url).get(GATEWAY, "1"),
    "arm post": lambda url: arm(url).post("/x", {}, "1"),
    "arm list": lambda url: list(arm(url).list("/subscriptions", "1")),
    "metrics one by one": lambda url: Metrics(arm(url)).query(BALANCER, metric_queries.SNAT_CONNECTIONS, window()),
    "metrics in batches": lambda url: batch(url).query_batch(
        [BALANCER], "westeurope", metric_queries.SNAT_CONNECTIONS, window()
    ),
    "resource graph": lambda url: Discovery(arm(url)).clusters(),
    "activity log": lambda url: ActivityLog(arm(url)).writes("s1", "rg", window().start, window().end, []),
    "health events": lambda url: HealthEventLog(Identity(), "workspace", endpoint=url).read_events(window()),
    "writer's read": lambda url: network(url).read_nat_gateway(GATEWAY),
    "writer's write": lambda url: network(url).put_subnet(subnet(), GATEWAY, "e"),
    "writer's deletion": lambda url: network(url).delete(GATEWAY),
}
