"""Fitting sBG to contracts: published figures, recovery from dates, bookkeeping, refusals."""

import json

import numpy as np
import pandas as pd
import pytest

from simkit.fits.read_table import FitError
from simkit.fits.renewals import Sbg, fit_renewals, to_json
from simkit.scenario.load import load

# Fader & Hardie (2007), How to Project Customer Retention, table 1: survivors of 1,000 "High End" customers
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]


@pytest.fixture(scope="module")
def high_end():
    """Fitted, as in the paper, to the first seven years."""
    return fit_renewals(pd.DataFrame({"period": range(13), "survivors": HIGH_END}), periods=7)


def contracts(seed, people=3000, alpha=0.7, beta=2.5):
    """Yearly contracts begun over four years and watched until the end of 2024; sBG by its definition."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2016-01-01") + pd.to_timedelta(rng.integers(0, 4 * 365, people), unit="D")
    years = rng.geometric(rng.beta(alpha, beta, people))
    end = [s + pd.DateOffset(years=int(min(y, 50))) for s, y in zip(start, years, strict=True)]
    end = pd.Series(end).where(lambda day: day <= "2024-12-31")
    return pd.DataFrame({"customer": range(people), "start": start, "end": end})


def test_high_end_parameters_are_the_published_ones(high_end):
    """alpha 0.668, beta 3.806 (Fader & Hardie 2007)."""
    assert high_end.sbg.alpha == pytest.approx(0.668, abs=0.001)
    assert high_end.sbg.beta == pytest.approx(3.806, abs=0.005)
    assert high_end.estimate.log_likelihood == pytest.approx(-1611.2, abs=0.1)


def test_high_end_forecast_follows_the_hold_out(high_end):
    """Survival after 12 years is 37.8 % against 39.4 % observed; expected retention rises from .851 to .921 by year 5."""
    last = high_end.tracking.iloc[-1]
    assert last["expected_survival"] == pytest.approx(0.378, abs=0.001)
    assert last["actual_survival"] == pytest.approx(0.394)
    assert high_end.sbg.retention([1, 5]) == pytest.approx([0.8507, 0.9212], abs=0.0005)
    assert high_end.tracking["calibration"].sum() == 7


def test_parameters_are_recovered_from_dates():
    """From starts and ends of contracts of several cohorts, alpha and beta are found within 2.6 standard errors."""
    found = fit_renewals(contracts(seed=2), until="2024-12-31")
    for name, truth in (("alpha", 0.7), ("beta", 2.5)):
        assert abs(getattr(found.sbg, name) - truth) < 2.6 * found.estimate.standard_errors[name]
    assert np.abs(found.tracking["actual_survival"] - found.tracking["expected_survival"]).max() < 0.03


def test_customers_and_their_cohort_say_the_same():
    """One row per customer of one cohort gives exactly the fit of its table of survivors."""
    start = pd.Timestamp("2012-02-29")
    lost = -np.diff(HIGH_END)
    rows = [(start, start + pd.DateOffset(years=t)) for t, n in enumerate(lost, 1) for _ in range(n)]
    rows += [(start, pd.NaT)] * HIGH_END[-1]
    people = pd.DataFrame(rows, columns=["start", "end"]).assign(customer=range(1000))
    one = fit_renewals(people, until="2024-06-01")
    other = fit_renewals(pd.DataFrame({"period": range(13), "survivors": HIGH_END}))
    assert one.sbg == other.sbg
    assert one.tracking["renewed"].tolist() == HIGH_END[1:]


def test_survival_is_the_product_of_retention():
    """FH eq. 8 multiplies up to eq. 6."""
    model = Sbg(0.668, 3.806)
    assert np.cumprod(model.retention(np.arange(1, 20))) == pytest.approx(model.survival(np.arange(1, 20)))


def test_a_scenario_can_name_the_snippet(tmp_path, high_end):
    """`market: {purchases: renewals.yaml}` takes what was fitted, and JSON is strict."""
    (tmp_path / "renewals.yaml").write_text(high_end.snippet())
    (tmp_path / "s.yaml").write_text("market: {purchases: renewals.yaml}\n")
    purchases = load(tmp_path / "s.yaml").base.market.purchases
    assert (purchases.model, purchases.unit) == ("sbg", "year")
    assert purchases.alpha == pytest.approx(high_end.sbg.alpha, rel=1e-5)
    assert purchases.beta == pytest.approx(high_end.sbg.beta, rel=1e-5)
    assert json.loads(json.dumps(to_json(high_end), allow_nan=False))["sbg"]["standard_errors"]["alpha"] > 0


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        ({"period": [0, 1, 3], "survivors": [9, 8, 7]}, {}, "every one of 0, 1, 2"),
        ({"period": [0, 1, 2], "survivors": [9, 8, 9]}, {}, "never more survivors"),
        ({"period": [0, 1, 2], "survivors": [9, 9, 9]}, {}, "nobody left"),
        ({"period": [0, 1], "survivors": [9, "x"]}, {}, "row 2: survivors: found 'x'"),
        ({"period": [0, 1, 2], "survivors": [9, 8, 7]}, {"periods": 5}, "allowed: 1 to 2"),
        ({"customer": ["a", "b"], "start": ["2020-01-01", "soon"], "end": ["2019-01-01", ""]}, {}, "2 problem"),
        ({"customer": ["a"], "start": ["2020-01-01"]}, {}, "column named 'end'"),
    ],
)
def test_unusable_contracts_are_refused(data, options, expected):
    """Gaps, rising survivors, ends before starts and missing columns are errors that say so."""
    with pytest.raises(FitError, match=expected):
        fit_renewals(pd.DataFrame(data), **options)
