"""Work for several people at once: all or none, nobody held, each in their own hours."""

import pytest
from departments import neutral, order, run, step

from simkit.scenario.errors import SenseError
from simkit.teams.crews import matched

HOUR = 3600
DAYTIME = {"day": {"days": "all", "hours": [[8, 16]]}, "evening": {"days": "all", "hours": [[14, 22]]}}


def people(**calendars):
    return [{"id": name, "skills": skills, "calendar": calendar} for name, (skills, calendar) in calendars.items()]


def log_of(teams, orders, days=10):
    return run(teams, orders, days).records().log


def starts(log, case):
    rows = log[(log.case == case) & (log.event == "start")]
    return dict(zip(rows.person, rows.time, strict=True))


def test_nobody_is_seized_before_all_can_start():
    """While the lawyer is busy the writer does other work; the pair starts the moment both are free."""
    steps = {
        "pair": [{"id": "both", "skills": ["copy", "legal"], "effort": 2, "internal_error": 0}],
        "advice": [step("advise", "legal", 5)],
        "text": [step("write", "copy", 3)],
    }
    teams = neutral(headcount={"copy": 1, "legal": 1}, work={name: {"steps": steps[name]} for name in steps})
    orders = [order("a", "advice", 0), order("p", "pair", 1 / 24), order("t", "text", 2 / 24)]
    log = log_of(teams, orders)
    assert starts(log, "t") == {"copy-1": 2 * HOUR}
    assert starts(log, "p") == {"copy-1": 5 * HOUR, "legal-1": 5 * HOUR}


def test_opposite_orders_of_two_skills_cannot_block_each_other():
    """A hundred pairs that want copy and legal, a hundred that want legal and copy: all are finished."""
    work = {
        name: {"steps": [{"id": "both", "skills": list(skills), "effort": 0.5, "internal_error": 0}]}
        for name, skills in (("one", ("copy", "legal")), ("two", ("legal", "copy")))
    }
    orders = [order(f"{kind}-{i}", kind, 0.001 * i) for kind in work for i in range(100)]
    cases = run(neutral(headcount={"copy": 2, "legal": 2}, work=work), orders, 10).records().cases
    assert (cases.status == "live").all()


def test_a_pair_starts_only_when_both_are_on_shift_and_each_keeps_own_hours():
    """Day and evening people overlap from 14 to 16: 3 hours begin at 14, one ends next morning, one at 17."""
    work = {"job": {"steps": [{"id": "both", "skills": ["copy", "legal"], "effort": 3, "internal_error": 0}]}}
    staff = people(c=({"copy": 1}, "day"), l=({"legal": 1}, "evening"))
    teams = neutral(people=staff, calendars=DAYTIME, work=work)
    records = run(teams, [order("p", "job", 8 / 24)], 3).records()
    done = records.log[records.log.event == "complete"].set_index("person").time
    assert starts(records.log, "p") == {"c": 14 * HOUR, "l": 14 * HOUR}
    assert done["l"] == 17 * HOUR
    assert done["c"] == 24 * HOUR + 9 * HOUR
    assert records.cases.live_day[0] * 24 == pytest.approx(33)


def test_any_of_several_skills_will_do_at_their_level():
    """A step for design or build goes to the builder of level 1 before the designer of level 0.5."""
    work = {"job": {"steps": [{"id": "page", "skill": ["design", "build"], "effort": 2, "internal_error": 0}]}}
    staff = people(d=({"design": 0.5}, "always"), b=({"build": 1.0}, "always"))
    log = log_of(neutral(people=staff, work=work), [order(name, "job", 0) for name in ("first", "second")])
    done = log[log.event == "complete"].set_index("case")
    assert done.person.to_dict() == {"first": "b", "second": "d"}
    assert done.effort.to_dict() == {"first": 2 * HOUR, "second": 4 * HOUR}


def test_a_place_is_given_up_where_another_could_not_be_filled():
    """The first place prefers who alone can take the second: a matching is found all the same, or none is."""
    both, one = object.__new__(_Somebody), object.__new__(_Somebody)
    both.number, one.number = 0, 1
    assert matched([[both, one], [both]]) == [one, both]
    assert matched([[both], [both]]) is None
    assert matched([[both, one], [one, both]]) == [both, one]


class _Somebody:
    number: int


@pytest.mark.parametrize(
    ("doers", "path"),
    [
        ({"skill": "copy", "people": 3}, r"steps\[s\]\.people: nobody can ever do this together: it takes 3 different"),
        ({"skills": ["copy", "legal", "copy"]}, r"steps\[s\]\.skills: nobody can ever do this together"),
        ({"skills": ["copy", "law"]}, r"steps\[s\]\.skills: nobody who may be asked has the skill 'law'"),
    ],
)
def test_a_crew_that_cannot_exist_is_refused_at_its_place(doers, path):
    """One of two writers is also the only lawyer: two writers and a lawyer are not three people."""
    staff = people(a=({"copy": 1}, "always"), b=({"copy": 1, "legal": 1}, "always"))
    work = {"job": {"steps": [{"id": "s", "effort": 1, **doers}]}}
    with pytest.raises(SenseError) as error:
        run(neutral(people=staff, work=work), [], 1)
    assert error.match(path)


@pytest.mark.parametrize(
    ("second", "meet"),
    [
        ({"calendar": "late"}, False),
        ({"calendar": "long"}, True),
        ({"calendar": "long", "fte": 0.5}, False),  # 4 to 11, when the other comes
        ({"calendar": "late", "zone": 3}, True),  # 11 to 17 here
        ({"calendar": "sunday"}, False),
        ({"calendar": "sunday", "zone": -12}, True),  # Sunday's evening there is Monday's noon here
    ],
)
def test_a_crew_that_is_never_on_shift_together_is_refused(second, meet):
    """Two people, on 11 to 14 o'clock and some other shift: unless their hours overlap nobody can ever begin."""
    calendars = {
        "noon": {"days": "Mon-Fri", "hours": [[11, 14]]}, "late": {"days": "Mon-Fri", "hours": [[14, 20]]},
        "long": {"days": "Mon-Fri", "hours": [[4, 18]]}, "sunday": {"days": "Sun", "hours": [[10, 24]]},
    }  # fmt: skip
    staff = [{"id": "a", "skills": {"copy": 1}, "calendar": "noon"}, {"id": "b", "skills": {"legal": 1}, **second}]
    work = {"job": {"steps": [{"id": "s", "skills": ["copy", "legal"], "effort": 1}]}}
    told = neutral(people=staff, work=work)
    told["calendars"] = told["calendars"] | calendars
    if meet:
        run(told, [], 1)
        return
    with pytest.raises(SenseError, match=r"steps\[s\]\.skills: nobody can ever .* same moment of any week: a \(noon\)"):
        run(told, [], 1)
