"""A check as text for a terminal or a chat."""

from typing import assert_never

from ..formatting import node_label, sentences
from ..model.assessment import Assessment
from ..model.reading import DoesNotApply, Idle, Measured, Unmeasured
from ..model.text import Text, arranged


def check_lines(assessment: Assessment) -> tuple[Text, tuple[Text, ...]]:
    """What was found on the cluster, and on each of its nodes."""
    cluster, found, reading = assessment.cluster.name, what_was_found(assessment), assessment.reading
    match reading:
        case Unmeasured():
            return Text("{cluster}: not measured: {why}", cluster=cluster, why=found), ()
        case DoesNotApply():
            return Text("{cluster}: does not apply: {why}", cluster=cluster, why=found), ()
    nodes = []
    for node in reading.nodes if isinstance(reading, Measured) else ():
        failed = Text.plural("{count} failure", "{count} failures", count=node.failed)
        label = node_label(node.name, node.is_gone)
        nodes.append(arranged("{node} ({ip}): {failed}", node=label, ip=node.ip, failed=failed))
    return arranged("{cluster}: {found}", cluster=cluster, found=found), tuple(nodes)


def what_was_found(assessment: Assessment) -> Text:
    """The findings; without any, why there is none."""
    found = sentences(*(finding.evidence for finding in assessment.findings))
    match assessment.reading:
        case Measured() as reading:
            return found or Text.plural(
                "{count} new outbound connection, none failed",
                "{count} new outbound connections, none failed",
                count=reading.successful,
            )
        case Idle():
            return found or Text("idle, no new outbound connection")
        case Unmeasured() as reading:
            why = arranged("{reason} → {remedy}", reason=reading.reason, remedy=reading.remedy)
            return why if reading.remedy else reading.reason
        case DoesNotApply() as reading:
            return reading.reason
        case _:
            assert_never(assessment.reading)


def needs_attention(assessment: Assessment) -> bool:
    return bool(assessment.findings) or isinstance(assessment.reading, Unmeasured)
