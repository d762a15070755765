"""The API version of every provider, each one generally available.

JSON reads and the typed client both use ``NETWORK``: applying compares an approved plan with a new read, and another
version could return other properties.
"""

from collections.abc import Iterable

SUBSCRIPTIONS = "2022-12-01"
RESOURCE_GRAPH = "2022-10-01"
# Shows hosted system pools and a managed gateway's SKU (azure-mgmt-containerservice 41.8).
MANAGED_CLUSTERS = "2026-08-01"
SCALE_SETS = "2024-07-01"
SCALE_SET_NICS = "2018-10-01"
NETWORK = "2026-03-01"
METRICS = "2024-02-01"
ACTIVITY_LOG = "2015-04-01"
PERMISSIONS = "2022-04-01"
LOCKS = "2020-05-01"
POLICY_RESTRICTIONS = "2023-03-01"
SITES = "2024-04-01"

_OLDER = {MANAGED_CLUSTERS: "2025-05-01"}


def next_best(wanted: str, supported: Iterable[str]) -> str:
    """For a cloud without ``wanted``: the newest stable version before it that the cloud lists, else the oldest after.

    Only for what may be read with another version; everything else stays ``wanted``.
    """
    if wanted not in _OLDER:
        return wanted
    stable = sorted(version for version in supported if len(version) == len(wanted) and version != wanted)
    older = [version for version in stable if version < wanted]
    return (older[-1:] or stable[:1] or [_OLDER[wanted]])[0]
