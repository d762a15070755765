"""Clients of Azure, storage and chat, and the signer, built from settings. All are safe to share between threads.

Clients are created on first use; heavy packages are imported then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from .auth.errors import RemediationOff
from .auth.signing import RowSigner, Signer
from .chat.channels import AnyChannel, configured_channels
from .chat.slack_api import SlackApi
from .clock import Clock
from .cloud.credentials import client_assertion, credential
from .cloud.request_count import RequestCount
from .errors import MisconfiguredError
from .first_use import cached_property, import_lock
from .store.active_clusters import ActiveClusterIndex
from .store.audit import AuditChain
from .store.fleet_cache import FleetCache
from .store.liveness import Liveness
from .store.records import Records
from .store.sessions import SignInFlows
from .store.slack_accounts import SlackAccounts
from .store.slack_requests import StoredSlackRequests
from .store.stop_switch import StopSwitch
from .store.table import Table
from .store.vnet_lock import VnetLock

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from .auth.entra import EntraId
    from .auth.slack_requests import SlackRequests
    from .cloud.arm import Arm
    from .cloud.discovery import Discovery
    from .cloud.fleet_query import FleetDiscovery
    from .cloud.logs import HealthEventLog
    from .cloud.metric_access import MetricAccess
    from .cloud.metrics import Metrics
    from .cloud.network import Network
    from .cloud.pipeline import BoundedRetry, OnRequest
    from .settings import Settings


T = TypeVar("T")


def _on_table(create: Callable[[Clients], T]) -> cached_property[T]:
    """What is stored, on first use."""
    return cached_property(create)


class Clients:
    """The clients that flows use."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._networks: dict[str, Network] = {}

    @cached_property
    def detector(self) -> TokenCredential:
        """The identity that reads. Only applying a change uses another identity."""
        return credential(self.settings.detector_client_id or None)

    @cached_property
    def arm(self) -> Arm:
        return self._arm(self.detector, self._retry(self.request_count.note_repeat), self.request_count)

    @cached_property
    def writer_arm(self) -> Arm | None:
        """Reads with the identity that writes: only that identity may read its own permissions."""
        client_id = self.settings.remediator_client_id
        return self._arm(credential(client_id), self._retry()) if client_id else None

    def _arm(self, identity: TokenCredential, retry: BoundedRetry, on_request: OnRequest | None = None) -> Arm:
        from .cloud.arm import Arm

        settings = self.settings
        audience = settings.arm_audience or None
        return Arm(settings.arm_endpoint, identity, audience=audience, on_request=on_request, retry=retry)

    def _retry(self, on_repeat: Callable[[], None] | None = None) -> BoundedRetry:
        """Retries of reads wait on this app's clock."""
        from .cloud.pipeline import BoundedRetry

        return BoundedRetry(sleep=self.clock.sleep, on_repeat=on_repeat)

    @cached_property
    def request_count(self) -> RequestCount:
        """Counts every read request to Azure."""
        return RequestCount()

    @cached_property
    def discovery(self) -> Discovery:
        from .cloud.discovery import Discovery

        return Discovery(self.arm, self.settings.subscriptions)

    @cached_property
    def metrics(self) -> Metrics:
        from .cloud.metrics import Metrics

        return Metrics(self.arm)

    @cached_property
    def metric_access(self) -> MetricAccess:
        """For scans of many clusters. It retries on its own, so its clients don't."""
        from .cloud.metric_access import MetricAccess
        from .cloud.metrics import Metrics
        from .cloud.metrics_batch import BatchMetrics
        from .cloud.pipeline import BoundedRetry

        settings = self.settings
        batch = BatchMetrics(
            self.detector,
            endpoint=settings.metrics_endpoint,
            audience=settings.metrics_audience,
            on_request=self.request_count,
            retry=BoundedRetry(attempts=1),
        )
        arm = self._arm(self.detector, BoundedRetry(attempts=1), self.request_count)
        return MetricAccess(Metrics(arm), batch, settings.metrics_mode, self.request_count)

    @cached_property
    def fleet_discovery(self) -> FleetDiscovery:
        from .cloud.fleet_query import FleetDiscovery

        return FleetDiscovery(self.discovery)

    @cached_property
    def health_events(self) -> HealthEventLog | None:
        if not self.settings.workspace_id:
            return None
        from .cloud.logs import HealthEventLog

        return HealthEventLog(
            self.detector,
            self.settings.workspace_id,
            endpoint=self.settings.logs_endpoint,
            on_request=self.request_count,
            on_repeat=self.request_count.note_repeat,
        )

    def network_of(self, subscription: str) -> Network:
        """Writes in one subscription with the remediator's identity; only the reconciler uses it."""
        from .cloud.network import Network

        with import_lock:
            if subscription not in self._networks:
                self._networks[subscription] = Network(
                    self.settings.arm_endpoint,
                    credential(self.settings.remediator_client_id),
                    subscription,
                    audience=self.settings.arm_audience or None,
                    retry=self._retry(),
                )
            return self._networks[subscription]

    @cached_property
    def table(self) -> Table:
        table = self._table(self.settings.table_prefix)
        table.on_created = lambda: self.stop_switch.begin(self.clock.now())
        return table

    @cached_property
    def probe_table(self) -> Table:
        return self._table(f"{self.settings.table_prefix}probe")

    def _table(self, prefix: str) -> Table:
        settings, secret = self.settings, self.settings.storage_connection_string
        if secret is not None:
            return Table(prefix, connection_string=secret.get_secret_value())
        identity = credential(settings.storage_client_id or None)
        return Table(prefix, endpoint=settings.storage_table_endpoint, credential=identity)

    @cached_property
    def row_signer(self) -> RowSigner | None:
        """None without a signing key: no change is applied then, and no message has a link."""
        keys = self.settings.signing_key_list
        return RowSigner(keys) if keys else None

    records = _on_table(lambda clients: Records(clients.table, clients.row_signer))
    audit_chain = _on_table(lambda clients: AuditChain(clients.table, clients.row_signer))
    active_clusters = _on_table(lambda clients: ActiveClusterIndex(clients.table))
    fleet_cache = _on_table(lambda clients: FleetCache(clients.table))
    liveness = _on_table(lambda clients: Liveness(clients.table))
    stop_switch = _on_table(lambda clients: StopSwitch(clients.table, clients.row_signer))
    vnet_lock = _on_table(lambda clients: VnetLock(clients.table))
    sign_in_flows = _on_table(lambda clients: SignInFlows(clients.table))
    stored_slack_requests = _on_table(lambda clients: StoredSlackRequests(clients.table, clients.row_signer))
    slack_accounts = _on_table(lambda clients: SlackAccounts(clients.table, clients.row_signer))

    @cached_property
    def signer(self) -> Signer:
        """Raises RemediationOff without a signing key: approvals are then impossible."""
        if not self.settings.signing_key_list:
            raise RemediationOff
        return Signer(self.settings.signing_key_list, self.settings.decide_minutes)

    @cached_property
    def entra(self) -> EntraId:
        from .auth.entra import EntraId

        settings = self.settings
        secret = settings.entra_client_secret
        return EntraId(
            settings.entra_authority,
            settings.entra_tenant_id,
            settings.entra_client_id,
            secret.get_secret_value() if secret else lambda: client_assertion(self.detector),
            allows_guests=settings.allow_guests == "on",
        )

    @cached_property
    def slack_requests(self) -> SlackRequests | None:
        """None: the Slack app has no slash command."""
        from .auth.slack_requests import SlackRequests

        settings, secret = self.settings, self.settings.slack_signing_secret
        if secret is None:
            return None
        return SlackRequests(secret.get_secret_value(), settings.slack_app_id, settings.slack_command)

    def slack_api(self) -> SlackApi:
        """For the answer to one request. Raises MisconfiguredError without a bot token."""
        token = self.settings.slack_bot_token
        if token is None:
            raise MisconfiguredError({"SLACK_BOT_TOKEN": "must be set when SLACK_SIGNING_SECRET is"})
        return SlackApi(self.settings.slack_api_url, token.get_secret_value(), self.settings.slack_channel)

    @cached_property
    def channels(self) -> Mapping[str, AnyChannel]:
        return configured_channels(self.settings)
