"""What the message about an outcome adds as evidence: the receipt, and the last day root of the audit."""

from dataclasses import replace

from ..model.audit import DayRoot
from ..model.text import Text
from .message import Button, Message

_SHOWN = 32  # characters of a root: as many as nobody can forge


def with_receipt(message: Message, receipt_url: str, root: DayRoot | None) -> Message:
    footer = message.footer
    if root is not None:
        footer = Text(
            "{footer} · audit sealed {day}: {root}", footer=footer, day=root.day.isoformat(), root=root.hash[:_SHOWN]
        )
    return replace(message, buttons=(*message.buttons, Button(Text("Receipt"), receipt_url)), footer=footer)
