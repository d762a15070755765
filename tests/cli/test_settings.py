"""``snatbot settings``: the table is the same for everybody."""

from __future__ import annotations

import pytest

from shared.app import App
from shared.cli.__main__ import main
from shared.cli.settings import settings_document


def test_settings_need_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    def never() -> App:
        raise AssertionError("the table is the same for everybody")

    assert main(["settings"], never) == 0
    assert capsys.readouterr().out == settings_document()
