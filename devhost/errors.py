"""What can go wrong in the local host, as types that a caller can tell apart."""

from __future__ import annotations


class DevHostError(Exception):
    """Base of all errors of the local host; the message is meant for the developer who started it."""


class StartError(DevHostError):
    """Something that was to be started did not start."""
