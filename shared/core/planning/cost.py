"""The monthly cost of a plan, by the owner's prices: prices differ by region, contract and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...formatting import count
from ...model.plan import Cost, CreateStep
from .writes import count_new

HOURS_A_MONTH = 730
_UNKNOWN = Cost(
    None,
    "",
    (
        "a NAT gateway is billed by the hour and by the GB that goes through it, each public IP by the hour; "
        "see the Azure pricing page, or set PRICES",
    ),
)


def monthly_cost(new_resources: Iterable[CreateStep], prices: Mapping[str, str]) -> Cost:
    """``new_resources``: the steps that create what does not exist yet; existing resources cost no more than today.

    Prices without currency, source and date are ignored, because nobody could check them.
    """
    ips, gateways = count_new(new_resources)
    if not all(prices.get(name) for name in ("currency", "source", "as_of")):
        return _UNKNOWN
    try:
        by_gateway, by_ip = float(prices["gateway_hour"]), float(prices["ip_hour"])
        by_gb = float(prices["gb"]) if "gb" in prices else None
    except (KeyError, ValueError):
        return _UNKNOWN
    currency = prices["currency"]
    total = HOURS_A_MONTH * (gateways * by_gateway + ips * by_ip)
    lines = [
        f"{count(gateways, 'NAT gateway')} × {HOURS_A_MONTH} hours × {by_gateway:g} "
        f"+ {count(ips, 'new public IP')} × {HOURS_A_MONTH} hours × {by_ip:g} = {total:,.2f} {currency}"
    ]
    if by_gb is not None:
        lines.append(f"and {by_gb:g} {currency} for each GB that goes through it")
    return Cost(round(total, 2), currency, tuple(lines), prices["source"], prices["as_of"])
