"""Links to a metric in the Azure portal, with the filter and the split that tell exhaustion.

The address is the portal's own "Copy link to chart". Microsoft documents it nowhere; Grafana's Azure Monitor data
source and Microsoft's VS Code extension for Web PubSub make the same. What the portal doesn't read it leaves out, and
opens the resource's metrics without a chart.
"""

import json
from collections.abc import Sequence
from urllib.parse import quote

from ..model.resource_id import ArmId
from ..model.text import Text
from .labels import resource_name
from .message import Button

_EXPLORER = (
    "https://portal.azure.com/#blade/Microsoft_Azure_MonitoringMetrics/Metrics.ReactView/Referer/MetricsExplorer"
)
_SUM, _EQUALS, _DESCENDING, _SERIES = 1, 0, 2, 10
_LAST_HOURS = {"relative": {"duration": 4 * 3_600_000}, "showUTCTime": True, "grain": 1}


def metrics_button(load_balancer_id: ArmId | None, gateway_ids: Sequence[ArmId] = ()) -> tuple[Button, ...]:
    """The metric of the load balancer, or of the NAT gateway if there is no load balancer. Empty without both."""
    if load_balancer_id is not None:
        failed = {"key": "ConnectionState", "operator": _EQUALS, "values": ["Failed"]}
        chart = _chart("loadBalancers", load_balancer_id, "SnatConnectionCount", "BackendIPAddress")
        chart["filterCollection"] = {"filters": [failed]}
    elif gateway_ids:
        chart = _chart("natGateways", gateway_ids[0], "SNATConnectionCount", "ConnectionState")
    else:
        return ()
    resource = load_balancer_id or gateway_ids[0]
    parts = {"ResourceId": resource, "TimeContext": _json(_LAST_HOURS), "ChartDefinition": _json({"v2charts": [chart]})}
    path = "".join(f"/{name}/{quote(value, safe='')}" for name, value in parts.items())
    return (Button(Text("Metrics in the portal"), f"{_EXPLORER}{path}"),)


def _chart(kind: str, resource_id: ArmId, metric: str, split_by: str) -> dict[str, object]:
    shown = {
        "resourceMetadata": {"id": resource_id},
        "name": metric,
        "aggregationType": _SUM,
        "namespace": f"microsoft.network/{kind.lower()}",
        "metricVisualization": {"displayName": "SNAT Connection Count"},
    }
    grouping = {"dimension": split_by, "sort": _DESCENDING, "top": _SERIES}
    return {
        "metrics": [shown],
        "title": f"{resource_name(resource_id)}: {metric}",
        "titleKind": 2,
        "grouping": grouping,
    }


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
