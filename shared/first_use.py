"""Create and import what a process needs on first use, one thread at a time.

Handlers run in threads and import heavy packages on first use. Packages whose modules import each other, such as
slack_sdk's and Azure's, fail if two threads import them for the first time at once: Python resolves the deadlock by
returning a module that is not ready. Since Python 3.12 ``functools.cached_property`` has no lock.
"""

import functools
import threading
from typing import TYPE_CHECKING, Any

import_lock = threading.RLock()
"""To be held while a package is imported that may not be loaded yet, and never while waiting for anything else."""

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property(functools.cached_property):
        """Like functools' own, but one thread at a time creates the value, with its imports."""

        def __get__(self, instance: object, owner: type | None = None) -> Any:
            with import_lock:
                return super().__get__(instance, owner)
