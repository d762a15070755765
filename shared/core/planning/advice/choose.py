"""Which advice a cluster gets: the kind that a person requests, or the one that fits if nothing may be executed."""

from ....formatting import listed
from ....model.check import CheckId
from ....model.cluster import VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Demand, PlanKind
from ....model.text import Text
from ...az_cli import add_public_ips
from ...checks import CheckBuilder
from .. import preflight
from ..egress import reserved_addresses
from ..plan_builder import Outline
from ..request import PlanOptions
from ..sizing import MAX_PUBLIC_IPS
from .alignment import align
from .managed_network import described_outbound_type, is_managed_on_balancer, managed_gateway
from .relief import relieve
from .standard_v2 import standard_v2

ASKABLE = (
    PlanKind.RELIEVE_LOAD_BALANCER,
    PlanKind.ALIGN_OUTBOUND_TYPE,
    PlanKind.MANAGED_NAT_GATEWAY,
    PlanKind.STANDARD_V2,
)
# Other likely causes (Azure docs: app-service/troubleshoot-intermittent-outbound-connection-errors,
# load-balancer/troubleshoot-outbound-connection).
_INSTEAD = (
    Text(
        "Likely the targets: look at their limits, firewalls and certificates, and at their figures of refused calls."
    ),
    Text("Or DNS inside the cluster: look at CoreDNS's latency and errors, and at lookups that take 5 seconds."),
    Text(
        "Or the application: timeouts shorter than the target's slow answers, a connection pool that is full, or idle "
        "connections that are cut after the idle timeout and used again."
    ),
    Text("Or a network policy, a route or a firewall on the way, when the same target always fails."),
)


def asked_for(kind: PlanKind, facts: NetworkFacts, demand: Demand, options: PlanOptions) -> Outline:
    """The requested advice; its checks say if it does not fit. Raises ValueError for a kind not in ASKABLE."""
    match kind:
        case PlanKind.RELIEVE_LOAD_BALANCER:
            return relieve(facts, demand, options.idle_timeout_minutes)
        case PlanKind.ALIGN_OUTBOUND_TYPE:
            return align(facts)
        case PlanKind.MANAGED_NAT_GATEWAY:
            return managed_gateway(facts, demand, options.idle_timeout_minutes)
        case PlanKind.STANDARD_V2:
            return standard_v2(facts, demand, options)
    raise ValueError(f"{kind} is no advice that can be asked for; {', '.join(ASKABLE)} are")


def advise(facts: NetworkFacts, demand: Demand, options: PlanOptions) -> Outline:
    """The first advice that fits. An empty summary: the plan's checks are the answer."""
    cluster = facts.cluster
    if demand.public_ip_count > MAX_PUBLIC_IPS:
        return _too_large(facts, demand, options)
    if not cluster.is_on_load_balancer:
        return Outline(
            PlanKind.ADVICE,
            Text(
                "the traffic of {cluster} does not leave through the load balancer (outbound type {outbound_type}): "
                "look at the path that the cluster uses",
                cluster=cluster.name,
                outbound_type=described_outbound_type(cluster),
            ),
        )
    if cluster.vnet_ownership is VnetOwnership.MANAGED:
        return managed_gateway(facts, demand, options.idle_timeout_minutes)
    if foreign := preflight.subnets.foreign_gateways(facts):
        return Outline(
            PlanKind.ADVICE,
            Text(
                "a NAT gateway that snatbot did not create ({gateways}) serves {cluster}: ask its owner for more "
                "public IPs on it",
                gateways=listed([gateway.name for gateway in foreign]),
                cluster=cluster.name,
            ),
            tuple(map(add_public_ips, foreign)),
            irreversible=Text("A public IP that is taken off again ends the connections that use it."),
        )
    if facts.is_dual_stack:
        return standard_v2(facts, demand, options)
    waiting = reserved_addresses(facts) or reserved_addresses(facts, prefixes=True)
    if waiting and cluster.restricts_api_server:
        return Outline(
            PlanKind.ADVICE,
            Text(
                "the public IPs of {cluster} are reserved: add them to the API server's authorized IP ranges, then ask "
                "for a new plan",
                cluster=cluster.name,
            ),
            (preflight.cluster.authorize_command(cluster, [ip.address for ip in waiting]),),
        )
    return Outline(PlanKind.ADVICE, Text(""))


def not_snat(facts: NetworkFacts, demand: Demand) -> Outline:
    """The advice "not SNAT" with the measurement in ``demand.no_need``."""
    return Outline(
        kind=PlanKind.NOT_SNAT,
        summary=Text(
            "SNAT ports of {cluster} are not short, so they are not its trouble: {measured}",
            cluster=facts.cluster.name,
            measured=demand.no_need,
        ),
        notes=(
            *_INSTEAD,
            Text(
                "A NAT gateway would change the egress IPs and cure nothing. To plan one all the same, ahead of need, "
                "ask for a plan of kind attach_nat_gateway, or reserve_public_ips for the addresses alone."
            ),
        ),
        arithmetic=demand.arithmetic[:1],
        checks=(
            CheckBuilder(CheckId.SNAT_PORTS, "SnatConnectionCount, UsedSnatPorts, AllocatedSnatPorts").passes(
                demand.no_need
            ),
        ),
    )


def _too_large(facts: NetworkFacts, demand: Demand, options: PlanOptions) -> Outline:
    """More public IPs than one NAT gateway takes, AKS's own included (Azure docs: nat-gateway-resource)."""
    is_managed = is_managed_on_balancer(facts.cluster)
    managed = managed_gateway(facts, demand, options.idle_timeout_minutes) if is_managed else None
    has_command = managed is not None and bool(managed.commands)
    helps = (Text("The command given is the largest managed NAT gateway: it helps, and is not enough."),) * has_command
    return Outline(
        kind=PlanKind.TOO_LARGE,
        summary=Text(
            "{number} public IPs are needed; a NAT gateway takes at most {most}",
            number=demand.public_ip_count,
            most=MAX_PUBLIC_IPS,
        ),
        commands=managed.commands if managed else (),
        notes=(
            Text(
                "Split the node pools over several subnets with a gateway each, reach Azure services through private "
                "endpoints, and reuse connections in the application."
            ),
            *helps,
        ),
        irreversible=managed.irreversible if managed else Text(""),
    )
