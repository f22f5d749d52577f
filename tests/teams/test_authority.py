"""Who decides about errors that were noticed: routing, time-out, outcomes, risk, and the directions of VDT."""

import pytest
from departments import MONDAY, neutral, order, organized, retail_orders, run, step

from simkit.rng import run_key
from simkit.scenario.case_conditions import CAUSES, QUANTITIES
from simkit.scenario.errors import SenseError
from simkit.teams.department import Department
from simkit.teams.luck import Luck
from simkit.teams.quantities import quantity
from simkit.teams.work import Case, StepGraph

HOUR = 3600
ALWAYS = {"rework": {"rework": 1, "correct": 0}, "correct": {"rework": 0, "correct": 1}, "ignore": [0, 0, 1]}


def authority(to="top", outcome="rework", **more):
    """Every decision goes to one level, which always says the same."""
    levels = {"lead": float(to == "lead"), "top": float(to == "top")}
    mixes = dict.fromkeys(("top", "lead", "self"), ALWAYS[outcome])
    return {"centralization": levels, "outcome": mixes, "effort_hours": 1, "quality_loss": 0.5, **more}


def wrong(rule, **more):
    """Two steps of two hours by two people under a boss; the first pass of the first step is wrong, and noticed."""
    steps = [step("draft", "make", 2, internal_error=0.999), step("check", "make", 2, ("draft",))]
    units = [{"id": "top", "lead": "boss"}, {"id": "makers", "parent": "top", "lead": "senior"}]
    people = [
        {"id": "boss", "skills": {"boss": 1}, "unit": "top"},
        {"id": "senior", "skills": {"lead": 1}, "unit": "makers"},
        {"id": "maker", "skills": {"make": 1}, "unit": "makers"},
    ]
    work = {"job": {"steps": steps}}
    return neutral(people=people, structure={"units": units}, work=work, authority=rule,
                   errors={"caught": 1, "rework_share": 0.5}, **more)  # fmt: skip


def one(teams, days=20, **told):
    records = run(teams, [order("w", "job", 0, campaign="c", **told)], days).records()
    return records.cases.iloc[0], records


def test_without_the_table_and_with_doers_who_redo_everything_nothing_differs():
    """`self: 1` with rework for all is what a department without authority does, to the second."""
    never = {"centralization": {"self": 1, "lead": 0, "top": 0}, "outcome": {"self": [1, 0, 0]}}
    plain, told = (run(teams, retail_orders(60), 60).records() for teams in ({}, {"authority": never}))
    assert plain.cases.equals(told.cases)
    assert plain.persons.equals(told.persons)
    noticed = told.log.event.isin(["exception", "rework"])
    assert noticed.any()
    assert plain.log.equals(told.log[~noticed].reset_index(drop=True))


@pytest.mark.parametrize(("to", "who"), [("top", "boss"), ("lead", "senior")])
def test_the_decision_lies_in_the_deciders_tray(to, who):
    """An hour of the boss's, or of the lead's, before what they decided begins: ignore it, after 2 hours of work."""
    case, records = one(wrong(authority(to, "ignore")))
    decided = records.log[records.log.category == "decision"]
    assert list(decided.person) == [who]
    assert list(decided.step) == ["draft/decision"]
    assert case.part_decision_seconds == HOUR
    assert case.lead_seconds == 5 * HOUR
    assert records.persons.set_index("id").decision[who] == HOUR


def test_a_decision_that_is_interrupted_is_waited_for():
    """Urgent work takes the boss for three hours, and a tenth more beside the open question, in the middle of deciding:
    more wait for the decision, and no queue."""
    teams = wrong(authority("top", "ignore"))
    teams["work"]["alarm"] = {"urgent": True, "steps": [step("act", "boss", 3)]}
    orders = [order("w", "job", 0, campaign="c"), order("fire", "alarm", 2.5 / 24)]
    case = run(teams, orders, 2).records().cases.set_index("name").loc["w"]
    parts = [case[f"part_{name}_seconds"] for name in ("touch", "decision", "decision_wait")]
    assert parts == [4 * HOUR, HOUR, round(3.3 * HOUR)]
    assert case.lead_seconds == round(8.3 * HOUR)


def test_ignoring_raises_the_risk_and_lowers_the_quality():
    """Half of the work left with a known error: risk 0.5, and a quarter of the quality gone with a loss of 0.5."""
    case, _ = one(wrong(authority("top", "ignore")))
    assert (case.risk, case.quality, case.defects) == (0.5, 0.75, 0)
    department = Department(organized(wrong(authority("top", "ignore"))), run_key(1, 0), MONDAY, 3)
    department.submit([order("w", "job", 0, campaign="c")])
    launches = [launch for day in range(3) for launch in department.run_day(day)]
    assert [(launch.risk, launch.quality) for launch in launches] == [(0.5, 0.75)]


def test_a_question_nobody_takes_up_is_decided_by_the_doer():
    """The boss is away until Friday: after six hours the doer decides, and the decision cost nobody's time."""
    away = {"away": {"days": "Fri", "hours": [[9, 10]]}, "office": {"days": "all", "hours": [[0, 24]]}}
    teams = wrong(authority("top", "ignore", timeout_hours=6), calendars=away)
    teams["people"][0]["calendar"] = "away"
    case, records = one(teams)
    assert case.lead_seconds == (2 + 6 + 2) * HOUR
    assert (records.log.event == "timeout").sum() == 1
    assert records.persons.decision.sum() == 0
    assert case.part_decision_wait_seconds + case.part_off_shift_seconds == 6 * HOUR


def test_a_correction_takes_its_share():
    """Two hours, an hour's decision, then 2 x 0.5 x 0.3 hours of correcting, which may be wrong again."""
    steps = [step("draft", "make", 2, internal_error=0.5)]
    teams = {**wrong(authority("top", "correct", correct_share=0.3)), "work": {"job": {"steps": steps}}}
    records = run(teams, [order(f"w{i}", "job", i) for i in range(40)], 60).records()
    again = records.log[(records.log.category == "rework")]
    assert len(again)
    assert (again.effort == 0.3 * HOUR).all()
    assert (records.cases.part_decision_seconds == HOUR * records.cases.part_rework_seconds / (0.3 * HOUR)).all()


def test_an_error_of_an_earlier_step_is_decided_about_too():
    """Ignored, it stays with the earlier step; sent back, it is done again for the edge's share, or a part of that."""
    steps = [
        step("draft", "make", 2),
        step("check", "make", 2, ("draft",), external_error=0.5, rework=[{"to": "draft", "share": 0.5}]),
    ]

    def cases(outcome):
        teams = {**wrong(authority("lead", outcome, correct_share=0.2)), "work": {"job": {"steps": steps}}}
        return run(teams, [order(f"w{i}", "job", i) for i in range(40)], 60).records()

    ignored, corrected = cases("ignore"), cases("correct")
    assert set(ignored.cases.risk) == {0, 0.5}
    assert ignored.cases.part_rework_seconds.sum() == 0
    draft = corrected.log[(corrected.log.step == "draft") & (corrected.log.category == "rework")]
    assert len(draft)
    assert (draft.effort == round(2 * 0.5 * 0.2 * HOUR)).all()
    assert (corrected.cases.risk == 0).all()


def test_a_rule_delegates_what_it_is_true_of():
    """Urgent work is decided by the lead, all else at the top; a gate likewise."""
    rule = {"to": "lead", "when": "priority < 3 and not kind is other"}
    teams = wrong(authority("top", "ignore", delegate=rule))
    teams["work"]["other"] = teams["work"]["job"]
    orders = [order(f"w{i}", kind, i, priority=p) for i, (kind, p) in enumerate([("job", 1), ("job", 5), ("other", 1)])]
    log = run(teams, orders, 20).records().log
    decided = log[log.category == "decision"].set_index("case").person
    assert decided.to_dict() == {"w0": "senior", "w1": "boss", "w2": "boss"}


@pytest.mark.parametrize("batch", [None, {"size": 2, "max_wait_hours": 0}])
def test_what_takes_no_time_is_done_again_all_the_same(batch):
    """The doer corrects at no effort: each pass takes a second, alone and in a batch of one, and the case goes on."""
    teams = wrong(authority("self", "correct", correct_share=0))
    teams["work"]["job"]["steps"][0]["batch"] = batch
    case, records = one(teams)
    assert case.status == "live"
    assert records.log.event.value_counts()["redo"] >= 1
    assert case.lead_seconds == 4 * HOUR + (records.log.event == "redo").sum()


def test_a_gate_is_delegated_while_its_condition_holds():
    """The first round goes to the lead at once, a later one to the board."""
    steps = [step("draft", "make", 2), {"id": "decide", "gate": "board", "after": ["draft"]}]
    gate = {"mode": "cadence", "approver": "head", "every_days": 1, "at": 10, "effort_hours": 0, "finds": 0,
            "reject": {"first": 1, "decay": 0.001}, "delegate": {"when": "round < 2", "reject_factor": 1}}  # fmt: skip
    teams = {**wrong(None, gates={"board": gate}), "work": {"job": {"steps": steps}}}
    teams["structure"]["units"][1]["serves"] = ["a"]
    _, records = one(teams, segment="a")
    decided = records.log[records.log.event.isin(["reject", "approve"])]
    assert list(decided.person) == ["senior", "boss"]


def test_every_quantity_can_be_asked_about():
    """What conditions may name is what the department can answer, and nothing else."""
    plan = organized(wrong({}))
    graph = StepGraph("job", plan.work["job"], plan)
    luck = Luck(run_key(1, 0)).of_cases([(7, graph.draws)])[0]
    case = Case(0, order("w", "job", 0), graph, "top", 0, luck)
    for name in QUANTITIES:
        assert isinstance(quantity(name, case, 1, 5, lambda: None), (int, float, str))
    for cause in ("journey", "false_alarm", "wrong_channel"):
        case.order = order("w", "job", 0, cause=cause)
        assert CAUSES[int(quantity("cause", case, 1, 5, lambda: None))] == (
            "journey" if cause == "journey" else "monitor"
        )
    with pytest.raises(AssertionError):
        quantity("shoe_size", case, 1, 5, lambda: None)


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        ({"centralization": {"self": 0.5, "lead": 0.3, "top": 0.6}}, "centralization", "add up to 1.4"),
        ({"outcome": {"top": [0.5, 0.5]}}, "outcome.top", "rework, correct, ignore"),
        ({"delegate": {"to": "lead", "when": "mood > 3"}}, "delegate.0.when", "cannot ask about 'mood'"),
        ({"delegate": {"to": "lead", "when": "open('x') > 3"}}, "delegate.0.when", "cannot ask about 'open'"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(change, place, says):
    """Shares that do not add up, unknown quantities and calls."""
    with pytest.raises(ValueError, match=says) as error:
        organized({"authority": change})
    assert ".".join(map(str, error.value.errors()[0]["loc"])) == f"authority.{place}"


def test_names_in_conditions_and_deciders_are_checked():
    """A kind of work or segment nobody knows, and a top without a lead."""
    for when, says in (("kind is gob", "did you mean 'job'"), ("segment is nowhere", "no such segment")):
        with pytest.raises(SenseError, match=says) as error:
            organized(wrong(authority(delegate={"to": "lead", "when": when})))
        assert error.value.path == "teams.authority.delegate[0].when"
    teams = wrong(authority())
    del teams["structure"]["units"][0]["lead"]
    with pytest.raises(SenseError, match="has no lead"):
        organized(teams)


# --- directions (Jin & Levitt 1996; Levitt et al. 1999) -----------------------------------------------------


def shipped(**authority):
    """A quarter of the shipped department whose people err often."""
    return run({"authority": authority}, retail_orders(90), 90).records()


def live(records):
    return records.cases[records.cases.status == "live"]


def test_more_centralization_means_more_waiting_more_rework_and_less_risk():
    """From the doers to the leads to the top."""
    runs = [shipped(centralization={"lead": lead, "top": top}) for lead, top in ((0, 0), (0.5, 0.1), (0.2, 0.8))]
    waits = [live(records).part_decision_wait_seconds.mean() for records in runs]
    rework = [records.persons.rework.sum() / records.persons.touch.sum() for records in runs]
    risk = [live(records).risk.mean() for records in runs]
    assert waits[0] == 0 < waits[1] < waits[2]
    assert rework == sorted(rework)
    assert rework[0] < rework[2]
    assert risk[0] > risk[1] > risk[2]


def test_a_shorter_time_out_means_less_waiting_and_more_ignored():
    """One working hour, a day, two weeks."""
    runs = [shipped(centralization={"lead": 0.2, "top": 0.8}, timeout_hours=hours) for hours in (0.5, 8, 80)]
    waits = [live(records).part_decision_wait_seconds.mean() for records in runs]
    late = [(records.log.event == "timeout").sum() for records in runs]
    ignored = [(records.log.event == "ignore").mean() for records in runs]
    assert waits[0] < waits[1] <= waits[2]
    assert late[0] > late[1] >= late[2]
    assert ignored[0] > ignored[2]


def test_more_errors_cost_time_out_of_proportion_near_capacity():
    """Ten points more of errors add less than an hour at half load and several near capacity."""

    def lead_hours(error, every_hours):
        steps = [{"id": "make", "skill": "make", "effort": {"exponential": {"mean_hours": 2}}, "internal_error": error}]
        teams = {**wrong(authority("lead", "rework")), "work": {"job": {"steps": steps}}}
        orders = [order(f"w{i}", "job", i * every_hours / 24) for i in range(800)]
        return live(run(teams, orders, round(800 * every_hours / 24) + 60).records()).lead_days.mean() * 24

    low, high = (lead_hours(0.3, hours) - lead_hours(0.1, hours) for hours in (5, 2.6))
    assert 0 < low < high / 2
