"""A live campaign's own figures tell that its channel was the wrong one, and it is done again in another."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import yaml

from simkit.coupling.department_only import left_out
from simkit.coupling.wrong_channel import FOUND, READING_COLUMNS, ChannelReadings, judged
from simkit.customers.mesa_market import MarketModel
from simkit.customers.state import PER_SLOT, SLOT_CLICKED, SLOT_DELIVERED, SLOTS, SLOTS_AT, TOTALS
from simkit.experiment.study import run
from simkit.report.breakdowns import reading_table
from simkit.rng import run_key
from simkit.scenario.errors import ScenarioError
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario
from simkit.scenario.wrong_channel import WrongChannel
from simkit.simulation import simulate

ALWAYS = {"days": "Mon-Sun", "hours": [[0, 24]]}
RULE = {"expected": 0.5, "figure": "opens", "answered_by": "again", "lag": 12}
RATE = 0.2


def scenario(hours=20.0, rule=RULE, **changes):
    """A text every ten days by a channel whose response dies within months; an email does it again."""
    steps = [{"id": "make", "skill": "making", "effort": hours, "internal_error": 0}]
    given = {
        "market": {"customers": 200, "prospects": 0, "represents": 10}, "horizon": 150, "warmup": 10, "occasions": {},
        "monitors": {}, "contact_policy": {"at_most": [], "gap": 0},
        "channels": {"email": {"consent_customers": 1},
                     "sms": {"consent_customers": 1, "trend": {"response_per_year": -0.999}}},
        "campaigns": {
            "text": {"work": "making", "per_week": 0.7, "channels": ["sms"], "lead_days": 0, "wrong_channel": rule},
            "again": {"work": "making", "channels": ["email"]},
        },
        "teams": {
            "calendars": {"office": ALWAYS}, "headcount": {"making": 1}, "primary_share": 1,
            "intake": {"latency_hours": 0, "effort_hours": 0}, "distance": [{"when": "same_company"}],
            "work": {"making": {"steps": steps}}, "errors": {"caught": 1},
        },
    }  # fmt: skip
    return Scenario(**{**given, **changes})


@pytest.fixture(scope="module")
def found_out():
    """A run in which the channel dies."""
    return simulate(scenario())


def corrections(run):
    """Launches of what was done again."""
    return run.launches[run.launches["cause"] == "wrong_channel"]


def test_a_dying_channel_is_found_out_and_its_campaigns_are_done_again_in_another(found_out):
    """While it lives it is right; from some day on every campaign is wrong, and each is asked for, made and sent anew: read
    three days after going live, asked for half a day later."""
    readings, cases = found_out.channel_readings, found_out.cases.set_index("name")
    found = readings["found"].tolist()
    assert found == sorted(found)  # right, ..., right, wrong, ..., wrong
    assert found.count("right") > 3
    assert found.count("wrong") > 3
    wrong = readings[readings["found"] == "wrong"].set_index("name")
    assert (wrong["figure"] <= 0.5 * wrong["expected"]).all()
    again = corrections(found_out)
    assert again["name"].str.removeprefix("again-").str.removesuffix(" in sms").isin(wrong.index).all()
    assert len(again) >= len(wrong) - 1
    live = found_out.launches.set_index("name")["day"]
    for name, day in wrong["day"].items():
        case = cases.loc[f"again-{name} in sms"]
        assert case["happened_day"] == live[name]
        assert day == live[name] + 2
        assert case["arrived_day"] == pytest.approx(live[name] + 3.5)
    emails = found_out.daily.set_index("day")["sent_email"]
    assert (emails[again["day"]] > 0).all()
    assert emails[emails.index < again["day"].min()].sum() == 0
    late = again["day"].to_numpy() - cases.loc[again["name"], "happened_day"].to_numpy()
    assert again["relevance"].to_numpy() == pytest.approx(0.5 * 0.5 ** (late / 10))


def test_a_faster_department_finds_out_and_corrects_earlier(found_out):
    """Four days of work for each campaign, instead of twenty hours: the same campaigns are live, found out and done again
    later, and what is done again fits less."""
    slow = simulate(scenario(hours=100.0))
    columns = ["name", "day", "relevance"]
    both = corrections(found_out)[columns].merge(corrections(slow)[columns], on="name")
    assert len(both) > 3
    assert (both["day_x"] < both["day_y"]).all()
    assert (both["relevance_x"] > both["relevance_y"]).all()
    read = found_out.channel_readings.merge(slow.channel_readings, on="name")
    assert (read["day_x"] < read["day_y"]).all()


def test_without_the_loop_nothing_changes_until_somebody_speaks(found_out):
    """A campaign nobody judges gives the same days as one that is always right, and as this one's until its first
    correction is live; neither asks for work."""
    plain = simulate(scenario(rule=None))
    content = simulate(scenario(rule={**RULE, "expected": 0.01}))
    pd.testing.assert_frame_equal(plain.daily, content.daily)
    pd.testing.assert_frame_equal(plain.launches, content.launches)
    assert set(content.channel_readings["found"]) <= {"right", "too_few"}
    assert list(plain.channel_readings.columns) == list(READING_COLUMNS)
    assert plain.channel_readings.empty
    assert corrections(plain).empty
    first = corrections(found_out)["day"].min()
    before = [run.daily[run.daily["day"] < first] for run in (plain, found_out)]
    pd.testing.assert_frame_equal(*before)
    assert not plain.daily.equals(found_out.daily)


def test_both_drivers_read_the_same(found_out):
    """The compiled market's days, readings and cases are those of Mesa's agents, to the bit; a replay changes nothing."""
    compiled = simulate(scenario())
    again = simulate(scenario(), script=compiled.script)
    for name in ("daily", "channel_readings", "cases", "launches"):
        pd.testing.assert_frame_equal(getattr(compiled, name), getattr(found_out, name))
    for name in ("daily", "cases", "launches"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(compiled, name))


def test_a_plan_that_moves_goes_out_in_the_better_channel(found_out):
    """The same days until the first discovery is heard of. What is asked for later is email, on the dates it had; what had
    been asked for before is still a text. Nothing is found wrong any more once the texts have ended."""
    moved = simulate(scenario(rule={**RULE, "plan": "moves"}))
    first = moved.channel_readings.query("found == 'wrong'")["day"].min() + 1.5  # the night, and half a day
    planned = moved.cases[moved.cases["cause"] == "planned"].set_index("name")
    stayed = found_out.cases.set_index("name")
    assert (planned["campaign"] == np.where(planned["arrived_day"] < first, "text", "again")).all()
    assert (planned["campaign"] == "again").sum() > 3
    assert planned["due_day"].equals(stayed.loc[planned.index, "due_day"])
    launched = moved.launches[moved.launches["campaign"].eq("text") & (moved.launches["day"] > first)]
    assert len(launched) <= 1  # on its way when the department heard
    before = [run.daily[run.daily["day"] < first] for run in (moved, found_out)]
    pd.testing.assert_frame_equal(*before)
    late = moved.daily["day"] > first + 10
    assert moved.daily.loc[late, "sent_sms"].sum() == 0 < found_out.daily.loc[late, "sent_sms"].sum()
    assert (moved.channel_readings["found"] == "wrong").sum() < (found_out.channel_readings["found"] == "wrong").sum()


def test_a_plan_that_may_move_and_does_not_is_the_plan():
    """Orders that wait here until their day give the same run as orders given at once, to the bit."""
    content = {**RULE, "expected": 0.01}
    stays, moves = (simulate(scenario(rule={**content, "plan": plan})) for plan in ("stays", "moves"))
    for name in ("daily", "cases", "launches", "channel_readings"):
        pd.testing.assert_frame_equal(getattr(stays, name), getattr(moves, name))


def test_readings_are_stored_and_shown(tmp_path):
    """Two replications: every reading in the results folder with its run in front, and a table of them on the page that
    counts them; a later run without readings leaves none behind."""
    file = tmp_path / "case.yaml"
    told = scenario(horizon=60).model_dump(mode="json", exclude_unset=True)
    file.write_text(yaml.safe_dump(told))
    result = run(load(file), replications=2, workers=1)
    readings = result.breakdowns["channel_readings"]
    assert list(readings.columns) == ["alternative", "replication", *READING_COLUMNS]
    assert set(readings["replication"]) == {0, 1}
    folder = result.save(tmp_path / "results")
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "channel_readings.parquet"), readings)
    table = reading_table(result)
    (row,) = (dict(zip(table.head, row, strict=True)) for row in table.rows)
    assert row["campaign and channel"] == "text, sms"
    counts = readings["found"].value_counts() / 2
    assert {name: float(row[name.replace("_", " ")]) for name in FOUND} == {name: counts.get(name, 0) for name in FOUND}
    answered = (readings["figure"] * readings["delivered"]).sum() / readings["delivered"].sum()
    assert row["figure, %"] == f"{100 * answered:.1f}"
    assert table.caption in (folder / "report.html").read_text(encoding="utf-8")
    told["campaigns"]["text"].pop("wrong_channel")
    file.write_text(yaml.safe_dump(told))
    run(load(file), replications=1, workers=1).save(folder)
    assert not (folder / "channel_readings.parquet").exists()


# --- one reading -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivered", "clicked", "says"),
    [
        (400, 0, "too_few"),  # 8 expected, 3 standard errors are 8.4
        (1000, 6, "wrong"),  # 20 expected, limit 6.7, half 10
        (1000, 7, "right"),
        (10_000, 100, "wrong"),  # 200 expected, limit 158, half 100
        (10_000, 101, "right"),
    ],
)
def test_a_channel_is_wrong_below_its_share_and_below_counting_noise(delivered, clicked, says):
    """Two per cent expected: the shortfall and the limit of a p chart, n p - 3 sqrt(n p (1 - p)), must both be passed."""
    assert judged(WrongChannel(expected=0.02, answered_by="again"), delivered, clicked) == says


def readings_of(clicked, replication=0, **changes):
    """What is found of 1,000 campaigns on email: 10,000 delivered each, so many of them clicked."""
    rule = {"expected": "2%", "answered_by": "again", "read_after_days": 1, "false_alarm_rate": RATE, **changes}
    one = scenario(rule=None, campaigns={
        "letter": {"work": "making", "channels": ["email"], "wrong_channel": rule},
        "again": {"work": "making", "channels": ["sms"]},
    })  # fmt: skip
    market = MarketModel(scenario=one)
    reader = ChannelReadings(one, market, run_key(1, replication))
    totals = np.zeros(TOTALS, np.int64)
    totals[SLOTS_AT + SLOT_DELIVERED :: PER_SLOT][:SLOTS] = 10_000
    totals[SLOTS_AT + SLOT_CLICKED :: PER_SLOT][:SLOTS] = clicked
    for day in range(50):
        for i in range(20):
            market.tables.launch(f"letter-{20 * day + i}", "letter", None, 0.5, day)
        market.tables.messages[:20], market.tables.waiting = market.tables.waiting, []
        reader.close_day(day, totals)
    return {row["name"]: row["found"] for row in reader.readings}


def test_false_alarms_come_at_the_stated_rate():
    """Of channels that are right a share RATE is taken for wrong (3 s.e.), the same ones whatever they did; none at rate 0."""
    found = readings_of(200)
    assert len(found) == 1000
    false = {name for name, says in found.items() if says == "false_alarm"}
    assert abs(len(false) - RATE * 1000) < 3 * math.sqrt(RATE * (1 - RATE) * 1000)
    assert false == {name for name, says in readings_of(150).items() if says == "false_alarm"}
    assert false != {name for name, says in readings_of(200, replication=1).items() if says == "false_alarm"}
    assert set(readings_of(200, false_alarm_rate=0).values()) == {"right"}
    assert set(readings_of(20).values()) == {"wrong"}


def test_a_false_alarm_costs_work():
    """Every reading misleads: each campaign is made a second time, as a false alarm."""
    run = simulate(scenario(rule={**RULE, "expected": 0.01, "false_alarm_rate": 1}, horizon=40))
    assert set(run.channel_readings["found"]) == {"false_alarm"}
    asked = run.cases[run.cases["cause"] == "false_alarm"]
    assert len(asked) == len(run.channel_readings) > 2
    assert asked["part_touch_seconds"].sum() > 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("letter: {channels: [tv], wrong_channel: {expected: 2%, answered_by: mail}}", "sends no messages"),
        ("letter: {channels: [sms, push], wrong_channel: {expected: 2%, answered_by: mail}}", "which is judged: sms, push"),
        ("letter: {channels: [sms], wrong_channel: {expected: 2%, answered_by: mail, channel: push}}", "it has: sms"),
        ("letter: {channels: [sms], wrong_channel: {expected: 2%, answered_by: male}}", "unknown campaign 'male'"),
        ("letter: {channels: [email], wrong_channel: {expected: 2%, answered_by: mail}}", "takes another channel"),
        ("letter: {channels: [sms], wrong_channel: {expected: 2%, answered_by: other}}", "not done a third time"),
        ("letter: {channels: [sms], wrong_channel: {answered_by: mail}}", "the key 'expected' is missing"),
        ("letter: {channels: [sms], wrong_channel: {expected: 0, answered_by: mail}}", "expected more than 0, found 0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_with_its_place(tmp_path, line, says):
    """Nobody to judge, nothing that corrects, nothing expected."""
    other = "other: {channels: [push], wrong_channel: {expected: 2%, answered_by: mail}}"
    file = tmp_path / "case.yaml"
    file.write_text(f"channels: [email, sms, push, tv]\ncampaigns:\n  mail: {{}}\n  {other}\n  {line}\n")
    with pytest.raises(ScenarioError, match=rf"(?s)case.yaml:5:\d+: .*{says}"):
        load(file)


def test_questions_that_need_the_department_alone_say_what_they_leave_out():
    """What customers' answers ask for is work they do not know of."""
    assert left_out(scenario()) == ["what the figures of text say about their channel"]
