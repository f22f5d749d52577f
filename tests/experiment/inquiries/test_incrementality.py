"""What something truly brings: exact where it can be computed, and what other measurements make of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from simkit.customers.state import AD_SEEN, CLICK, EVENT_DTYPE, MONEY, PURCHASE
from simkit.experiment.inquiries.attribution import TouchLog, before_after, touched
from simkit.experiment.inquiries.incrementality import UnknownThing, incrementality, parse_off, things, without_rule
from simkit.report.incrementality import document, headline, margin_sentence, verdict
from simkit.scenario.load import Study
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

SMALL = {"horizon": 40, "warmup": 20, "channels": ["email", "sms", "push"],
         "market": {"customers": 3000, "represents": 100}}  # fmt: skip


def study(**changes):
    """A study of one alternative."""
    scenario = Scenario(**{**SMALL, **changes})
    return Study(None, scenario, {"today": scenario}, [], {}, set())


@pytest.fixture(scope="module")
def email():
    """What email brings in a small market, from six replications."""
    return incrementality(study(), "channel:email", replications=6, workers=1)


def log(*rows):
    """(index, kind, time, channel, amount) as a day's events."""
    events = np.zeros(len(rows), EVENT_DTYPE)
    for event, (index, kind, time, channel, amount) in zip(events, rows, strict=True):
        event["index"], event["kind"], event["time"], event["channel"] = index, kind, time, channel
        event["amount"], event["day"] = amount * MONEY, int(time)
    kept = TouchLog()
    kept.append(events)
    return kept.rows()


def test_last_and_first_touch_by_hand():
    """Credit goes to the newest and oldest click of the same person within the window; seeing and visiting are none."""
    rows = log(
        (7, CLICK, 1.0, 0, 0), (7, CLICK, 20.0, 1, 0), (7, CLICK, 35.0, 2, 0), (7, AD_SEEN, 39.9, 8, 0),
        (7, CLICK, 39.0, 9, 0), (7, PURCHASE, 40.0, -1, 100), (8, PURCHASE, 40.5, -1, 10),
        (9, PURCHASE, 41.0, 0, 5), (9, CLICK, 41.0, 0, 0), (9, CLICK, 42.0, 1, 0),
    )  # fmt: skip
    found = touched(rows, 30, window_days=30, no_touch=[9])
    assert found.sold["index"].tolist() == [7, 8, 9]
    assert found.last["kind"].tolist() == [CLICK, -1, CLICK]
    assert found.last["channel"][[0, 2]].tolist() == [2, 0]
    assert found.first["channel"][[0, 2]].tolist() == [1, 0]
    assert found.revenue("last", found.last["channel"] == 2) == 100
    assert touched(rows, 30, window_days=2, no_touch=[9]).revenue("last", np.ones(3, bool)) == 5
    assert touched(rows, 30, window_days=39, no_touch=[9]).first["channel"][0] == 0


def test_before_and_after_by_hand():
    """A launch's week less the week before, of its segment; launches without both weeks are left out."""
    scenario = Scenario(horizon=20, warmup=10, market={"segments": {"a": {"share": 0.5}, "b": {"share": 0.5}}})
    rows = log(
        (1, PURCHASE, 8.5, -1, 10), (1, PURCHASE, 14.0, -1, 25), (1, PURCHASE, 20.9, -1, 5), (1, PURCHASE, 21.0, -1, 99)
    )
    import pandas as pd

    launches = pd.DataFrame({"campaign": ["x", "x", "x", "y"], "segment": ["a", "b", None, "a"], "day": [4, 4, 18, 4]})
    run = SimpleNamespace(scenario=scenario, launches=launches)
    assert before_after(run, rows, ["x"], None) == 25 + 5 - 10
    assert before_after(run, rows, ["x"], "b") == 0
    assert before_after(run, rows, ["z"], None) is None


def test_messages_without_effect_bring_their_cost_and_nothing_else():
    """Email nobody opens: no revenue to the last unit, and a loss of exactly its cost, whatever a holdout says."""
    channels = {"email": {"open_rate": 0}, "sms": {}, "push": {}}
    found = incrementality(study(channels=channels), "channel:email", replications=1, workers=1)
    assert found.values["truth.revenue"] != 0  # its contacts hold back text messages under the cap; so without the cap:
    free = incrementality(
        study(channels=channels, contact_policy={"at_most": [], "gap": 0},
              market={**SMALL["market"], "fatigue": {"delta": 0, "churn_growth": 0, "opt_out": 0}}),
        "channel:email", replications=2, workers=1,
    )  # fmt: skip
    assert free.values["truth.revenue"] == pytest.approx([0, 0], abs=1e-6)
    assert free.values["truth.profit"] == pytest.approx(-free.values["truth.cost"])
    assert (free.values["last touch.revenue"] == 0).all()
    assert (free.values["truth.cost"] > 0).all()
    assert free.return_on_cost() == pytest.approx(0, abs=1e-9)


def test_the_truth_is_the_difference_of_two_runs(email):
    """Base and counterfactual by hand give the same profit, revenue and cost."""
    scenario = Scenario(**SMALL)
    base = simulate(scenario, 0)
    off = {name: {**channel.model_dump(), **({"consent_customers": 0, "consent_prospects": 0} if name == "email" else {})}
           for name, channel in scenario.channels.items()}  # fmt: skip
    gone = simulate(Scenario(**{**SMALL, "channels": off}), 0, script=base.script)
    for what in ("revenue", "profit"):
        expected = (base.sums[what] - gone.sums[what]) * 365 / SMALL["horizon"]
        assert email.values[f"truth.{what}"][0] == pytest.approx(expected)


def test_pairing_buys_at_least_five_times_less_variance(email):
    """Under the same draws the effect varies at least five times less than between independent runs."""
    assert email.variance_ratio > 5


def test_a_holdout_is_unbiased_and_last_touch_is_not(email):
    """The holdout's error covers zero; last touch credits purchases that would have come anyway."""
    lines = {line.method: line for line in email.lines}
    assert set(lines) == {"truth", "holdout", "last touch", "first touch", "before and after"}
    assert lines["holdout"].error.low < 0 < lines["holdout"].error.high
    assert lines["last touch"].error.low > 0
    assert verdict(lines["last touch"], email).startswith("overstates profit by")
    assert verdict(lines["holdout"], email).startswith("cannot be told from the truth")


def test_the_last_tenth_brings_less_where_messages_tire():
    """Customers whom no cap protects: without wear-out every tenth of the messages brings the same (within 2.5 standard
    errors), with it the last one brings less (by more than 3, paired)."""
    last, whole = {}, {}
    for name, fatigue in (
        ("tiring", {"delta": 0.5, "half_life_days": 28}),
        ("not", {"delta": 0, "churn_growth": 0, "opt_out": 0}),
    ):
        market = {**SMALL["market"], "prospects": 0, "fatigue": {"patience_spread": 0, **fatigue}}
        changed = study(contact_policy={"at_most": [], "gap": 0}, market=market, channels=["email"])
        found = incrementality(changed, "channel:email", replications=6, workers=1)
        last[name], whole[name] = found.values["last tenth.profit"], found.values["truth.profit"]
    excess = last["not"] - whole["not"] / 10
    assert abs(excess.mean()) < 2.5 * error(excess)
    assert error(excess) < 0.04 * whole["not"].mean()
    lost = last["not"] - last["tiring"]
    assert lost.mean() > 3 * error(lost)


def error(values):
    """Standard error of a mean."""
    return values.std(ddof=1) / np.sqrt(len(values))


def test_workers_change_nothing(email):
    """Two processes give what one gave."""
    again = incrementality(study(), "channel:email", replications=2, workers=2)
    for name, values in again.values.items():
        assert np.array_equal(values, email.values[name][:2], equal_nan=True), name


def test_a_rule_can_be_switched_off():
    """Without the weekly cap more is sent, with email alone at more cost; a rule has no attribution."""
    found = incrementality(study(channels=["email"]), "rule:3 per rolling week", replications=2, workers=1)
    assert (found.values["truth.cost"] < 0).all()
    assert without_rule(Scenario(**SMALL), "quiet").contact_policy.quiet is None
    assert without_rule(Scenario(**SMALL), "quiet").contact_policy.at_most == Scenario(**SMALL).contact_policy.at_most
    assert [line.method for line in found.lines] == ["truth"]
    assert margin_sentence(found) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [("channel:emial", "did you mean 'email'"), ("email", "channel:NAME, campaign:NAME"),
     ("rule:gap2", "3 per rolling week, gap, quiet"), ("segment:", "there is no segment")],
)  # fmt: skip
def test_an_unknown_thing_names_the_known_ones(text, message):
    """A misspelt name is refused with what there is."""
    with pytest.raises(UnknownThing, match=message):
        parse_off(text, Scenario(**SMALL))
    assert parse_off("campaign: flash", Scenario(**SMALL)).name in things(Scenario(**SMALL))["campaign"]


def test_the_answer_is_one_document(email):
    """Sentence, table and JSON say the same."""
    told = document(email)
    assert told["answer"].startswith("channel:email ")
    assert headline(email) in told["answer"]
    truth = next(row for row in told["rows"] if row["method"] == "truth" and row["measure"] == "profit")
    assert truth["mean"] == pytest.approx(email.values["truth.profit"].mean())
    assert truth["error"] is None
    assert told["verdicts"].keys() == {line.method for line in email.lines}
