"""Every scenario that a README of the package shows is one that loads, as it stands, without a warning."""

import re
from pathlib import Path

import pytest

import simkit
from simkit.scenario.chart import chart
from simkit.scenario.load import load
from simkit.scenario.organization import WrittenOut
from simkit.scenario.structures import organization

FOLDER = Path(simkit.__file__).parent
SHOWN = [
    (page, block)
    for page in ("scenario", "teams")
    for block in re.findall(r"```yaml\n(.*?)```", (FOLDER / page / "README.md").read_text(), re.DOTALL)
]


def test_the_pages_show_scenarios():
    """As many as there were when this was written, at least."""
    assert len(SHOWN) >= 8


@pytest.mark.parametrize(("page", "block"), SHOWN, ids=lambda text: text.split("\n")[-2][:30] if "\n" in text else text)
def test_what_is_shown_loads(tmp_path, page, block):
    """Copied into a file of its own."""
    file = tmp_path / "shown.yaml"
    file.write_text(block)
    assert load(file).warnings == []


def test_a_structure_of_ones_own_takes_twenty_lines(tmp_path):
    """People, units and who does what; everybody stands in the chart."""
    own = next(block for _, block in SHOWN if "    units:" in block)
    assert len(own.splitlines()) <= 20
    file = tmp_path / "own.yaml"
    file.write_text(own)
    teams = load(file).base.teams
    assert isinstance(teams.structure, WrittenOut)
    lines = "\n".join(chart(organization(teams, ["everyone"])))
    assert all(name in lines for name in ("lena", "omar", "wil", "ida", "kim", "zoe", "pictures (lead ida)"))
