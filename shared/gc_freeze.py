"""What a process has loaded once it keeps for good, and the garbage collector need not walk through it again.

Azure's packages are several hundred thousand objects: walking them took a tenth of a look at a thousand clusters.
"""

from __future__ import annotations

import gc

_is_kept = False


def freeze_loaded_modules() -> None:
    """To be called after a first piece of work has imported what it needs. Does so once a process."""
    global _is_kept
    if not _is_kept:
        _is_kept = True
        gc.collect()
        gc.freeze()
