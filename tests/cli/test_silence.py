"""``snatbot silence`` and ``unsilence``: for how long, and by whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.terminal import CLUSTER, NOW, FakeSilence, run


@pytest.mark.parametrize("option", [("--minutes", "30"), ("--until", "2026-11-22T19:35Z")])
def test_silence_lasts_for_minutes_or_until_a_time(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    silence = FakeSilence()
    assert run("silence", "--cluster", CLUSTER.name, "--by", "Ada", *option, silence=silence) == 0
    assert silence.calls == [(CLUSTER.id, NOW + timedelta(minutes=30), "Ada")]
    assert "nothing is posted about shop-prod until 2026-11-22 19:35 UTC" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--minutes", "5", "--until", "2026-11-22T19:35Z"], ["--minutes", "soon"]])
def test_a_silence_without_one_clear_end_is_refused(options: list[str]) -> None:
    silence = FakeSilence()
    assert run("silence", "--cluster", CLUSTER.name, "--by", "Ada", *options, silence=silence) == 2
    assert silence.calls == []


def test_unsilence_lets_posts_through(capsys: pytest.CaptureFixture[str]) -> None:
    silence = FakeSilence()
    assert run("unsilence", "--cluster", CLUSTER.name, "--by", "Ada", silence=silence) == 0
    assert silence.calls == [(CLUSTER.id, None, "Ada")]
    assert "shop-prod is posted again" in capsys.readouterr().out
