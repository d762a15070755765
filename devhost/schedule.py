"""When a timer is due: NCRONTAB, six fields beginning with seconds, in UTC. Five fields are accepted too.

Azure docs: "Timer trigger for Azure Functions". Unlike cron, days of the month and of the week must both match.
"""

from __future__ import annotations

from datetime import UTC, datetime

from croniter import CroniterError, croniter

from devhost.errors import StartError

FIELDS_WITH_SECONDS = 6
FIELDS_WITHOUT = 5


class Schedule:
    """A parsed NCRONTAB expression. Raises StartError, with what was given, if it isn't one."""

    def __init__(self, expression: str) -> None:
        fields = len(expression.split())
        if fields not in (FIELDS_WITHOUT, FIELDS_WITH_SECONDS):
            raise StartError(
                f"the schedule {expression!r} has {fields} fields;"
                " NCRONTAB has six: second minute hour day month day-of-week"
            )
        self._expression = expression if fields == FIELDS_WITH_SECONDS else f"0 {expression}"
        try:
            self.next_after(datetime(2000, 1, 1, tzinfo=UTC))
        except CroniterError as error:
            raise StartError(f"the schedule {expression!r} is not NCRONTAB: {error}") from error

    def next_after(self, at: datetime) -> datetime:
        """The first time later than `at` (aware) at which the timer is due, in UTC."""
        occurrences = croniter(self._expression, at.astimezone(UTC), second_at_beginning=True, day_or=False)
        due: datetime = occurrences.get_next(datetime)
        return due
