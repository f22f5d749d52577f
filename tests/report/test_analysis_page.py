"""report.html of a sweep: everything that was said, self-contained, and names are data."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import simkit
from simkit.experiment.cells import Ok
from simkit.report.analysis_page import render, save
from simkit.report.page import TEMPLATE, policy

ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert("x")</script>'


def analyses(name: str = "pods") -> list[Any]:
    """A map and its noise, of two alternatives over four cases; one of the runs failed."""
    design = pd.DataFrame(
        {"market.load": [1, 1, 2, 2], "teams.gap": [1, 2, 1, 2]}, index=pd.Index(range(4), name="case")
    )
    rows = [
        (case, one, r, "ok", "", r + case * (one == "hierarchy") + 2.0 * (one == name) + 0.1 * np.sin(7 * r + case))
        for case in range(4)
        for one in ("hierarchy", name)
        for r in range(6)
    ]
    runs = pd.DataFrame(rows, columns=["case", "alternative", "replication", "status", "error", "profit"])
    runs.loc[3, ["status", "error", "profit"]] = ["failed", "no such luck", np.nan]
    return [simkit.analyze((runs, design), "regimes", better="higher"), simkit.analyze((runs, design), "noise")]


@pytest.fixture(scope="module")
def page() -> str:
    return render(analyses(), "simkit analyze loads --method regimes --method noise")


def test_all_that_was_said_is_there(page: str):
    """Warnings, sentences, the picture and every figure of the tables, in their order; and how to get it again."""
    for one in analyses():
        assert one.warnings
        assert one.sentences
        for text in (*one.warnings, *one.sentences):
            assert text in page
        assert all(f"<caption>{name.replace('_', ' ')}" in page for name in one.tables)
    assert page.count("<svg") == 1
    assert page.index("cells failed") < page.index("<svg") < page.index("<caption>")
    assert "simkit analyze loads --method regimes --method noise" in page


def test_it_is_self_contained_under_the_policy_of_the_other_page(page: str):
    """No scripts, nothing loaded, no style attributes, one style sheet with the hash that is allowed, every id once."""
    sheet = TEMPLATE.read_text(encoding="utf-8")
    assert f'content="{policy(sheet)}"' in page.replace("&#39;", "'")
    assert (
        page.partition("<style>")[2].partition("</style>")[0] == sheet.partition("<style>")[2].partition("</style>")[0]
    )
    assert not re.search(r"<script|<link|<img|<iframe| style=|url\((?!#)| on[a-z]+=", page.partition("</style>")[2])
    assert all(found.startswith("#") for found in re.findall(r'href="([^"]*)"', page))
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert {"regimes-title", "regimes-words"} <= set(ids)


def test_names_are_data_and_the_same_runs_give_the_same_bytes(page: str, tmp_path: Any):
    """Markup in a name of the scenario is text; nothing depends on the clock."""
    assert render(analyses(), "simkit analyze loads --method regimes --method noise") == page
    path = save(analyses(HOSTILE), tmp_path / "new", HOSTILE)
    assert path.name == "report.html"
    assert "<script" not in path.read_text(encoding="utf-8")


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    """An experiment file whose two runs are in its folder already, so that a command only tells of them."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    path = tmp_path / "gap.yaml"
    path.write_text(
        "scenario: scenarios/quickstart.yaml\nlevers: {contact_policy.gap: [1, 2]}\ndesign: grid\nreplications: 3\n"
        "alternatives: [hierarchy]\noutcomes: [profit]\n",
        encoding="utf-8",
    )
    return path


def test_a_sweep_ends_with_its_page(swept: Path, tmp_path: Path, simkit: Any, monkeypatch: pytest.MonkeyPatch):
    """The page is that of `simkit analyze`; it is made again only when the results are newer, and never of a shard."""
    monkeypatch.setattr("simkit.experiment.cells.Work.run", lambda *_, **__: Ok({"profit": 1.0}, None, None, (), 0.0))
    out = tmp_path / "out"
    words = ("sweep", str(swept), "--executor", "serial", "--out")
    code, told, _ = simkit(*words, str(out))
    page = out / "report.html"
    assert (code, f"what it shows: {page}" in told) == (0, True)
    ours = page.read_text(encoding="utf-8")
    assert simkit("analyze", str(out))[0] == 0
    assert page.read_text(encoding="utf-8") == ours
    page.write_text("mine", encoding="utf-8")
    assert str(page) in simkit(*words, str(out))[1]
    assert page.read_text(encoding="utf-8") == "mine"
    assert simkit(*words, str(out), "--replications", "4")[0] == 0
    assert "4 replications" in page.read_text(encoding="utf-8") != "mine"
    for old in ("regimes.csv", "break_even.csv", "regimes.svg", "mine.csv"):  # of another design, but for the last
        (out / "analysis" / old).write_text("old")
    assert simkit(*words, str(out), "--replications", "5")[0] == 0
    left = {path.name for path in (out / "analysis").iterdir()}
    assert left == {"noise.csv", "tornado.csv", "tornado.svg", "tornado.png", "mine.csv"}
    simkit(*words, str(tmp_path / "half"), "--shard", "1/2")
    assert not (tmp_path / "half" / "report.html").exists()


def test_one_column_of_numbers_is_written_one_way():
    """Numbers of a thousand and more have separators and no exponents, small ones four digits."""
    from simkit.report.analyses import cell

    assert [cell(value) for value in (-64840.2, 3999.0, -218590.4, 72.841, 0.00012346)] == [
        "-64,840", "3,999", "-218,590", "72.84", "0.0001235",
    ]  # fmt: skip
