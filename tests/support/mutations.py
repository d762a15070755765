"""Valid JSON with one thing in it that is not: missing, of another type, out of range, endless or deep."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]
_GONE = object()


def _nested(depth: int, inside: Any) -> Any:
    for _ in range(depth):
        inside = {"properties": [inside]}
    return inside


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_ODD = [-1, 0, 10**400, -(10**400), float("nan"), float("inf"), 1e308, "", "²", "\ud800", "‮x", "../..", "a/b?c"]
anything = (
    st.sampled_from([*_ODD, [], {}, [None], [[]], {"": None}, {"id": 5}, _nested(200, 1), "x" * 5000])
    | _scalars
    | st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
)


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The paths of a value and of everything inside it."""
    yield at
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from paths(entry, (*at, name))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from paths(entry, (*at, index))


def with_change(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return None if new is _GONE else new
    changed = copy.deepcopy(value)
    inside = changed
    for name in path[:-1]:
        inside = inside[name]
    if new is _GONE:
        del inside[path[-1]]
    else:
        inside[path[-1]] = new
    return changed


def mutated(valid: Any) -> st.SearchStrategy[Any]:
    return st.builds(with_change, st.just(valid), st.sampled_from(list(paths(valid))), st.just(_GONE) | anything)
