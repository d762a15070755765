"""JSON answers: field names that programs may rely on, and no secret in them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from shared.flows.incidents.history import History
from shared.flows.monitoring.check import CheckReport
from shared.model.audit import AuditLine
from shared.model.change import ChangeState
from shared.model.fleet import Unlisted
from shared.model.incident import ClusterRecord
from shared.model.reading import Measured, Unmeasured
from shared.model.text import Text
from shared.web import answers
from tests.support import nouns


def as_sent(value: Any) -> Any:
    """Through JSON and back: everything must be of JSON's own types."""
    return json.loads(json.dumps(value))


def test_an_assessment_gives_cluster_reading_and_findings() -> None:
    answer = as_sent(answers.assessment_json(nouns.make_assessment()))
    assert answer["cluster"]["name"] == "shop-prod"
    assert answer["at"] == "2026-11-22T19:05:00+00:00"
    reading = answer["reading"]
    assert (reading["kind"], reading["failed"], reading["successful"]) == ("measured", 2207, 21558)
    assert reading["window"] == {"start": "2026-11-22T18:47:00+00:00", "end": "2026-11-22T19:02:00+00:00"}
    expected = {
        "ip": "10.224.0.4",
        "failed": 1204,
        "successful": 5411,
        "failed_minutes": 12,
        "first_failed_at": "2026-11-22T18:41:00+00:00",
        "last_failed_at": "2026-11-22T19:01:00+00:00",
        "name": "aks-user-38166372-vmss000000",
        "pool": "user",
    }
    assert reading["nodes"][0].items() >= expected.items()
    (finding,) = answer["findings"]
    assert (finding["kind"], finding["severity"]) == ("snat_failing", "failing")


def test_what_was_not_measured_is_told_apart_from_zero() -> None:
    unmeasured = replace(
        nouns.make_assessment(), reading=Unmeasured(Text("403"), Text("grant Monitoring Reader")), findings=()
    )
    answer = as_sent(answers.assessment_json(unmeasured))
    expected = {"reason": "403", "remedy": "grant Monitoring Reader", "kind": "unmeasured"}
    assert answer["reading"].items() >= expected.items()


def test_a_check_names_what_could_not_even_be_listed() -> None:
    assessment = nouns.make_assessment()
    assert isinstance(assessment.reading, Measured)
    unlisted = (Unlisted(Text("subscription b"), Text("no role")),)
    report = CheckReport(nouns.NOW, assessment.reading.window, (assessment,), unlisted)
    answer = as_sent(answers.check_json(report))
    assert set(answer) == {"schema", "at", "window", "clusters", "unreadable"}
    assert (answer["schema"], len(answer["clusters"]), answer["unreadable"]) == (1, 1, ["subscription b: no role"])


def test_a_plan_gives_its_steps_by_kind_and_whether_it_can_be_done() -> None:
    answer = as_sent(answers.plan_json(nouns.make_plan()))
    assert answer["is_executable"] is True
    assert [step["kind"] for step in answer["steps"]] == [
        "create_public_ip",
        "create_public_ip",
        "create_nat_gateway",
        "associate_subnet",
        "observe_egress",
        "associate_subnet",
        "observe_egress",
    ]
    assert answer["checks"][0]["result"] == "warn"
    assert as_sent(answers.plan_json(nouns.make_plan()))["azure_cli"] == "2.56"
    assert as_sent(answers.plan_json(nouns.make_advice()))["is_executable"] is False


def test_a_change_gives_state_plan_and_journal_but_no_signature() -> None:
    change = nouns.make_change(ChangeState.FIXED)
    answer = as_sent(answers.change_json(change, nouns.make_journal()))
    assert (answer["state"], answer["cluster_name"], len(answer["journal"])) == ("fixed", "shop-prod", 4)
    assert answer["plan"]["digest"] == change.plan.digest
    assert answer["decision"]["approver"] == "Maria Ortega"
    assert "signature" not in json.dumps(answer)
    assert as_sent(answers.change_json(nouns.make_change()))["decision"] is None


def test_an_error_has_a_code_for_programs_and_words_for_people() -> None:
    assert answers.error_json("not_found", "No such cluster.") == {
        "error": {"code": "not_found", "message": "No such cluster."}
    }


def test_a_history_tells_everything_of_one_cluster() -> None:
    line = AuditLine("1", nouns.NOW, "snatbot", "incident opened", "inc-7f3a")
    change = nouns.make_change()
    answer = as_sent(
        answers.history_json(
            History(
                ClusterRecord(change.cluster_id, change.cluster_name),
                (nouns.make_incident(),),
                (change,),
                {change.id: tuple(nouns.make_journal())},
                (line,),
            )
        )
    )
    assert set(answer) == {"schema", "cluster", "incidents", "changes", "audit"}
    assert answer["incidents"][0]["state"] == "open"
    assert len(answer["changes"][0]["journal"]) == 4
    assert answer["audit"][0]["actor"] == "snatbot"
