"""Fitting response and fatigue to a log of sends: recovery, what cannot be known, bookkeeping, refusals."""

import importlib.util
import io
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from markets import live, newborn
from rich.console import Console
from ruamel.yaml import YAML

from simkit.customers.mesa_market import MarketModel
from simkit.customers.state import SENT
from simkit.fits.contacts.fit import fit_contacts
from simkit.fits.contacts.frequency import steady_frequencies, summary
from simkit.fits.contacts.likelihood import WEAR_OUTS, ContactLikelihood
from simkit.fits.contacts.report import render, to_json
from simkit.fits.contacts.sends import read_sends
from simkit.fits.read_table import FitError
from simkit.rng import uniforms
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario

START = pd.Timestamp("2025-01-01")


SEED = 0
"""The first one, for every log of this file; how often other seeds hold is told in `simkit/fits/README.md`."""


def _study():
    """The simulator of the coverage study, which shares nothing with simkit."""
    path = Path(__file__).parents[2] / "experiments" / "fit_contacts_coverage" / "send_log.py"
    found = importlib.util.spec_from_file_location("send_log", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


STUDY = _study()


def simulated(**options):
    """A log of sends of the coverage study."""
    return STUDY.send_log(SEED, **options)


@pytest.fixture(scope="module")
def log():
    """A log with fatigue and waves of frequency."""
    return simulated()


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


def test_a_form_of_wear_out_is_recognized():
    """A log made by linear wear-out is told from the other forms by AIC (by more than 2), and its delta is recovered."""
    found = fit_contacts(simulated(people=160, days=150, wear_out="linear", delta=0.15), opted_out=None)
    assert found.wear_out == "linear"
    assert min(worse for form, worse in found.wear_out_aic.items() if form != "linear") > 2
    assert found.wear_out_aic["linear"] == 0
    assert within(found.delta, 0.15)
    assert "\nwear_out: linear\n" in found.snippet()


@pytest.mark.parametrize(("form", "number"), [("exponential", 0), ("hyperbolic", 1), ("linear", 2)])
def test_wear_out_is_the_rulebooks(form, number):
    """The fit's response at delta S F is the rulebook's, but for the smoothed end of the linear form."""
    from simkit.customers.rules.laws import wear_out
    from simkit.fits.contacts.kernel import CORNER, worn

    assert WEAR_OUTS.index(form) == number
    for z in np.linspace(0, 1 - CORNER if form == "linear" else 6, 13):
        assert math.exp(worn(number, z)[0]) == pytest.approx(wear_out(number, z), rel=1e-12)
        difference = (worn(number, z + 1e-6)[0] - worn(number, z - 1e-6)[0]) / 2e-6
        assert worn(number, z)[1] == pytest.approx(difference, rel=1e-4)


def test_a_form_asked_for_is_fitted():
    """`wear_out` settles the form; nothing is compared then, and the truth is recovered from opens alone."""
    log = simulated(people=160, days=150, wear_out="hyperbolic", delta=0.4)
    found = fit_contacts(log, wear_out="hyperbolic", opted_out=None)
    assert (found.wear_out, dict(found.wear_out_aic)) == ("hyperbolic", {})
    assert "--wear-out hyperbolic" in found.command
    assert within(found.delta, 0.4)
    assert within(found.half_life_days, 7.0)


def test_the_likelihood_is_the_integral_over_people():
    """For one person it is what brute-force averaging over a million possible people gives, within its error."""
    log = read_sends(simulated(people=3, days=120, kappa=0.4, opt_out=0.05))
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


@pytest.mark.parametrize("form", WEAR_OUTS)
def test_slopes_of_the_likelihood_are_its_differences(form):
    """The exact slopes agree with central differences in every parameter."""
    log = read_sends(simulated(people=30, days=100))
    likelihood = ContactLikelihood(log, log.delivered, randomized=False, wear_out=form)
    theta = np.array([math.log(6), 0.2, math.log(0.4), math.log(0.5), math.log(0.3), 0.1, 0.3, math.log(0.004)])
    likelihood.adapt(theta)
    _, slopes = likelihood(theta)
    for k, step in enumerate(1e-5 * np.eye(len(theta))):
        difference = (likelihood(theta + step)[0] - likelihood(theta - step)[0]) / 2e-5
        np.testing.assert_allclose(slopes[:, k], difference, atol=2e-4)


def sends_of(days, wanted):
    """The log of sends that simkit's own market leaves behind, when a newsletter goes to all on the `wanted` days."""
    market = {"customers": 110, "prospects": 0, "fatigue": {"opt_out": 0.002, "opt_out_growth": 0.3}}
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
    found = fit_contacts(
        sends_of(160, lambda day: day % 2 == 0 if (day // 21) % 3 == 0 else day % 7 == 3), wear_out="exponential"
    )
    for name, truth in (("half_life_days", 7), ("delta", 0.25), ("opt_out_growth", 0.3), ("affinity_spread", 0.5)):
        assert within(getattr(found, name), truth), name
    assert within(found.channels["email"].open_rate, 0.35)


def test_simkits_own_sends_at_constant_frequency_say_nothing():
    """One message a week to everyone: fatigue is declined."""
    found = fit_contacts(sends_of(70, lambda day: day % 7 == 3))
    assert "frequency never varied" in found.delta.why_not


# --- people who differ are no fatigue ------------------------------------------------------------------


def test_people_who_differ_are_no_fatigue():
    """Without fatigue, but with most messages to those who open most, opens rise with fatigue threefold; delta is 0."""
    log = simulated(people=120, delta=0.0, kappa=0.0, affinity=1.0, favor=1.0, days=150)
    found = fit_contacts(log, opted_out=None)
    shown = found.check["observed"]
    assert shown.iloc[-1] > 1.5 * shown.iloc[0]
    assert found.delta.low < 0 < found.delta.high
    assert abs(found.delta.value) < 0.06
    assert "not identifiable" in found.snippet()
    assert "\nhalf_life_days" not in found.snippet()


def test_fatigue_is_not_hidden_by_favorites():
    """With fatigue and most messages to those who open most, delta is still found."""
    log = simulated(people=160, affinity=0.8, favor=0.7, kappa=0.2)
    found = fit_contacts(log, wear_out="exponential", opted_out=None)
    assert within(found.delta, 0.25)
    assert found.delta.low > 0.1


def test_messages_of_unlike_appeal_are_warned_of(log, fitted):
    """Where every third day's messages are opened half as often, the days differ too much for fatigue, and it is said;
    not when a column tells those messages apart, nor when all messages are alike."""
    said = "differ from day to day"
    assert not any(said in warning for warning in fitted.warnings)
    day = pd.to_datetime(log["time"]).dt.day_of_year
    dull = day % 3 == 0
    missed = dull & (uniforms((1, 2), np.arange(len(log)), 0, 1, 0, 0) < 0.5)
    unlike = log.assign(opened=log["opened"] & ~missed, clicked=log["clicked"] & ~missed,
                        kind=np.where(dull, "reminder", "letter"))  # fmt: skip
    assert any(said in warning for warning in fit_contacts(unlike, wear_out="exponential").warnings)
    apart = fit_contacts(unlike, channel="kind", weights={"reminder": 1.0, "letter": 1.0}, wear_out="exponential")
    assert not any(said in warning for warning in apart.warnings)


# --- what cannot be known --------------------------------------------------------------------------------


def test_constant_frequency_says_nothing_about_fatigue():
    """Weekly messages without bounces: every statement about fatigue is declined, and the observed rates are given."""
    found = fit_contacts(simulated(people=150, sent=STUDY.weekly, bounce=0.0))
    for name, _, value in found.shared():
        assert "frequency never varied" in value.why_not, name
        assert math.isnan(value.value)
    rates = found.channels["email"]
    assert rates.open_rate.why_not
    assert rates.opened.low < rates.opened.value < rates.opened.high
    loaded = YAML(typ="safe").load(found.snippet())
    assert loaded == {"wear_out": "exponential", "patience_spread": 0.5}


def two_arms(day, rng, people):
    """One half every second day, one half every twelfth, whoever they are."""
    return np.where(np.arange(people) % 2 == 0, day % 2 == 0, day % 12 == 2)


def test_constant_frequencies_that_differ_by_chance_are_compared_when_randomized():
    """Nobody's frequency ever varies, so fatigue is declined; said to be left to chance, the two halves tell delta (at
    the half-life that is taken, which here is the true one): within 2.6 standard errors, and clear of 0."""
    log = simulated(people=200, days=150, sent=two_arms, bounce=0.0, kappa=0.1)
    assert "frequency never varied" in fit_contacts(log).delta.why_not
    found = fit_contacts(log, randomized=True, wear_out="exponential")
    assert "half-lives fit as well" in found.half_life_days.why_not
    assert found.assumed_half_life == 7
    assert within(found.delta, 0.25)
    assert found.delta.low > 0.1
    assert within(found.channels["email"].open_rate, 0.35)
    assert "--randomized" in found.command


def test_randomized_asks_for_chance():
    """Constant frequencies that follow liking are no experiment: said to be one, they hide most of the fatigue there is,
    and its 95 % interval misses the truth."""

    def favorites(day, rng, people):
        often = np.random.default_rng(SEED).standard_normal(people) > 0  # the very draws of their liking
        return np.where(often, day % 2 == 0, day % 12 == 2)

    log = simulated(people=200, days=150, sent=favorites, bounce=0.0, kappa=0.1)
    found = fit_contacts(log, randomized=True, wear_out="exponential", opted_out=None)
    assert found.delta.value < 0.15
    assert found.delta.high < 0.25


def test_few_opt_outs_leave_their_slope_open(log):
    """Without opt-outs, or with a handful, their rate and slope are declined and all else is fitted."""
    found = fit_contacts(
        log[log["customer"].isin([f"c{i}" for i in range(60)])], opted_out=None, wear_out="exponential"
    )
    assert "opted out" in found.opt_out_growth.why_not
    assert found.channels["email"].opted_out.why_not == "the log has no opt-outs"
    assert not found.delta.why_not
    assert "opt_out" not in YAML(typ="safe").load(found.snippet())


# --- fatigue of a log ----------------------------------------------------------------------------------


def test_fatigue_of_a_log_is_the_rulebook():
    """Far from the start it is the sum over earlier days' messages of weight x 0.5^(age/half-life); a day's own
    messages and bounces add nothing to it."""
    log = read_sends(simulated(people=20, days=300, bounce=0.2), weights={"email": 1.5})
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


def test_steady_frequencies_are_means_over_people(fitted):
    """Opens and opt-outs in 30 days at a steady frequency are those of 400,000 people drawn from the fit, within 1 %; the
    fatigue before each message is what one meets who is written to at that frequency for ever."""
    rng = np.random.default_rng(SEED)
    rates, spread, patience = fitted.channels["email"], fitted.affinity_spread.value, fitted.patience_spread
    likes = np.exp(spread * rng.standard_normal(400_000) - spread**2 / 2)
    sensitive = np.exp(patience * rng.standard_normal(400_000) + patience**2 / 2)
    for _, row in steady_frequencies(fitted).iterrows():
        gap = 7 / row["per_week"]
        level = sum(0.5 ** (gap * k / fitted.half_life_days.value) for k in range(1, 2000))
        assert row["fatigue"] == pytest.approx(level)
        assert fitted.wear_out == "exponential"
        opened = np.minimum(1, rates.open_rate.value * likes * np.exp(-fitted.delta.value * sensitive * level))
        assert row["opened"] == pytest.approx(opened.mean(), rel=0.01)
        gone = np.minimum(1, rates.opt_out.value * np.exp(fitted.opt_out_growth.value * sensitive * level))
        assert row["lost_of_1000"] == pytest.approx(1000 * (1 - (1 - gone) ** (30 / gap)).mean(), rel=0.01)


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
    for words in ("half_life_days", "delta", "opt_out_growth", "Opens by fatigue", "at no fatigue", *summary(fitted)):
        assert words in page.getvalue()
    assert loaded["summary"][0].startswith("Half of the fatigue is gone after 7.0 (5.5 to 8.9) days")
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
        (ROWS + "a,2025-01-01,email,1,0,0,0\n", {"channel": "chanel"}, "one column named 'chanel'"),
        (ROWS + "a,2025-01-01,email,1,0,0,0\n", {"only": "sms"}, "no row has channel 'sms'; found email"),
        (ROWS + "a,2025-01-01,email,1,0,0,0\n", {"run_in_days": 28}, "shorten the run-in"),
    ],
)
def test_unusable_logs_are_refused(tmp_path, text, options, expected):
    """An empty file, missing columns, an unknown channel and a log within its run-in are errors that say so."""
    assert expected in refusal(tmp_path, text, **options)


def test_a_log_of_one_channel_needs_no_column_for_it(tmp_path, log):
    """Read by name, by number and as a table, a log without the column is that of one channel, row by row."""
    one = log[log["channel"] == log["channel"].iloc[0]]
    bare = one.drop(columns="channel")
    bare.to_csv(tmp_path / "sends.csv", index=False)
    bare.to_csv(tmp_path / "numbers.csv", index=False, header=False)
    numbers = {role: i for i, role in enumerate(bare.columns, start=1)}
    wanted = read_sends(one)
    for found in (
        read_sends(tmp_path / "sends.csv"), read_sends(tmp_path / "numbers.csv", numbers), read_sends(bare)
    ):  # fmt: skip
        assert found.channels == ("all",)
        assert np.array_equal(found.day, wanted.day)
        assert np.array_equal(found.opened, wanted.opened)


def test_a_share_of_few_messages_stays_a_share(tmp_path):
    """One message alone: the interval of what never or always happened ends at 0 and 1."""
    (tmp_path / "sends.csv").write_text(ROWS + "a,2025-01-01,email,1,1,0,0\n")
    rates = fit_contacts(tmp_path / "sends.csv", run_in_days=0).channels["email"]
    assert (rates.opened.low, rates.opened.high) == (0, 1)
    assert (rates.opted_out.low, rates.opted_out.high) == (0, 1)


def test_parquet_is_read_like_csv(tmp_path, log):
    """A Parquet file, with flags as booleans, gives the log that the CSV file gives."""
    typed = log.assign(**{name: log[name] == 1 for name in ("delivered", "opened", "clicked", "opted_out")})
    typed.to_parquet(tmp_path / "sends.parquet")
    log.to_csv(tmp_path / "sends.csv", index=False)
    one, other = (read_sends(tmp_path / f"sends.{form}") for form in ("parquet", "csv"))
    for name in ("person", "day", "channel", "delivered", "opened", "clicked", "opted_out"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
