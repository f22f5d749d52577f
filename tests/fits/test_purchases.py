"""Fitting purchase models to order histories: published figures, recovery, bookkeeping, refusals."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from ruamel.yaml import YAML

from simkit.fits.purchases import (
    FitError,
    MissingExtra,
    cdnow_sample,
    fit,
    read_orders,
    render,
    summarize,
    to_json,
)

COMMITTED = Path(__file__).parents[2] / "scenarios" / "fits" / "cdnow.yaml"


@pytest.fixture(scope="module")
def cdnow():
    """The fit of the CDNOW sample up to 1997-09-30, in weeks."""
    try:
        return fit("cdnow", until="1997-09-30", unit="week")
    except MissingExtra as missing:
        pytest.skip(str(missing))


def simulated_orders(seed, customers=4000, days=420, r=0.4, alpha=60.0, a=0.8, b=2.5):
    """Orders of BG/NBD customers (time in days) who enter over 90 days; spend is Gamma-Gamma(6, 4, 15)."""
    rng = np.random.default_rng(seed)
    entry, rate, dropout = rng.integers(0, 90, customers), rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    spend_rate = rng.gamma(4.0, 1 / 15.0, customers)
    rows = []
    for i in range(customers):
        age, alive = 0.0, True
        while alive and entry[i] + age <= days:
            rows.append((f"c{i}", entry[i] + int(age + 0.5), rng.gamma(6.0, 1 / spend_rate[i])))
            alive = age == 0.0 or rng.random() > dropout[i]
            age += rng.exponential(1 / rate[i])
    orders = pd.DataFrame(rows, columns=["customer", "date", "amount"])
    orders["date"] = pd.Timestamp("2021-03-01") + pd.to_timedelta(orders["date"], unit="D")
    return orders


@pytest.fixture(scope="module")
def orders():
    """A table of simulated orders."""
    return simulated_orders(seed=4)


@pytest.fixture(scope="module")
def fitted(orders):
    """The fit of the simulated orders, with about a year of calibration."""
    return fit(orders, until="2022-02-23", unit="day")


@pytest.fixture(scope="module")
def fewer(orders):
    """The orders of every fifth customer, for what does not depend on how many there are."""
    return orders[orders["customer"].str.endswith(("0", "5"))]


@pytest.fixture(scope="module")
def fitted_to_fewer(fewer):
    """Their fit."""
    return fit(fewer, until="2022-02-23", unit="day")


def written(folder, text, name="orders.csv"):
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path, **options):
    """The message with which a file is refused."""
    with pytest.raises(FitError) as refused:
        read_orders(path, **options)
    return str(refused.value)


# --- published figures -------------------------------------------------------------------------------


def test_cdnow_log_likelihood_is_the_published_one(cdnow):
    """BG/NBD on CDNOW reaches -9582.4 (Fader, Hardie & Lee 2005)."""
    assert cdnow.purchases.log_likelihood == pytest.approx(-9582.4, abs=0.05)


@pytest.mark.parametrize(("name", "value"), [("r", 0.243), ("alpha", 4.414), ("a", 0.793), ("b", 2.426)])
def test_cdnow_purchase_parameters_are_the_published_ones(cdnow, name, value):
    """Each BG/NBD parameter is within 1 % of the publication."""
    assert getattr(cdnow.bg_nbd, name) == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize(("name", "value"), [("p", 6.25), ("q", 3.74), ("v", 15.44)])
def test_cdnow_spend_parameters_are_the_published_ones(cdnow, name, value):
    """Each Gamma-Gamma parameter is within 1 % of Fader & Hardie (2013)."""
    assert getattr(cdnow.gamma_gamma, name) == pytest.approx(value, rel=0.01)


def test_cdnow_counts_are_the_published_ones(cdnow):
    """2,357 customers, 946 of them repeaters, from 6,919 orders; frequency and spend correlate at 0.11."""
    counts = cdnow.counts
    assert (counts.rows, counts.customers, counts.repeaters, counts.left_out) == (6919, 2357, 946, 0)
    assert cdnow.correlation == pytest.approx(0.11, abs=0.005)
    assert cdnow.warnings == ()


def test_cdnow_tracking_follows_the_year_after_calibration(cdnow):
    """39 weeks in and 39 weeks out of calibration; the forecast of the total is within 5 %."""
    assert cdnow.tracking["calibration"].tolist() == [True] * 39 + [False] * 39
    final = cdnow.tracking.iloc[-1]
    assert final["actual"] == cdnow.counts.repeats + cdnow.counts.later_repeats
    assert final["expected"] == pytest.approx(final["actual"], rel=0.05)


def test_committed_cdnow_scenario_is_this_fit(cdnow):
    """scenarios/fits/cdnow.yaml holds what fitting gives today."""
    committed, fresh = (YAML(typ="safe").load(text) for text in (COMMITTED.read_text(), cdnow.snippet()))
    for values in (committed, fresh):
        values.update({f"spend {name}": value for name, value in values.pop("spend").items()})
    assert committed.keys() == fresh.keys()
    for name, value in fresh.items():
        assert committed[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-4))


def test_cdnow_sample_is_found_without_importing_its_package(cdnow):
    """Finding the sample does not import `lifetimes`, and importing this module does not import scipy."""
    code = (
        "import sys; from simkit.fits import purchases as f; assert 'scipy' not in sys.modules;"
        "f.cdnow_sample(); assert 'lifetimes' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=COMMITTED.parents[2])


def test_missing_sample_names_the_extra(monkeypatch):
    """Without the data extra, asking for cdnow says how to install it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r'pip install --editable "\.\[data\]"'):
        cdnow_sample()


# --- recovery ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [("r", 0.4), ("alpha", 60.0), ("a", 0.8), ("b", 2.5)])
def test_purchase_parameters_are_recovered_from_orders(fitted, name, value):
    """From dated orders with staggered entry, BG/NBD is found within 3 standard errors."""
    assert abs(getattr(fitted.bg_nbd, name) - value) < 3 * fitted.purchases.standard_errors[name]


@pytest.mark.parametrize(("name", "value"), [("p", 6.0), ("q", 4.0), ("v", 15.0)])
def test_spend_parameters_are_recovered_from_orders(fitted, name, value):
    """From the same orders, Gamma-Gamma is found within 3 standard errors."""
    assert abs(getattr(fitted.gamma_gamma, name) - value) < 3 * fitted.spend.standard_errors[name]


def test_tracking_expects_from_each_entry_day(fitted, orders):
    """Expected repeats at `until` are the sum of E[X(T)] over customers, and actual ones their sum of x."""
    people, _ = summarize(read_orders(orders), pd.Timestamp("2022-02-23"), "day")
    at_end = fitted.tracking[fitted.tracking["calibration"]].iloc[-1]
    assert str(at_end["end"]) == "2022-02-23"
    assert at_end["expected"] == pytest.approx(fitted.bg_nbd.expected_purchases(people["T"]).sum())
    assert at_end["actual"] == people["x"].sum()
    assert abs(at_end["actual"] / at_end["expected"] - 1) < 0.05


def test_the_unit_only_rescales_time(fewer, fitted_to_fewer):
    """Weeks instead of days divide alpha by 7 and change nothing else."""
    weeks = fit(fewer, until="2022-02-23", unit="week")
    assert weeks.bg_nbd.alpha == pytest.approx(fitted_to_fewer.bg_nbd.alpha / 7, rel=1e-4)
    assert weeks.bg_nbd.r == pytest.approx(fitted_to_fewer.bg_nbd.r, rel=1e-4)


# --- bookkeeping -------------------------------------------------------------------------------------


SMALL = """customer,date,amount
ann,2024-01-01,10
ann,2024-01-15,20
ann,2024-01-15,5
ann,2024-01-29,0
bob,2024-01-08,7
cid,2024-02-20,9
ann,2024-03-01,30
"""


def test_history_of_a_customer(tmp_path):
    """Orders of one day are one purchase; free ones count as purchases, not as spend; later ones wait."""
    table = read_orders(written(tmp_path, SMALL))
    people, counts = summarize(table, pd.Timestamp("2024-02-05"), "week")
    ann, bob = people.loc["ann"], people.loc["bob"]
    assert (ann["x"], ann["t_x"], ann["T"], ann["spend_x"], ann["mean_spend"]) == (2, 4.0, 5.0, 1, 25.0)
    assert (bob["x"], bob["t_x"], bob["T"], bob["spend_x"]) == (0, 0.0, 4.0, 0)
    assert "cid" not in people.index
    assert (counts.rows, counts.merged, counts.customers, counts.left_out) == (7, 1, 2, 1)
    assert (counts.repeaters, counts.repeats, counts.later_repeats, counts.free_repeats) == (1, 2, 1, 1)


def test_splitting_an_order_within_its_day_changes_nothing(fewer, fitted_to_fewer):
    """Two halves of an order on one day fit like the whole; the count of joined orders is told."""
    halves = fewer.assign(amount=fewer["amount"] / 2)
    again = fit(pd.concat([halves, halves]), until="2022-02-23", unit="day")
    assert again.bg_nbd == fitted_to_fewer.bg_nbd
    assert again.gamma_gamma.q == pytest.approx(fitted_to_fewer.gamma_gamma.q, rel=1e-6)
    assert again.counts.merged == fitted_to_fewer.counts.merged + len(fewer)
    assert f"{again.counts.merged} orders joined" in again.snippet()


@pytest.mark.parametrize("form", ["%Y%m%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d 23:59:01", "%Y-%m-%dT08:00Z"])
def test_date_formats_are_detected(tmp_path, form):
    """Usual ways to write a date are read alike, and a time of day is ignored."""
    days = pd.to_datetime(["2024-01-31", "2024-02-01", "2024-12-25"])
    text = "customer,date,amount\n" + "".join(f"a,{day.strftime(form)},1\n" for day in days)
    assert read_orders(written(tmp_path, text))["day"].tolist() == list(days)


def test_columns_by_number_and_white_space(tmp_path):
    """A file without a header is read by column numbers, from 1, as text or numbers."""
    path = written(tmp_path, " 004 0001 19970101  2  29.33\n\n 004 0001 19970118  2  29.73\n", "a.txt")
    table = read_orders(path, customer="1", date="3", amount="5")
    assert table["customer"].tolist() == ["004", "004"]
    assert table["amount"].tolist() == [29.33, 29.73]
    pd.testing.assert_frame_equal(table, read_orders(path, customer=1, date=3, amount=5))


def test_columns_by_name_quotes_and_byte_order_mark(tmp_path):
    """Columns may have any name and order; quoted commas and a byte order mark do no harm."""
    text = '\ufeffTotal,"Who, exactly",When\n"5.50","Smith, A",2024-05-01\n'
    options = {"customer": "Who, exactly", "date": "When", "amount": "Total"}
    table = read_orders(written(tmp_path, text), **options)
    assert table.iloc[0].tolist() == ["Smith, A", pd.Timestamp("2024-05-01"), 5.5]


@pytest.mark.parametrize(
    ("written_so", "amounts"),
    [
        (("1.274,60", "44,30", "50"), (1274.6, 44.3, 50)),
        (("1,274.60", "44.30", "1,000,000"), (1274.6, 44.3, 1e6)),
        (("1.274", "44.3", "5e1"), (1.274, 44.3, 50)),
    ],
)
def test_amounts_may_have_decimal_commas(tmp_path, written_so, amounts):
    """A column is read in the one way that reads all of it: decimal commas, or commas between thousands."""
    rows = "".join(f"a;0{day}.05.2024 09:30;{amount}\n" for day, amount in enumerate(written_so, 1))
    table = read_orders(written(tmp_path, f"\ufeffcustomer;date;amount\n{rows}"))
    assert table["amount"].tolist() == list(amounts)


def test_without_amounts_only_frequency_is_fitted(fewer, fitted_to_fewer):
    """Leaving out the amount leaves out spend, and BG/NBD is the same."""
    bare = fit(fewer.drop(columns="amount"), amount=None, until="2022-02-23", unit="day")
    assert bare.spend is None
    assert bare.bg_nbd == fitted_to_fewer.bg_nbd
    assert "spend:" not in bare.snippet()


def test_default_end_is_the_last_order(fewer):
    """Without `until` everything is calibration."""
    everything = fit(fewer)
    assert everything.until == fewer["date"].max().date()
    assert everything.tracking["calibration"].all()
    assert everything.counts.later_repeats == 0


# --- what is written ---------------------------------------------------------------------------------


def test_snippet_is_the_scenario_yaml(tmp_path, fewer, fitted_to_fewer):
    """The snippet has exactly the scenario's keys, six digits, and a header that can repeat the fit."""
    path = tmp_path / "my orders.csv"
    fewer.rename(columns={"customer": "id"}).to_csv(path, index=False)
    text = fit(path, customer="id", until="2022-02-23", unit="day").snippet()
    loaded = YAML(typ="safe").load(text)
    assert list(loaded) == ["model", "unit", "r", "alpha", "a", "b", "spend", "source"]
    assert list(loaded["spend"]) == ["model", "p", "q", "v"]
    assert loaded["r"] == float(f"{fitted_to_fewer.bg_nbd.r:.6g}")
    assert loaded["source"] == "simkit fit my orders.csv, until 2022-02-23"
    assert "simkit fit 'my orders.csv' --customer id --until 2022-02-23 --unit day" in text
    assert str(tmp_path) not in text
    assert "log-likelihood" in text
    assert "standard errors r 0." in text


def test_json_is_plain(fitted):
    """The export survives strict JSON and holds the estimates and every period."""
    loaded = json.loads(json.dumps(to_json(fitted), allow_nan=False))
    assert loaded["bg_nbd"]["parameters"]["r"] == fitted.bg_nbd.r
    assert loaded["gamma_gamma"]["standard_errors"].keys() == {"p", "q", "v"}
    assert len(loaded["tracking"]) == len(fitted.tracking)
    assert loaded["counts"]["rows"] == fitted.counts.rows


def test_rendering_puts_warnings_first(orders):
    """A doubtful fit prints its warnings before its parameters, and the tracking table ends at the data."""
    few = orders[orders["customer"].isin([f"c{i}" for i in range(150)])]
    result = fit(few, until="2022-02-23")
    page = io.StringIO()
    render(result, Console(file=page, width=120))
    text = page.getvalue()
    assert "below 100" in text
    assert text.index("warning") < text.index("log-likelihood") < text.index(str(result.tracking["end"].max()))


# --- warnings ----------------------------------------------------------------------------------------


def test_heavy_tailed_spend_warns_of_an_infinite_mean(fewer):
    """Spend with a tail index below 1 gives q <= 1, and the warning says what that means."""
    rng = np.random.default_rng(8)
    names = fewer["customer"].unique()
    level = pd.Series(1 / rng.gamma(0.6, size=names.size), index=names)
    heavy = fewer.assign(amount=fewer["customer"].map(level) * rng.gamma(4.0, size=len(fewer)))
    assert any("mean spend is infinite" in warning for warning in fit(heavy).warnings)


def test_spend_that_goes_with_frequency_is_warned_about(fewer):
    """When frequent customers spend more, the assumption of Gamma-Gamma is reported as broken."""
    size = fewer.groupby("customer")["amount"].transform("size")
    linked = fit(fewer.assign(amount=fewer["amount"] * size))
    assert linked.correlation > 0.2
    assert any("correlate" in warning for warning in linked.warnings)


def test_free_repeats_leave_spend_unfitted(fewer):
    """When no repeat purchase has an amount, spend is left out with a warning."""
    free = fit(fewer.assign(amount=0.0))
    assert free.spend is None
    assert any("spend is not fitted" in warning for warning in free.warnings)


def test_calibration_after_the_data_is_warned_about(fewer):
    """An end after the last order treats the days between as quiet, and says so."""
    assert any("after the last order" in warning for warning in fit(fewer, until="2023-01-01").warnings)


# --- refusals ----------------------------------------------------------------------------------------


def test_every_bad_row_is_reported_at_once(tmp_path):
    """Bad dates, customers and amounts are listed together by line, with what was found and is allowed."""
    text = "customer,date,amount\na,2024-01-01,1\n,2024-01-02,2\nb,2024-02-30,3\nc,2024-01-04,-4\nd,2024-01-05,inf\n"
    message = refusal(written(tmp_path, text + "e,2024-01-06,\nf,,1\n"))
    assert message.startswith("orders.csv: 6 problem")
    for expected in (
        "line 3: customer: found ''",
        "line 4: date: found '2024-02-30'",
        "line 5: amount: found '-4'; allowed: a finite number, 0 or more",
        "line 6: amount: found 'inf'",
        "line 7: amount: found ''",
        "line 8: date: found ''",
    ):
        assert expected in message
    assert "line 2" not in message


def test_many_problems_are_counted(tmp_path):
    """Of 30 bad rows the first 20 are shown, and their number."""
    message = refusal(written(tmp_path, "customer,date,amount\n" + "a,2024-01-01,x\n" * 30))
    assert "first 20 of 30" in message
    assert message.count("line ") == 20


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("", {}, "is empty"),
        ("customer,date,amount\n", {}, "no orders"),
        ("id,date,amount\na,2024-01-01,1\n", {}, "'customer'; found ['id', 'date', 'amount']"),
        ("customer,date,date,amount\n", {}, "exactly one column named 'date'"),
        ("customer,date,amount\na,2024-01-01\n", {}, "has 2 columns, needs 3"),
        ("customer,date,amount\na\nb,2024-01-01,1\n", {}, "line 2: amount: found ''"),
        ("a 20240101 1\n", {"customer": 1, "date": 2, "amount": 4}, "has 3 columns, needs 4"),
        ("a 20240101 1\n", {"customer": 0, "date": 2, "amount": 3}, "numbered from 1"),
        ("customer,date,amount\na,01/02/2024,1\n", {}, "%d/%m/%Y or %m/%d/%Y"),
        ("customer,date,amount\na,2024-01-01,1\n", {"date_format": "%d.%m.%Y"}, "written as %d.%m.%Y"),
        ("customer;date;amount\na;2024-01-01;1,274\n", {}, "amount: found '1,274', which may be 1.274 or 1274;"),
        ("customer;date;amount\na;2024-01-01;1.5\na;2024-01-02;1,5\n", {}, "line 3: amount: found '1,5'; allowed"),
    ],
)
def test_unreadable_files_are_refused(tmp_path, text, options, expected):
    """An empty file, missing or doubled columns, short rows and ambiguous dates are errors that say so."""
    message = refusal(written(tmp_path, text), **options)
    assert message.startswith("orders.csv")
    assert expected in message


def test_a_stated_format_settles_ambiguous_dates(tmp_path):
    """Stating the format reads a date that could be two."""
    path = written(tmp_path, "customer,date,amount\na,01/02/2024,1\n")
    assert read_orders(path, date_format="%d/%m/%Y")["day"][0] == pd.Timestamp("2024-02-01")


def test_files_that_are_no_text_are_refused(tmp_path):
    """A missing file, a folder and binary content are errors that name the path."""
    assert "no such file" in refusal(tmp_path / "none.csv")
    assert "is a folder; allowed: a file of orders" in refusal(tmp_path)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    assert "is not UTF-8 text (byte 0xff)" in refusal(tmp_path / "binary.csv")


def test_tables_are_checked_like_files(orders):
    """Bad values and missing columns of a table are refused by row."""
    bad = pd.DataFrame({"customer": ["a", None], "date": ["2024-01-01", "soon"], "amount": [1.0, np.nan]})
    message = refusal(bad)
    for expected in ("row 2: customer", "row 2: date: found 'soon'", "row 2: amount"):
        assert expected in message
    assert "named 'amount'" in refusal(bad[["customer", "date"]])
    assert "no orders" in refusal(orders.iloc[:0])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"unit": "fortnight"}, "allowed: day, week, month, year"),
        ({"until": "last year"}, "allowed: a date written as YYYY-MM-DD"),
        ({"until": "2020-01-01"}, "the first order is on 2021-03-01"),
    ],
)
def test_impossible_requests_are_refused(orders, options, expected):
    """An unknown unit and an end that is no date or before the first order are errors."""
    with pytest.raises(FitError, match=expected):
        fit(orders, **options)


def test_customers_who_buy_once_identify_nothing(orders):
    """When nobody repeats there is no fit to give, and the error says why."""
    with pytest.raises(FitError, match="bought a second time"):
        fit(orders.drop_duplicates("customer"))
