"""One run: what passes between department and market, day by day, and what is conserved."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simkit.coupling.world import episodes, planned_orders
from simkit.customers import compiled
from simkit.customers.compiled import CompiledMarket
from simkit.customers.state import SENT
from simkit.measures.catalog import MEASURES, Measure, compute
from simkit.rng import run_key
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate
from simkit.teams.decomposition import TIME_CATEGORIES

WARMUP, HORIZON = 20, 60
SEGMENTS = {"north": {"share": 0.6}, "south": {"share": 0.4}}
STAGES = ("unaware", "aware", "considering", "intent", "customer", "repeat", "advocate", "lost", "away")
COSTS = ("cost_of_goods", "contact_cost", "media_cost", "team_cost", "technology_cost")
ALWAYS = {"days": "all", "hours": [[0, 24]]}


def scenario(**changes):
    """Everything that ships, for 600 persons in two segments and 80 days."""
    market = {"customers": 600, "represents": 50, "segments": SEGMENTS, **changes.pop("market", {})}
    return Scenario(**{"market": market, "horizon": HORIZON, "warmup": WARMUP, **changes})


def maker(hours, people=1):
    """A department in which every piece of work takes so many hours of one person, day and night, without errors."""
    step = {"id": "make", "skill": "making", "effort": hours, "internal_error": 0}
    return {
        "calendars": {"office": ALWAYS}, "headcount": {"making": people}, "primary_share": 1,
        "intake": {"latency_hours": 0, "effort_hours": 0}, "distance": [{"when": "same_company"}],
        "work": {"making": {"steps": [step]}}, "errors": {"caught": 1},
    }  # fmt: skip


def made(hours, people=1, **changes):
    """One program of emails, made in so many hours each, and nothing else unless stated."""
    campaigns = {"letter": {"work": "making", "per_week": 0.5, "relevance": 0.6, "half_life_days": 8, "live_days": 3,
                            **changes.pop("letter", {})}, **changes.pop("campaigns", {})}  # fmt: skip
    given = {"campaigns": campaigns, "channels": ["email"], "occasions": {}, "monitors": {}}
    return scenario(teams=maker(hours, people), **{**given, **changes})


@pytest.fixture(scope="module")
def hierarchy():
    """The shipped department in functions, with every contact written down."""
    return simulate(scenario(), contact_log=True)


@pytest.fixture(scope="module")
def pods():
    """The same people in pods, under the same luck."""
    return simulate(scenario(teams={"structure": "pods"}))


def same(one, other):
    """Two runs with every table and every customer equal."""
    for table in ("daily", "cases", "persons", "launches"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)
    assert np.array_equal(one.customers, other.customers)
    assert np.array_equal(one.revenue_before, other.revenue_before)


def launched(run):
    """Launches beside the work that made them."""
    kept = run.cases[["name", "live_day", "due_day", "happened_day", "quality", "launch_day", "key", "status"]]
    return run.launches.merge(kept, "left", on="name", validate="one_to_one")


def whole_days(days):
    """Days rounded to the second, against what a subtraction leaves behind."""
    return np.round(np.asarray(days, float) * 86_400) / 86_400


# --- half-open days ------------------------------------------------------------------------------------


def test_what_is_finished_on_a_day_reaches_customers_the_next(hierarchy, pods):
    """A launch's day is floor(finished) + 1, for planned ones not before the due date; cases say the same day."""
    for run in (hierarchy, pods):
        found = launched(run)
        next_day = np.floor(whole_days(found["live_day"])) + 1
        due = np.ceil(whole_days(found["due_day"]))
        expected = np.fmax(next_day, due)
        assert (found["day"] == expected).all()
        assert (found["launch_day"] == found["day"]).all()
        assert (found["day"] > next_day).sum() > 10
        assert (found["day"] == next_day).sum() > 5
        assert (found["status"] == "live").all()
        assert (run.cases["launch_day"].notna() == run.cases["name"].isin(run.launches["name"])).all()


@pytest.mark.parametrize(("lead_days", "late"), [(0, True), (28, False)])
def test_customers_are_reached_from_the_launch_day_on(lead_days, late):
    """From the contact log: the first messages go on the launch day, none before, none after `live_days`."""
    run = simulate(made(60, letter={"lead_days": lead_days}), contact_log=True)
    days = run.launches["day"].to_numpy()
    days = days[days < HORIZON]
    assert len(days) >= 3
    case = launched(run)[: len(days)]
    finished = np.floor(whole_days(case["live_day"])) + 1
    assert (days == (finished if late else np.ceil(whole_days(case["due_day"])))).all()
    sent = run.contacts[run.contacts["decision"] == SENT]["day"] - WARMUP
    assert set(days) <= set(sent)
    assert set(sent) <= {day + later for day in days for later in range(3)}


def test_the_contact_log_says_what_the_ledger_says(hierarchy):
    """Messages sent, delivered, opened and clicked in the log add up to the daily table."""
    log, stands_for = hierarchy.contacts, 50
    per_day = np.bincount(log["day"][log["decision"] == SENT], minlength=WARMUP + HORIZON)
    sent = hierarchy.daily[["sent_email", "sent_sms", "sent_push"]].sum(axis=1)
    assert (per_day * stands_for == sent).all()
    for what in ("delivered", "opened", "clicked"):
        told = hierarchy.daily[[f"{what}_{name}" for name in ("email", "sms", "push")]].to_numpy().sum()
        sent_rows = log[log["decision"] == SENT]
        assert sent_rows[what].sum() * stands_for == told


def test_a_signal_nobody_noticed_before_the_end_is_open_work():
    """Every occasion of the run has a row: those noticed too late are open, and count as not live yet."""
    cut = {"per_year": 200, "noticed_after": 24 * 20, "answered_by": "answer", "expires_days": 300}
    plan = made(1, 9, occasions={"cut": cut}, campaigns={"answer": {"work": "making"}})
    cases = simulate(plan).cases
    rows = cases[cases["cause"] == "occasion"].set_index("name")
    expected = {f"answer-{e.source}": e.signal for e in episodes(plan, run_key(plan.seed, 0))}
    assert set(rows.index) == set(expected)
    late = rows[rows["arrived_day"] >= HORIZON]
    assert len(late) > 5
    assert (late["status"] == "open").all()
    assert late["live_day"].isna().all()
    for name, signal in expected.items():
        assert rows.loc[name, "happened_day"] == pytest.approx(signal.happened_day - WARMUP)
        assert rows.loc[name, "arrived_day"] == pytest.approx(signal.noticed_day - WARMUP, abs=1e-5)
    assert cases.dtypes["key"] == cases.dtypes["lead_seconds"] == np.int64


def test_an_occasion_and_a_monitor_may_share_a_name(monkeypatch):
    """Their work, keys and stakes stay apart."""
    monkeypatch.setattr("simkit.coupling.world.NOISE_ERRORS", 0.0)  # so that a small market's monitor speaks at all
    rule = {"answered_by": "answer", "half_life_days": 10}
    churn = {"figure": "churn_rate", "worsens_by": 0.01, "every_days": 1, "quiet_days": 0, "lag": 1}
    monitor = {**rule, **churn, "window_days": 1, "baseline_days": 2}
    answer = {"answer": {"work": "making"}}
    occasion = {**rule, "per_year": 300}
    plan = made(1, 9, market=SHOPPERS, occasions={"x": occasion}, monitors={"x": monitor}, campaigns=answer)
    run = simulate(plan)
    answers = run.cases[run.cases["campaign"] == "answer"]
    assert answers["cause"].value_counts().min() > 10
    assert set(answers["cause"]) == {"occasion", "monitor"}
    assert answers["name"].is_unique
    assert answers["key"].is_unique


# --- relevance -----------------------------------------------------------------------------------------


def test_relevance_of_a_late_planned_launch_by_hand():
    """Work of exactly 60 hours due after one day: live 2.5 days after the request, and so many whole days late."""
    plan = made(60, letter={"lead_days": 1})
    run = simulate(plan)
    orders = planned_orders(plan, run_key(plan.seed, 0))
    assert len(run.launches) >= 4
    for row, order in zip(run.launches.itertuples(), orders, strict=False):
        day = math.floor(order.arrives_day + 2.5) + 1
        late = day - math.ceil(order.arrives_day + 1)
        assert late in (1, 2)
        assert (row.name, row.day, row.lateness_days) == (order.name, day - WARMUP, late)
        assert row.relevance == pytest.approx(0.6 * 0.5 ** (late / 8), rel=1e-12)


def test_a_planned_launch_that_is_ready_early_loses_nothing():
    """It waits for its date: no lateness, the campaign's full relevance."""
    run = simulate(made(60, letter={"lead_days": 5}))
    assert (run.launches["lateness_days"] == 0).all()
    assert run.launches["relevance"].to_numpy() == pytest.approx(0.6)


def test_data_enter_the_relevance_of_launches():
    """A fifth of the profiles wrong: four fifths of the fit and a fifth of a random message's relevance."""
    run = simulate(made(60, letter={"lead_days": 5}, data={"quality": 0.8, "random_relevance": 0.1}), engine="mesa")
    assert run.launches["relevance"].to_numpy() == pytest.approx(0.8 * 0.6 + 0.2 * 0.1)


def test_relevance_of_every_launch(hierarchy, pods):
    """Fit x (1 + stake) x quality x 0.5^(lateness / half-life), at most 1; occasions count from when they happened."""
    for run in (hierarchy, pods):
        plan, found = run.scenario, launched(run)
        assert set(found["cause"]) >= {"planned", "occasion"}
        assert (found["quality"] < 1).any()
        for row in found.itertuples():
            program = plan.campaigns[row.campaign]
            if row.cause == "planned":
                late, stake, half_life = row.day - math.ceil(round(row.due_day, 6)), 0.0, program.half_life_days
            else:
                source = {"counter_offer": plan.occasions["price_cut"], "trend_offer": plan.occasions["trend"]}
                rule = source.get(row.campaign, plan.monitors["churn_up"])
                late, stake, half_life = row.day - row.happened_day, rule.stake, rule.half_life_days
            assert row.lateness_days == pytest.approx(max(0, late), abs=1e-6)
            expected = program.relevance * (1 + stake) * row.quality * 0.5 ** (max(0, late) / half_life)
            assert row.relevance == pytest.approx(min(1, expected), rel=1e-6)


def test_quality_falls_with_each_defect(hierarchy):
    """A tenth is lost per defect that escaped; only launches with defects are below 1."""
    found = launched(hierarchy)
    assert found["quality"].to_numpy() == pytest.approx(0.9 ** found["defects"].to_numpy())


def test_a_relevant_answer_is_capped_at_one():
    """Relevance is a share: 0.9 x (1 + 1) is 1, less nothing while it is fresh."""
    cut = {"per_year": 60, "stake": 1, "half_life_days": 3000, "noticed_after": 0, "answered_by": "answer"}
    run = simulate(made(1, 9, occasions={"cut": cut}, campaigns={"answer": {"work": "making", "relevance": 0.9}}))
    answers = run.launches[run.launches["cause"] == "occasion"]
    assert len(answers) > 3
    assert (answers["relevance"] == 1).all()


# --- harm ----------------------------------------------------------------------------------------------

CUT = {"per_year": 18, "half_life_days": 30, "segments": "all", "noticed_after": 0, "answered_by": "answer",
       "expires_days": 365, "harm": 0.5, "answer_effect": 0.8}  # fmt: skip
SHOPPERS = {"customers": 2000, "prospects": 0, "represents": 1, "organic_share": 0.9, "price_churn": 0,
            "fatigue": {"churn_growth": 0},
            "purchases": {"r": 4, "alpha": 4, "a": 1, "b": 20}}  # fmt: skip


def price_cuts(hours, **cut):
    """Many frequent buyers, and price cuts that are answered after so many hours of work."""
    return made(hours, 20, market=SHOPPERS, occasions={"cut": {**CUT, **cut}},
                campaigns={"answer": {"work": "making", "relevance": 0.9}, "letter": {"work": "making"}})  # fmt: skip


@pytest.fixture(scope="module")
def cuts():
    """The same price cuts without harm, never answered, and answered at once."""
    return {"none": simulate(price_cuts(2000, harm=0)), "open": simulate(price_cuts(2000)),
            "answered": simulate(price_cuts(2))}  # fmt: skip


def harm_by_hand(run, relief):
    """Share of organic purchases lost on each measured day, from the table of cases."""
    happened = run.cases[run.cases["cause"] == "occasion"]
    lost = []
    for day in run.daily["day"]:
        left = 1.0
        for case in happened.itertuples():
            if case.happened_day <= day:
                answered = not math.isnan(case.launch_day) and case.launch_day <= day
                since = day - case.happened_day
                left *= 1 - 0.5 * 0.5 ** (since / 30) * (1 - (relief(case) if answered else 0))
        lost.append(1 - left)
    return np.array(lost)


def answered_share(case):
    """0.8 of the harm for a perfect answer, less as the answer is less relevant."""
    late = case.launch_day - case.happened_day
    return 0.8 * min(1, 0.9 * 1.5 * 0.5 ** (late / 30))


def repeat_purchases(run):
    """Organic purchases that answer a need: all but the first ones of those who arrive."""
    return (run.daily["purchases_organic"] - run.daily["new_customers"]).to_numpy()


@pytest.mark.parametrize("which", ["none", "open", "answered"])
def test_harm_is_in_the_ledger(cuts, which):
    """Each need is met with organic share x (1 - harm of the day), harm by hand: total within 3 s.e."""
    run = cuts[which]
    harm = np.zeros(len(run.daily)) if which == "none" else harm_by_hand(run, answered_share)
    needs = run.daily["needs"].to_numpy()
    met = 0.9 * (1 - harm)
    error = math.sqrt((needs * met * (1 - met)).sum())
    assert needs.sum() > 4_000
    assert which == "none" or harm.max() > (0.4 if which == "open" else 0.1)
    assert abs(repeat_purchases(run).sum() - (needs * met).sum()) < 3 * error


def test_an_answered_price_cut_harms_less(cuts):
    """Needs are the same three times; purchases are most without harm, least when nobody answers."""
    none, still_open, answered = (cuts[name] for name in ("none", "open", "answered"))
    assert np.array_equal(none.daily["needs"], answered.daily["needs"])
    assert np.array_equal(none.daily["needs"], still_open.daily["needs"])
    least, middle, most = (repeat_purchases(run).sum() for run in (still_open, answered, none))
    assert least < 0.97 * middle
    assert middle < 0.97 * most
    first = answered.launches.query("cause == 'occasion'")["day"].min()
    before = (answered.daily["day"] < first).to_numpy()
    assert before.sum() > 3
    assert np.array_equal(repeat_purchases(answered)[before], repeat_purchases(still_open)[before])


def test_a_price_cut_drives_customers_away():
    """With `price_churn` more leave for good; without it nobody does because of a price."""
    lost = []
    for price_churn in (0, 5):
        plan = price_cuts(2000)
        market = {**SHOPPERS, "price_churn": price_churn, "segments": SEGMENTS}
        lost.append(simulate(plan.model_copy(update={"market": type(plan.market)(**market)})).daily["lost"].sum())
    assert lost[1] > 1.3 * lost[0]


# --- the same bits -------------------------------------------------------------------------------------


def test_mesa_and_compiled_are_one_model():
    """Both engines leave the same tables and customers behind, department and monitors included."""
    small = scenario(market={"customers": 150}, horizon=20, warmup=6)
    same(simulate(small, engine="mesa"), simulate(small))


def test_an_unknown_engine_is_refused():
    """The error lists the engines there are."""
    with pytest.raises(ValueError, match="compiled, mesa"):
        simulate(scenario(), engine="fortran")


def test_the_number_of_threads_never_shows(hierarchy, monkeypatch):
    """Two threads leave what one leaves."""
    used = []
    run = CompiledMarket._run
    monkeypatch.setattr(compiled, "PEOPLE_PER_THREAD", 50)  # or so few persons would not be worth a second one
    monkeypatch.setattr(CompiledMarket, "_run", lambda self, *phase: used.append(self.threads) or run(self, *phase))
    same(simulate(scenario(), threads=2), hierarchy)
    assert set(used) == {2}


def test_the_same_seed_gives_the_same_run(hierarchy, pods):
    """Repeated, with other runs in between; another replication or seed gives another run."""
    same(simulate(scenario()), hierarchy)
    for other in (simulate(scenario(), 1), simulate(scenario(seed=2))):
        assert not other.daily["revenue"].equals(hierarchy.daily["revenue"])
        assert not other.cases["happened_day"].equals(hierarchy.cases["happened_day"])


def test_an_added_measure_changes_no_other(hierarchy):
    """A measure of one's own stands beside the shipped ones."""
    more = {"days": Measure("days", "days", "Days", "n", "n", "1", "all", "", lambda run: float(len(run.measured)))}
    found = compute(hierarchy, more)
    assert found.pop("days") == HORIZON
    assert found == compute(hierarchy)


def test_structures_face_the_same_world_and_the_same_plan(hierarchy, pods):
    """Occasions, plan and requests have the same keys, moments, segments and dates; only their fate differs."""
    columns = ["key", "name", "kind", "cause", "segment", "arrived_day", "happened_day", "due_day"]
    one, other = (
        run.cases[run.cases["cause"] != "monitor"][columns].sort_values("key", ignore_index=True)
        for run in (hierarchy, pods)
    )
    assert set(one["cause"]) == {"planned", "occasion", "request"}
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert not hierarchy.cases["live_day"].equals(pods.cases["live_day"])


def test_structures_face_the_same_customers():
    """With no campaigns the market cannot tell structures apart: equal but for the payroll and what hangs on it."""
    nothing = {"campaigns": {}, "occasions": {}, "monitors": {}}
    one, other = (simulate(scenario(teams={"structure": name}, **nothing)) for name in ("hierarchy", "pods"))
    assert np.array_equal(one.customers, other.customers)
    money = ["team_cost", "profit"]
    pd.testing.assert_frame_equal(one.daily.drop(columns=money), other.daily.drop(columns=money), check_exact=True)


# --- conservation --------------------------------------------------------------------------------------


def test_everyone_is_somewhere_every_day(hierarchy):
    """Stages add up to all persons; customers change by new and lost ones and nothing else."""
    daily = hierarchy.daily
    assert (daily[[f"stage_{name}" for name in STAGES]].sum(axis=1) == 600 * 50).all()
    assert (daily[["stage_customer", "stage_repeat", "stage_advocate"]].sum(axis=1) == daily["customers"]).all()
    change = daily["customers"].diff()[1:]
    assert (change == (daily["new_customers"] - daily["lost"])[1:]).all()
    assert daily["lost"].sum() > 0


def test_money_adds_up(hierarchy):
    """Revenue is organic plus response, response that of all channels; profit is revenue less every cost."""
    daily, channels = hierarchy.daily, list(hierarchy.scenario.channels)
    assert daily["revenue"].to_numpy() == pytest.approx(
        (daily["revenue_organic"] + daily["revenue_response"]).to_numpy()
    )
    response = daily[[f"revenue_{name}" for name in channels]].sum(axis=1)
    assert daily["revenue_response"].to_numpy() == pytest.approx(response.to_numpy())
    spent = daily[list(COSTS)].sum(axis=1)
    assert daily["profit"].to_numpy() == pytest.approx((daily["revenue"] - spent).to_numpy())
    by_channel = daily[[f"cost_{name}" for name in channels]].sum(axis=1)
    assert by_channel.to_numpy() == pytest.approx((daily["contact_cost"] + daily["media_cost"]).to_numpy())
    assert (daily[list(COSTS)].sum() > 0).all()


def test_customers_paid_what_the_ledger_took(hierarchy):
    """Before and after the warm-up, what persons paid is the ledger's revenue, to a cent."""
    daily, people = hierarchy.daily, hierarchy.customers
    paid = (people["revenue"] - hierarchy.revenue_before).sum() / 10_000 * 50
    assert paid == pytest.approx(hierarchy.measured["revenue"].sum(), abs=0.01)
    assert hierarchy.revenue_before.sum() / 10_000 * 50 == pytest.approx(
        daily[daily["day"] < 0]["revenue"].sum(), abs=0.01
    )


def test_costs_have_their_price(hierarchy):
    """Goods are a share of revenue, technology and payroll run every day, a message costs its price."""
    daily, plan = hierarchy.daily, hierarchy.scenario
    assert daily["cost_of_goods"].to_numpy() == pytest.approx(0.65 * daily["revenue"].to_numpy())
    assert (daily["technology_cost"] == 250_000 / 365).all()
    weekly = sum(person * 40 for person in hierarchy.persons["hourly_cost"] * hierarchy.persons["fte"])
    assert daily["team_cost"].to_numpy() == pytest.approx(weekly / 7)
    for name in ("email", "sms", "push"):
        price = plan.channels[name].cost_per_message
        assert daily[f"cost_{name}"].to_numpy() == pytest.approx(price * daily[f"sent_{name}"].to_numpy())
    running = daily["cost_paid_social"][daily["cost_paid_social"] > 0]
    assert running.to_numpy() == pytest.approx(plan.channels["paid_social"].budget_per_week / 7)


def test_each_simulated_person_stands_for_twice_as_many():
    """Without budgets, twice `represents` doubles every count and amount of money exactly and changes no behavior."""
    free = {"channels": ["email", "web"], "campaigns": {"newsletter": {}, "trend_offer": {"channels": ["email"]}},
            "occasions": {"trend": {}}, "monitors": {}}  # fmt: skip
    once, twice = (simulate(scenario(market={"represents": k}, **free)) for k in (30, 60))
    assert np.array_equal(once.customers, twice.customers)
    fixed = {"day", "date", "mean_fatigue", "team_cost", "technology_cost", "profit"}
    scaled = [name for name in once.daily.columns if name not in fixed]
    assert len(scaled) > 30
    assert once.daily["revenue_response"].sum() > 0
    pd.testing.assert_frame_equal(2 * once.daily[scaled], twice.daily[scaled], check_exact=True)
    # payroll and licenses are the firm's own, whatever a person stands for
    own = once.daily[["team_cost", "technology_cost"]].sum(axis=1)
    expected = 2 * once.daily["profit"] + own
    assert twice.daily["profit"].to_numpy() == pytest.approx(expected.to_numpy())


def test_people_are_paid_for_time_that_adds_up(hierarchy):
    """A person's seconds by category add up to the paid ones; only measured days count."""
    people = hierarchy.persons
    categories = [*TIME_CATEGORIES, "absent", "idle"]
    assert (people[categories].sum(axis=1) == people["paid_seconds"]).all()
    weeks = HORIZON / 7
    assert people["paid_seconds"].to_numpy() / 3600 == pytest.approx(40 * weeks, rel=0.05)


# --- warm-up and bare markets ----------------------------------------------------------------------------


def test_warm_up_has_negative_days(hierarchy):
    """Days run from -warmup to the horizon, day 0 is the scenario's start, and measured days begin there."""
    days = hierarchy.daily["day"]
    assert days.tolist() == list(range(-WARMUP, HORIZON))
    assert hierarchy.measured["day"].tolist() == list(range(HORIZON))
    assert hierarchy.measured["date"].iloc[0] == pd.Timestamp(hierarchy.scenario.start)
    assert hierarchy.cases["arrived_day"].min() < 0


def test_no_measure_reads_the_warm_up(hierarchy):
    """With the warm-up's days, launches and finished or earlier work made absurd or removed, all stay as they are."""
    daily, cases, launches = (getattr(hierarchy, name).copy() for name in ("daily", "cases", "launches"))
    before = daily["day"] < 0
    figures = daily.select_dtypes("number").columns.drop("day")
    daily[figures] = daily[figures].astype(float)
    daily.loc[before, figures] = 1e9
    old = (cases["live_day"] < 0) | (cases["happened_day"] < 0)
    assert before.sum() == WARMUP
    assert old.sum() > 10
    early = launches["day"] < 0
    assert early.sum() > 3
    changed = replace(hierarchy, daily=daily, cases=cases[~old], launches=launches[~early])
    assert compute(changed) == compute(hierarchy)


def test_a_run_without_warm_up():
    """Measured from the first day: nothing before it, everybody's time from zero, every measure still defined."""
    run = simulate(scenario(warmup=0))
    assert run.daily["day"].iloc[0] == 0
    assert len(run.measured) == len(run.daily) == HORIZON
    assert run.revenue_before.sum() == 0
    assert set(compute(run)) == set(MEASURES)
    assert compute(run)["retention_rate"] is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"channels": ["sms", "web"], "campaigns": {"flash": {"channels": ["sms"]}}, "occasions": {}, "monitors": {}},
        {"campaigns": {}, "occasions": {}, "monitors": {}},
        {"occasions": {}},
        {"monitors": {}},
        {"channels": ["web"], "campaigns": {}, "occasions": {}, "monitors": {}},
    ],
    ids=["no email", "no campaigns", "no occasions", "no monitors", "only a site"],
)
def test_bare_markets_run(changes):
    """A market may lack what ships: every measure is computed, absent ones are None, money still adds up."""
    run = simulate(scenario(horizon=30, warmup=10, market={"customers": 200}, **changes))
    found = compute(run)
    assert set(found) == set(MEASURES)
    assert all(value is None or math.isfinite(value) for value in found.values())
    assert run.daily["revenue"].sum() > 0
    spent = run.daily[list(COSTS)].sum(axis=1)
    assert run.daily["profit"].to_numpy() == pytest.approx((run.daily["revenue"] - spent).to_numpy())
    assert not run.warnings


def test_a_market_without_campaigns_gets_no_message():
    """Nothing is launched, sent or opened out; customers buy by themselves and visit the site."""
    run = simulate(scenario(campaigns={}, occasions={}, monitors={}))
    assert run.launches.empty
    sent = [f"sent_{name}" for name in ("email", "sms", "push", "paid_social")]
    assert run.daily[sent].to_numpy().sum() == 0
    assert run.daily["opt_outs"].sum() == 0
    assert run.daily["purchases_organic"].sum() > 0


def test_the_event_log_is_made_when_asked_for(hierarchy):
    """One table of what everybody did, with a row for each launch."""
    log = hierarchy.log
    assert (log["event"] == "live").sum() >= len(hierarchy.launches)
    assert set(hierarchy.launches["name"]) <= set(log["case"])
