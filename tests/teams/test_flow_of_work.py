"""How work moves where it is more than a line: joins, errors of earlier steps, limits, batches."""

import math

import pytest
from departments import neutral, order, organized, run, step
from pydantic import ValidationError

from simkit.records import Answers
from simkit.scenario.errors import SenseError

HOUR = 3600
FAR = [{"when": "same_person"}, {"when": "same_company", "latency_hours": 3, "effort_hours": 0.5}]


def case_of(teams, orders=None, days=20):
    return run(teams, orders or [order("w", "job", 0)], days).records().cases.iloc[0]


# --- joins --------------------------------------------------------------------------------------------


def seated(**skills):
    """One person for each skill in a unit of its own, but for those named `x_near`, who sit together."""
    return [{"id": skill, "skills": {skill: 1}, "unit": unit} for skill, unit in skills.items()]


def test_a_join_takes_over_from_every_giver():
    """Build receives copy and design from two people: half an hour of taking over for each, once."""
    steps = [step("copy", "copy", 1), step("design", "design", 2), step("build", "build", 1, ("copy", "design"))]
    teams = neutral(headcount={"copy": 1, "design": 1, "build": 1}, work={"job": {"steps": steps}}, distance=FAR)
    records = run(teams, [order("w", "job", 0)], 5).records()
    assert records.persons.set_index("id").coordination["build-1"] == 1 * HOUR
    case = records.cases.iloc[0]
    assert case.part_hand_off_seconds == 4 * HOUR
    assert case.lead_seconds == (2 + 3 + 1 + 1) * HOUR
    assert case.part_join_seconds == 0


def test_what_comes_from_further_away_is_waited_for():
    """Design, next door, is done at 2 and there at 3; copy, done at 1, arrives at 9: six hours of join."""
    distance = [
        {"when": "same_unit", "latency_hours": 1}, {"when": "same_company", "latency_hours": 8},
    ]  # fmt: skip
    units = [{"id": "top"}, {"id": "studio", "parent": "top"}, {"id": "desk", "parent": "top"}]
    people = seated(copy="desk", design="studio", build="studio")
    steps = [step("copy", "copy", 1), step("design", "design", 2), step("build", "build", 1, ("copy", "design"))]
    teams = neutral(
        people=people, work={"job": {"steps": steps}}, distance=distance,
        structure={"units": units, "assign": [{"scope": "company"}]},
    )  # fmt: skip
    case = case_of(teams)
    assert case.part_join_seconds == 6 * HOUR
    assert case.part_hand_off_seconds == 1 * HOUR
    assert case.lead_seconds == 10 * HOUR


def test_what_was_received_once_is_not_handed_over_again():
    """Copy is redone after a rejection; the builder takes over the new copy and keeps the design they have."""
    gate = {
        "mode": "on_demand",
        "approver": "skill:qa",
        "effort": 0,
        "finds": 0,
        "reject": {"first": 0.99, "decay": 0.01},
    }
    steps = [
        step("copy", "copy", 1), step("design", "design", 1), step("build", "build", 1, ("copy", "design")),
        {"id": "check", "gate": "qa", "after": ["build"], "return_to": "copy"},
    ]  # fmt: skip
    heads = {"copy": 1, "design": 1, "build": 1, "qa": 1}
    teams = neutral(headcount=heads, work={"job": {"steps": steps}}, distance=FAR, gates={"qa": gate})
    records = run(teams, [order("w", "job", 0)], 20).records()
    assert records.cases.versions[0] == 2
    taken_over = records.log[(records.log.person == "build-1") & (records.log.event == "coordinate")].effort
    assert list(taken_over) == [1 * HOUR, 0.5 * HOUR]


# --- errors of earlier steps --------------------------------------------------------------------------


def with_rework(error, share=0.5):
    edges = [{"to": "design", "share": share}]
    return [
        step("brief", "brief", 1),
        step("design", "design", 4, ("brief",)),
        step("layout", "layout", 2, ("design",)),
        step("build", "build", 2, ("layout",), external_error=error, rework=edges),
    ]


HEADS = {"brief": 1, "design": 1, "layout": 1, "build": 1}


def test_an_error_that_comes_to_light_goes_back_along_its_edge():
    """Design again for its share, then layout and build at the rework share; brief is not touched."""
    teams = neutral(
        headcount=HEADS, work={"job": {"steps": with_rework(0.5, 0.25)}}, errors={"caught": 1, "rework_share": 0.5}
    )
    records = run(teams, [order(f"w{i}", "job", 3 * i) for i in range(40)], 160).records()
    returns = records.log[records.log.event == "return"].groupby("case").size()
    assert 20 < returns.sum() < 70
    cases = records.cases.set_index("name")
    for name, times in returns.items():
        assert cases.part_rework_seconds[name] == times * (1 + 1 + 1) * HOUR
        assert cases.lead_seconds[name] == (9 + 3 * times) * HOUR
    assert (records.log[records.log.category == "rework"].step != "brief").all()


def test_how_often_errors_come_to_light_is_the_stated_chance():
    """400 cases at 0.2 a pass: 100 returns expected, 0.2 / 0.8 a case, within four standard errors."""
    teams = neutral(headcount=HEADS, work={"job": {"steps": with_rework(0.2)}})
    log = run(teams, [order(f"w{i}", "job", i / 2) for i in range(400)], 260).records().log
    assert abs((log.event == "return").sum() - 100) < 4 * (400 * 0.2 / 0.8**2) ** 0.5


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ({"to": "launch"}, r"steps\[build\]\.rework\[0\]\.to: .*no such worked step: 'launch'"),
        ({"to": "publish"}, r"steps\[build\]\.rework\[0\]\.to: 'publish' does not come before 'build'"),
        ({"to": "build"}, r"'build' does not come before 'build'"),
    ],
)
def test_rework_goes_back_to_an_earlier_step_only(edge, message):
    """An unknown step, a later one and the step itself are refused at their place."""
    steps = [
        step("design", "design", 1),
        step("build", "build", 1, ("design",), external_error=0.1, rework=[edge]),
        step("publish", "build", 1, ("build",)),
    ]
    with pytest.raises(SenseError, match=message):
        organized(neutral(headcount=HEADS, work={"job": {"steps": steps}}))


def test_rework_and_external_error_need_each_other():
    """An edge without a chance, or a chance without an edge, says nothing."""
    for half in ({"external_error": 0.1}, {"rework": [{"to": "design"}]}):
        with pytest.raises(ValidationError, match="need each other"):
            organized(neutral(headcount=HEADS, work={"job": {"steps": [step("build", "build", 1, **half)]}}))


# --- limits on open work ------------------------------------------------------------------------------


def test_work_beyond_the_limit_waits_outside():
    """One open case at a time is the same queue, only that it stands before the door."""
    work = {"job": {"steps": [step("a", "copy", 2), step("b", "design", 1, ("a",))]}}
    orders = [order(name, "job", 0) for name in "abc"]
    teams = neutral(headcount={"copy": 1, "design": 1}, work=work, wip_limit=1)
    cases = run(teams, orders, 5).records().cases
    assert list(cases.lead_seconds / HOUR) == [3, 6, 9]
    assert list(cases.part_admission_seconds / HOUR) == [0, 3, 6]
    assert (cases.part_resource_queue_seconds == 0).all()
    free = run({**teams, "wip_limit": None}, orders, 5).records().cases
    assert list(free.lead_seconds / HOUR) == [3, 5, 7]


def test_an_expired_case_makes_room_and_one_outside_takes_none():
    """The case inside expires at 12 h, the one outside at 6 h: the third is let in at 12 h."""
    work = {"job": {"steps": [step("a", "copy", 24), step("b", "design", 1, ("a",))]}}
    orders = [
        order("in", "job", 0, expires_day=0.5),
        order("out", "job", 0.1, expires_day=0.25),
        order("c", "job", 0.2),
    ]
    log = run(neutral(headcount={"copy": 2, "design": 1}, work=work, wip_limit=1), orders, 5).records().log
    assert log[log.event == "admit"][["case", "time"]].to_numpy().tolist() == [["c", 12 * HOUR]]


def test_the_most_urgent_of_those_outside_comes_in_first():
    """One case at a time of four hours each: what came last, and is urgent, is second."""
    work = {"job": {"steps": [step("s", "copy", 4)]}}
    orders = [order("1", "job", 0), order("2", "job", 0.01), order("3", "job", 0.02, priority=1)]
    cases = run(neutral(headcount={"copy": 9}, work=work, wip_limit=1), orders, 3).records().cases.set_index("name")
    assert list(cases.live_day * 24) == pytest.approx([4, 12, 8])


def test_each_unit_has_its_own_limit():
    """Of two cases for a and one for b, only the second of a waits."""
    units = [{"id": "top"}, *({"id": u, "parent": "top", "serves": [u], "wip_limit": 1} for u in ("a", "b"))]
    people = [{"id": f"{u}{i}", "skills": {"copy": 1}, "unit": u} for u in ("a", "b") for i in range(2)]
    work = {"job": {"steps": [step("s", "copy", 2)]}}
    orders = [order(name, "job", 0, segment=name[0]) for name in ("a1", "a2", "b1")]
    cases = run(neutral(people=people, work=work, structure={"units": units}), orders, 5).records().cases
    assert list(cases.part_admission_seconds / HOUR) == [0, 2, 0]


# --- batches ------------------------------------------------------------------------------------------


def batched(**rule):
    return neutral(
        headcount={"copy": 1}, work={"job": {"steps": [step("s", "copy", 1, batch={"max_wait_hours": 10, **rule})]}}
    )


def test_a_full_batch_is_done_at_once_for_set_up_and_each_effort():
    """Three cases at 0, 1 and 2 h, set-up 0.5 h: all are done at 5.5 h."""
    records = run(batched(size=3, setup_hours=0.5), [order(f"w{i}", "job", i / 24) for i in range(3)], 3).records()
    cases = records.cases
    assert list(cases.lead_seconds / HOUR) == [5.5, 4.5, 3.5]
    assert (cases.part_touch_seconds == HOUR).all()
    assert (cases.part_switching_seconds == 0.5 * HOUR).all()
    assert list(cases.part_batch_seconds / HOUR) == [2 + 2, 1 + 2, 0 + 2]
    assert records.persons.touch[0] == 3 * HOUR
    assert records.persons.switching[0] == 0.5 * HOUR


def test_a_batch_goes_when_its_first_has_waited_long_enough():
    """Two of three at 0 and 1 h: done together from 10 h on."""
    records = run(batched(size=3), [order("a", "job", 0), order("b", "job", 1 / 24)], 3).records()
    assert list(records.cases.live_day * 24) == pytest.approx([12, 12])


def test_a_batch_waits_for_the_first_that_is_still_there():
    """Who came at 0 has expired by 10, when it would have waited long enough: the one of 8 o'clock has at 18."""
    orders = [order("a", "job", 0, expires_day=0.1), order("b", "job", 8 / 24)]
    cases = run(batched(size=3), orders, 3).records().cases.set_index("name")
    assert cases.status["a"] == "expired"
    assert cases.part_batch_seconds["b"] == 10 * HOUR
    assert cases.lead_seconds["b"] == 11 * HOUR


def test_an_expired_case_does_not_fill_a_batch():
    """The first of two expires while it waits: the batch is full with the third."""
    orders = [order("a", "job", 0, expires_day=1 / 24), order("b", "job", 2 / 24), order("c", "job", 3 / 24)]
    cases = run(batched(size=2), orders, 3).records().cases
    assert list(cases.status) == ["expired", "live", "live"]
    assert cases.live_day[2] * 24 == pytest.approx(5)


def test_a_batch_without_a_longest_wait_is_refused():
    """It might never fill."""
    steps = [step("s", "copy", 1, batch={"size": 3})]
    with pytest.raises(ValidationError, match="max_wait_hours"):
        organized(neutral(headcount={"copy": 1}, work={"job": {"steps": steps}}))


# --- launching early ----------------------------------------------------------------------------------


def polished(**rule):
    """Draft 4 h, review 6 h (a tenth of the quality), retouch 4 h (a fifth), publish 1 h."""
    steps = [
        step("draft", "copy", 4),
        step("review", "review", 6, ("draft",), polish=0.1),
        step("retouch", "design", 4, ("review",), polish=0.2),
        step("publish", "build", 1, ("retouch",)),
    ]
    kind = {"steps": steps, **({"launch_early": {"half_life_days": 0.25, **rule}} if rule else {})}
    return neutral(headcount={"copy": 1, "review": 1, "design": 1, "build": 1}, work={"job": kind})


def launches_of(teams, **more):
    department = run(teams, [], 0)
    department.submit([order("w", "job", 0, campaign="c", **more)])
    launches = department.run_day(0)
    return department, [(round(one.live_day * 24, 6), round(one.quality, 6), one.improves_day) for one in launches]


def test_without_the_rule_a_launch_waits_for_its_last_touches():
    """4 + 6 + 4 + 1 hours, whole."""
    _, launches = launches_of(polished())
    assert launches == [(15.0, 1.0, None)]


def test_an_early_launch_goes_live_without_them_and_gets_better_while_live():
    """Half of the value is gone after 6 h: publish begins at 6, live at 7 with 0.9 x 0.8, 0.8 at 10, whole at 14."""
    department, launches = launches_of(polished(value_below=0.5, least_quality=0.7))
    live = 7 / 24
    assert launches == [(7.0, 0.72, None), (10.0, 0.8, live), (14.0, 1.0, live)]
    case = department.records().cases.iloc[0]
    assert case.lead_seconds == 7 * HOUR
    assert case.part_join_seconds == 2 * HOUR
    assert case.part_touch_seconds == 5 * HOUR
    assert department.records().persons.touch.sum() == 15 * HOUR


def test_below_its_readiness_threshold_nothing_is_launched():
    """Only 0.72 is there until the review is done at 10; then 0.8 suffices: publish is done at 11."""
    _, launches = launches_of(polished(value_below=0.5, least_quality=0.75))
    assert launches == [(11.0, 0.8, None), (14.0, 1.0, 11 / 24)]


def test_what_has_faded_before_a_last_touch_has_its_turn_is_launched_without_it():
    """Nothing of the value is waited for: publish begins with the draft's end at 4, before a retouch by the same person.

    The last touches follow while it is live: 0.72 at 5, and each by its hours."""
    teams = polished(value_below=1, least_quality=0.7)
    _, launches = launches_of(teams)
    assert launches == [(5.0, 0.72, None), (10.0, 0.8, 5 / 24), (14.0, 1.0, 5 / 24)]
    for one in teams["work"]["job"]["steps"]:
        one["skill"] = "copy"
    _, launches = launches_of(teams)
    assert launches == [(5.0, 0.72, None), (11.0, 0.8, 5 / 24), (15.0, 1.0, 5 / 24)]


def test_planned_work_hurries_when_its_date_has_passed():
    """With a date at 4 h the half-life counts from there: early from 10 h on."""
    _, launches = launches_of(polished(value_below=0.5, least_quality=0.7), due_day=4 / 24)
    assert launches[0] == (11.0, 0.8, None)


def touches_of(answered, *, wrong=(), **tables):
    """Fit of the launch and of what its two last touches made of it; the retouch is done on the second day."""
    teams = polished(learning={"gain": 0.4, "prior_answers": 100})
    review, retouch = teams["work"]["job"]["steps"][1:3]
    review["effort"], retouch["effort"] = 16, 8
    for one in (review, retouch):
        one["internal_error"] = 0.999999 if one["id"] in wrong else 0
    teams |= {"errors": {"caught": 0}, **tables}
    department = run(teams, [], 0)
    department.submit([order("w", "job", 0, campaign="c")])
    launches = department.run_day(0)
    department.hear([Answers("w", answered), Answers("another", 10**6)])
    launches += department.run_day(1)
    return department.records(), [(one.answers, round(one.fit, 6)) for one in launches]


def test_a_last_touch_uses_what_is_known_when_it_is_done():
    """Of 300 answers against a prior worth 100 a gain of 0.4 is 0.4 x sqrt(3/4); the review was done before them. A touch
    done wrong uses nothing, whether nobody saw the error or somebody decided to leave it."""
    _, fits = touches_of(300)
    assert fits == [(None, 1.0), (0, 1.0), (300, round(1 + 0.4 * math.sqrt(0.75), 6))]
    _, wrong = touches_of(300, wrong=("retouch",))
    assert wrong == [(None, 1.0), (0, 1.0), (None, 1.0)]
    leaves_it = {"centralization": {"lead": 0, "top": 0}, "outcome": {"self": [0, 0, 1]}}
    _, left = touches_of(300, wrong=("retouch",), errors={"caught": 1}, authority=leaves_it)
    assert left == wrong


def test_what_is_learnt_costs_nobody_a_second():
    """Cases and log are those of a department to which nobody answered."""
    (heard, fits), (deaf, others) = touches_of(300), touches_of(0)
    assert fits != others
    assert heard.log.equals(deaf.log)
    assert heard.cases.equals(deaf.cases)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([step("s", "copy", 1)], r"launch_early: no step has a share of `polish`"),
        ([step("s", "copy", 1, polish=0.2)], r"steps\[s\]\.polish: a last touch comes after another step"),
        (
            [step("s", "copy", 1), step("t", "copy", 1, ("live",), polish=0.2)],
            r"steps\[t\]\.polish: .* before the launch",
        ),
    ],
)
def test_an_early_launch_needs_something_to_leave_out(steps, message):
    """Last touches come after a first step and before the launch."""
    work = {"job": {"steps": steps, "launch_early": {"half_life_days": 3}}}
    with pytest.raises(SenseError, match=message):
        organized(neutral(headcount={"copy": 1}, work=work))
