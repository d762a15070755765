"""Resource Manager's JSON into our nouns, one module a noun.

Resource Graph answers with the same property shape. Names of properties and values come in varying case, and what is
off or empty is often absent: both are taken. What a noun cannot do without raises ``UnexpectedAnswer``.
"""

from .cluster import parse_cluster
from .load_balancer import parse_load_balancer
from .metric import METRIC, parse_metric, parse_metrics
from .nat_gateway import parse_nat_gateway
from .node import parse_node
from .public_ip import parse_public_ip
from .subnet import default_route, parse_subnet, takes_propagated_routes
from .vnet import parse_vnet

__all__ = [
    "METRIC",
    "default_route",
    "parse_cluster",
    "parse_load_balancer",
    "parse_metric",
    "parse_metrics",
    "parse_nat_gateway",
    "parse_node",
    "parse_public_ip",
    "parse_subnet",
    "parse_vnet",
    "takes_propagated_routes",
]
