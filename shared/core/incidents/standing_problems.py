"""What stands in the way of watching, said once when it has lasted, and forgotten when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...formatting import clip
from ...model.coverage import Remark

MOST = 30  # are remembered; what there is more of comes when some of these are over
LONGEST = 400  # characters of one that are remembered


@dataclass(frozen=True, slots=True)
class RemarkNews:
    """Texts to tell now, and of those that were told what is over."""

    due: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def look_at_remarks(
    known: tuple[Remark, ...], said: Mapping[str, str], now: datetime, patience: timedelta
) -> tuple[tuple[Remark, ...], RemarkNews]:
    """``said``: what this look has to remark. The key tells whether two texts are about the same."""
    before = {one.key: replace(one, since=min(one.since, now)) for one in known}
    keys = [*(key for key in before if key in said), *(key for key in said if key not in before)][:MOST]
    standing = [before.get(key) or Remark(key, clip(said[key], LONGEST), now) for key in keys]
    due = {one.key for one in standing if one.told_at is None and now - one.since >= patience}
    over = tuple(one.text for one in known if one.told_at is not None and one.key not in said)
    after = tuple(replace(one, told_at=now) if one.key in due else one for one in standing)
    return after, RemarkNews(tuple(said[one.key] for one in after if one.key in due), over)


def by_subject(texts: tuple[str, ...]) -> dict[str, str]:
    """Texts such as ``subscription x: why`` by what comes before the colon: the reason may change from look to look."""
    return {clip(text.partition(": ")[0], LONGEST): text for text in texts}
