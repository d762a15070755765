"""A plan as Bicep and Terraform, with the real ids, for networks that are managed as code."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ...first_use import import_lock

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, literal: Callable[..., str], **context: object) -> str:
    """``literal`` writes a value as a literal of the target language; templates use it as a filter."""
    return _environment(literal).get_template(template).render(**context).strip()


@cache
def _environment(literal: Callable[..., str]) -> Environment:
    with import_lock:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # No escaping: the output is code, and ``literal`` writes every value.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(label=label_of, literal=literal)
    return environment


def label_of(name: str) -> str:
    """The name as a valid identifier in both languages."""
    label = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return label if re.match(r"[A-Za-z_]", label) else f"r_{label}"
