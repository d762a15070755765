"""Azure's word for a resource that no operation touches."""

from __future__ import annotations


def is_settled(provisioning_state: str) -> bool:
    return provisioning_state.lower() == "succeeded"
