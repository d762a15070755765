"""The network of the simulator's scenario `storm`, and what is created in it."""

from __future__ import annotations

from shared.model.plan import CreateNatGateway, CreatePublicIp
from shared.model.resource_id import ArmId

SUBSCRIPTION = "5e1f0a3c-7a52-4f0e-9d5b-2f6c1f0c8a11"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-network/providers/Microsoft.Network"
SUBNET = ArmId(f"{NETWORK}/virtualNetworks/shop-vnet/subnets/aks-user")
TAGS = {"snatbot-cluster": "shop-prod", "team": "net"}
PUBLIC_IP = CreatePublicIp(ArmId(f"{NETWORK}/publicIPAddresses/pip-1"), "westeurope", (), TAGS)
GATEWAY = CreateNatGateway(ArmId(f"{NETWORK}/natGateways/ng-1"), "westeurope", (PUBLIC_IP.id,), 30, TAGS)
