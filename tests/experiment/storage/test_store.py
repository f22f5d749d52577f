"""The store: whatever happens to process or disk, what is finished stays finished, and nothing runs twice."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pandas as pd
import pytest
from sweeps import Bench, flipped, write

from simkit.experiment import sweep as sweeping
from simkit.experiment.definition.cases import design_of
from simkit.experiment.definition.files import load_experiment
from simkit.experiment.storage import Store, StoreError, disk, merge, read_daily, read_results


def test_a_store_changes_nothing_and_nothing_runs_twice(bench: Bench):
    """The table is that of a sweep in memory; a second sweep simulates nothing."""
    bench.plain()
    assert len(bench.ran()) == 12
    first = bench.sweep()
    assert len(bench.ran()) == 12
    second = bench.sweep()
    assert bench.ran() == []
    for found in (first, second):
        pd.testing.assert_frame_equal(found.runs, bench.plain().runs)


def test_other_tools_read_the_folder_as_it_is(bench: Bench):
    """Parquet parts with a row per cell, a table of cases, a manifest with a checksum for every part."""
    swept = bench.sweep()
    runs = pd.read_parquet(bench.folder / "runs").sort_values(["case", "alternative", "replication"])
    assert len(runs) == 12
    assert sorted(runs["profit"]) == sorted(swept.runs["profit"])
    assert pd.read_parquet(bench.folder / "design.parquet")["contact_policy.gap"].tolist() == [1, 3]
    told = json.loads((bench.folder / "manifest.json").read_text())
    assert told["schema"] == "simkit sweep/1"
    assert told["parts"] == {f"runs/{path.name}": disk.checksum(path.read_bytes()) for path in bench.parts()}
    assert told["scenario"]["files"]["experiment.yaml"].startswith("scenario: small.yaml")
    assert {"code", "packages", "platform", "rng", "times", "cases", "fingerprint"} <= set(told)
    assert str(bench.home) not in json.dumps(told)


def test_duckdb_reads_the_folder_as_it_is(bench: Bench):
    """The queries of the README: runs beside their cases, and days joined by address, with no help of ours."""
    duckdb = pytest.importorskip("duckdb")
    swept = bench.sweep(daily=True)
    place = bench.folder.as_posix()
    with duckdb.connect() as database:
        order = '"case", alternative, replication'
        runs = database.execute(f"select * from '{place}/runs/*.parquet' order by {order}").df()
        means = database.execute(
            f"""select "contact_policy.gap", avg(profit) from '{place}/runs/*.parquet'
            join '{place}/design.parquet' using ("case") group by 1 order by 1"""
        ).fetchall()
        days = database.execute(
            f"select count(*), sum(days.profit) from '{place}/runs/*.parquet' "
            f"join '{place}/daily/*.parquet' as days using (cell)"
        ).fetchone()
    expected = swept.runs.sort_values(["case", "alternative", "replication"], ignore_index=True)
    pd.testing.assert_series_equal(runs["profit"], expected["profit"])
    assert runs["retention_rate"].isna().all()
    profit = swept.runs.groupby("case")["profit"]
    assert means == [(1.0, pytest.approx(profit.get_group(0).mean())), (3.0, pytest.approx(profit.get_group(1).mean()))]
    assert days == (24, pytest.approx(swept.runs["profit"].sum()))


def test_reading_again_gives_the_same_tables(bench: Bench):
    """For whoever analyzes; nothing is missing, and the figures are the same bits."""
    swept = bench.sweep()
    found = read_results(bench.folder)
    assert found.missing == 0
    pd.testing.assert_frame_equal(found.runs, swept.runs[found.runs.columns])
    pd.testing.assert_frame_equal(found.design, swept.design, check_index_type=False)


def test_words_discard_nothing(bench: Bench):
    """Another question, or a comment, makes no run invalid; and the labels are still right."""
    bench.sweep()
    bench.ran()
    bench.experiment = write(bench.home, question="how often, really?")
    bench.sweep()
    assert bench.ran() == []


@pytest.mark.parametrize("kind", ["latin_hypercube, n: 4", "sobol, n: 4"])
def test_a_drawn_design_is_not_drawn_again(bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str):
    """It is the folder's as long as the experiment is the same, and whole; another seed, file or table draws anew."""
    file = bench.home / "experiment.yaml"
    file.write_text(file.read_text().replace("[1, 3]", "{low: 1.0, high: 3.0}").replace("grid", f"{{kind: {kind}}}"))
    bench.experiment = load_experiment(file)
    first, draws = bench.sweep(), []
    monkeypatch.setattr(sweeping, "design_of", lambda experiment: draws.append(1) or design_of(experiment))
    for _ in range(2):
        again = bench.sweep()
        pd.testing.assert_frame_equal(again.runs, first.runs)
        pd.testing.assert_frame_equal(again.design, first.design, check_index_type=False)
        assert draws == []
    bench.sweep(seed=99)
    assert len(draws) == 1
    bench.sweep()
    assert len(draws) == 2
    place = bench.folder / "design.parquet"
    table = pd.read_parquet(place)
    table.assign(**{"contact_policy.gap": 2.0}).to_parquet(place)
    pd.testing.assert_frame_equal(bench.sweep().runs, first.runs)
    place.write_bytes(b"no table")
    pd.testing.assert_frame_equal(bench.sweep().runs, first.runs)
    assert len(draws) == 4
    pd.testing.assert_frame_equal(read_results(bench.folder).design, first.design, check_index_type=False)
    file.write_text(file.read_text().replace("n: 4", "n: 8"))
    bench.experiment = load_experiment(file)
    assert len(bench.sweep().design) == 8


def test_another_design_runs_only_what_is_new(bench: Bench):
    """Cells are found by what they are: values may move, come and go, and more replications are asked for."""
    bench.sweep()
    bench.ran()
    bench.experiment = write(bench.home, gaps="[3, 5]", replications=4)
    found = bench.sweep()
    assert sorted(bench.ran()) == sorted(
        [f"3.0 {name} 3" for name in ("hierarchy", "pods")]
        + [f"5.0 {name} {i}" for name in ("hierarchy", "pods") for i in range(4)]
    )
    pd.testing.assert_frame_equal(found.runs, bench.plain().runs)
    assert len(pd.read_parquet(bench.folder / "runs")) == 16
    bench.ran()
    bench.experiment = write(bench.home)
    bench.sweep()
    assert bench.ran() == []  # what the other design did not need was kept


def test_a_sweep_whose_folder_was_taken_over_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """What lies there answers another question by then; nothing is lost, and the same sweep brings its runs back."""
    add, others = Store.add, []

    def added(store: Store, *row: Any) -> None:
        add(store, *row)
        if not others:
            others.append(None)
            others[0] = bench.sweep(seed=77)

    monkeypatch.setattr(Store, "add", added)
    with pytest.raises(StoreError, match=r"was taken over by a sweep of this name .* kept aside in spare/"):
        bench.sweep()
    assert read_results(bench.folder).about["seed"] == 77
    pd.testing.assert_frame_equal(read_results(bench.folder).runs, others[0].runs)
    bench.ran()
    found = bench.sweep()
    assert bench.ran() == []
    pd.testing.assert_frame_equal(found.runs, bench.plain().runs)


def test_other_luck_is_another_cell(bench: Bench):
    """A seed is part of what a run is."""
    bench.sweep()
    bench.ran()
    bench.sweep(seed=77)
    assert len(bench.ran()) == 12


def test_other_code_is_another_cell(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """A change of what simulates makes every run anew; the old ones are no longer among the runs."""
    bench.sweep()
    bench.ran()
    monkeypatch.setattr("simkit.experiment.storage.address.PACKAGES", ("numpy",))
    bench.sweep()
    assert len(bench.ran()) == 12
    assert len(pd.read_parquet(bench.folder / "runs")) == 12


def test_a_failed_cell_is_a_row_and_is_not_forgotten(bench: Bench):
    """It is stored with its error, not run again unless that is asked for."""
    bench.experiment = write(bench.home, gaps="[1, 13]", replications=2)
    found = bench.sweep().runs
    failed = found[found["status"] == "failed"]
    assert failed[["case", "replication"]].to_numpy().tolist() == [[1, 1], [1, 1]]
    assert failed["error"].str.contains("no such luck").all()
    assert failed["profit"].isna().all()
    bench.ran()
    bench.sweep()
    assert bench.ran() == []
    bench.sweep(retry_failed=True)
    assert len(bench.ran()) == 2
    assert len(pd.read_parquet(bench.folder / "runs")) == 8


def test_days_are_kept_on_request(bench: Bench):
    """By cell, so that they outlive a change of the design; a run without its days runs again, and no other."""
    bench.sweep(shard=(1, 2))
    half = len(bench.ran())
    swept = bench.sweep(daily=True)
    assert len(bench.ran()) == 12
    assert half < 12
    assert len(pd.read_parquet(bench.folder / "runs")) == 12
    days = read_daily(bench.folder)
    assert days.groupby(["case", "alternative", "replication"])["profit"].sum().to_numpy() == pytest.approx(
        swept.runs.sort_values(["case", "alternative", "replication"])["profit"].to_numpy()
    )
    flipped(sorted((bench.folder / "daily").iterdir())[0])
    with pytest.raises(StoreError, match="damaged"):
        read_daily(bench.folder)
    bench.experiment = write(bench.home, gaps="[3, 1]")
    bench.sweep(daily=True)
    assert len(bench.ran()) == 1
    assert len(read_daily(bench.folder)) == 24


# --- shards --------------------------------------------------------------------------------------------------


def test_shards_merged_are_one_sweep(bench: Bench):
    """Four parts share nothing and leave nothing out; merged, they equal a sweep in one piece."""
    expected = bench.plain()
    bench.ran()
    folders = [bench.home / f"shard{i}" for i in range(1, 5)]
    sizes = [len(bench.sweep(folder=folder, shard=(i, 4)).runs) for i, folder in enumerate(folders, 1)]
    assert sum(sizes) == len(bench.ran()) == 12
    assert read_results(folders[0]).missing == 12 - sizes[0]
    merged = merge(folders, bench.folder)
    assert merged.missing == 0
    pd.testing.assert_frame_equal(merged.runs, expected.runs[merged.runs.columns])
    pd.testing.assert_frame_equal(bench.sweep().runs, expected.runs)
    assert bench.ran() == []


def test_what_is_not_one_sweep_is_not_merged(bench: Bench):
    """Other luck, or figures that differ for the same run, are said."""
    bench.sweep(folder=bench.home / "a")
    bench.sweep(folder=bench.home / "b", seed=5)
    with pytest.raises(StoreError, match="another seed"):
        merge([bench.home / "a", bench.home / "b"], bench.folder)
    shutil.copytree(bench.home / "a", bench.folder)
    bench.experiment = write(bench.home, name="other")
    bench.sweep(folder=bench.home / "c")
    with pytest.raises(StoreError, match="holds the experiment 'gaps'"):
        merge([bench.home / "c"], bench.folder)


def test_replications_until_the_interval_is_narrow(bench: Bench):
    """Every case gets as many as it needs for the half-width, all its alternatives the same, and no more than allowed."""
    (bench.home / "experiment.yaml").write_text(
        "scenario: small.yaml\nname: gaps\nlevers: {contact_policy.gap: [1, 3]}\ndesign: grid\n"
        "replications: {outcome: profit, half_width: 0.12, at_least: 10, at_most: 60}\n"
    )
    bench.experiment = load_experiment(bench.home / "experiment.yaml")
    runs = bench.sweep().runs
    for _, group in runs.groupby(["case", "alternative"]):
        half = 2.0 * group["profit"].std() / len(group) ** 0.5
        assert half < 0.125 or len(group) == 60
        assert len(group) > 10
    assert runs.groupby("case").size().tolist() == [2 * len(g) for _, g in runs.groupby(["case", "alternative"])][::2]
    bench.ran()
    bench.sweep()
    assert bench.ran() == []
    assert (
        "replications ended when every half-width of profit was at most 0.12: their 95 % is approximate" in bench.told
    )


def test_a_half_width_that_was_not_reached_is_said(bench: Bench):
    """How many means are wider than was asked, and by how much; counted by hand."""
    file = bench.home / "experiment.yaml"
    file.write_text(
        "scenario: small.yaml\nname: gaps\nlevers: {contact_policy.gap: [1, 3]}\ndesign: grid\n"
        "replications: {outcome: profit, half_width: 0.15, at_least: 10, at_most: 12}\n"
    )
    bench.experiment = load_experiment(file)
    means = bench.sweep().runs.groupby(["case", "alternative"])["profit"]
    assert set(means.size()) == {12}
    halves = means.sem() * 2.200985  # t of 11 degrees of freedom
    wide = halves[halves > 0.15]
    assert len(wide)
    assert bench.told[-1] == (
        f"{len(wide)} of 4 means of profit have a half-width above 0.15 after 12 replications, the most allowed; "
        f"the widest has {halves.max() / 0.15:.3g} times that"
    )
