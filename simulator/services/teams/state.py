"""What was posted to Teams."""

from __future__ import annotations

from ..chat import Posted


class Teams:
    """The messages of all workflows. Teams gives no message id, and nothing can be edited."""

    def __init__(self) -> None:
        self.messages: list[Posted] = []
