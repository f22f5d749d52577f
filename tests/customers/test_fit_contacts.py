"""Fitting response and fatigue to a log of sends: recovery, what cannot be known, bookkeeping, refusals."""

import io
import json
import math

import numpy as np
import pandas as pd
import pytest
from markets import live, newborn
from rich.console import Console
from ruamel.yaml import YAML

from simkit.customers.contact_likelihood import ContactLikelihood
from simkit.customers.contact_report import render, to_json
from simkit.customers.fit_contacts import _variation as variation_of
from simkit.customers.fit_contacts import fit_contacts
from simkit.customers.mesa_market import MarketModel
from simkit.customers.read_table import FitError
from simkit.customers.sends import read_sends
from simkit.customers.state import SENT
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario

START = pd.Timestamp("2025-01-01")


def waves(day, rng, people):
    """Three weeks of many messages, six of few, for everyone, on days of each one's own."""
    return rng.random(people) < (0.5 if (day // 21) % 3 == 0 else 0.06)


def weekly(day, rng, people):
    """Every seventh day for everyone."""
    return np.full(people, day % 7 == 3)


def simulated(seed, people=260, days=220, half_life=7.0, delta=0.25, kappa=0.3, open_rate=0.35, opt_out=0.002,
              affinity=0.5, patience=0.5, favor=0.0, bounce=0.02, sent=waves):  # fmt: skip
    """A log of sends under the equations of the design, by code that shares nothing with simkit.

    `favor` sends more to those who like the channel more.
    """
    rng = np.random.default_rng(seed)
    like = np.exp(affinity * rng.standard_normal(people) - affinity**2 / 2)
    sensitive = np.exp(patience**2 / 2 - patience * rng.standard_normal(people))
    tired, here, rows = np.zeros(people), np.ones(people, bool), []
    for day in range(days):
        tired *= 0.5 ** (1 / half_life)
        chosen = here & sent(day, rng, people) & (rng.random(people) < np.minimum(1, like**favor))
        arrived = chosen & (rng.random(people) >= bounce)
        opened = arrived & (rng.random(people) < np.minimum(1, open_rate * like * np.exp(-delta * sensitive * tired)))
        clicked = opened & (rng.random(people) < 0.13)
        gone = arrived & (rng.random(people) < np.minimum(1, opt_out * np.exp(kappa * sensitive * tired)))
        here &= ~gone
        tired += arrived
        flags = np.column_stack([arrived, opened, clicked, gone])[chosen].astype(int)
        for i, row in zip(np.flatnonzero(chosen), flags, strict=True):
            rows.append((f"c{i}", START + pd.Timedelta(days=day, hours=10), "email", *row))
    return pd.DataFrame(rows, columns=["customer", "time", "channel", "delivered", "opened", "clicked", "opted_out"])


@pytest.fixture(scope="module")
def log():
    """A log with fatigue and waves of frequency."""
    return simulated(seed=12)


@pytest.fixture(scope="module")
def fitted(log):
    """Its fit."""
    return fit_contacts(log)


def within(found, truth, errors=2.6):
    """Whether a truth lies within so many standard errors (on the log scale where the interval is)."""
    assert not found.why_not, found.why_not
    assert found.low < found.value < found.high
    return abs(found.value - truth) < errors * found.standard_error


# --- recovery ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "truth"), [("half_life_days", 7.0), ("delta", 0.25), ("opt_out_growth", 0.3), ("affinity_spread", 0.5)]
)
def test_fatigue_is_recovered_from_sends(fitted, name, truth):
    """Half-life, slopes and spread are found within 2.6 standard errors, and known well enough to be of use."""
    found = getattr(fitted, name)
    assert within(found, truth)
    assert found.standard_error < 0.35 * truth


@pytest.mark.parametrize(("name", "truth"), [("open_rate", 0.35), ("opt_out", 0.002), ("click_given_open", 0.13)])
def test_rates_without_fatigue_are_recovered(fitted, name, truth):
    """Rates at no fatigue are those put in, although none was ever observed without fatigue."""
    rates = fitted.channels["email"]
    assert within(getattr(rates, name), truth)
    assert rates.opened.high < rates.open_rate.low


def test_the_likelihood_is_the_integral_over_people():
    """For one person it is what brute-force averaging over a million possible people gives, within its error."""
    log = read_sends(simulated(seed=9, people=3, days=120, kappa=0.4, opt_out=0.05, sent=waves))
    one = ContactLikelihood(log, log.delivered, randomized=True)
    theta = np.array([math.log(7), 0.3, math.log(0.6), math.log(0.5), math.log(0.3), 0.0, 0.4, math.log(0.02)])
    one.adapt(theta)
    values, _ = one(theta)
    rng = np.random.default_rng(1)
    likes = np.exp(0.6 * rng.standard_normal(200_000) - 0.18)
    sensitive = np.exp(0.5 * rng.standard_normal(200_000) + 0.125)
    level = log.fatigue(7.0)[0]
    for i in range(one.people):
        total = np.zeros(len(likes))
        for j in np.flatnonzero(log.delivered & (log.person == i)):
            p = np.minimum(1, 0.3 * likes * np.exp(-0.3 * sensitive * level[j]))
            h = np.minimum(1, 0.02 * np.exp(0.4 * sensitive * level[j]))
            total += np.log(np.maximum(p if log.opened[j] else 1 - p, 1e-300))
            total += np.log(np.maximum(h if log.opted_out[j] else 1 - h, 1e-300))
        share = np.exp(total)
        error = share.std() / share.mean() / math.sqrt(len(share))
        assert values[i] == pytest.approx(math.log(share.mean()), abs=4 * error + 0.005)


def test_slopes_of_the_likelihood_are_its_differences():
    """The exact slopes agree with central differences in every parameter."""
    log = read_sends(simulated(seed=5, people=30, days=100))
    likelihood = ContactLikelihood(log, log.delivered, randomized=False)
    theta = np.array([math.log(6), 0.2, math.log(0.4), math.log(0.5), math.log(0.3), 0.1, 0.3, math.log(0.004)])
    likelihood.adapt(theta)
    _, slopes = likelihood(theta)
    for k, step in enumerate(1e-5 * np.eye(len(theta))):
        difference = (likelihood(theta + step)[0] - likelihood(theta - step)[0]) / 2e-5
        np.testing.assert_allclose(slopes[:, k], difference, atol=2e-4)


def sends_of(days, wanted):
    """The log of sends that simkit's own market leaves behind, when a newsletter goes to all on the `wanted` days."""
    market = {"customers": 130, "prospects": 0, "fatigue": {"opt_out": 0.002, "opt_out_growth": 0.3}}
    campaigns = {"letter": {"channels": ["email"], "live_days": 1, "audience": {"who": "customers"}}}
    channels = {"email": {"consent_customers": 1, "bounce": 0.0, "open_rate": 0.35}}
    scenario = Scenario(market=market, campaigns=campaigns, channels=channels, contact_policy={"gap": 0}, occasions={},
                        monitors={}, seed=5, horizon=days, warmup=0)  # fmt: skip
    log = []
    model = MarketModel(scenario=scenario, people=newborn(scenario), log=log)
    live(
        model,
        days,
        lambda tables, day: tables.launch(f"letter-{day}", "letter", None, 0.5, day) if wanted(day) else None,
    )
    sent = np.concatenate(log)
    sent = sent[sent["decision"] == SENT]
    flags = {name: sent[name] for name in ("delivered", "opened", "clicked", "opted_out")}
    return pd.DataFrame({"customer": sent["index"], "time": START + pd.to_timedelta(sent["day"], unit="D"),
                         "channel": "email", **flags})  # fmt: skip


def test_fatigue_is_recovered_from_simkits_own_sends():
    """The log of simkit's own market, sent in waves, gives back the scenario's half-life, delta, kappa and open rate."""
    found = fit_contacts(sends_of(200, lambda day: day % 2 == 0 if (day // 21) % 3 == 0 else day % 7 == 3))
    for name, truth in (("half_life_days", 7), ("delta", 0.25), ("opt_out_growth", 0.3), ("affinity_spread", 0.5)):
        assert within(getattr(found, name), truth), name
    assert within(found.channels["email"].open_rate, 0.35)


def test_simkits_own_sends_at_constant_frequency_say_nothing():
    """One message a week to everyone: fatigue is declined."""
    found = fit_contacts(sends_of(90, lambda day: day % 7 == 3))
    assert "frequency never varied" in found.delta.why_not


# --- people who differ are no fatigue ------------------------------------------------------------------


def test_people_who_differ_are_no_fatigue():
    """Without fatigue, but with most messages to those who open most, opens rise with fatigue threefold; delta is 0."""
    log = simulated(seed=4, people=120, delta=0.0, kappa=0.0, affinity=1.0, favor=1.0, days=150)
    found = fit_contacts(log)
    shown = found.check["observed"]
    assert shown.iloc[-1] > 1.5 * shown.iloc[0]
    assert found.delta.low < 0 < found.delta.high
    assert abs(found.delta.value) < 0.06
    assert "not identifiable" in found.snippet()
    assert "\nhalf_life_days" not in found.snippet()


def test_fatigue_is_not_hidden_by_favorites():
    """With fatigue and most messages to those who open most, delta is still found."""
    found = fit_contacts(simulated(seed=6, people=160, affinity=0.8, favor=0.7, kappa=0.2))
    assert within(found.delta, 0.25)
    assert found.delta.low > 0.1


# --- what cannot be known --------------------------------------------------------------------------------


def test_constant_frequency_says_nothing_about_fatigue():
    """Weekly messages without bounces: every statement about fatigue is declined, and the observed rates are given."""
    found = fit_contacts(simulated(seed=2, people=150, sent=weekly, bounce=0.0))
    for name, _, value in found.shared():
        assert "frequency never varied" in value.why_not, name
        assert math.isnan(value.value)
    rates = found.channels["email"]
    assert rates.open_rate.why_not
    assert rates.opened.low < rates.opened.value < rates.opened.high
    loaded = YAML(typ="safe").load(found.snippet())
    assert loaded == {"wear_out": "exponential", "patience_spread": 0.5}


def test_people_with_different_constant_frequencies_are_compared_only_when_randomized():
    """One half every third day, one half every twelfth: within people nothing varies; assigned by chance, much does, and
    a person's own mean is no longer taken out."""

    def two_arms(day, rng, people):
        return np.where(np.arange(people) % 2 == 0, day % 3 == 0, day % 12 == 3)

    log = read_sends(simulated(seed=8, people=80, days=120, sent=two_arms, bounce=0.0))
    fitted = log.delivered & (log.age() >= 36)
    within_people, between = (ContactLikelihood(log, fitted, randomized=chance) for chance in (False, True))
    assert variation_of(within_people, 7.0) < 0.05
    assert variation_of(between, 7.0) > 0.4
    assert within_people.usual.std() > 0.5
    assert not between.usual.any()


def test_few_opt_outs_leave_their_slope_open(log):
    """Without opt-outs, or with a handful, their rate and slope are declined and all else is fitted."""
    found = fit_contacts(log[log["customer"].isin([f"c{i}" for i in range(60)])], opted_out=None)
    assert "opted out" in found.opt_out_growth.why_not
    assert found.channels["email"].opted_out.why_not == "the log has no opt-outs"
    assert not found.delta.why_not
    assert "opt_out" not in YAML(typ="safe").load(found.snippet())


# --- fatigue of a log ----------------------------------------------------------------------------------


def test_fatigue_of_a_log_is_the_rulebook():
    """Far from the start it is the sum over earlier days' messages of weight x 0.5^(age/half-life); a day's own
    messages and bounces add nothing to it."""
    log = read_sends(simulated(seed=1, people=20, days=300, bounce=0.2), weights={"email": 1.5})
    level, slope = log.fatigue(5.0)
    for i in range(len(log.people)):
        rows = np.flatnonzero(log.person == i)
        for j in rows[log.day[rows] > 150]:
            before = rows[(log.day[rows] < log.day[j]) & log.delivered[rows]]
            assert level[j] == pytest.approx(1.5 * (0.5 ** ((log.day[j] - log.day[before]) / 5.0)).sum(), abs=1e-6)
    difference = (log.fatigue(5.0 * math.exp(1e-5))[0] - log.fatigue(5.0 * math.exp(-1e-5))[0]) / 2e-5
    np.testing.assert_allclose(slope, difference, atol=1e-6)


def test_a_steady_frequency_has_a_steady_fatigue():
    """One message every g days: d^g / (1 - d^g) from the first message on."""
    days = START + pd.to_timedelta(np.arange(0, 70, 7), unit="D")
    absent = dict.fromkeys(("channel", "delivered", "clicked", "opted_out"))
    log = read_sends(pd.DataFrame({"customer": "a", "time": days, "opened": 0}), absent)
    d = 0.5 ** (7 / 9.0)
    np.testing.assert_allclose(log.fatigue(9.0)[0], d / (1 - d))


# --- what is written -------------------------------------------------------------------------------------


def test_a_scenario_can_name_the_snippet(tmp_path, fitted):
    """`market: {fatigue: fits/contacts.yaml}` takes what was fitted."""
    (tmp_path / "fits").mkdir()
    (tmp_path / "fits" / "contacts.yaml").write_text(fitted.snippet())
    (tmp_path / "s.yaml").write_text("market: {fatigue: fits/contacts.yaml}\n")
    fatigue = load(tmp_path / "s.yaml").base.market.fatigue
    assert fatigue.half_life_days == pytest.approx(fitted.half_life_days.value, rel=1e-5)
    assert fatigue.delta == pytest.approx(fitted.delta.value, rel=1e-5)
    assert fatigue.opt_out == pytest.approx(fitted.channels["email"].opt_out.value, rel=1e-5)
    assert fatigue.opt_out_growth == pytest.approx(fitted.opt_out_growth.value, rel=1e-5)


def test_json_and_page_say_the_same(fitted):
    """The export is strict JSON; the page names every parameter and compares opens with the fit."""
    loaded = json.loads(json.dumps(to_json(fitted), allow_nan=False))
    assert loaded["fatigue"]["delta"]["value"] == fitted.delta.value
    assert loaded["channels"]["email"]["open_rate"]["low"] == fitted.channels["email"].open_rate.low
    page = io.StringIO()
    render(fitted, Console(file=page, width=140))
    for words in ("half_life_days", "delta", "opt_out_growth", "Opens by fatigue", "at no fatigue"):
        assert words in page.getvalue()
    assert np.abs(fitted.check["observed"] - fitted.check["expected"]).max() < 0.05


# --- refusals --------------------------------------------------------------------------------------------


ROWS = "customer,time,channel,delivered,opened,clicked,opted_out\n"


def refusal(folder, text, **options):
    """The message with which a file is refused."""
    path = folder / "sends.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FitError) as refused:
        fit_contacts(path, **options)
    return str(refused.value)


def test_every_bad_send_is_reported_at_once(tmp_path):
    """Missing customers, bad times and flags are listed together by line."""
    text = (
        ROWS + "a,2025-01-01,email,1,0,0,0\n,2025-01-02,email,1,0,0,0\nb,soon,email,1,0,0,0\nc,2025-01-04,email,2,x,,\n"
    )
    message = refusal(tmp_path, text)
    for expected in (
        "sends.csv: 4 problem", "line 3: customer: found ''", "line 4: time: found 'soon'", "line 5: delivered: found '2'",
        "line 5: opened: found 'x'; allowed: 1 or 0, true or false, yes or no, empty for no",
    ):  # fmt: skip
        assert expected in message


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("", {}, "is empty"),
        (ROWS, {}, "no sends"),
        ("who,time\na,2025-01-01\n", {}, "one column named 'customer'"),
        (ROWS + "a,2025-01-01,email,1,0,0,0\n", {"only": "sms"}, "no row has channel 'sms'; found email"),
        (ROWS + "a,2025-01-01,email,1,0,0,0\n", {"run_in_days": 28}, "shorten the run-in"),
    ],
)
def test_unusable_logs_are_refused(tmp_path, text, options, expected):
    """An empty file, missing columns, an unknown channel and a log within its run-in are errors that say so."""
    assert expected in refusal(tmp_path, text, **options)


def test_parquet_is_read_like_csv(tmp_path, log):
    """A Parquet file, with flags as booleans, gives the log that the CSV file gives."""
    typed = log.assign(**{name: log[name] == 1 for name in ("delivered", "opened", "clicked", "opted_out")})
    typed.to_parquet(tmp_path / "sends.parquet")
    log.to_csv(tmp_path / "sends.csv", index=False)
    one, other = (read_sends(tmp_path / f"sends.{form}") for form in ("parquet", "csv"))
    for name in ("person", "day", "channel", "delivered", "opened", "clicked", "opted_out"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
