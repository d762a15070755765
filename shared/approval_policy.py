"""APPROVAL_POLICY: the JSON document that says who may approve what. All its mistakes are reported together.

    [{"name": "production", "clusters": {"resource_group": "rg-prod-*"}, "kinds": "all",
      "who": ["Snat.Approve"], "people": 2, "where": ["page"], "no_start": "mon-fri 08:00-18:00"}]

``clusters``, ``kinds`` and ``who`` must be there, so that nothing that was forgotten allows more.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from .core.approval.policy import APPROVABLE, ClusterPattern, Place, Policy, Rule
from .formatting import listed
from .maintenance_windows import EXAMPLE, parse_maintenance
from .model.identity import Role
from .model.plan import PlanKind

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = r"^[\w .,:/()-]{1,60}$"
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
_PATTERNS = "a pattern such as `prod-*`, or a list of them"
_RIGHT = {
    "name": "1 to 60 letters, digits, blanks or .,:/()-",
    "clusters": "`all`, or an object with subscription, resource_group, name or tags",
    "subscription": _PATTERNS,
    "resource_group": _PATTERNS,
    "name of clusters": _PATTERNS,
    "tags": "an object of tag names with a pattern each",
    "kinds": f"`all`, or a list of {listed(sorted(APPROVABLE))}",
    "who": f"a list of object ids and of {listed(sorted(Role))}",
    "people": "1 or 2",
    "where": f"a list of {listed(sorted(Place))}",
    "no_start": f"maintenance windows with a time between them, {EXAMPLE}",
}


def _in_a_list(given: object) -> object:
    return [given] if isinstance(given, str) else given


def _kinds(given: object) -> object:
    return sorted(APPROVABLE) if given == "all" else _in_a_list(given)


def _clusters(given: object) -> object:
    """An object that names nothing may be a mistake: None is refused."""
    if given == "all":
        return {}
    return given if not isinstance(given, dict) or any(given.values()) else None


def _approvable(kind: PlanKind) -> PlanKind:
    if kind not in APPROVABLE:
        raise ValueError
    return kind


def _who(given: str) -> str:
    text = given.strip().lower()
    role = next((role for role in Role if role.lower() == text), None)
    if role is None and not _OBJECT_ID.fullmatch(text):
        raise ValueError
    return role or text


def _no_start(given: str) -> str:
    if parse_maintenance(given).free_from(_MONDAY) is None:
        raise ValueError
    return given


_Pattern = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
_Patterns = Annotated[tuple[_Pattern, ...], BeforeValidator(_in_a_list), Field(min_length=1)]


class _Clusters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subscription: _Patterns = ()
    resource_group: _Patterns = ()
    name: _Patterns = ()
    tags: dict[str, Annotated[str, StringConstraints(to_lower=True)]] = {}


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, pattern=_NAME)] = ""
    clusters: Annotated[_Clusters, BeforeValidator(_clusters)]
    kinds: Annotated[
        frozenset[Annotated[PlanKind, AfterValidator(_approvable)]], BeforeValidator(_kinds), Field(min_length=1)
    ]
    who: Annotated[frozenset[Annotated[str, AfterValidator(_who)]], BeforeValidator(_in_a_list), Field(min_length=1)]
    people: Annotated[StrictInt, Field(ge=1, le=2)] = 1
    where: Annotated[frozenset[Place], BeforeValidator(_in_a_list), Field(min_length=1)] = frozenset({Place.PAGE})
    no_start: Annotated[str, AfterValidator(_no_start)] = ""

    def made(self, number: int) -> Rule:
        roles = frozenset(who for who in self.who if isinstance(who, Role))
        return Rule(
            self.name or str(number),
            ClusterPattern(**dict(self.clusters)),
            self.kinds,
            self.who - roles,
            roles,
            self.people,
            self.where,
            parse_maintenance(self.no_start),
        )


_RULES = TypeAdapter(tuple[_Rule, ...])


def parse_policy(text: str) -> Policy:
    """Raises ValueError with every mistake: which rule, which field, and what would be right."""
    try:
        document = json.loads(text, object_pairs_hook=_no_field_twice)
    except (ValueError, RecursionError):
        raise ValueError("must be JSON, with no field twice in an object: a list of rules") from None
    try:
        rules = _RULES.validate_python(document)
    except ValidationError as error:
        mistakes = dict.fromkeys(_mistakes(error, document))
    else:
        made = tuple(rule.made(number) for number, rule in enumerate(rules, 1))
        names = [rule.name for rule in made]
        if len(set(names)) == len(names):
            return Policy(made, _version(rules))
        mistakes = {f"two rules are called {name!r}": None for name in names if names.count(name) > 1}
    raise ValueError("; ".join(mistakes))


def _no_field_twice(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _mistakes(error: ValidationError, document: object) -> Iterator[str]:
    for entry in error.errors(include_input=False, include_url=False, include_context=False):
        number, *fields = (*entry["loc"], "", "")[:3]
        if not isinstance(number, int) or not isinstance(document, list):
            yield "must be a list of rules"
            continue
        name = document[number].get("name") if isinstance(document[number], dict) else ""
        is_told = isinstance(name, str) and re.match(_NAME, name)
        rule = f"rule {number + 1} ({name})" if is_told else f"rule {number + 1}"
        yield f"{rule} {_mistake(entry['type'], *map(str, fields))}"


def _mistake(kind: str, field: str, inner: str) -> str:
    if kind == "extra_forbidden":
        known = _Clusters if inner else _Rule
        of = "`clusters` " if inner else ""
        return f"{of}has other fields than {listed(list(known.model_fields), 16)}"
    if kind == "missing":
        return f"lacks `{field}`: {_RIGHT[field]}"
    if not field:
        return f"must be an object with {listed(list(_Rule.model_fields), 16)}"
    if field == "clusters" and inner in _Clusters.model_fields:
        return f"has a `clusters.{inner}` that is not {_RIGHT['name of clusters' if inner == 'name' else inner]}"
    return f"has a `{field}` that is not {_RIGHT[field]}"


def _version(rules: Sequence[_Rule]) -> str:
    """The same for documents that differ in case, blanks, or the order of what has none."""
    canonical = [
        {name: sorted(value) if isinstance(value, list) else value for name, value in rule.items()}
        for rule in (rule.model_dump(mode="json") for rule in rules)
    ]
    return hashlib.sha256(json.dumps(canonical, sort_keys=True).encode()).hexdigest()[:12]


DEFAULT_POLICY = parse_policy('[{"name": "default", "clusters": "all", "kinds": "all", "who": "Snat.Approve"}]')
