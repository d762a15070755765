"""Count the results of a scan."""

from collections.abc import Iterable, Mapping, Sequence

from ...ids import short_key
from ...model.assessment import Assessment
from ...model.fleet import WatchedCluster
from ...model.reading import Cause, DoesNotApply, Idle, Measured, Unmeasured
from ...model.tally import Tally, Unseen
from ...model.text import Text
from ..detection.assess import not_applicable
from ..detection.tags import TagRules, read_tags


def tally_of(assessments: Iterable[Assessment], effects: Mapping[str, int], not_remembered: int) -> Tally:
    """The tally of one group of clusters; the caller adds groups up."""
    total = Tally(effects=dict(effects), not_remembered=not_remembered)
    for assessment in assessments:
        total = total + _tally_of(assessment)
    return total


def not_reached(targets: Sequence[WatchedCluster]) -> Tally:
    """Clusters of one subscription that no worker scanned lately. Clusters that need no scan count as such."""
    to_measure = [
        target for target in targets if not_applicable(target, read_tags(target.cluster.tags, TagRules())) is None
    ]
    others = Tally(clusters=len(targets) - len(to_measure), does_not_apply=len(targets) - len(to_measure))
    if not to_measure:
        return others
    keys = tuple(sorted(short_key(target.cluster.id) for target in to_measure))
    count, reason = len(keys), Text("no worker has looked at them lately")
    unseen = Unseen(to_measure[0].cluster.subscription, Cause.NOT_REACHED, reason, Text(""), keys)
    return others + Tally(clusters=count, unmeasured=count, not_reached=count, unseen=(unseen,))


def _tally_of(assessment: Assessment) -> Tally:
    cluster, reading = assessment.cluster, assessment.reading
    unseen: tuple[Unseen, ...] = ()
    if isinstance(reading, Unmeasured):
        keys = (short_key(cluster.id),)
        unseen = (Unseen(cluster.subscription, reading.cause, reading.reason, reading.remedy, keys),)
    return Tally(
        clusters=1,
        measured=int(isinstance(reading, Measured)),
        idle=int(isinstance(reading, Idle)),
        unmeasured=int(isinstance(reading, Unmeasured)),
        does_not_apply=int(isinstance(reading, DoesNotApply)),
        failing=int(bool(assessment.alarms)),
        not_reached=int(isinstance(reading, Unmeasured) and reading.cause is Cause.NOT_REACHED),
        unseen=unseen,
    )
