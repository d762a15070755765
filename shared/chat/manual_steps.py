"""What a person can do without the bot: steps, commands with the cluster's real names, and cautions.

Sources (Azure docs): load-balancer-standard-diagnostics for the metric; aks/egress-outboundtype and aks/nat-gateway for
which network takes which gateway.
"""

import json
import shlex
from collections.abc import Iterator

from ..core.az_cli import aks_update, az, az_commands, script, use_managed_gateway
from ..core.guidance import code_advice, culprits
from ..core.planning.naming import group_id, network_id, tags_for
from ..formatting import listed
from ..model.assessment import Assessment
from ..model.cluster import Cluster, VnetOwnership
from ..model.plan import AssociateSubnet, CreateNatGateway, CreatePublicIp
from ..model.resource_id import ArmId
from ..model.text import Text
from .labels import resource_name
from .message import Section

_BY_LANGUAGE = Text(
    "For Python, .NET, Node.js, Java, Go and PHP: the incident's page, and docs/explaining.md of snatbot."
)
_CURL = (
    "for i in 1 2 3 4 5 6 7 8 9 10; do "
    'curl -s -o /dev/null -m 5 -w "%{http_code} %{time_connect}s\\n" https://mcr.microsoft.com; done'
)


def sections(assessment: Assessment) -> tuple[Section, ...]:
    """Steps, commands and relief in the application."""
    return (
        Section(Text("By hand"), steps=tuple(steps(assessment)), is_detail=True),
        Section(Text("Who opens the connections"), code=script(_who(assessment)), is_detail=True),
        Section(Text("Commands"), code=script(commands(assessment)), is_detail=True),
        Section(Text("In your code"), bullets=(*code_advice.IN_SHORT, _BY_LANGUAGE), is_detail=True),
    )


def steps(assessment: Assessment) -> Iterator[Text]:
    """In the order to follow; the commands are in ``commands``."""
    cluster = assessment.cluster
    name, group = load_balancer(assessment)
    fixed = cluster.fixed_outbound_type_reason
    yield Text(
        "See it: in the Azure portal open load balancer `{name}` in resource group `{group}`, Metrics, "
        "SNAT Connection Count, aggregation Sum; filter Connection State = Failed, split by Backend IP Address. "
        "Anything above zero is exhaustion.",
        name=name,
        group=group,
    )
    yield Text("Try it: run the curl check on a failing node. `000` means that no connection could be opened.")
    yield _announce(cluster)
    match cluster.vnet_ownership:
        case VnetOwnership.OWN:
            subnets = listed([f"`{resource_name(subnet_id)}`" for subnet_id in cluster.subnet_ids])
            if cluster.has_auto_provisioning:
                subnets = Text("{subnets}, and those of node auto-provisioning", subnets=subnets)
            yield Text(
                "Create public IPs and a NAT gateway, then associate it with every subnet of the cluster ({subnets}), "
                "one by one, watching before the next. Open connections may drop.",
                subnets=subnets,
            )
            yield _WATCH
            yield (
                Text(
                    "Leave AKS's own setting as it is: it can't change the outbound type, because {reason}.",
                    reason=fixed,
                )
                if fixed
                else Text(
                    "Last, `az aks update --outbound-type userAssignedNATGateway` makes AKS's own setting agree. "
                    "The load balancer's outbound rule goes with it: without the gateway nodes then have no egress."
                )
            )
        case VnetOwnership.MANAGED if fixed:
            yield Text(
                "AKS can't replace the load balancer by a managed NAT gateway, because {reason}: give each node more "
                "SNAT ports instead, with `az aks update --load-balancer-outbound-ports` and enough outbound IPs. "
                "Open connections drop.",
                reason=fixed,
            )
        case VnetOwnership.MANAGED:
            yield Text(
                "Let AKS replace the load balancer by a managed NAT gateway, with "
                "`az aks update --outbound-type managedNATGateway --outbound-type-sku Standard`: open connections "
                "drop, and there is no direct way back to the load balancer. SKU StandardV2 is final too."
            )
            yield _WATCH
        case VnetOwnership.UNKNOWN:
            yield Text(
                "The cluster shows no node pool: find out which subnets its nodes are in before changing anything."
            )
        case VnetOwnership.MIXED:
            yield Text(
                "Some node pools name a subnet and some don't: look at their `vnetSubnetID` before changing anything."
            )


_WATCH = Text(
    "Watch the NAT gateway's metrics: SNAT Connection Count by Connection State (Attempted rises, Failed stays at 0), "
    "Dropped Packets, Datapath Availability. The load balancer shows no failures then, which proves nothing: new "
    "connections no longer go there."
)


def _announce(cluster: Cluster) -> Text:
    if cluster.restricts_api_server:
        return Text(
            "Before egress changes: give the new egress IPs to everyone whose firewall lists the old ones, and add "
            "them to the API server's authorized IP ranges, or the nodes lose it."
        )
    return Text("Before egress changes: give the new egress IPs to everyone whose firewall lists the old ones.")


def commands(assessment: Assessment) -> Iterator[str]:
    """Commands to copy, one a line, with comments."""
    cluster = assessment.cluster
    yield az("account", "set", "--subscription", cluster.subscription)
    if node := _failing_node(assessment):
        yield Text("# whether a failing node can connect (use an address that your application calls)")
        yield _curl_on(node)
    if cluster.vnet_ownership is VnetOwnership.OWN:
        yield from _own_gateway(cluster)
    elif cluster.vnet_ownership is VnetOwnership.MANAGED and not cluster.fixed_outbound_type_reason:
        yield use_managed_gateway(cluster, 2, cluster.load_balancer_profile.idle_timeout_minutes)


def _who(assessment: Assessment) -> tuple[str, ...]:
    """Commands; none if no failing node is known by name."""
    node = _failing_node(assessment)
    return culprits.commands(node) if node else ()


def _failing_node(assessment: Assessment) -> str:
    return next((node.name for finding in assessment.findings for node in finding.nodes if node.name), "")


def _curl_on(node: str) -> str:
    overrides = json.dumps({"spec": {"nodeName": node}}, separators=(",", ":"))
    pod = ("kubectl", "run", "snat-check", "--rm", "-i", "--restart=Never", "--image=curlimages/curl")
    return shlex.join([*pod, f"--overrides={overrides}", "--command", "--", "sh", "-c", _CURL])


def _own_gateway(cluster: Cluster) -> Iterator[str]:
    """The same steps as in a plan, by the same exporter."""
    group = group_id(cluster.subnet_ids[0], "")
    tags, location = tags_for(cluster, {}), cluster.location
    ip_ids = tuple(network_id(group, "publicIPAddresses", f"pip-{cluster.name}-{number}") for number in (1, 2))
    gateway_id = network_id(group, "natGateways", f"ng-{cluster.name}")
    idle_timeout = cluster.load_balancer_profile.idle_timeout_minutes
    yield Text("# two public IPs give {ports} ports; a NAT gateway takes up to 16", ports=2 * 64_512)
    yield from az_commands(
        [
            *(CreatePublicIp(ip_id, location, (), tags) for ip_id in ip_ids),
            CreateNatGateway(gateway_id, location, ip_ids, idle_timeout, tags),
            *(AssociateSubnet(subnet_id, None, gateway_id, {}) for subnet_id in cluster.subnet_ids),
        ]
    )
    if not cluster.fixed_outbound_type_reason:
        yield Text("# last, make AKS's own setting agree")
        yield aks_update(cluster, "--outbound-type", "userAssignedNATGateway")


def cautions(assessment: Assessment) -> tuple[Text, ...]:
    """What would make it worse."""
    cluster = assessment.cluster
    name, _ = load_balancer(assessment)
    bullets = [
        Text(
            "Don't drain or restart the failing nodes: their connections move to the other nodes, and the trouble too."
        ),
        Text("Don't edit load balancer `{name}` by hand: AKS overwrites it.", name=name),
    ]
    if cluster.vnet_ownership is VnetOwnership.MANAGED:
        bullets.append(Text("Don't attach a NAT gateway of your own: AKS manages this virtual network."))
    caution = Text(
        "Don't change egress unannounced: the egress IPs change, and partners who allow only the old ones will block "
        "the cluster."
    )
    return (*bullets, caution)


def load_balancer(assessment: Assessment) -> tuple[str, str]:
    """Name and resource group of the cluster's outbound load balancer; AKS's default names if unknown."""
    if assessment.load_balancer_id is None:
        return "kubernetes", assessment.cluster.node_resource_group
    found = ArmId.parse(assessment.load_balancer_id)
    return found.name, found.resource_group
