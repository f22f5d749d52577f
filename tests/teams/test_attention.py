"""Which waiting work a person turns to."""

import pytest
from departments import neutral, order, organized, run, step
from pydantic import ValidationError

HOUR = 3600


def hours_live(attention, orders):
    work = {"job": {"steps": [step("s", "copy", 2)]}}
    return run(neutral(headcount={"copy": 1}, work=work, attention=attention), orders, 30).records().cases


def taken(attention, orders):
    cases = hours_live(attention, orders).sort_values("live_day")
    return "".join(cases.name)


FIVE = [order(name, "job", i / 240, priority=9 - i) for i, name in enumerate("abcde")]


@pytest.mark.parametrize(("rule", "expected"), [({}, "aedcb"), ({"oldest": 1}, "abcde"), ({"newest": 1}, "aedcb")])
def test_each_rule_takes_what_it_says(rule, expected):
    """The first is alone when it comes; then by priority, by age, or the other way round."""
    assert taken(rule, FIVE) == expected


def test_newest_first_ignores_priority():
    """The same with falling urgency."""
    falling = [order(name, "job", i / 240, priority=1 + i) for i, name in enumerate("abcde")]
    assert taken({}, falling) == "abcde"
    assert taken({"newest": 1}, falling) == "aedcb"


def test_every_rule_has_the_same_mean_time_where_efforts_are_equal():
    """Work-conserving disciplines finish at the same moments; only who is finished then differs."""
    orders = [order(f"w{i}", "job", i * 1.7 / 24 + (i % 7) / 30) for i in range(150)]
    rules = ({}, {"oldest": 1}, {"newest": 1}, {"random": 1}, {"oldest": 0.2, "newest": 0.2, "random": 0.1})
    leads = [hours_live(rule, orders).lead_seconds for rule in rules]
    assert len({int(lead.sum()) for lead in leads}) == 1
    spread = [lead.std() for lead in leads]
    assert spread[1] < spread[3] < spread[2]


def test_random_attention_is_fair_and_the_same_again():
    """Of four waiting pieces each is taken second in about a quarter of 300 replications' days."""
    orders = [order(f"{name}{day}", "job", day + i / 2400) for day in range(300) for i, name in enumerate("abcde")]
    work = {"job": {"steps": [step("s", "copy", 2)]}}
    teams = neutral(headcount={"copy": 1}, work=work, attention={"random": 1})
    log, again = (run(teams, orders, 301).records().log for _ in range(2))
    assert log.equals(again)
    started = log[log.event == "start"].case.tolist()
    second = [started[5 * day + 1][0] for day in range(300)]
    assert all(abs(second.count(name) - 75) < 4 * (300 * 0.25 * 0.75) ** 0.5 for name in "bcde")


def test_shares_of_attention_add_up():
    """Stated shares beyond 1 are refused; what is not stated follows priority."""
    assert (
        organized(
            neutral(headcount={"copy": 1}, attention={"newest": 0.25}, work={"job": {"steps": [step("s", "copy", 1)]}})
        ).attention.priority
        == 0.75
    )
    with pytest.raises(ValidationError, match="must add up to 1"):
        organized(neutral(headcount={"copy": 1}, attention={"newest": 0.75, "random": 0.5}))
