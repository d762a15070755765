"""The monthly cost of a plan, by the owner's prices: prices differ by region, contract and time."""

from collections.abc import Iterable, Mapping

from ...model.plan import Cost, CreateStep
from ...model.text import Text
from .writes import count_new

HOURS_A_MONTH = 730
_UNKNOWN = Cost(
    None,
    "",
    (
        Text(
            "a NAT gateway is billed by the hour and by the GB that goes through it, each public IP by the hour; see "
            "the Azure pricing page, or set PRICES"
        ),
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
        Text(
            "{gateways} × {hours} hours × {gateway_price} + {ips} × {hours} hours × {ip_price} = {total:2} {currency}",
            gateways=Text.plural("{count} NAT gateway", "{count} NAT gateways", count=gateways),
            ips=Text.plural("{count} new public IP", "{count} new public IPs", count=ips),
            hours=HOURS_A_MONTH,
            gateway_price=f"{by_gateway:g}",
            ip_price=f"{by_ip:g}",
            total=float(total),
            currency=currency,
        )
    ]
    if by_gb is not None:
        lines.append(
            Text("and {price} {currency} for each GB that goes through it", price=f"{by_gb:g}", currency=currency)
        )
    return Cost(round(total, 2), currency, tuple(lines), prices["source"], prices["as_of"])
