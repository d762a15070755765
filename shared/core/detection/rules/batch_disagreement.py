"""A batch contradicts a single request about the same load balancer: batches may leave out points.

The rule compares minutes that are at least ten minutes old, so that late points have arrived; an absent value counts as
0. People are notified at the second disagreement, and three agreements in a row end it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from ....formatting import minutes_of
from ....model.fleet import SuspectRegion
from ....model.metric import MetricAnswer, Window
from ....model.text import Text

AGE = timedelta(minutes=10)
SPAN = timedelta(minutes=10)
SAID_FROM = 2
TRUSTED_FROM = 3
_TOLERANCE = 1e-6  # between averages

_Key = tuple[tuple[tuple[str, str], ...], datetime]


def compared_window(now: datetime) -> Window:
    end = now.replace(second=0, microsecond=0) - AGE
    return Window(end - SPAN, end)


def disagreement(in_batch: MetricAnswer, alone: MetricAnswer, window: Window) -> Text:
    """The difference in words; empty if both agree. Unknown minutes are left out."""
    unknown = in_batch.unknown | alone.unknown
    batch, single = (dict(_values(answer, window, unknown)) for answer in (in_batch, alone))
    keys = batch.keys() | single.keys()
    minutes = {at for key, at in keys if abs(batch.get((key, at), 0) - single.get((key, at), 0)) > _TOLERANCE}
    if not minutes:
        return Text("")
    batched, alone_sum = (
        round(sum(value for (_, at), value in values.items() if at in minutes)) for values in (batch, single)
    )
    return Text(
        "a batch has {batched} where a single request has {single}, in {minutes} from {start} to {end} UTC",
        batched=batched,
        single=alone_sum,
        minutes=minutes_of(len(minutes)),
        start=f"{min(minutes):%H:%M}",
        end=f"{max(minutes):%H:%M}",
    )


def next_suspect(before: SuspectRegion | None, metric: str, evidence: Text, now: datetime) -> SuspectRegion | None:
    """``evidence`` of one sample, empty for an agreement. None: the region is not suspect (any more)."""
    if evidence:
        suspect = before or SuspectRegion(metric, now)
        return replace(suspect, evidence=evidence, disagreed=suspect.disagreed + 1, agreed=0)
    if before is None or before.agreed + 1 == TRUSTED_FROM:
        return None
    return replace(before, agreed=before.agreed + 1)


def is_confirmed(suspect: SuspectRegion) -> bool:
    return suspect.disagreed >= SAID_FROM


def _values(answer: MetricAnswer, window: Window, unknown: frozenset[datetime]) -> Iterator[tuple[_Key, float]]:
    """Values by dimensions and minute, summed over series whose dimensions differ only in case."""
    sums: dict[_Key, float] = defaultdict(float)
    for series, at, value in answer.points_in(window):
        if at not in unknown:
            sums[tuple(sorted((name, text.lower()) for name, text in series.dimensions.items())), at] += value
    yield from sums.items()
