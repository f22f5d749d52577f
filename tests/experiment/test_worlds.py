"""Plausible worlds: what is sampled, how often the choice holds, where it turns, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simkit.experiment.study import run
from simkit.experiment.worlds.assumptions import Assumption, assumptions, nested, stated, values_of
from simkit.experiment.worlds.dependence import Dependence, spearman, spearman_interval
from simkit.experiment.worlds.explore import beside, explore, maker, places, spread, wanted, worth_checking
from simkit.experiment.worlds.found import Worlds
from simkit.measures.catalog import MEASURES
from simkit.report import worlds as told
from simkit.report.answer import answer
from simkit.report.figures import dependence
from simkit.report.page import render
from simkit.rng import generator
from simkit.scenario.errors import SenseError
from simkit.scenario.load import load

ROOT = Path(__file__).parents[2]
QUICK = ROOT / "scenarios" / "quickstart.yaml"
TURNS_AT = 0.02
"""Pods of the made-up model gain with `lift`; the planted cost of pods eats the gain at this one."""


def planted(cost: float, idle: float = 0.5) -> list[Assumption]:
    """One number that turns the choice, and one that nothing hangs on."""
    return [
        Assumption("pods.lift", ("pods.lift",), "share", "assumption", cost, -0.02, 0.06),
        Assumption("idle", ("idle",), "share", "survey", idle, 0.0, 1.0),
    ]


def make_of(synthetic: Any, lift: float = 0.03) -> Any:
    """Worlds of the made-up model: pods are ahead of today where their lift is above `TURNS_AT`."""
    base = synthetic.Scenario(lift=TURNS_AT)

    def make(values: dict[str, float]) -> dict[str, Any]:
        pods = base.model_copy(update={"lift": values.get("pods.lift", lift)})
        return {"today": base, "pods": pods}

    return make


def explored(synthetic: Any, count: int = 40, make: Any = None, checked: int = 2) -> Any:
    make = make or make_of(synthetic)
    study = synthetic.Study(make({}))
    result = run(study, replications=6, workers=1, model=synthetic.MODEL)
    worlds = spread(planted(0.03), make, result, count, checked=checked, workers=1, model=synthetic.MODEL)
    from simkit.experiment.worlds.explore import _with

    return _with(result, worlds)


@pytest.fixture(scope="module")
def found(synthetic: Any) -> Any:
    return explored(synthetic)


def test_the_share_of_worlds_is_counted(found: Any):
    """The choice holds exactly in the worlds where the planted number is above its turning point."""
    worlds: Worlds = found.worlds
    assert worlds.choice == "pods"
    assert worlds.count == 40
    assert worlds.held == int((worlds.design["pods.lift"] > TURNS_AT).sum())
    assert 20 < worlds.held < 40


def test_it_depends_on_what_was_planted_and_turns_there(found: Any):
    """The planted number leads, surely; the idle one does not count as sure; the line crosses at the true point."""
    first, second = found.worlds.depends
    assert (first.name, first.sure, second.sure) == ("pods.lift", True, False)
    assert first.correlation > 0.95
    assert first.turns_at == pytest.approx(TURNS_AT, abs=0.003)
    assert first.low < TURNS_AT < first.high or first.low == pytest.approx(TURNS_AT, abs=0.003)


def test_all_that_matters_for_sure_is_halved_and_doubled():
    """Three numbers at least, every further one beyond luck, eight at most; none when none is wanted."""
    found = [Dependence(f"n{i}", 0.9 - i / 100, 0.01 if i < 5 else 0.5, None, None, None) for i in range(20)]
    sure = [replace(one, p_adjusted=0.01) for one in found]
    assert worth_checking(found, 3) == ["n0", "n1", "n2", "n3", "n4"]
    assert worth_checking(found[6:], 3) == ["n6", "n7", "n8"]
    assert len(worth_checking(sure, 3)) == 8
    assert worth_checking(sure, 0) == []


def test_a_winner_that_changes_is_in_the_first_sentence(found: Any):
    """Halving the planted number from .03 to .015 hands the lead to the other: the first sentence says so."""
    (turning,) = found.worlds.turning
    assert (turning.name, turning.change, turning.value, turning.winner) == ("pods.lift", "halved", 0.015, "today")
    sentence = answer(found).sentence
    assert "pods.lift halved to 0.015: today is then ahead" in sentence
    assert sentence.startswith("Choose pods as the numbers are written (but not with")
    assert "% of the plausible worlds" in answer(found).worlds


def test_a_winner_that_stays_is_not_doubted(synthetic: Any):
    """Where no change within the ranges matters, the first sentence is what it was without worlds."""

    def make(values: dict[str, float]) -> dict[str, Any]:
        return make_of(synthetic, 0.05)({"idle": values.get("idle", 0.5)})

    result = explored(synthetic, 10, make)
    assert result.worlds.turning == []
    assert result.worlds.held == 10
    assert answer(result).sentence.startswith("Choose pods: ")
    assert "none changes the winner" in answer(result).worlds


def test_a_choice_that_may_not_hold_in_most_worlds_says_so_first(synthetic: Any, found: Any):
    """Five of five worlds are too few to say most, and so are 24 of 40, whatever else the sentence says."""

    def make(values: dict[str, float]) -> dict[str, Any]:
        return make_of(synthetic, 0.05)({"idle": values.get("idle", 0.5)})

    few = answer(explored(synthetic, 5, make)).sentence
    assert few.startswith("Choose pods as the numbers are written (ahead in 5 of 5 plausible worlds): ")
    assert (found.worlds.held, found.worlds.count) == (24, 40)
    most = answer(found).sentence
    assert most.startswith(
        "Choose pods as the numbers are written (but not with pods.lift halved to 0.015: today is then ahead by "
    )
    assert "; ahead in 24 of 40 plausible worlds): " in most


def measured(cheap: Any) -> Any:
    """The cheap model, with what every result shows."""

    def simulate(*given: Any, **how: Any) -> Any:
        return replace(cheap.simulate(*given, **how), cases=pd.DataFrame())

    return replace(cheap.MODEL, simulate=simulate, measures=MEASURES)


def test_a_result_without_worlds_says_so_first(cheap: Any, tmp_path: Path):
    """A short study has no worlds: the first warning and, where a winner is named, the first sentence say what was not
    looked at, and what would; with worlds neither does."""
    small = "market: {customers: 300}\nhorizon: 30 days\nalternatives: {pods: {teams.structure: pods}}\n"
    (tmp_path / "s.yaml").write_text(small)

    study, model = load(tmp_path / "s.yaml"), measured(cheap)
    for replications, none in ((2, None), (3, 0)):
        result = run(study, replications=replications, workers=1, model=model, worlds=none)
        assert result.worlds is None
        assert "was not looked at. `--worlds 50` looks" in result.warnings[0]
        assert answer(result).sentence.startswith(
            "Choose pods if the assumptions hold (not looked at without --worlds)"
        )
    looked = run(study, replications=3, workers=1, model=model, worlds=8)
    assert not [line for line in looked.warnings if "not looked at" in line]
    assert "not looked at" not in str(answer(looked))


def test_worlds_are_the_same_whoever_runs_them(synthetic: Any, found: Any):
    """Two workers give the tables of one."""
    make = make_of(synthetic)
    result = run(synthetic.Study(make({})), replications=6, workers=1, model=synthetic.MODEL)
    again = spread(planted(0.03), make, result, 40, checked=2, workers=2, model=synthetic.MODEL)
    assert again.runs.equals(found.worlds.runs)
    assert again.table().equals(found.worlds.table())


def test_impossible_worlds_are_drawn_again_and_said(synthetic: Any):
    """Numbers that do not go together are replaced, counted and told; the rest keeps its place."""
    fine = make_of(synthetic)

    def make(values: dict[str, float]) -> dict[str, Any]:
        if values.get("idle", 0) > 0.8:
            raise SenseError("idle", "does not go together with the rest")
        return fine(values)

    result = explored(synthetic, 20, make, checked=0)
    worlds = result.worlds
    assert worlds.redrawn == 4
    assert worlds.design["idle"].max() <= 0.8
    assert any("4 of 20 worlds had numbers that do not go together" in line for line in result.warnings)


def test_failed_worlds_are_said_first_and_left_out(synthetic: Any):
    """A world with a failed run is no world in which anything holds."""
    fine = make_of(synthetic)

    def make(values: dict[str, float]) -> dict[str, Any]:
        return {name: one.model_copy(update={"fault": "raise"}) for name, one in fine(values).items()}

    worlds = explored(synthetic, 10, make, checked=0)
    assert worlds.worlds.failed == 1  # the made-up model fails in replication 1, which is that of one world
    assert (worlds.worlds.count, int(worlds.worlds.leads["lead"].isna().sum())) == (9, 1)
    assert worlds.warnings[0].startswith("2 of 12 runs failed")  # the study's own, in two lines
    assert worlds.warnings[2].startswith("1 of 10 worlds have a failed run and are not counted: ValueError: no such")


def test_a_hypercube_is_spread_and_keyed_by_name():
    """Every tenth of every range has one world, and another number more changes no other's values."""
    held = planted(0.03)
    drawn = places(held, 10, seed=5)
    assert (np.sort((drawn * 10).astype(int), axis=0) == np.arange(10)[:, None]).all()
    assert (places(held[1:], 10, seed=5)[:, 0] == drawn[:, 1]).all()


def test_a_shipped_value_is_the_median_of_its_worlds():
    """Half of the worlds lie on either side of it, whatever the range; a stated range is even; counts stay whole."""
    one = Assumption("a", ("a",), "", "assumption", 7.0, 3.0, 28.0)
    assert [one.at(place) for place in (0, 0.25, 0.5, 0.75, 1)] == [3, 5, 7, 17.5, 28]
    assert [one.times(0.5), one.times(2), one.times(9)] == [3.5, 14, 28]
    assert Assumption("a", ("a",), "", "stated", 7.0, 0.0, 10.0).at(0.3) == 3
    assert Assumption("a", ("a",), "", "assumption", 7, 7, 10).times(0.5) is None
    assert isinstance(Assumption("a", ("a",), "", "assumption", 7, 3, 28).at(0.3), int)


def test_only_doubted_numbers_that_are_not_yours_differ():
    """What is measured, a convention or written by the user stays; what shares value, range and source is one."""
    study = load(QUICK, ["market.organic_share=0.9"])
    held = assumptions(study)
    paths = [path for one in held for path in one.paths]
    assert {one.grade for one in held} == {"assumption", "survey"}
    assert len(set(paths)) == len(paths) > 300
    assert "market.organic_share" not in paths
    assert "market.regions.eu.opt_out_odds" not in paths  # measured
    assert len({one.name for one in held}) == len(held)
    assert any(len(one.paths) > 20 for one in held)


def test_a_world_of_the_shipped_values_is_the_scenario():
    """Writing every doubted number as it is gives the same alternatives, and fewer persons stand for as many."""
    study = load(QUICK)
    held = assumptions(study)
    made = maker(study, study.base.market.customers, 1)
    assert made(values_of(held, [one.value for one in held])) == study.alternatives
    fewer = maker(study, 1000, 1)({"market.prospects": 0.3})["pods"].market
    assert (fewer.customers, fewer.represents, fewer.prospects) == (1000, 2000, 0.3)
    assert nested({"a.b[c].d": 1, "a.e": 2}) == {"a": {"b": {"c": {"d": 1}}, "e": 2}}


def test_stated_ranges_must_name_numbers():
    """An uncertainty that is no number, or a range that is none, is refused with what was found."""
    study = load(QUICK)
    with pytest.raises(SenseError, match=r"market\.prospect: is no number.*did you mean 'market\.prospects'"):
        stated(study, {"market.prospect": (0.1, 0.2)})
    with pytest.raises(SenseError, match=r"low must be below high"):
        stated(study, {"market.prospects": (0.2, 0.1)})
    assert [one.value for one in stated(study, {"market.prospects": (0.1, 0.4)})] == [0.2]


def test_the_shorter_a_run_the_fewer_worlds_unless_asked(synthetic: Any):
    """Five worlds come by default where they add at most three tenths to the work, three where they at most double it,
    and none to a made-up study."""
    assert wanted(load(ROOT / "scenarios" / "retail.yaml"), 10) == 5
    assert wanted(load(QUICK), 3) == 3
    assert wanted(load(QUICK), 2) == 0
    study = synthetic.study()
    result = run(study, replications=2, workers=1, model=synthetic.MODEL)
    assert result.worlds is None
    assert beside(study, result, 0, None) is result


def test_worlds_nobody_asked_for_may_fail_to_be(cheap: Any, monkeypatch: pytest.MonkeyPatch):
    """Where no world can be, a run that asked for none says that none was run; one that asked is refused."""
    study, model = load(QUICK), measured(cheap)

    def refused(values: dict[str, float]) -> dict[str, Any]:
        if values:
            raise SenseError("market", "cannot be")
        return dict(study.alternatives)

    monkeypatch.setattr("simkit.experiment.worlds.explore.maker", lambda *_: refused)
    monkeypatch.setattr("simkit.experiment.worlds.explore.usable", lambda held, *_: held)
    result = run(study, replications=3, workers=1, model=model)
    assert result.worlds is None
    assert "no plausible worlds were run" in result.warnings[0]
    with pytest.raises(SenseError, match="none of the worlds drawn can be"):
        run(study, replications=3, workers=1, model=model, worlds=3)


def test_no_world_is_no_number_of_worlds(synthetic: Any):
    """0 worlds cannot be explored."""
    with pytest.raises(SenseError, match="expected 1 or more, found 0"):
        explore(load(QUICK), None, 0)  # type: ignore[arg-type]


def test_tables_and_document_say_the_same(found: Any, tmp_path: Path):
    """JSON, page and folder carry the worlds."""
    import json

    import pandas as pd

    document = json.loads(json.dumps(found.document(), allow_nan=False))["worlds"]
    assert document["share"] == found.worlds.held / 40
    assert document["share_low"] < document["share"] < document["share_high"]
    assert document["depends"][0]["name"] == "pods.lift"
    found.save(tmp_path / "out")
    design = pd.read_csv(tmp_path / "out" / "worlds.csv")
    assert (design["lead"] > 0).sum() == found.worlds.held
    assert len(pd.read_parquet(tmp_path / "out" / "worlds.parquet")) == 80
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Plausible worlds" in page
    assert page.index("What the choice depends on most") < page.index("From signal to live campaign")
    rows = told.dependence_table(found).rows
    assert [row[0] for row in rows] == ["pods.lift", "idle"]
    assert "1 of the 2 shown are beyond luck" in page
    assert "the further ahead is pods" in page
    assert [one.caption.split(",")[0] for one in told.tables(found)][1:] == [
        "What the lead of pods depends on most", "One number at a time",
    ]  # fmt: skip


def test_the_picture_of_what_it_depends_on(found: Any):
    """A bar per number as long as its correlation, pale where it may be luck, with the interval of Bonett and Wright."""
    axes = dependence(found).axes[0]
    bars = [(bar.get_width(), bar.get_alpha()) for bar in axes.patches]
    assert [width for width, _ in bars] == [one.correlation for one in found.worlds.depends]
    assert bars[0][1] > 0.8 > 0.3 > bars[1][1]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["pods.lift", "idle"]
    for line, one in zip(axes.lines, found.worlds.depends, strict=False):
        assert tuple(line.get_xdata()) == spearman_interval(one.correlation, 40)
    assert len(render(found).split("<svg")) == 6


def test_intervals_of_a_rank_correlation_cover():
    """Of a bivariate normal with Pearson's 0.7, Spearman's is 6 / pi asin(0.35); 95 +- 2 % of the intervals hold it."""
    truth, covered = 6 / np.pi * np.arcsin(0.35), 0
    draws = generator(4, "bivariate").standard_normal((600, 2, 30))
    for x, noise in draws:
        low, high = spearman_interval(spearman(x, 0.7 * x + np.sqrt(1 - 0.49) * noise), 30)
        covered += low < truth < high
    assert abs(covered / 600 - 0.95) < 0.02
    assert spearman_interval(1.0, 9) == (1.0, 1.0)
    with pytest.raises(ValueError, match="found 3"):
        spearman_interval(0.5, 3)


def test_one_alternative_gets_a_range(synthetic: Any):
    """Without an alternative nothing is chosen: the worlds give the outcome's range."""
    make = make_of(synthetic)

    def alone(values: dict[str, float]) -> dict[str, Any]:
        return {"pods": make(values)["pods"]}

    result = explored(synthetic, 20, alone)
    assert "In nine of ten of the 20 plausible worlds profit is" in answer(result).worlds
    assert result.worlds.doublings == ()
    few = explored(synthetic, 3, alone)
    low, high = (form(few.worlds.leads["lead"]) for form in (min, max))
    assert answer(few).worlds.startswith(f"In the 3 plausible worlds profit is {low / 1e6:.1f} to {high / 1e6:.1f}")
    assert answer(few).worlds.endswith("So few do not show which numbers it depends on: `--worlds 50` does.")
    (table,) = told.tables(few)
    assert table.head == ["alternative", "lowest", "median", "highest"]
