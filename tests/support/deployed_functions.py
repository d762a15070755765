"""The functions that the app registers. azure.functions lets a process ask for them once."""

from __future__ import annotations

from functools import cache
from typing import Any

import function_app


@cache
def deployed_functions() -> tuple[Any, ...]:
    return tuple(function_app.app.get_functions())
