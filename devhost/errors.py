"""What can go wrong in the local host, as types that a caller can tell apart."""

from __future__ import annotations


class DevHostError(Exception):
    """Base of all errors of the local host; the message is meant for the developer who started it."""


class StartError(DevHostError):
    """Something that was to be started did not start."""


class UnsupportedError(DevHostError):
    """The function app uses something that Azure Functions has and this host has not."""


class FunctionFailedError(DevHostError):
    """A function was run and failed: it raised, or one of its outputs could not be sent."""


class WorkerGoneError(DevHostError):
    """The worker process ended before it answered, so nobody knows how far the function came."""


class DrainTimeoutError(DevHostError):
    """The queues were not empty, or a function still ran, when the time was up."""
