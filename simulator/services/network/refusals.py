"""What Microsoft.Network refuses. The rules are in the module of each resource type."""

from __future__ import annotations

from ...refusal import RECORDED, declare

_NAT_OVERVIEW = "the rule: Azure docs, nat-overview"

OTHER_OPERATION = declare(
    429,
    "RetryableError",
    "another operation writes the resource, or the virtual network that holds it (setting `vnet_conflict: '429'`)",
    RECORDED,
    detail="RetryableErrorDueToAnotherOperation",
)
OTHER_OPERATION_CONFLICT = declare(
    409,
    "AnotherOperationInProgress",
    "another operation writes the resource or its virtual network (setting `vnet_conflict: '409'`)",
    RECORDED,
)
NOT_PROVISIONED = declare(
    429,
    "RetryableError",
    "a resource that the body refers to is still being written",
    RECORDED,
    detail="ReferencedResourceNotProvisioned",
)
STALE_ETAG = declare(
    412,
    "PreconditionFailed",
    "If-Match, or an `etag` in the body, isn't the resource's (setting `if_match_honoured`)",
    f"{RECORDED} of load balancers and prefixes; whether subnets do so too isn't shown, hence the setting",
    detail="PreconditionFailedEtagMismatch",
)
MISSING_REFERENCE = declare(
    400,
    "InvalidResourceReference",
    "the body refers to a resource that isn't there, or is in another region",
    RECORDED,
    detail="NotFound",
)
BAD_REFERENCE = declare(
    400,
    "InvalidRequestFormat",
    "the body can't be read, or a reference in it isn't a resource id",
    "Azure docs: common-deployment-errors (LinkedInvalidPropertyId)",
    assumed="the outer code",
)
UNKNOWN_MEMBER = declare(
    400,
    "InvalidRequestFormat",
    "a NAT gateway is written with a property that its API version doesn't know, or only shows",
    "the message: reports about members that a version doesn't know",
    detail="InvalidJson",
    assumed="that it is answered so for NAT gateways",
)
LOCATION_REQUIRED = declare(
    400, "LocationRequired", "the body has no location", "Azure docs: common-deployment-errors", assumed="status"
)
LOCATION_FIXED = declare(
    409,
    "InvalidResourceLocation",
    "the resource is there already, in another region",
    "Azure docs: error-invalid-template",
)
ZONES_FIXED = declare(
    400,
    "ResourceAvailabilityZonesCannotBeModified",
    "the zones of a public IP, prefix or NAT gateway would change",
    "the rule: Azure docs, nat-availability-zones; the code: reports about azurerm_public_ip",
    assumed="status",
)
ONE_ZONE = declare(
    400,
    "ResourceCannotHaveMultipleZonesSpecified",
    "a Standard NAT gateway is given more than one zone",
    "reported for public IPs: MicrosoftDocs/azure-docs#97098",
    assumed="that NAT gateways answer the same",
)
NO_PREFIX = declare(
    400,
    "AddressPrefixStringCannotBeNullOrEmpty",
    "a subnet is written without an address prefix",
    "reported: virtual-kubelet/azure-aci#634",
)
PREFIX_OUTSIDE = declare(
    400,
    "NetcfgInvalidSubnet",
    "a subnet's prefix isn't inside its virtual network's address space",
    "reported: Azure/azure-rest-api-specs#14202",
)
PREFIX_OVERLAPS = declare(
    400,
    "NetcfgSubnetRangesOverlap",
    "a subnet's prefix overlaps another subnet's",
    "Azure docs: AKS troubleshooting of subnet ranges",
    assumed="status",
)
PREFIX_IN_USE = declare(
    400,
    "InUsePrefixCannotBeDeleted",
    "a subnet's prefix would be replaced while nodes have addresses of it",
    "the rule: Azure docs, virtual-network-manage-subnet",
    assumed="code and status",
)
GATEWAY_OTHER_VNET = declare(
    400,
    "NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks",
    "a NAT gateway of another virtual network's subnets is attached",
    "reported: microsoft/azure_arc#3288",
    assumed="status",
)
GATEWAY_THERE = declare(
    400,
    "SubnetAlreadyHasNatGateway",
    "a subnet has a NAT gateway and another one is attached without detaching the first "
    "(setting `second_nat_gateway`: refused, or replaces)",
    "the rule that a subnet has one: Azure docs, nat-overview",
    assumed="code, status, and that it isn't replaced",
)
GATEWAY_SUBNET = declare(
    400,
    "NatGatewayNotAllowedOnGatewaySubnet",
    "a NAT gateway is attached to a subnet called GatewaySubnet",
    _NAT_OVERVIEW,
    assumed="code and status",
)
MANAGED_INSTANCE_SUBNET = declare(
    400,
    "NatGatewayNotAllowedOnDelegatedSubnet",
    "a NAT gateway is attached to a subnet that is delegated to Microsoft.Sql/managedInstances",
    "the rule: Azure docs, nat-gateway FAQ",
    assumed="code and status",
)
FAILED_NIC = declare(
    400,
    "NetworkInterfaceInFailedState",
    "a NAT gateway is attached to a subnet that holds a network interface in Failed state",
    "the rule: Azure docs, troubleshoot-nat",
    assumed="code and status",
)
BASIC_IN_SUBNET = declare(
    400,
    "SubnetWithNatGatewayAndBasicSkuResourceNotAllowed",
    "a NAT gateway is attached to a subnet whose nodes are behind a Basic load balancer or public IP",
    "reported: MicrosoftDocs/azure-docs#81335",
    assumed="status",
)
ADDRESS_IN_USE = declare(
    400,
    "PublicIPAddressInUse",
    "a NAT gateway names a public IP that another resource holds",
    "reported: gardener/gardener-extension-provider-azure#757",
)
PREFIX_IN_USE_BY_OTHER = declare(
    400,
    "PublicIpPrefixInUse",
    "a NAT gateway names a public IP prefix that another NAT gateway holds",
    "the rule: Azure docs, public-ip-address-prefix",
    assumed="code and status",
)
ADDRESS_SKU = declare(
    400,
    "NatGatewayAndPublicIpSkuMismatch",
    "a NAT gateway names a public IP or prefix of another SKU than its own",
    "the rule: Azure docs, nat-sku; that it fails: Azure/bicep#5914",
    assumed="code and status",
)
ADDRESS_ZONE = declare(
    400,
    "NatGatewayAndPublicIpZoneMismatch",
    "a zonal NAT gateway names a public IP or prefix that is only in another zone",
    "the rule: Azure docs, nat-availability-zones",
    assumed="code and status",
)
ADDRESS_VERSION = declare(
    400,
    "NatGatewayIPv6NotSupported",
    "a Standard NAT gateway names an IPv6 public IP or prefix",
    "the rule: Azure docs, nat-sku",
    assumed="code and status",
)
ADDRESS_ROUTING = declare(
    400,
    "NatGatewayPublicIpRoutingPreferenceNotSupported",
    "a NAT gateway names a public IP whose routing preference is Internet",
    _NAT_OVERVIEW,
    assumed="code and status",
)
ADDRESS_DDOS = declare(
    400,
    "NatGatewayPublicIpDdosProtectionNotSupported",
    "a NAT gateway names a public IP with DDoS protection of its own",
    _NAT_OVERVIEW,
    assumed="code and status",
)
ADDRESS_LIMIT = declare(
    400,
    "NatGatewayPublicIpCountLimitExceeded",
    "a NAT gateway has more than 16 public IPv4 addresses, prefixes counted in full",
    "the limit: Azure docs, nat-gateway-resource",
    assumed="code and status",
)
IDLE_TIMEOUT = declare(
    400,
    "InvalidIdleTimeoutInMinutes",
    "an idle timeout isn't between 4 and 120 minutes (NAT gateway) or 4 and 30 (public IP)",
    "the limits: Azure docs, nat-gateway-resource",
    assumed="code and status",
)
STATIC_REQUIRED = declare(
    400,
    "StandardSkuPublicIPAddressesMustBeStatic",
    "a public IP of SKU Standard is written without static allocation",
    "reported: fortinet/azure-templates#43",
    assumed="status",
)
SKU_FIXED = declare(
    400,
    "SkuCannotBeChangedOnUpdate",
    "the SKU of a public IP, prefix or NAT gateway would change",
    "the rule: Azure docs, nat-sku (no upgrade in place)",
    assumed="code and status",
)
PREFIX_EXHAUSTED = declare(
    400,
    "PublicIpPrefixOutOfIpAddresses",
    "a public IP is to come from a prefix that has no free address",
    "the rule: Azure docs, public-ip-address-prefix",
    assumed="code and status",
)
ADDRESS_QUOTA = declare(
    400,
    "PublicIPCountLimitReached",
    "the subscription's quota of public IPs in the region is used up",
    "Azure docs: AKS error-code-publicipcountlimitreached",
    assumed="status",
)
GATEWAY_QUOTA = declare(
    400,
    "NatGatewayCountLimitReached",
    "the subscription's quota of NAT gateways in the region is used up",
    "the limit: Azure docs, azure-subscription-service-limits",
    assumed="code and status",
)
SUBNET_IN_USE = declare(
    400, "InUseSubnetCannotBeDeleted", "a subnet that holds network interfaces is deleted", RECORDED
)
ADDRESS_HELD = declare(
    400, "PublicIPAddressCannotBeDeleted", "a public IP is deleted while something holds it", RECORDED
)
PREFIX_HELD = declare(
    400,
    "PublicIpPrefixCannotBeDeleted",
    "a public IP prefix is deleted while a NAT gateway or public IP uses it",
    "the rule: Azure docs, public-ip-address-prefix",
    assumed="code and status",
)
GATEWAY_HELD = declare(
    400,
    "InUseNatGatewayCannotBeDeleted",
    "a NAT gateway is deleted while a subnet uses it",
    "the rule: Azure docs, nat-overview; the code: several public clients of Azure",
)
SECURITY_GROUP_HELD = declare(
    400, "InUseNetworkSecurityGroupCannotBeDeleted", "a security group is deleted while a subnet uses it", RECORDED
)
ROUTE_TABLE_HELD = declare(
    400,
    "InUseRouteTableCannotBeDeleted",
    "a route table is deleted while a subnet uses it",
    "the rule: Azure docs, manage-route-table",
    assumed="status",
)
OPERATION_UNKNOWN = declare(
    404,
    "NotFound",
    "the status of an operation is asked for that isn't known (any more)",
    "Azure docs: async-operations, which only say that the URL may answer 4xx",
    assumed="code and status",
)
