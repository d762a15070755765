"""One thread at a time makes what a process lacks.

Handlers run in threads and import the heavy packages when they first need them. Packages whose parts import each other,
as slack_sdk's and Azure's do, fail when two threads import them for the first time at once: Python breaks the deadlock
by handing out a module that is not ready. And since Python 3.12 ``functools.cached_property`` has no lock.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import_lock = threading.RLock()
"""To be held while a package is imported that may not be loaded yet, and never while waiting for anything else."""

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property(functools.cached_property):
        """As functools' own, made by one thread at a time, with all that is imported for it."""

        def __get__(self, instance: object, owner: type | None = None) -> Any:
            with import_lock:
                return super().__get__(instance, owner)
