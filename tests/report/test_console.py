"""The answer on a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from simkit.experiment.study import run
from simkit.report.console import show


def printed(result: Any, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=100, **options)
    show(result, console, "results/made-up")
    return console.file.getvalue()


def test_warnings_then_answer_then_outcomes(result: Any):
    """Warnings come first, then what to choose, the outcomes, and where the rest is."""
    text = printed(result)
    places = [text.index(part) for part in ("Warning: ", "Choose pods", "Signal to live", "report.html")]
    assert places == sorted(places)
    assert "lower, better" in text


def test_it_fits_and_is_plain(result: Any, monkeypatch: pytest.MonkeyPatch):
    """Without a terminal there are no escapes and no line over 100 columns."""
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(result)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_markup_in_names_is_text(synthetic: Any):
    """Names with rich markup are printed as they are."""
    name = "[red]pods[/red]"
    study = synthetic.Study({"today": synthetic.Scenario(), name: synthetic.Scenario(lift=0.05)})
    assert f"Choose {name}" in printed(run(study, replications=3, workers=1, model=synthetic.MODEL))
