"""Effort = hours / (skill x experience x digital skill x AI), and what that does to errors and lead times."""

import pytest
from departments import neutral, order, organized, retail_orders, run, step

from simkit.scenario.errors import SenseError

HOUR = 3600
ALL_AI = {"adoption": 1, "exposure_elsewhere": 1, "off_frontier_elsewhere": 0}


def line(hours=1.0, person=None, **tables):
    """One person doing the same step over and over."""
    people = [{"id": "ann", "skills": {"copy": 1.0}, "unit": "top", "calendar": "always", **(person or {})}]
    work = {"job": {"steps": [step("write", "copy", hours, internal_error=tables.pop("error", 0))]}}
    structure = {"units": [{"id": "top"}], "assign": [{"scope": "company"}]}
    return neutral(people=people, work=work, structure=structure, **tables)


def efforts(teams, count=1):
    """Touch seconds of one piece of work after the other."""
    log = run(teams, [order(f"w{i}", "job", i / 2) for i in range(count)], count).records().log
    return log[log.category == "touch"].effort.tolist()


def test_effort_is_hours_over_experience_digital_skill_and_ai():
    """One pass takes the product of the stated factors."""
    curve = {"rate": 0.2, "full_practice": 127}
    assert efforts(line(person={"experience": 31 / 127}, learning=curve)) == [round(HOUR / 0.8**2)]  # two doublings
    assert efforts(line(person={"digital_skill": "low"}, digital_skills={"low": 0.5})) == [2 * HOUR]
    assert efforts(line(ai={**ALL_AI, "gain_expert": 1.0})) == [HOUR / 2]
    assert efforts(line(ai={**ALL_AI, "gain_expert": 1.0, "review_share": 0.1})) == [0.6 * HOUR]
    assert efforts(line(ai={**ALL_AI, "gain_novice": 1, "adoption": 0.5}, person={"experience": 0})) == [
        round(0.75 * HOUR * 201**0.15200309344504997)  # three quarters of a novice's time; log2(0.9) is -0.152
    ]
    assert efforts(line(ai={**ALL_AI, "gain_expert": 1, "exposure": {"copy": 0.5, "write": 0}})) == [HOUR]


def test_each_doubling_of_practice_cuts_effort_by_the_rate():
    """Wright's law: pass 2n takes 1 - rate of pass n, up to the ceiling."""
    done = efforts(line(person={"experience": 0}, learning={"rate": 0.25, "full_practice": 16, "ceiling": 2}), 40)
    for n in (1, 2, 4, 8, 16):
        assert done[2 * n - 1] == pytest.approx(0.75 * done[n - 1], abs=1)
    assert done[33:] == [done[33]] * 7
    assert len(set(efforts(line(person={"experience": 0.3}), 5))) == 1  # nobody learns without a `learning` table


def test_learning_reaches_others_only_where_units_share_it():
    """Two people each do the same work; with a hub, one is as fast as if half of the other's work were the own."""

    def last(shared):
        units = [{"id": "top"}, *({"id": u, "parent": "top", "serves": [u], "learning_shared": shared} for u in "ab")]
        people = [{"id": u, "skills": {"copy": 1.0}, "unit": u, "calendar": "always", "experience": 0} for u in "ab"]
        teams = neutral(
            people=people, learning={"rate": 0.2}, work={"job": {"steps": [step("write", "copy", 1)]}},
            structure={"units": units, "assign": [{"scope": "home"}]},
        )  # fmt: skip
        orders = [order(f"{u}{i}", "job", i, segment=u) for i in range(21) for u in "ab"]
        log = run(teams, orders, 25).records().log
        return log[(log.person == "a") & (log.category == "touch")].effort.tolist()[-1]

    alone = efforts(line(person={"experience": 0}, learning={"rate": 0.2}), 31)
    assert last(0) == alone[20]
    assert last(0.5) == alone[30]


def test_the_shipped_hub_lets_spokes_learn_from_each_other():
    """Hub-and-spoke shares what is learned, the other presets do not; without a learning table nothing changes."""
    shared = {name: {unit.learning_shared for unit in organized({"structure": name}).units[1:]} for name in
              ("hierarchy", "pods", "hub-and-spoke")}  # fmt: skip
    assert shared == {"hierarchy": {0.0}, "pods": {0.0}, "hub-and-spoke": {0.2}}


def test_more_experience_is_shorter_and_makes_fewer_errors():
    """VDT's direction in the shipped department: touch, rework and lead time fall with experience."""
    touch, rework, lead = [], [], []
    for experience in (0.05, 0.3, 1.0):
        records = run({"experience": experience, "learning": {}}, retail_orders(120), 120).records()
        early = records.cases[records.cases.arrived_day < 60]
        touch.append(early.part_touch_days.mean())
        rework.append(records.persons.rework.sum() / records.persons.touch.sum())
        lead.append(early.lead_days.fillna(120).mean())
    assert touch[0] > 1.1 * touch[1] > 1.1**2 * touch[2] * 0.9
    assert rework[0] > rework[1] > rework[2]
    assert lead[0] > lead[1] > lead[2]


def test_ai_beyond_its_frontier_makes_errors():
    """19 points more of the passes are wrong where all of a step lies beyond; the binomial's three errors."""
    beyond = {**ALL_AI, "off_frontier": {"write": 1}, "gain_expert": 0, "gain_novice": 0}
    wrong = {}
    for name, ai in {"without": None, "with": beyond}.items():
        teams = line(hours=0.1, error=0.1, ai=ai, errors={"caught": 0})
        cases = run(teams, [order(f"w{i}", "job", i / 30) for i in range(1500)], 55).records().cases
        wrong[name] = (cases.defects > 0).mean()
    assert wrong["with"] - wrong["without"] == pytest.approx(
        0.19, abs=3 * (0.1 * 0.19 / 1500 + 0.19 * 0.81 / 1500) ** 0.5
    )


def saved_by_ai(teams, orders, days):
    """Share of the mean lead time saved when everybody needs 40 % less touch time (Noy & Zhang 2023)."""
    lead = {}
    for name, ai in {"without": None, "with": {**ALL_AI, "gain_novice": 2 / 3, "gain_expert": 2 / 3}}.items():
        cases = run({**teams, "ai": ai}, orders, days).records().cases
        lead[name] = cases[cases.arrived_day < 0.7 * days].lead_days.mean()
    return 1 - lead["with"] / lead["without"]


def test_less_touch_time_shortens_lead_time_only_as_far_as_nothing_waits():
    """40 % less touch is 40 % less lead time where nothing waits, and far less where boards, nights and hand-offs do."""
    nothing_waits = saved_by_ai(line(hours=5), [order(f"w{i}", "job", i) for i in range(40)], 60)
    few = [order(f"e{i}", "email_campaign", 2.4 + 7 * i, campaign="news") for i in range(20)]
    waiting_dominates = saved_by_ai({"work": {"email_campaign": {}}, "approvals": {"board": "every 2 weeks"}}, few, 200)
    assert nothing_waits == pytest.approx(0.4, abs=1e-6)
    assert 0 < waiting_dominates < 0.15


@pytest.mark.parametrize(
    ("told", "path", "words"),
    [
        ({"ai": {"exposure": {"copyy": 0.5}}}, "teams.ai.exposure.copyy", "did you mean 'copy'"),
        ({"ai": {"off_frontier": {"zzz": 0.5}}}, "teams.ai.off_frontier.zzz", "known are"),
    ],
)
def test_names_that_nothing_has_are_refused(told, path, words):
    """The place and what is known instead."""
    with pytest.raises(SenseError, match=words) as error:
        organized(told)
    assert error.value.path == path
