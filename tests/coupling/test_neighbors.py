"""Service and sales in a run: success beyond capacity hurts, speed sells, both drivers agree, off is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from simkit.customers.state import CUSTOMER, LOST, PROSPECT
from simkit.measures.catalog import compute
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

ALWAYS = {"calendar": "always"}


def scenario(**changes):
    """300 persons who buy often, stand for 20 each, and hear of something now and then."""
    market = {"customers": 300, "represents": 20, "purchases": {"r": 2, "a": 0.5, "b": 9}, **changes.pop("market", {})}
    return Scenario(**{"market": market, "horizon": 60, "warmup": 20, **changes})


def desk(agents, **more):
    return {"agents": agents, "per_purchase": 0.5, **ALWAYS, **more}


@pytest.fixture(scope="module")
def both():
    """The same run by either driver, with everything the two neighbors can do."""
    one = scenario(
        market={"opinion": {}, "segments": {"a": {"share": 0.5}, "b": {"share": 0.5}}}, leads={"threshold": 4},
        service={"shifts": [{"agents": 1}, {"agents": 1, "calendar": "always"}], "per_purchase": 0.5, "asks_again": 0.8},
        sales={"people": 6, "conversion": 0.9, "decay": 0.1},
    )  # fmt: skip
    return simulate(one, engine="mesa"), simulate(one)


def test_both_drivers_agree_to_the_bit(both):
    """Customers, ledger and answers are equal; dissatisfaction, opinions and sales all show."""
    mesa, compiled = both
    assert np.array_equal(mesa.customers, compiled.customers)
    assert mesa.daily.equals(compiled.daily)
    assert mesa.lead_answers.equals(compiled.lead_answers)
    assert (mesa.customers["dissatisfaction"] > 0).sum() > 20
    assert (mesa.customers["opinion"] < 0).sum() > 20
    assert mesa.sums["leads_won"] > 0


def test_counts_add_up(both):
    """Every request is deflected, answered or abandoned; every answered lead is won, lost or rejected."""
    run = both[1]
    parts = run.daily[["service_deflected", "service_answered", "service_abandoned"]].sum(axis=1)
    assert np.array_equal(parts, run.daily["service_requests"])
    assert len(run.lead_answers) == len(run.leads)
    answered = (run.lead_answers["outcome"] != "open").sum() * 20
    assert answered == run.daily["leads_answered"].sum()
    assert (run.lead_answers["response_hours"].dropna() >= 0).all()


def test_what_neighbors_cost_is_paid_from_profit(both):
    """Agents and salespeople by their calendars, requests of self-service by the piece."""
    run = both[1]
    daily = run.daily
    agents = (40 + 168) / 7 * 27
    assert daily["service_cost"].to_numpy() == pytest.approx(agents + 0.1 * daily["service_deflected"].to_numpy())
    assert (daily["sales_cost"] == 6 * 40 / 7 * 50).all()
    costs = [
        "cost_of_goods",
        "contact_cost",
        "media_cost",
        "team_cost",
        "technology_cost",
        "service_cost",
        "sales_cost",
    ]
    gains = daily["revenue"] + daily["tenure_margin"]
    assert daily["profit"].to_numpy() == pytest.approx((gains - daily[costs].sum(axis=1)).to_numpy())


def test_measures_are_those_of_the_tables(both):
    """Each of the five, anew."""
    run, found = both[1], compute(both[1])
    days = run.measured
    reached = days["service_answered"].sum() + days["service_abandoned"].sum()
    assert found["service_wait_minutes"] == pytest.approx(days["service_waited_minutes"].sum() / reached)
    assert found["service_abandoned_share"] == pytest.approx(days["service_abandoned"].sum() / reached)
    assert found["service_deflected_share"] == pytest.approx(0.09, abs=0.04)
    assert found["lead_conversion"] == pytest.approx(days["leads_won"].sum() / days["leads"].sum())
    leads = run.lead_answers[run.lead_answers["day"] >= 0]
    known = leads[leads["day"] < 50]["response_hours"].fillna(np.inf).clip(upper=168)
    assert found["lead_response_hours"] == pytest.approx(known.mean(), rel=0.2)


def test_without_neighbors_nothing_is_different():
    """A desk that nobody asks changes nobody: the market's ledger is that of a run without one."""
    none = simulate(scenario())
    silent = simulate(scenario(service=desk(1, per_purchase=0, per_customer_year=0)))
    assert np.array_equal(none.customers, silent.customers)
    market = [name for name in none.daily if name != "profit"]
    assert none.daily[market].equals(silent.daily[market])
    assert all(compute(none)[name] is None for name in ("service_wait_minutes", "lead_response_hours"))


def lost(run):
    return int((run.customers["relation"] == LOST).sum())


@pytest.fixture(scope="module")
def campaigns():
    """Few and many messages, with a few agents and with as many as one likes; paired."""
    found = {}
    for name, per_week in (("few", 0), ("many", 12)):
        for staff, agents in (("short", 2), ("ample", 100_000)):
            one = scenario(
                market={"customers": 1500, "organic_share": 0.6, "fatigue": {"churn_growth": 0, "delta": 0, "opt_out": 0},
                        "purchases": {"r": 2, "a": 0.8, "b": 6, "alpha": 3}, "prospects": 0},
                channels={"email": {"consent_customers": 1, "open_rate": 0.6, "click_given_open": 0.5}},
                campaigns={"offer": {"work": "reactive_campaign", "per_week": per_week, "relevance": 0.9, "live_days": 3}},
                occasions={}, monitors={}, contact_policy={"at_most": [], "gap": 0}, horizon=80,
                service=desk(agents, hourly_cost=0, minutes=8, dissatisfaction={"churn": 1.6}),
            )  # fmt: skip
            found[name, staff] = simulate(one)
    return found


def test_success_beyond_capacity_raises_churn_and_not_with_agents_enough(campaigns):
    """Campaigns bring purchases and requests in either case; only where the desk cannot answer them, more customers
    are lost than with few campaigns and few agents would lead one to expect."""
    share = {key: compute(run)["service_abandoned_share"] for key, run in campaigns.items()}
    assert share["many", "short"] > share["few", "short"] + 0.1
    assert share["many", "ample"] == share["few", "ample"] == 0
    sold = {key: run.sums["purchases_organic"] + run.sums["purchases_response"] for key, run in campaigns.items()}
    assert sold["many", "ample"] > 1.2 * sold["few", "ample"]
    hurt = {name: lost(campaigns[name, "short"]) - lost(campaigns[name, "ample"]) for name in ("few", "many")}
    assert hurt["few"] >= 0
    assert hurt["many"] > hurt["few"] + 20


def test_dissatisfaction_raises_the_hazard_by_its_exponent():
    """A Pareto/NBD market in which everybody's request is given up each day: losses exceed those of the same market
    with agents by what exp(bS S) says while S is at its ceiling of 2.5."""
    runs = {}
    for agents in (0, 10_000):
        purchases = {"model": "hazard", "leaving": 2, "leaving_shape": 200, "rate": 3}
        service = desk(agents, per_purchase=0, per_customer_year=100, self_service=0,
                       dissatisfaction={"churn": 0.3, "half_life_days": 3650})  # fmt: skip
        market = {"customers": 4000, "represents": 1, "prospects": 0, "purchases": purchases,
                  "fatigue": {"churn_growth": 0}}  # fmt: skip
        runs[agents] = simulate(scenario(market=market, service=service, campaigns={}, occasions={}, monitors={}))
    rates = [run.sums["lost"] / run.sums["customers"] for run in runs.values()]
    assert rates[0] / rates[1] == pytest.approx(np.exp(0.3 * 2.5), rel=0.12)


def test_a_sales_team_without_time_for_its_leads_is_told_of():
    """One person for whom each lead takes a day; nothing is said of a hundred."""
    notes = {}
    for people in (1, 100):
        one = scenario(market={"prospects": 0.5}, leads={"threshold": 2}, sales={"people": people, "minutes": 480})
        notes[people] = simulate(one).warnings
    assert [("leads asked sales for" in " ".join(note)) for note in notes.values()] == [True, False]


def test_faster_answers_win_more_leads():
    """Twelve people against one under the same luck: shorter response, more leads won, more customers."""
    few, many = (
        simulate(
            scenario(leads={"threshold": 4}, market={"customers": 800, "prospects": 0.6}, horizon=90,
                     sales={"people": people, "conversion": 0.9, "rejected": {"gain": 0}})
        )
        for people in (1, 40)
    )  # fmt: skip
    slow, fast = compute(few), compute(many)
    assert fast["lead_response_hours"] < slow["lead_response_hours"] / 2
    assert fast["lead_conversion"] > 2 * slow["lead_conversion"]
    assert many.sums["new_customers"] > few.sums["new_customers"]


def test_who_is_won_buys_the_day_after_at_that_hour(both):
    """The person's first purchase is one day after the answer; who was no prospect any more is not won."""
    run = both[1]
    leads = run.lead_answers[run.lead_answers["outcome"] == "won"]
    people = {(int(c["segment"]), int(c["index"])): c for c in run.customers}
    exact = 0
    for lead in leads.to_dict("records"):
        person = people["ab".index(lead["segment"]), lead["index"]]
        answered = lead["day"] + 20 + lead["response_hours"] / 24
        exact += person["first_purchase_day"] == pytest.approx(answered + 1)
    assert exact * 20 == run.daily["leads_won"].sum() or exact * 20 == run.daily["leads_won"].sum() - 20
    assert exact > 5


def test_rejections_change_who_becomes_a_lead():
    """With a low threshold sales rejects most; where it is heard, fewer and better leads come."""
    deaf, heard = (
        simulate(scenario(leads={"threshold": 1}, horizon=150, market={"customers": 800, "prospects": 0.6},
                          sales={"people": 30, "rejected": {"gain": gain, "acceptable": 0.2, "largest_factor": 30}}))
        for gain in (0, 1)
    )  # fmt: skip
    answers = [run.lead_answers for run in (deaf, heard)]
    assert len(answers[1]) < 0.9 * len(answers[0])
    assert answers[1]["score"].mean() > answers[0]["score"].mean()
    rejected = [(table["outcome"] == "rejected").mean() for table in answers]
    assert rejected[1] < 0.8 * rejected[0]


def test_only_customers_ask_of_themselves():
    """Nobody has asked about an account who was a prospect all along."""
    run = simulate(scenario(service=desk(50, per_purchase=0, per_customer_year=40)))
    assert run.sums["service_requests"] > 0
    never = run.customers["relation"] == PROSPECT
    assert (run.customers["dissatisfaction"][never] == 0).all()
    expected = 40 / 365 * run.sums["customers"]
    assert run.sums["service_requests"] == pytest.approx(expected, rel=0.25)
    assert (run.customers["relation"] == CUSTOMER).any()


# --- what the neighbors tell monitors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "section"), [("service_abandoned_share", "service"), ("lead_rejected_share", "sales")]
)
def test_a_monitor_needs_the_neighbor_that_tells_it(figure, section):
    """The mistake is said where the figure stands."""
    monitors = {"watched": {"figure": figure, "answered_by": "save"}}
    assert [at for at, text in scenario(monitors=monitors).check_sense() if section in text] == [
        "monitors.watched.figure"
    ]
    there = {"service": 3} if section == "service" else {"sales": 3, "leads": {}}
    assert scenario(monitors=monitors, **there).check_sense() == []


def test_monitors_hear_what_the_tables_say(both):
    """Over a run, rejected and answered leads are those of the table; abandoned requests those that ended in it."""
    from simkit.coupling.neighbors import Neighbors

    heard: list[dict[str, tuple[int, int]]] = []
    plain = Neighbors.watched
    one = both[1].scenario
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Neighbors, "watched", lambda self, day: heard.append(plain(self, day)) or heard[-1])
        run = simulate(one)
    rejected, answered = np.array([row["lead_rejected_share"] for row in heard]).T
    assert np.array_equal(answered * 20, run.daily["leads_answered"])
    assert np.array_equal(rejected * 20, run.daily["leads_rejected"])
    abandoned, ended = np.array([row["service_abandoned_share"] for row in heard]).T
    asked = run.daily["service_answered"] + run.daily["service_abandoned"]
    assert abandoned.sum() > 50
    assert (abandoned <= ended).all()
    late = asked.to_numpy().cumsum() - ended.cumsum()
    assert (late >= 0).all()  # nothing ends before it is asked
    assert late[-1] < 0.1 * asked.sum()


def test_a_desk_that_loses_its_patience_asks_the_department_for_work():
    """Customers grow beyond what one agent can answer; marketing is told, and its work is a monitor's."""
    rule = {"figure": "service_abandoned_share", "answered_by": "save", "window_days": 7, "baseline_days": 14,
            "worsens_by": 0.2, "lag": 12}  # fmt: skip
    season = {"months": [0.3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0.3]}
    asked = [
        simulate(
            scenario(market={"season": season}, service=desk(agents), occasions={}, monitors={"queue": rule})
        ).cases["cause"]
        for agents in (1, 60)
    ]
    assert (asked[0] == "monitor").any()
    assert not (asked[1] == "monitor").any()
