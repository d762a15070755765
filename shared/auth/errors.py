"""Why a change can't be approved or write, as types. People see the messages."""

from __future__ import annotations

from ..errors import Refused


class NotAuthorized(Refused):
    """A change may not write, or not any more."""


class LinkExpired(Refused):
    def __init__(self) -> None:
        super().__init__("This link has expired. The alert's next message has a new one.")


class LinkTampered(Refused):
    def __init__(self) -> None:
        super().__init__("This link was not made by this app, or was changed on its way. Open it from the alert again.")


class FormExpired(Refused):
    def __init__(self) -> None:
        super().__init__("This page is out of date, or was opened in another browser. Load it again and decide then.")


_WHO_WROTE = "Somebody may have written to this app's storage: look at who has access to it."


class DecisionForged(NotAuthorized):
    def __init__(self) -> None:
        super().__init__(
            f"The stored approval does not carry this app's signature for this plan: nothing is changed. {_WHO_WROTE}"
        )


class RecordsDisagree(NotAuthorized):
    """The change's row claims ``what``, but its audit or journal does not confirm it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The change's records contradict each other, and nothing more is written: {what}. {_WHO_WROTE}"
        )


class ApprovalTooOld(NotAuthorized):
    """The approval is too old: the plan needs a new one."""


class SignInNeeded(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Possession of a link does not approve anything here. Signing in is not available in this release; "
            "the owner can set APPROVAL_MODE=link for demos and trials."
        )


class RemediationOff(NotAuthorized):
    def __init__(self) -> None:
        super().__init__("This app only watches: REMEDIATION is off, so nothing can be approved or applied.")
