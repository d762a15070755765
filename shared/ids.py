"""Identifiers: random ones for records, and the stable key of a cluster."""

import hashlib
import secrets
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, without i, l, o, u, which people misread


def new_id(length: int = 10) -> str:
    """A random id that people can read aloud: 5 bits per character, 50 bits by default."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def cluster_key(cluster_id: str) -> str:
    """The partition of a cluster's records: stable, without characters that table keys forbid."""
    return hashlib.sha256(cluster_id.strip().lower().encode()).hexdigest()[:32]


def write_id(change_id: str, step: int) -> str:
    """The client request id of all writes of one step; Azure's activity log shows it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"snatbot:change:{change_id}:step:{step}"))


def short_key(cluster_id: str) -> str:
    """The start of ``cluster_key``, for rows with thousands of keys; unique within a fleet."""
    return cluster_key(cluster_id)[:12]
