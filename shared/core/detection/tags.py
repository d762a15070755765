"""What a cluster's tags say to snatbot. Tags tune and restrict; they never grant anything.

| tag | value |
|---|---|
| `snatbot-watch` | `off`: the cluster is not watched (`on`: it is) |
| `snatbot-pressure-warn`, `snatbot-pressure-high` | percent of a node's ports, 1 to 100, the first below the second |
| `snatbot-exhaustion-minutes` | how far ahead running out of ports is predicted, 5 to 1440 |
| `snatbot-nat-capacity` | percent of a NAT gateway's ports, 1 to 100 |
| `snatbot-datapath` | percent availability of a NAT gateway's data path, 1 to 100 |
| `snatbot-critical-share` | percent of failed connections that is critical, 1 to 100 |
| `snatbot-maintenance` | when nothing is posted, see ``shared.maintenance_windows`` |

Names are compared without case, as Azure does. A tag that can't be used is reported and its usual value holds.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from ...maintenance_windows import MaintenanceWindows, parse_maintenance
from ...model.text import Text
from .thresholds import Thresholds

PREFIX = "snatbot-"
_NUMBERS = {
    "snatbot-pressure-warn": ("pressure_warn_percent", 1, 100),
    "snatbot-pressure-high": ("pressure_high_percent", 1, 100),
    "snatbot-exhaustion-minutes": ("exhaustion_minutes", 5, 1440),
    "snatbot-nat-capacity": ("nat_capacity_percent", 1, 100),
    "snatbot-datapath": ("datapath_percent", 1, 100),
    "snatbot-critical-share": ("critical_share_percent", 1, 100),
}


@dataclass(frozen=True, slots=True)
class TagRules:
    """``maintenance`` is the owner's and the cluster's together; ``problems`` are sentences about unusable tags."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    is_watched: bool = True
    maintenance: MaintenanceWindows = field(default_factory=MaintenanceWindows)
    problems: tuple[Text, ...] = ()


def read_tags(tags: Mapping[str, str], usual: TagRules) -> TagRules:
    """``usual`` as this cluster's tags change it."""
    ours = {name.lower(): value.strip() for name, value in tags.items() if name.lower().startswith(PREFIX)}
    if not ours:
        return usual
    problems: list[Text] = []
    rules = usual
    numbers: dict[str, int] = {}
    for name, value in sorted(ours.items()):
        if name in _NUMBERS:
            field_name, least, most = _NUMBERS[name]
            if value.isascii() and value.isdigit() and least <= int(value) <= most:
                numbers[field_name] = int(value)
            else:
                problems.append(
                    Text(
                        "tag {tag} is {given}; it must be a whole number, {least:plain} to {most:plain}",
                        tag=name,
                        given=repr(value),
                        least=least,
                        most=most,
                    )
                )
        elif name == "snatbot-watch":
            if value.lower() in ("on", "off"):
                rules = replace(rules, is_watched=value.lower() == "on")
            else:
                problems.append(Text("tag {tag} is {given}; it must be on or off", tag=name, given=repr(value)))
        elif name == "snatbot-maintenance":
            try:
                rules = replace(rules, maintenance=usual.maintenance + parse_maintenance(value))
            except ValueError as error:
                problems.append(Text("tag {tag}: {problem}", tag=name, problem=error.args[0]))
        else:
            problems.append(Text("tag {tag} is not known", tag=name))
    try:
        rules = replace(rules, thresholds=Thresholds(**{**asdict(usual.thresholds), **numbers}))
    except ValueError as error:
        problems.append(Text("tags snatbot-pressure-warn and snatbot-pressure-high: {problem}", problem=error.args[0]))
        numbers = {key: value for key, value in numbers.items() if not key.startswith("pressure_")}
        rules = replace(rules, thresholds=replace(usual.thresholds, **numbers))
    return replace(rules, problems=tuple(problems))
