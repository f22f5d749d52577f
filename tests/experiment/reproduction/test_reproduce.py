"""Reproducing an experiment: levels of agreement, verdicts against committed ones, exit codes, and what is shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from simkit.cli import app
from simkit.experiment.definition.cases import design_of
from simkit.experiment.definition.files import load_experiment
from simkit.experiment.reproduction import reproduce as again
from simkit.report import reproduction as shown
from simkit.scenario.errors import ScenarioError

ROOT = Path(__file__).parents[3]
SHIPPED = ("cdnow_repeat_buying", "contact_cap", "five_points_of_retention", "structures_under_load")
SCENARIO = """
horizon: 7 days
warmup: 0
market: {customers: 300, prospects: 0, history_days: 1, organic_share: 1,
  purchases: {model: sbg, unit: year, alpha: 100, beta: 400, spend: {model: fixed, price: 100}}}
channels: [email]
campaigns: {}
occasions: {}
monitors: {}
"""
EXPERIMENT = """
question: Is a better renewal worth more?
scenario: scenario.yaml
levers: {market.purchases.alpha: [100, 50]}
design: grid
replications: 3
outcomes: [clv]
claims:
  - name: worth_more
    says: With fewer who leave, a customer is worth more.
    source: arithmetic
    kind: difference
    measure: clv
    of: {where: {market.purchases.alpha: 50}}
    against: {where: {market.purchases.alpha: 100}}
    expect: {at_least: 0}
"""


def folder(at: Path, experiment: str = EXPERIMENT) -> Path:
    """An experiment of a hundredth of a second a run."""
    at.mkdir(exist_ok=True)
    (at / "scenario.yaml").write_text(SCENARIO)
    (at / "experiment.yaml").write_text(experiment)
    return at


@pytest.fixture(scope="module")
def committed(tmp_path_factory) -> Path:
    """A folder whose values are committed."""
    at = folder(tmp_path_factory.mktemp("experiments") / "renewal")
    again.renewed(at, again.reproduce(at, workers=1))
    return at


def table(noise: float = 0.0) -> pd.DataFrame:
    """Values of two cases, one alternative, three replications."""
    rows = [(case, "today", i, 10.0 * case + 0.1 * i + noise) for case in (0, 1) for i in range(3)]
    return pd.DataFrame(rows, columns=[*again.KEYS, "profit"])


# --- a whole experiment -------------------------------------------------------------------------------------------


def test_the_same_environment_gives_the_same_bits(committed):
    """Run again: every value, every verdict, and exit code 0."""
    found = again.reproduce(committed, workers=1)
    assert (found.values.level, found.values.agree, found.reproduced) == ("bit", True, True)
    done = CliRunner().invoke(app, ["reproduce", str(committed), "--workers", "1"])
    assert done.exit_code == 0
    assert "every verdict is the committed one: reproduced" in done.stdout


def test_one_changed_number_is_not_reproduced(committed, tmp_path):
    """Exit code 5, and which value differs; with its hash made to fit too, which value differs; at the last bit."""
    at = folder(tmp_path / "renewal")
    _, _, values = again.read_expected(committed / again.EXPECTED)
    values.loc[2, "clv"] = np.nextafter(values.loc[2, "clv"], np.inf)
    again.write_expected(at / again.EXPECTED, values)
    done = CliRunner().invoke(app, ["reproduce", str(at), "--workers", "1"])
    assert done.exit_code == 5
    assert "1 of 6 values differ from expected.csv" in done.stdout
    assert "clv of case 0, today, replication 2" in done.stdout


def test_committed_values_that_were_changed_by_hand_are_no_evidence(committed, tmp_path):
    """Their hash is of other values: said at both levels, exit code 5, though the runs themselves are the same."""
    at = folder(tmp_path / "renewal")
    text = (committed / again.EXPECTED).read_text().splitlines()
    text[3] = ",".join([*text[3].split(",")[:-1], "99.5"])
    for other in (text, [text[0].replace('"numpy": "', '"numpy": "0.'), *text[1:]]):
        (at / again.EXPECTED).write_text("\n".join(other) + "\n")
        done = CliRunner().invoke(app, ["reproduce", str(at), "--workers", "1"])
        assert done.exit_code == 5
        assert "expected.csv does not fit its own hash: it was changed by hand" in done.stdout


def test_an_option_that_changes_nothing_is_said_before_the_runs(committed):
    """A lever has a value in each case, whatever --set says."""
    words = ["reproduce", str(committed), "--set", "market.purchases.alpha=70", "--workers", "1"]
    assert "warning: --set market.purchases.alpha changes no case" in CliRunner().invoke(app, words).stderr


def test_a_verdict_other_than_the_committed_one_is_not_reproduced(tmp_path):
    """What was committed as not held and holds is as little reproduced as the reverse: exit code 5."""
    at = folder(tmp_path / "renewal", EXPERIMENT.rstrip() + "\n    verdict: not held\n")
    done = CliRunner().invoke(app, ["reproduce", str(at), "--workers", "1", "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["reproduced"]) == (5, False)
    assert (told["claims"][0]["verdict"], told["claims"][0]["committed"]) == ("held", "not held")


def test_what_is_changed_is_to_see(committed):
    """With --set nothing has to be as committed: no bits, no exit code 5, and the verdict without the change beside."""
    worse = ["--set", "economics.cost_of_goods=100%", "--workers", "1"]
    done = CliRunner().invoke(app, ["reproduce", str(committed), *worse])
    assert done.exit_code == 0
    assert "verdict    undecided (unchanged: held)" in done.stdout or "verdict    held" in done.stdout
    assert "something was changed" in done.stdout
    found = again.reproduce(committed, sets=["economics.cost_of_goods=100%"], workers=1)
    assert (found.changed, found.values.level) == (True, "none")
    assert found.claims[0].figure is not None
    assert found.claims[0].figure.value == 0
    assert "(unchanged: held)" in str(shown.document(found)) or found.claims[0].as_committed


def test_renew_refuses_what_was_changed(committed):
    """Expected values are those of the experiment as it is."""
    before = (committed / again.EXPECTED).read_bytes()
    done = CliRunner().invoke(app, ["reproduce", str(committed), "--seed", "5", "--renew", "--workers", "1"])
    assert done.exit_code == 2
    assert (committed / again.EXPECTED).read_bytes() == before


# --- levels -------------------------------------------------------------------------------------------------------


def test_values_survive_the_file(tmp_path):
    """Written and read again, every float is the same to the bit, and so is the hash."""
    values = table(noise=1 / 3).assign(share=[np.nan, 1e-300, -0.0, 5e17 / 3, np.pi, 2.0])
    again.write_expected(tmp_path / "expected.csv", values)
    _, committed, back = again.read_expected(tmp_path / "expected.csv")
    assert again.digest(back) == committed == again.digest(values)
    assert again.digest(values) != again.digest(values.assign(profit=np.nextafter(values["profit"], 0)))


@pytest.mark.parametrize(("noise", "agree"), [(1e-12, True), (0.1, True), (1.0, False)])
def test_another_environment_is_held_to_standard_errors(tmp_path, monkeypatch, noise, agree):
    """A shift within four standard errors of both means (.33) passes, one beyond does not; the environment is told."""
    path = tmp_path / "expected.csv"
    again.write_expected(path, table())
    here = again.environment()
    monkeypatch.setattr(again, "environment", lambda: {**here, "rng": "another"})
    found = again.compare(path, table(noise))
    assert (found.level, found.agree) == ("tolerance", agree)
    assert f"rng {here['rng']} there, another here" in found.sentence


def test_other_cells_are_not_compared(tmp_path):
    """An experiment that has changed since its values were committed says so instead of comparing what does not fit."""
    path = tmp_path / "expected.csv"
    again.write_expected(path, table())
    assert not again.compare(path, table().rename(columns={"profit": "revenue"})).agree
    assert not again.compare(path, table()[:-1]).agree


def test_a_hash_that_does_not_fit_its_values(tmp_path):
    """A file with its hash changed is refused, though all its values are right."""
    path = tmp_path / "expected.csv"
    again.write_expected(path, table())
    path.write_text(path.read_text().replace("# sha256: ", "# sha256: 0"))
    found = again.compare(path, table())
    assert not found.agree
    assert "does not fit its own hash" in found.sentence


def test_a_file_that_is_no_expected_values(tmp_path):
    """Said, and not reproduced, instead of a traceback after all the runs."""
    path = tmp_path / "expected.csv"
    for text in ("", "case,alternative\n0,today\n", "# environment: {\n# sha256: 0\ncase\n"):
        path.write_text(text)
        assert not again.compare(path, table()).agree


# --- what a user gets wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words", "line"),
    [
        ("kind: difference", "kind: distance", "kind: unknown kind 'distance'; allowed: mean, difference", 12),
        ("measure: clv", "measure: clw", "unknown measure 'clw'; did you mean 'clv'?", 13),
        ("at_least: 0", "about: 0", "unknown key 'expect.about'", 16),
        ("    expect: {at_least: 0}\n", "", "expect: field required", 9),
        ("{market.purchases.alpha: 50}", "{market.purchases.alpha: 60}", "no case of the design", 14),
    ],
)
def test_a_claim_that_cannot_be_asked_is_refused_at_its_line(tmp_path, before, after, words, line):
    """With file, line and column, and before anything runs: exit code 3."""
    at = folder(tmp_path / "renewal", EXPERIMENT.replace(before, after, 1))
    with pytest.raises(ScenarioError) as refused:
        again.reproduce(at, workers=1)
    (problem,) = refused.value.problems
    assert words in problem.message
    assert problem.line == line
    assert Path(problem.file).name == "experiment.yaml"


def test_an_experiment_that_is_not_there():
    """Exit code 2, with what there is."""
    done = CliRunner().invoke(app, ["reproduce", "contact_cab"])
    assert done.exit_code == 2
    assert "did you mean 'contact_cap'?" in done.output


# --- what is shipped ----------------------------------------------------------------------------------------------


def load(name: str) -> tuple[Any, Any]:
    """A shipped experiment and its design."""
    at = again.folder_of(name)
    experiment = load_experiment(at / again.EXPERIMENT, (), again.extension_of(at))
    return experiment, design_of(experiment)


def test_the_list_is_what_is_shipped():
    """Each with its question."""
    told = json.loads(CliRunner().invoke(app, ["reproduce", "--list", "--json"]).stdout)
    assert [one["name"] for one in told] == list(SHIPPED)
    assert all(one["question"].endswith("?") for one in told)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_experiments_can_be_asked(name):
    """The file loads, its claims name measures, alternatives, levers and levels that exist, and its values are whole:
    hash, cells and measures."""
    experiment, design = load(name)
    claims = again.claims_of(experiment, design)
    assert claims
    _, committed, values = again.read_expected(again.folder_of(name) / again.EXPECTED)
    assert again.digest(values) == committed
    cells = len(design) * len(experiment.alternatives) * experiment.replications
    assert len(values) == cells
    assert set(values.columns) >= {claim.measure for claim in claims}


@pytest.mark.parametrize("name", SHIPPED)
def test_committed_verdicts_follow_from_committed_values(name):
    """The claims, judged on expected.csv, have the verdicts they were committed with; the README names each."""
    from simkit.experiment.reproduction.claim_figures import evaluate

    experiment, design = load(name)
    at = again.folder_of(name)
    _, _, values = again.read_expected(at / again.EXPECTED)
    found = evaluate(again.claims_of(experiment, design), values.assign(status="ok"), design)
    assert [one.claim.name for one in found if not one.as_committed] == []
    page = (at / "README.md").read_text(encoding="utf-8")
    assert [one.claim.name for one in found if f"`{one.claim.name}`" not in page] == []


def test_the_pages_have_their_four_parts():
    """What was published, how it is modelled, what came out, what it does not show."""
    for name in SHIPPED:
        page = (again.folder_of(name) / "README.md").read_text(encoding="utf-8")
        parts = ("## What was published", "## How it is modelled", "## What came out", "## What it does not show")
        assert [part for part in parts if part not in page] == []


def test_an_extension_is_used_only_of_what_is_shipped(tmp_path):
    """A file beside somebody else's experiment is not executed unless --extend names it."""
    at = folder(tmp_path / "renewal")
    (at / again.EXTENSION).write_text("raise SystemExit('executed')")
    assert again.extension_of(at) is None
    assert again.extension_of(again.folder_of("cdnow_repeat_buying")) is not None


def test_an_experiment_of_your_own_is_held_to_its_own_extension(simkit, tmp_path):
    """Naming `extension.py` beside it changes nothing: its values are committed and held; another file is to see."""
    at = folder(tmp_path / "renewal")
    text = 'from simkit.extend import Extension\n\nextension = Extension("a word of its own")\n'
    own, other = at / again.EXTENSION, tmp_path / "other.py"
    alone = ("--workers", "1")
    own.write_text(text)
    other.write_text(text)
    code, out, err = simkit("reproduce", str(at), "--extend", str(own), "--renew", *alone)
    assert (code, "wrote" in err) == (0, True), out
    code, out, _ = simkit("reproduce", str(at), "--extend", str(own), *alone)
    assert code == 0
    assert "to the bit" in out
    expected = again.Path(at / again.EXPECTED)
    expected.write_text(expected.read_text().replace("# sha256: ", "# sha256: 0"))
    assert simkit("reproduce", str(at), "--extend", str(own), *alone)[0] == 5
    code, out, _ = simkit("reproduce", str(at), "--extend", str(other), *alone)
    assert (code, "something was changed" in out) == (0, True)
