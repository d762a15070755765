"""The local host's errors, one type for each kind of failure."""

from __future__ import annotations


class DevHostError(Exception):
    """Base of all errors of the local host; the message is meant for the developer who started it."""


class StartError(DevHostError):
    """The host, the app or a program did not start."""


class UnsupportedError(DevHostError):
    """The function app uses a feature of Azure Functions that this host lacks."""


class FunctionFailedError(DevHostError):
    """A function raised an exception, or one of its outputs could not be sent."""


class WorkerGoneError(DevHostError):
    """The worker process ended before it answered; how far the function got is unknown."""


class DrainTimeoutError(DevHostError):
    """The queues were not empty, or a function still ran, at the timeout."""
