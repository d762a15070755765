"""``snatbot silence`` and ``unsilence``: for how long, and by whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.terminal import CLUSTER, NOW, FakeSilence, run


@pytest.mark.parametrize("option", [("--for", "30m"), ("--until", "2026-11-22T19:35Z")])
def test_silence_lasts_for_minutes_or_until_a_time(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    silence = FakeSilence()
    assert run("silence", CLUSTER.name, "--by", "Ada", *option, silence=silence) == 0
    assert silence.calls == [(CLUSTER.id, NOW + timedelta(minutes=30), "Ada")]
    assert "nothing is posted about shop-prod until 2026-11-22 19:35 UTC" in capsys.readouterr().out


@pytest.mark.parametrize(("length", "minutes"), [("30m", 30), ("1h", 60), ("2d", 2880)])
def test_a_length_has_a_unit(length: str, minutes: int) -> None:
    silence = FakeSilence()
    assert run("silence", CLUSTER.name, "--by", "Ada", "--for", length, silence=silence) == 0
    assert silence.calls[0][1] == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "options", [[], ["--for", "5m", "--until", "2026-11-22T19:35Z"], ["--for", "soon"], ["--for", "0m"]]
)
def test_a_silence_without_one_clear_end_is_refused(options: list[str]) -> None:
    silence = FakeSilence()
    assert run("silence", CLUSTER.name, "--by", "Ada", *options, silence=silence) == 2
    assert silence.calls == []


def test_unsilence_lets_posts_through(capsys: pytest.CaptureFixture[str]) -> None:
    silence = FakeSilence()
    assert run("unsilence", CLUSTER.name, "--by", "Ada", silence=silence) == 0
    assert silence.calls == [(CLUSTER.id, None, "Ada")]
    assert "shop-prod is posted again" in capsys.readouterr().out


def test_silences_are_listed_with_end_and_person(capsys: pytest.CaptureFixture[str]) -> None:
    silence = FakeSilence()
    assert run("silences", silence=silence) == 0
    assert capsys.readouterr().out == "no cluster is silenced\n"
    silence.begin(CLUSTER.id, NOW + timedelta(minutes=30), "Ada", NOW)
    assert run("silences", silence=silence) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["shop-prod", "2026-11-22", "19:35", "UTC", "Ada"]
    assert run("silences", "-o", "tsv", silence=silence) == 0
    assert capsys.readouterr().out == f"shop-prod\t2026-11-22T19:35:00+00:00\tAda\t{CLUSTER.id}\n"
    assert run("silences", "-o", "json", silence=silence) == 0
    assert '"by": "Ada"' in capsys.readouterr().out
