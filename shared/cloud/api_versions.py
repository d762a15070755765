"""The API version of every provider that is read, each one generally available.

``NETWORK`` is used for JSON reads and by the typed client alike: an approved plan is compared with what is read
when it is applied, and another version could answer with other properties.
"""

SUBSCRIPTIONS = "2022-12-01"
RESOURCE_GRAPH = "2022-10-01"
MANAGED_CLUSTERS = "2025-05-01"
SCALE_SETS = "2024-07-01"
SCALE_SET_NICS = "2018-10-01"
NETWORK = "2026-03-01"
METRICS = "2024-02-01"
ACTIVITY_LOG = "2015-04-01"
PERMISSIONS = "2022-04-01"
LOCKS = "2020-05-01"
POLICY_RESTRICTIONS = "2023-03-01"
