"""What Resource Manager refuses about resource groups."""

from __future__ import annotations

from ...refusal import declare

GROUP_LOCATION = declare(
    409,
    "InvalidResourceGroupLocation",
    "a resource group is written that is there already, in another region",
    "Azure docs: common-deployment-errors",
    assumed="status",
)
