"""`simkit fit` and `simkit fit-contacts` as a user meets them: files, snippets, exit codes, plain words."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest

from simkit.scenario.load import load

# Fader & Hardie (2007), How to Project Customer Retention, table 1: survivors of 1,000 "High End" customers
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
COHORT = "period,survivors\n" + "".join(f"{t},{n}\n" for t, n in enumerate(HIGH_END))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def logs():
    """The simulator of the coverage study."""
    path = Path(__file__).parents[2] / "experiments" / "fit_contacts_coverage" / "send_log.py"
    found = importlib.util.spec_from_file_location("send_log", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def varied(logs):
    """Sends in waves: fatigue can be told."""
    return logs.send_log(0, people=70, days=120)


@pytest.fixture(scope="module")
def steady(logs):
    """One message a week for everybody: it cannot."""
    return logs.send_log(0, people=40, days=90, sent=logs.weekly, bounce=0.0)


# --- fit-contacts -----------------------------------------------------------------------------------------------


def test_fatigue_goes_from_a_log_into_a_scenario(simkit, varied):
    """--out writes a snippet that changes market.fatigue when a scenario names it, and --json prints the same numbers."""
    varied.to_csv("sends.csv", index=False)
    code, out, err = simkit("fit-contacts", "sends.csv", "--wear-out", "hyperbolic", "--out", "fatigue.yaml")
    assert code == 0, err
    assert "wrote fatigue.yaml" in err
    assert "delta" in out
    Path("s.yaml").write_text("market: {fatigue: fatigue.yaml}\n")
    assert simkit("validate", "s.yaml")[0] == 0
    fatigue = load(Path("s.yaml")).base.market.fatigue
    code, out, _ = simkit("fit-contacts", "sends.csv", "--wear-out", "hyperbolic", "--json")
    document = json.loads(out)
    assert code == 0
    assert fatigue.wear_out == document["wear_out"] == "hyperbolic"
    assert fatigue.delta == pytest.approx(document["fatigue"]["delta"]["value"], rel=1e-5)
    assert fatigue.delta != 0.25
    assert fatigue.opt_out == pytest.approx(document["channels"]["email"]["opt_out"]["value"], rel=1e-5)


def test_a_constant_frequency_is_said_plainly_and_ends_with_5(simkit, steady):
    """The rates are printed, fatigue is declined in one sentence, and what is written leaves fatigue as it is."""
    steady.to_csv("sends.csv", index=False)
    code, out, _ = simkit("fit-contacts", "sends.csv", "--out", "fatigue.yaml")
    assert code == 5
    assert "Nothing can be said about fatigue: frequency never varied" in out
    assert "as observed" in out
    Path("s.yaml").write_text("market: {fatigue: fatigue.yaml}\n")
    Path("default.yaml").write_text("horizon: 364\n")
    read = [load(Path(name)).base.market.fatigue for name in ("s.yaml", "default.yaml")]
    assert read[0] == read[1]
    code, out, _ = simkit("fit-contacts", "sends.csv", "--json")
    assert code == 5
    assert json.loads(out)["fatigue"]["delta"]["value"] is None
    assert "Ends with 5" in " ".join(simkit("fit-contacts", "--help")[1].split())


@pytest.mark.parametrize(
    ("change", "words", "says"),
    [
        (lambda log: log.drop(columns="opened"), [], "exactly one column named 'opened'"),
        (lambda log: log.assign(time="soon"), [], "line 2: time: found 'soon'; allowed: a date written as %Y-%m-%d"),
        (lambda log: log, ["--date-format", "%d.%m.%Y"], "allowed: a date written as %d.%m.%Y"),
        (lambda log: log.assign(opened=2), [], "line 2: opened: found '2'; allowed: 1 or 0"),
        (lambda log: log, ["--only", "sms"], "no row has channel 'sms'; found email"),
    ],
)
def test_a_log_that_cannot_be_read_ends_with_3(simkit, steady, change, words, says):
    """With the line, what was found and what is allowed; nothing on stdout."""
    change(steady).to_csv("sends.csv", index=False)
    code, out, err = simkit("fit-contacts", "sends.csv", *words)
    assert (code, out) == (3, "")
    assert "sends.csv" in err
    assert says in err


def test_a_missing_log_and_a_wrong_weight(simkit, steady):
    """No such file is 3; an option that cannot be read is 2."""
    code, out, err = simkit("fit-contacts", "none.csv")
    assert (code, out) == (3, "")
    assert "no such file" in err
    steady.to_csv("sends.csv", index=False)
    code, _, err = simkit("fit-contacts", "sends.csv", "--weight", "email")
    assert code == 2
    assert "expected CHANNEL=W" in err
    assert simkit("fit-contacts", "sends.csv", "--wear-out", "power")[0] == 2


# --- fit --model sbg ----------------------------------------------------------------------------------------------


def test_renewals_go_from_a_cohort_into_a_scenario(simkit):
    """The published figures of Fader & Hardie come out, and a scenario that names the snippet has these contracts."""
    Path("cohort.csv").write_text(COHORT)
    code, out, err = simkit("fit", "cohort.csv", "--model", "sbg", "--out", "renewals.yaml")
    assert code == 0, err
    assert "wrote renewals.yaml" in err
    assert "retention" in out
    Path("s.yaml").write_text("market: {purchases: renewals.yaml}\n")
    assert simkit("validate", "s.yaml")[0] == 0
    purchases = load(Path("s.yaml")).base.market.purchases
    assert (purchases.model, purchases.unit) == ("sbg", "year")
    assert purchases.alpha == pytest.approx(0.668, abs=0.001)
    assert purchases.beta == pytest.approx(3.806, abs=0.005)
    code, out, _ = simkit("fit", "cohort.csv", "--model", "sbg", "--json")
    assert json.loads(out)["sbg"]["parameters"]["alpha"] == pytest.approx(purchases.alpha, rel=1e-5)


def test_contracts_by_customer_are_read_by_their_dates(simkit):
    """One row per customer, the end empty while the contract lasts; the snippet goes to stdout, all else to stderr."""
    start = pd.Timestamp("2015-01-01")
    ends = [start + pd.DateOffset(years=t) for t in range(1, 8) for _ in range(HIGH_END[t - 1] - HIGH_END[t])]
    ends += [pd.NaT] * HIGH_END[-1]
    pd.DataFrame({"customer": range(1000), "start": start, "end": ends}).to_csv("contracts.csv", index=False)
    code, out, err = simkit("fit", "contracts.csv", "--model", "sbg", "--until", "2022-06-01")
    assert code == 0
    assert "\nmodel: sbg\n" in out
    assert "1,000" in err or "1000" in err


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("customer,start\na,2020-01-01\n", [], "column named 'end'"),
        ("customer,start,end\na,soon,\n", [], "line 2: start: found 'soon'"),
        ("period,survivors\n0,9\n1,9\n2,9\n", [], "nobody left: renewal cannot be identified"),
        ("period,survivors\n0,9\n1,8\n", [], "two or more are needed"),
        (COHORT, ["--periods", "9"], "periods: found 9; allowed: 1 to 7"),
    ],
)
def test_contracts_that_tell_nothing_end_with_3(simkit, text, words, says):
    """Missing columns, unreadable dates, and histories from which renewal cannot be told."""
    Path("c.csv").write_text(text)
    code, out, err = simkit("fit", "c.csv", "--model", "sbg", *words)
    assert (code, out) == (3, "")
    assert says in err
