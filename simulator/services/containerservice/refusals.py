"""What AKS refuses when a cluster is updated, and Resource Manager before it."""

from __future__ import annotations

from functools import partial

from ...refusal import declare

_OUTBOUND = "the table: AKS docs, egress-outboundtype"
_aks = partial(declare, aks=True)


API_VERSION = declare(
    400,
    "NoRegisteredProviderFound",
    "clusters are read or written with an API version that the scenario's `aks_api_versions` don't list",
    "reported: many public issues; the message lists the versions that there are",
)
BUSY = _aks(
    409,
    "OperationNotAllowed",
    "a cluster is updated while another operation on it runs",
    "reported: Azure/azure-workload-identity#417; AKS docs: error-code-operationnotallowed",
)
STOPPED = _aks(
    409,
    "OperationNotAllowed",
    "a stopped cluster is updated",
    "the rule: AKS docs, start-stop-cluster",
    assumed="code and status",
)
NOT_CREATED_HERE = _aks(
    400,
    "BadRequest",
    "a cluster that isn't there is written: the simulator doesn't create clusters",
    "the simulator's own limit; Azure creates it",
    assumed="all of it",
)
PROPERTY_FIXED = _aks(
    400,
    "PropertyChangeNotAllowed",
    "a property that is fixed once a cluster is there would change: node resource group, subnets of pools, "
    "network plugin, load balancer SKU",
    "Azure docs: common-deployment-errors",
    assumed="status",
)
OUTBOUND_TYPE_UNKNOWN = _aks(
    400,
    "InvalidParameter",
    "the outbound type isn't one that the API knows",
    "the list: the SDK's enumeration OutboundType",
    assumed="code and status",
)
OUTBOUND_TYPE_CHANGE = _aks(
    400,
    "OutboundTypeChangeNotSupported",
    "the outbound type would change in a way that isn't in the table of supported changes "
    "(from managedNATGateway to loadBalancer, a managed NAT gateway in an own virtual network, ...)",
    _OUTBOUND,
    assumed="code and status",
)
BASIC_LOAD_BALANCER = _aks(
    400,
    "OutboundTypeChangeNotSupported",
    "the outbound type of a cluster with a Basic load balancer would change",
    _OUTBOUND,
    assumed="code and status",
)
NO_GATEWAY_ON_SUBNET = _aks(
    400,
    "InvalidUserAssignedNatGateway",
    "the outbound type becomes userAssignedNATGateway and a subnet of the cluster has no NAT gateway with an address",
    "the order of steps: AKS docs, egress-outboundtype and nat-gateway",
    assumed="code and status",
)
NO_ROUTE_ON_SUBNET = _aks(
    400,
    "ExistingRouteTableNotAssociatedWithSubnet",
    "the outbound type becomes userDefinedRouting and a subnet of the cluster has no default route",
    "AKS docs, egress-udr",
    assumed="code and status",
)
PORTS = _aks(
    400,
    "InvalidLoadBalancerProfileAllocatedOutboundPorts",
    "allocatedOutboundPorts isn't a multiple of 8 from 0 to 64,000, or the frontends don't have that many for "
    "all nodes",
    "the rule: AKS docs, configure-load-balancer-standard",
    assumed="code and status",
)
PROFILE = _aks(
    400,
    "InvalidParameter",
    "a number in a load balancer or NAT gateway profile is out of range (IPs 1 to 100 or 1 to 16, timeout 4 to 120)",
    "the ranges: AKS docs, configure-load-balancer-standard and nat-gateway",
    assumed="code and status",
)
RANGES = _aks(
    400,
    "InvalidParameter",
    "authorized ranges aren't IPv4 ranges, are more than 200, or are set on a private cluster",
    "the rules: AKS docs, api-server-authorized-ip-ranges",
    assumed="code and status",
)
