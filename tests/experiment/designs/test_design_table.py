"""Designs: the cases they promise, drawn by the house's keys, and mistakes said where they were made."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats.qmc import LatinHypercube

from simkit.experiment.designs import DesignError, Factor, cases_from_csv, design_table
from simkit.rng import generator
from simkit.scenario.errors import ScenarioError

RANGES = {"a": {"low": 0.0, "high": 10.0}, "b": {"low": 1.0, "high": 100.0, "log": True}, "c": {"low": 2, "high": 6}}
MIXED = {**RANGES, "d": ["hierarchy", "pods", "hub"]}


def test_a_grid_is_every_value_with_every_value():
    """The product of the lists, the last factor fastest, whole numbers whole."""
    table = design_table("grid", {"x.load": [1, 2], "x.who": ["a", "b", "c"], "x.on": [True, False]})
    expected = list(itertools.product([1, 2], ["a", "b", "c"], [True, False]))
    assert list(table.itertuples(index=False, name=None)) == expected
    assert table.index.name == "case"
    assert [table[name].dtype.kind for name in table] == ["i", "O", "b"]


def test_ranges_in_a_grid_get_levels_from_end_to_end():
    """Evenly on their scale; whole numbers that coincide come once."""
    table = design_table("grid", RANGES, n=9)
    assert sorted(set(table.c)) == [2, 3, 4, 5, 6]
    assert np.allclose(np.diff(sorted(set(table.a))), 1.25)
    assert np.allclose(np.diff(np.log(sorted(set(table.b)))), np.log(100) / 8)


def test_sub_experiments_are_not_crossed():
    """Two grids about one base: sizes add up, the case of both comes once, what is outside a grid stays at base."""
    factors = {"a": [1, 2, 3], "b": [10, 20], "c": ["x", "y"]}
    table = design_table("sub_experiments", factors, groups=[["a", "b"], ["c"]], base={"a": 1, "b": 10, "c": "x"})
    assert len(table) == 3 * 2 + 2 - 1
    assert ((table.c == "x") | ((table.a == 1) & (table.b == 10))).all()
    assert not table.duplicated().any()


def test_one_at_a_time_changes_one():
    """The base first; every other case differs from it in one factor, and every other value occurs."""
    base = {"a": 5.0, "b": 10.0, "c": 4, "d": "pods"}
    table = design_table("one_at_a_time", MIXED, base=base)
    assert table.iloc[0].to_dict() == base
    changed = (table != table.iloc[0]).sum(axis=1)
    assert changed.tolist() == [0] + [1] * (2 + 2 + 2 + 2)


def test_a_latin_hypercube_fills_every_stratum_once():
    """n points, one in each n-th of every factor, on the factor's own scale."""
    table = design_table("latin_hypercube", RANGES, n=40, seed=3)
    assert sorted((table.a / 10 * 40).astype(int)) == list(range(40))
    assert sorted((np.log(table.b) / np.log(100) * 40).astype(int)) == list(range(40))
    assert table.c.value_counts().to_dict() == dict.fromkeys(range(2, 7), 8)


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_a_latin_hypercube_is_that_of_scipy(n):
    """A column equals, to the bit, what `scipy.stats.qmc` draws from the same generator."""
    drawn = design_table("latin_hypercube", {"x": {"low": 0.0, "high": 1.0}}, n=n, seed=5)
    expected = LatinHypercube(1, seed=generator(5, "latin hypercube x")).random(n)
    assert drawn.x.tolist() == expected[:, 0].tolist()


def test_a_hypercube_is_keyed_by_factor():
    """Another factor more leaves a factor's column as it is; another seed does not."""
    few, more = (design_table("latin_hypercube", factors, n=16, seed=1) for factors in (RANGES, {"z": [1, 2], **MIXED}))
    pd.testing.assert_frame_equal(few, more[["a", "b", "c"]])
    assert not design_table("latin_hypercube", RANGES, n=16, seed=2).equals(few)


def test_a_sobol_sample_is_balanced():
    """Each half of each factor, and each quarter of each pair, holds its share exactly."""
    units = design_table("sobol", {name: {"low": 0.0, "high": 1.0} for name in "abcd"}, n=64)
    assert ((units < 0.5).sum() == 32).all()
    for one, other in itertools.combinations("abcd", 2):
        assert ((units[one] < 0.5) & (units[other] < 0.5)).sum() == 16


@pytest.mark.parametrize("second_order", [False, True])
def test_a_saltelli_sample_has_its_blocks(second_order):
    """A, then A with each column of B, (B with each column of A,) then B; also through lists and whole numbers."""
    table = design_table("saltelli", MIXED, n=8, second_order=second_order)
    size = 2 * 4 + 2 if second_order else 4 + 2
    assert len(table) == 8 * size
    for block in range(8):
        rows = table.iloc[block * size : (block + 1) * size]
        first, last = rows.iloc[0], rows.iloc[-1]
        for i, name in enumerate(table):
            assert rows.iloc[1 + i].to_dict() == {**first.to_dict(), name: last[name]}
            if second_order:
                assert rows.iloc[5 + i].to_dict() == {**last.to_dict(), name: first[name]}


def test_a_morris_sample_moves_one_factor_at_a_time():
    """Each trajectory moves each factor once, by more than half its range, also short lists and whole numbers."""
    table = design_table("morris", {**MIXED, "e": [0, 1]}, n=6, seed=2)
    assert len(table) == 6 * 6
    for start in range(0, len(table), 6):
        rows = table.iloc[start : start + 6]
        moved = (rows.shift().iloc[1:] != rows.iloc[1:]).to_numpy()
        assert (moved.sum(axis=0) == 1).all()
        assert (moved.sum(axis=1) == 1).all()


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol", "saltelli", "morris"])
def test_a_sample_is_its_seeds(kind):
    """The same seed gives the same cases, another gives others, whatever was drawn in between."""
    first = design_table(kind, MIXED, n=8, seed=5)
    np.random.default_rng(1).random(3)
    pd.testing.assert_frame_equal(design_table(kind, MIXED, n=8, seed=5), first)
    assert not design_table(kind, MIXED, n=8, seed=6).equals(first)


def test_whole_numbers_on_a_log_scale_stay_inside():
    """Rounded on the log scale, both ends reached, nothing beyond."""
    table = design_table("sobol", {"n": {"low": 1, "high": 50, "distribution": "log"}}, n=1024)
    assert table.n.dtype.kind == "i"
    assert (table.n.min(), table.n.max()) == (1, 50)
    assert (table.n <= 5).mean() == pytest.approx(np.log(11) / np.log(101), abs=0.01)


@pytest.mark.parametrize(
    ("kind", "factors", "options", "said"),
    [
        ("grid", {"a": []}, {}, "a: the list is empty"),
        ("grid", {"a": [1, 2, 1.0]}, {}, "a: 1 is listed twice"),
        ("grid", {"a": 3}, {}, "a: found 3"),
        ("grid", {"a": {"low": 1.0, "high": 2.0}}, {}, "a: a range has no values"),
        ("grid", {}, {}, "no factor"),
        ("grid", {name: list(range(100)) for name in "abcd"}, {}, "100,000,000 cases"),
        ("gird", {"a": [1]}, {}, "did you mean 'grid'"),
        ("sobol", {"a": {"low": 2.0, "high": 2.0}}, {"n": 8}, "low must be below high"),
        ("sobol", {"a": {"low": 0, "high": 1}}, {"n": 8}, "0.0 and 1.0"),
        ("sobol", {"a": {"low": 0.0, "high": 1.0, "log": True}}, {"n": 8}, "log scale"),
        ("sobol", {"a": {"low": 0.0, "hihg": 1.0}}, {"n": 8}, "did you mean 'high'"),
        ("sobol", {"a": {"low": 0.5, "high": 3.0, "integer": True}}, {"n": 8}, "ends in whole numbers"),
        ("sobol", RANGES, {"n": 100}, "take 64 or 128"),
        ("saltelli", RANGES, {"n": 0}, "powers of two"),
        ("saltelli", {"a": [1, 2]}, {"n": 8}, "only factor"),
        ("saltelli", {**RANGES, "d": [1]}, {"n": 8}, "d: it has one value"),
        ("saltelli", RANGES, {"n": 1 << 19}, "take a smaller n"),
        ("morris", RANGES, {"n": 1}, "2 or more"),
        ("morris", RANGES, {"n": 4, "levels": 3}, "even"),
        ("latin_hypercube", RANGES, {}, "needs n"),
        ("one_at_a_time", {"a": [1, 2]}, {}, "a: it has no base value"),
        ("sub_experiments", {"a": [1, 2]}, {"base": {"a": 1}}, "need groups"),
        ("sub_experiments", {"a": [1, 2], "b": [1, 2]}, {"groups": [["a"]], "base": {"a": 1, "b": 1}}, "b: no group"),
        ("sub_experiments", {"a": [1, 2]}, {"groups": [["c"]], "base": {"a": 1}}, "no factor"),
        ("cases", {}, {}, "needs a file"),
    ],
)  # fmt: skip
def test_a_design_without_sense_is_refused(kind, factors, options, said):
    """What is wrong, with the factor it is wrong about."""
    with pytest.raises(DesignError) as caught:
        design_table(kind, factors, **options)
    assert said in str(caught.value)


def test_ready_made_factors_are_taken():
    """A caller who knows that a parameter is a real number says so."""
    table = design_table("sobol", {"a": Factor("a", low=1, high=3)}, n=8)
    assert table.a.dtype.kind == "f"


def test_a_table_of_cases_is_read(tmp_path):
    """Types as written, empty lines skipped, quotes as CSV has them."""
    file = tmp_path / "cases.csv"
    file.write_text('load, who,on,share\n1,"pods, near",true,0.5\n\n2,hub,false,1\n', encoding="utf-8")
    table = design_table("cases", {}, file=file)
    assert table.to_dict("list") == {
        "load": [1, 2],
        "who": ["pods, near", "hub"],
        "on": [True, False],
        "share": [0.5, 1],
    }
    assert table.load.dtype.kind == "i"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n1\n", "3:1: 1 cells for 2 factors"),
        ("a,b\n1,\n", "2:2: 'b' is empty"),
        ("a,b\n1,2\n\n1,2\n", "4:1: the same case as line 2"),
        ("a,a\n1,2\n", "1:2: column 'a' comes twice"),
        ("a,c\n1,2\n", "1:2: column 'c' is no known path"),
        ("a,b\n", "no case"),
        ("", "empty"),
        ("a,b\n1,inf\n", "2:2: 'b' is 'inf'"),
    ],
)
def test_mistakes_in_a_table_of_cases_have_their_line(tmp_path, text, said):
    """file:line:column and what is wrong."""
    file = tmp_path / "cases.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        cases_from_csv(file, known=["a", "b"])
    assert said in str(caught.value)
    assert "cases.csv:" in str(caught.value)
