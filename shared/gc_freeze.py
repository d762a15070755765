"""Exempt loaded modules from garbage collection.

Azure's packages have several hundred thousand objects: traversing them took a tenth of a scan of a thousand clusters.
"""

import gc

_is_kept = False


def freeze_loaded_modules() -> None:
    """Call it after the first work, which imports most packages. Only the first call has an effect."""
    global _is_kept
    if not _is_kept:
        _is_kept = True
        gc.collect()
        gc.freeze()
