"""What Resource Manager refuses before a service sees the request."""

from __future__ import annotations

from ...refusal import RECORDED, declare

NO_ROLE = declare(
    403, "AuthorizationFailed", "no role of the caller holds the action at the scope (scenario: `roles`)", RECORDED
)
NO_LINKED_ROLE = declare(
    403,
    "LinkedAuthorizationFailed",
    "the caller may write the resource, but not join something that the body refers to",
    "reported: microsoft/planetary-computer-hub#25",
)
DENY_ASSIGNMENT = declare(
    403,
    "DenyAssignmentAuthorizationFailed",
    "something is written in the node resource group of a cluster whose restrictionLevel is ReadOnly",
    "Azure docs: AKS node-resource-group-lockdown; the message: reports about managed resource groups",
)
LOCKED = declare(
    409,
    "ScopeLocked",
    "a lock stands at the scope or above: CanNotDelete against deleting, ReadOnly against writing too "
    "(scenario: `locks`)",
    "Azure docs: lock-resources; the message: Azure docs, automation troubleshooting of start-stop-vm",
)
POLICY = declare(
    403,
    "RequestDisallowedByPolicy",
    "a policy with the effect deny holds (scenario: `policies`)",
    "Azure docs: error-policy-requestdisallowedbypolicy; the body: Azure/azure-cli#32417",
)
