"""Exported logs: readable by independent tools, equal however they are asked for, whole or not there."""

from functools import cache

import pandas as pd
import pytest

from simkit.experiment.inquiries import exporting
from simkit.experiment.inquiries.exporting import TABLES, export
from simkit.experiment.inquiries.one_cell import NoSuchCell, one_cell
from simkit.experiment.store import save
from simkit.experiment.study import run
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

SMALL = {"horizon": 40, "warmup": 20, "market": {"customers": 300, "represents": 3000, "fatigue": {"opt_out": 0.02}}}
PANDAS = {"timestamp": "datetime64[us]", "flag": "bool", "count": "int64", "money": "float64", "number": "float64"}


@pytest.fixture(scope="module")
def simulated():
    """The run whose logs are exported."""
    return simulate(Scenario(**SMALL), contact_log=True, event_log=True)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Table -> rows written and what is read again; every one is exported once."""
    folder, scenario = tmp_path_factory.mktemp("logs"), Scenario(**SMALL)

    @cache
    def of(what):
        rows = export(scenario, what, folder / what, form="parquet")
        return rows, pd.read_parquet(folder / what)

    return of


@pytest.mark.parametrize("what", [name for name in TABLES if name != "daily"])
def test_parquet_and_csv_hold_the_documented_columns(tmp_path, exported, what):
    """Both formats have the columns of the schema in its order, the same rows, and times that only go forward."""
    path = tmp_path / "log"
    rows, table = exported(what)
    assert list(table.columns) == [column.name for column in TABLES[what]]
    assert len(table) == rows > 10
    for column in TABLES[what]:
        if column.type in PANDAS:
            assert table[column.name].dtype == PANDAS[column.type], column.name
    assert table["time"].is_monotonic_increasing
    export(Scenario(**SMALL), what, path, form="csv")
    written = pd.read_csv(path, keep_default_na=False, parse_dates=["time"])
    for column in TABLES[what]:
        assert (written[column.name] == table[column.name].astype(written[column.name].dtype)).all(), column.name


def test_the_files_say_what_the_run_says(exported, simulated):
    """Money, sends, opt-outs and days of the files are the ledger's of the same run."""
    daily = simulated.daily
    read = {what: exported(what)[1] for what in TABLES}
    sold = read["transactions"]
    by_day = sold.groupby(sold["time"].dt.normalize())["amount"].sum() * 3000
    expected = daily.set_index("date")["revenue"]
    assert by_day.reindex(expected.index, fill_value=0).to_numpy() == pytest.approx(expected.to_numpy())
    assert (sold["amount"] > 0).all()
    assert sold["first"].sum() * 3000 == daily["new_customers"].sum()
    assert len(read["sends"]) * 3000 == daily[["sent_email", "sent_sms", "sent_push"]].to_numpy().sum()
    assert read["sends"]["opted_out"].sum() * 3000 == daily["opt_outs"].sum()
    complaints = daily[[f"complained_{name}" for name in ("email", "sms", "push")]].to_numpy().sum()
    assert read["sends"]["complained"].sum() * 3000 == complaints > 0
    assert read["sends"]["opted_out"][read["sends"]["complained"]].all()
    contacts = read["contacts"]
    for name in ("3 per rolling week", "gap"):
        held_back = contacts[contacts["rule"] == name]
        assert len(held_back) * 3000 == daily[f"blocked_{name}"].sum()
        assert set(held_back["decision"]) <= {"deferred", "dropped"}
    pd.testing.assert_frame_equal(read["daily"], daily, check_dtype=False)


def test_messages_of_journeys_have_names(tmp_path):
    """A step of a journey is exported with its journey, its step and its channel."""
    scenario = Scenario(**SMALL, journeys=["win_back"])
    export(scenario, "contacts", tmp_path / "c", form="parquet")
    table = pd.read_parquet(tmp_path / "c")
    steps = table[table["message"].str.startswith("win_back/")]  # a campaign has the same name
    assert len(steps)
    assert set(steps["message"]) <= {f"win_back/{step}" for step in scenario.journeys["win_back"].steps}
    assert set(steps["campaign"]) == {"win_back"}
    assert (steps["channel"] != "").all()


def test_consent_is_known_at_any_time_from_the_file_alone(exported, simulated):
    """What is held at the start, given and withdrawn adds up to who may be written to at the end."""
    table = exported("consent")[1].copy()
    table["step"] = table["change"].map({"held": 1, "given": 1, "withdrawn": -1})
    now = table.groupby(["customer", "channel"])["step"].sum()
    assert set(now) <= {0, 1}
    people = simulated.customers
    for k, name in enumerate(["email", "sms", "push"]):
        assert now.xs(name, level="channel").sum() == ((people["consent"] >> k) & 1).sum()


def test_nothing_is_left_when_something_goes_wrong(tmp_path, monkeypatch):
    """A run that fails on the way leaves neither a file nor a part of one, and an older file as it was."""
    path = tmp_path / "t.csv"
    path.write_text("old")

    def broken(names, rows):
        raise OSError("disk full")

    monkeypatch.setitem(exporting._READERS, "transactions", broken)
    with pytest.raises(OSError, match="disk full"):
        export(Scenario(**SMALL), "transactions", path)
    assert [one.name for one in tmp_path.iterdir()] == ["t.csv"]
    assert path.read_text() == "old"


def test_a_name_that_looks_like_a_formula_is_text(tmp_path):
    """A segment called =1+1 cannot become a formula in a spreadsheet."""
    market = {**SMALL["market"], "segments": {"=1+1": {"share": 1}}}
    export(Scenario(**{**SMALL, "market": market}), "transactions", tmp_path / "t.csv")
    assert set(pd.read_csv(tmp_path / "t.csv")["segment"]) == {"'=1+1"}


def test_a_results_folder_gives_the_same_bits_as_its_scenario(tmp_path):
    """Exporting from what was saved is exporting from the file it was made of: alternative, seed and replication."""
    file = tmp_path / "s.yaml"
    file.write_text("horizon: 40 days\nwarmup: 20 days\nseed: 7\nmarket: {customers: 300}\n"
                    "alternatives: {calm: {contact_policy.at_most: 1 per rolling week}}\n")  # fmt: skip
    save(run(load(file), replications=2, workers=1), tmp_path / "results", lambda: "")
    paths = []
    for source in (file, tmp_path / "results"):
        cell = one_cell(source, "calm", 1)
        paths.append(tmp_path / f"{source.name}.csv")
        export(cell.scenario, "contacts", paths[-1], replication=cell.replication)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with pytest.raises(NoSuchCell, match="today, calm"):
        one_cell(file, "kalm")
    with pytest.raises(NoSuchCell, match="no results of `simkit run`"):
        one_cell(tmp_path)


def test_an_independent_fitter_recovers_the_purchase_process(tmp_path):
    """`lifetimes` fits BG/NBD to exported transactions within 2 standard errors of what was simulated.

    Customers are those whose first purchase is in the file, each observed from its minute to the end.
    """
    from lifetimes import BetaGeoFitter

    market = {"customers": 8000, "prospects": 0, "organic_share": 1}
    scenario = Scenario(market=market, channels=["email"], campaigns={}, occasions={}, monitors={}, horizon=730,
                        warmup=0)  # fmt: skip
    export(scenario, "transactions", tmp_path / "t", form="parquet")
    sold = pd.read_parquet(tmp_path / "t")
    new = sold[sold["customer"].isin(sold.loc[sold["first"], "customer"])]
    times, week = new.groupby("customer")["time"], pd.Timedelta(days=7)
    end = pd.Timestamp(scenario.start) + pd.Timedelta(days=730)
    frequency, recency, age = times.size() - 1, (times.max() - times.min()) / week, (end - times.min()) / week
    assert len(age) > 3000
    found = BetaGeoFitter().fit(frequency, recency, age).summary
    for name in ("r", "alpha", "a", "b"):
        true = getattr(scenario.market.purchases, name)
        assert abs(found.loc[name, "coef"] - true) < 2 * found.loc[name, "se(coef)"], name
