"""The parts of a difference: they add up, they are Shapley's, and what cannot be told apart is said."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simkit.experiment.cells import Answer, Model
from simkit.experiment.differences.ways import Parts
from simkit.experiment.differences.why import AllFailed, NoAnswer, average, why
from simkit.experiment.storage import StoreError
from simkit.report.why import document, headline, notes
from simkit.rng import crc, run_key, uniform
from simkit.scenario.load import load


@dataclass(frozen=True)
class Toy:
    """A scenario of three switches."""

    on: frozenset[str] = frozenset()
    name: str = "toy"
    currency: str = "SAR"
    seed: int = 3
    replications: int = 4
    outcomes: tuple[str, ...] = ("profit",)
    fault: bool = False


@dataclass(frozen=True)
class Measure:
    name: str
    unit: str = "currency/year"
    title: str = "Profit"
    better: str = "higher"


def value(on: frozenset[str]) -> float:
    """2 a + 3 b + 5 c + 4 ab + 6 abc."""
    a, b, c = ("a" in on), ("b" in on), ("c" in on)
    return 2 * a + 3 * b + 5 * c + 4 * a * b + 6 * a * b * c


def run(scenario, replication, *, engine, threads):
    if scenario.fault and replication == 1:
        raise ValueError("no such luck")
    luck = uniform(*run_key(scenario.seed, replication), 0, 0, 1, 0, 0)
    rare = None if replication == 2 and "c" in scenario.on else 1.0
    return Answer({"profit": 100 + 50 * luck + value(scenario.on) * (1 + 0.1 * luck), "rare": rare}, pd.DataFrame())


MODEL = Model(
    run, "simkit.experiment.cells:figures_of", {"profit": Measure("profit"), "rare": Measure("rare")}, warm_up=None
)


def toy(names="abc", wrong=lambda one: [], fault=False, **more):
    parts = Parts(tuple(names), lambda chosen: Toy(on=chosen, fault=fault and len(chosen) == 1), wrong)
    study = SimpleNamespace(alternatives={"today": Toy(), "all": Toy(on=frozenset(names))}, base=Toy())
    return why(study, model=MODEL, parts=parts, workers=1, **more)


def test_shapley_by_hand():
    """Each pair shares its interaction by halves, all three by thirds: 2+2+2, 3+2+2, 5+0+2, times what luck makes."""
    found = toy()
    luck = np.array([uniform(*run_key(3, i), 0, 0, 1, 0, 0) for i in range(4)])
    expected = {"a": 6, "b": 7, "c": 7}
    for part in found.parts("profit"):
        assert part.average.difference == pytest.approx(expected[part.name] * (1 + 0.1 * luck).mean())
        assert part.average.low < part.average.difference < part.average.high
    in_order = [part.in_order.mean / (1 + 0.1 * luck.mean()) for part in found.parts("profit")]
    assert in_order == pytest.approx([2, 7, 11])
    spans = [(part.lowest, part.highest) for part in found.parts("profit")]
    assert spans[0] == pytest.approx((2 * (1 + 0.1 * luck.mean()), 12 * (1 + 0.1 * luck.mean())))
    assert found.way.exact
    assert len(found.values) == 8


@pytest.mark.parametrize("measure", ["profit", "rare"])
def test_parts_add_up_to_the_whole(measure):
    """In order and on average, replication by replication and so in the mean; also where some have no value."""
    found = toy(replications=7)
    whole, parts = found.whole(measure), found.parts(measure)
    assert math.fsum(part.average.difference for part in parts) == pytest.approx(whole.difference, abs=1e-12)
    assert math.fsum(part.in_order.mean for part in parts) == pytest.approx(whole.difference, abs=1e-12)
    value = {chosen: values["profit"] for chosen, values in found.values.items()}
    each = sum(average(value, i, found.way) for i in range(3))
    assert each == pytest.approx(value[found.everything] - value[frozenset()], abs=1e-12)
    assert whole.pairs == (6 if measure == "rare" else 7)
    assert any("6 of 7 replications" in note for note in notes(toy(replications=7, measures=["rare"])))


def test_sampled_orders_add_up_and_are_stated():
    """Nine sections in 16 orders, half of them backwards: a section that acts alone gets exactly what it brings, the
    rest adds up; the same orders every time."""
    found, again = toy("abcdefghi"), toy("abcdefghi")
    assert not found.way.exact
    assert found.way.orders == again.way.orders
    assert len(found.way.orders) == 17
    assert all(one[::-1] == other for one, other in zip(found.way.orders[1::2], found.way.orders[2::2], strict=True))
    assert len(found.values) < 130
    by = {part.name: part.average.difference for part in found.parts("profit")}
    assert math.fsum(by.values()) == pytest.approx(found.whole("profit").difference, abs=1e-12)
    assert all(by[name] == 0 for name in "defghi")
    assert by["a"] + by["b"] == pytest.approx(found.whole("profit").difference * 13 / 20, rel=0.3)
    assert any("16 sampled orders" in note for note in notes(found))


class Resolved(Toy):
    """With what an address is made of."""

    model_fields = ("on",)

    def model_dump(self, **_):
        return {"on": sorted(self.on), "seed": self.seed}


def test_kept_runs_do_not_run_again(tmp_path, monkeypatch):
    """A second question runs nothing and answers the same to the bit; a damaged line or another code is run again."""
    ran = []

    def counted(scenario, replication, *, engine, threads):
        ran.append(replication)
        return run(scenario, replication, engine=engine, threads=threads)

    parts = Parts(("a", "b"), lambda chosen: Resolved(on=chosen), lambda one: [])
    study = SimpleNamespace(alternatives={"today": Resolved(), "all": Resolved(on=frozenset("ab"))}, base=Resolved())
    ask = functools.partial(why, study, model=replace(MODEL, simulate=counted), parts=parts, workers=1)
    plain, first = ask(), ask(folder=tmp_path / "kept")
    assert len(ran) == 2 * 4 * 4
    second = ask(folder=tmp_path / "kept")
    assert len(ran) == 32
    for found in (first, second):
        pd.testing.assert_frame_equal(found.table(), plain.table(), check_exact=True)
    journal = next((tmp_path / "kept").iterdir())
    journal.write_bytes(journal.read_bytes().replace(b'"replication": 1', b'"replication": 7', 1))
    assert ask(folder=tmp_path / "kept", replications=5).replications == 5
    assert len(ran) == 32 + 4 + 1
    monkeypatch.setattr("simkit.experiment.storage.address.PACKAGES", ("numpy",))
    ask(folder=tmp_path / "kept")
    assert len(ran) == 32 + 5 + 16
    (tmp_path / "kept" / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"something else than kept runs \(thesis.txt\)"):
        ask(folder=tmp_path / "kept")


def test_sections_that_cannot_be_told_apart_are_merged():
    """b needs a: the two are one part, which has their interaction; c stays alone, and the sentence says why."""
    found = toy(wrong=lambda one: ["b: needs a"] if "b" in one.on and "a" not in one.on else [])
    assert found.way.labels == ["a and b", "c"]
    assert [part.in_order.mean for part in found.parts("profit")] == pytest.approx(
        [9 / 20 * found.whole("profit").difference, 11 / 20 * found.whole("profit").difference]
    )
    assert "a, b: turned together" in notes(found)[0]
    assert "b: needs a" in notes(found)[0]
    assert document(found)["merged"] == [{"sections": ["a", "b"], "because": "b: needs a"}]
    alone = toy(wrong=lambda one: ["nothing between makes sense"])
    assert alone.way.labels == ["a and b and c"]
    assert "nothing smaller can be told apart" in headline(alone)


def test_no_scenario_is_run_twice():
    """2 ** 3 scenarios, each once per replication."""
    ran = []

    def counted(scenario, replication, **more):
        ran.append((scenario.on, replication))
        return run(scenario, replication, **more)

    model = Model(counted, MODEL.compute, MODEL.measures, warm_up=None)
    parts = Parts(("a", "b", "c"), lambda chosen: Toy(on=chosen), lambda one: [])
    study = SimpleNamespace(alternatives={"today": Toy(), "all": Toy(on=frozenset("abc"))})
    why(study, model=model, parts=parts, workers=1, replications=3)
    assert len(ran) == len(set(ran)) == 24


def test_a_failed_run_is_told_and_its_replication_left_out():
    """Never silently: the answer has the failures, and the parts still add up."""
    found = toy(fault=True)
    assert len(found.failures) == 3
    assert "no such luck" in document(found)["failures"][0]
    assert found.whole("profit").pairs == 3
    assert math.fsum(part.average.difference for part in found.parts("profit")) == pytest.approx(
        found.whole("profit").difference
    )
    with pytest.raises(AllFailed, match="every run failed"):
        why(
            SimpleNamespace(alternatives={"today": Toy(), "all": Toy(on=frozenset("a"))}),
            model=Model(lambda *_, **__: 1 / 0, MODEL.compute, MODEL.measures, warm_up=None),
            parts=Parts(("a",), lambda chosen: Toy(on=chosen), lambda one: []), workers=1,
        )  # fmt: skip


def test_workers_change_nothing(synthetic):
    """The made-up model in two processes and in one."""
    study = synthetic.study(replications=3)
    first, second = study.alternatives["today"], study.alternatives["pods"]
    parts = Parts(
        ("lead_days", "lift"),
        lambda on: first.model_copy(update={name: getattr(second, name) for name in on}), lambda one: [],
    )  # fmt: skip
    one, two = (why(study, "pods", model=synthetic.MODEL, parts=parts, workers=n) for n in (1, 2))
    pd.testing.assert_frame_equal(one.table(), two.table())
    by = {part.name: part.average for part in one.parts("signal_to_live_days")}
    assert by["lift"].difference == 0
    assert by["lead_days"].difference == one.whole("signal_to_live_days").difference


def test_one_section_has_everything(tmp_path):
    """Two real alternatives that differ in their contact policy alone: that part is the whole difference."""
    file = tmp_path / "one.yaml"
    file.write_text(
        "horizon: 14\nwarmup: 7\nreplications: 2\nmarket: {customers: 30}\n"
        "alternatives: {calm: {contact_policy.at_most: 1 per rolling week}}\n"
    )
    found = why(load(file), engine="mesa", workers=1)
    assert found.way.labels == ["contact policy"]
    (part,) = found.parts("contacts_per_customer_week")
    whole = found.whole("contacts_per_customer_week")
    assert part.average.difference == part.in_order.mean == whole.difference < 0
    assert headline(found).startswith("From today to calm, ")


@pytest.mark.parametrize(
    ("names", "measures", "said"),
    [
        (("todya", None), None, "no alternative is called 'todya'; there are: today, all"),
        (("today", None), None, "'today' is the base; name another: all"),
        (("all", "all"), None, "'all' is the base; name another: today"),
        ((None, None), ["profi"], "no measure is called 'profi'; did you mean 'profit'"),
    ],
)
def test_bad_input(names, measures, said):
    """An unknown alternative or measure, and one alternative against itself."""
    study = SimpleNamespace(alternatives={"today": Toy(), "all": Toy(on=frozenset("a"))})
    with pytest.raises(NoAnswer, match=said):
        why(study, *names, measures=measures, model=MODEL, workers=1)


def test_nothing_to_tell():
    """Alternatives that do not differ have no parts; of three, two must be named."""
    study = SimpleNamespace(alternatives={"today": Toy(), "same": Toy(), "third": Toy()})
    none = Parts((), lambda chosen: Toy(), lambda one: [])
    with pytest.raises(NoAnswer, match="today and same do not differ"):
        why(study, "same", model=MODEL, parts=none)
    with pytest.raises(NoAnswer, match="name two of the alternatives: today, same, third"):
        why(study, model=MODEL, parts=none)
    assert crc("why") > 0
