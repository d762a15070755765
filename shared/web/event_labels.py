"""What pages call the audit's events. The audit itself is a record in English, and so are its details."""

from ..formatting import capital
from ..model.audit import step_done
from ..model.text import Text

_LABELS = (
    Text("Incident opened"),
    Text("Incident reopened"),
    Text("Incident failing"),
    Text("Incident worsened"),
    Text("Incident cleared"),
    Text("Change proposed"),
    Text("Change approved by 1 of 2"),
    Text("Change approved"),
    Text("Change denied"),
    Text("Change started"),
    Text("Change applied"),
    Text("Change stopped"),
    Text("Change resumed"),
    Text("Change given up"),
    Text("Change withdrawn"),
    Text("Change expired"),
    Text("Change superseded"),
    Text("Change fixed"),
    Text("Change not fixed"),
    Text("Change can't tell"),
    Text("Change rolled back"),
    Text("Change done"),
    Text("Change failed"),
    Text("Another writer in between"),
    Text("Coverage lost"),
    Text("Silence ended"),
    Text("Message given up"),
    Text("All changes stopped"),
    Text("Stop of all changes lifted"),
    Text("Probe key created"),
    Text("Probe key revoked"),
    Text("Sockets pasted"),
)
_BY_EVENT = {str(label).lower(): label for label in _LABELS}
_BY_EVENT |= {step_done(step): Text("Step {number} done", number=step + 1) for step in range(100)}


def event_label(event: str) -> Text:
    """The event with its first letter in upper case, in the reader's language if it is a usual one."""
    return _BY_EVENT.get(event) or capital(event)
