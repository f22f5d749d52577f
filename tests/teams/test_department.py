"""What a department does with its orders, told as small simulations."""

import pytest
from departments import DAY, MONDAY, neutral, order, organized, retail_orders, run, step

from simkit.rng import run_key
from simkit.scenario import retail_department
from simkit.teams.department import Department

HOUR = 3600
OFFICE = {"office": {"days": "Mon-Fri", "hours": [[9, 17]]}}
DIAMOND = [
    step("brief", "strategy", 4),
    step("copy", "copy", 6, ("brief",)),
    step("design", "design", 10, ("brief",)),
    step("build", "build", 5, ("copy", "design")),
    step("report", "strategy", 3, ("live",)),
]
FOUR = {"strategy": 1, "copy": 1, "design": 1, "build": 1}


def only_case(teams, day: float = 0.0, days: int = 20):
    return run(teams, [order("w", "job", day, campaign="c")], days).records().cases.iloc[0]


def test_one_case_without_noise_takes_its_critical_path():
    """Brief 4 h, the longer of copy and design 10 h, build 5 h: 19 h, whatever the short branch."""
    case = only_case(neutral(headcount=FOUR, work={"job": {"steps": DIAMOND}}))
    assert case.lead_seconds == case.part_touch_seconds == 19 * HOUR


def test_the_critical_path_follows_the_calendar():
    """The same 19 h in a 9-17 office from Thursday 9:00 end on Monday at 12:00; the rest is off shift."""
    teams = neutral(headcount=FOUR, work={"job": {"steps": DIAMOND}}, calendars=OFFICE)
    case = only_case(teams, day=3 + 9 / 24)
    assert case.live_day == 7 + 12 / 24
    assert case.part_touch_seconds == 19 * HOUR
    assert case.part_off_shift_seconds == case.lead_seconds - 19 * HOUR


def test_other_duties_stretch_the_work_and_slow_skills_lengthen_it():
    """Half of the time for primary duties doubles 8 h; skill 0.5 makes 8 h of it 16 h of work."""
    people = [{"id": "p", "skills": {"write": 0.5}}]
    teams = neutral(people=people, work={"job": {"steps": [step("s", "write", 8)]}}, primary_share=0.5)
    case = only_case(teams)
    assert case.part_touch_seconds == 16 * HOUR
    assert case.part_other_duties_seconds == 16 * HOUR


def test_a_hand_off_takes_office_hours_and_the_receivers_time():
    """4 h of latency from Monday 15:00 ends on Tuesday 11:00; taking over costs the receiver half an hour."""
    distance = [{"when": "same_company", "latency_hours": 4, "effort_hours": 0.5}]
    steps = [step("a", "copy", 6), step("b", "design", 1, ("a",))]
    teams = neutral(headcount=FOUR, work={"job": {"steps": steps}}, calendars=OFFICE, distance=distance)
    case = only_case(teams, day=9 / 24)
    assert case.part_hand_off_seconds == 4.5 * HOUR
    assert case.live_day == pytest.approx(1 + 12.5 / 24)


def test_work_stays_with_the_giver_when_nobody_does_it_better():
    """Two steps of one skill are no hand-off: the same person goes on, however far the others sit."""
    distance = [{"when": "same_person"}, {"when": "same_company", "latency_hours": 100}]
    steps = [step("a", "copy", 1), step("b", "copy", 1, ("a",))]
    teams = neutral(headcount={"copy": 3}, work={"job": {"steps": steps}}, distance=distance)
    assert only_case(teams).lead_seconds == 2 * HOUR


def test_an_order_takes_its_intake_first():
    """Two hours until somebody looks, a quarter of an hour to understand: both are intake."""
    teams = neutral(headcount=FOUR, work={"job": {"steps": [step("a", "copy", 1)]}})
    case = only_case({**teams, "intake": {"latency_hours": 2, "effort_hours": 0.25}})
    assert case.part_intake_seconds == 2.25 * HOUR
    assert case.lead_seconds == 3.25 * HOUR


def test_a_day_is_half_open():
    """What goes live at midnight belongs to the next day, and work without a campaign launches nothing."""
    work = {"job": {"steps": [step("a", "copy", 24)]}}
    department = Department(organized(neutral(headcount=FOUR, work=work)), run_key(1, 0), MONDAY, 3)
    department.submit([order("w", "job", 0.0, campaign="c")])
    assert department.run_day(0) == []
    department.submit([order("inside", "job", 1.5)])
    launches = department.run_day(1)
    assert [(launch.order.name, launch.live_day, launch.quality) for launch in launches] == [("w", 1.0, 1.0)]
    assert department.run_day(2) == []
    assert list(department.records().cases.status) == ["live", "live"]


def test_orders_in_the_past_or_of_unknown_kind_are_refused():
    """A department takes what arrives from now on, of kinds it knows."""
    department = Department(organized({}), run_key(1, 0), MONDAY, 3)
    department.run_day(0)
    with pytest.raises(ValueError, match="which has passed"):
        department.submit([order("late", "email_campaign", 0.5)])
    with pytest.raises(ValueError, match="known are email_campaign"):
        department.submit([order("odd", "billboard", 2)])


def test_work_whose_occasion_passed_is_abandoned():
    """Queued work is withdrawn at once; what is on a desk is finished in vain, and its time was spent."""
    work = {"job": {"steps": [step("a", "copy", 24), step("b", "copy", 24, ("a",))]}}
    orders = [order("long", "job", 0, expires_day=0.5), order("waiting", "job", 0.1, expires_day=0.9)]
    orders += [order("next", "job", 0.2)]
    records = run(neutral(headcount={"copy": 1}, work=work), orders, 5).records()
    cases = records.cases.set_index("name")
    assert list(cases.status) == ["expired", "expired", "live"]
    assert list(cases.expired_day[:2]) == [0.5, 0.9]
    assert cases.live_day["next"] == 3.0
    assert records.persons.touch[0] == 72 * HOUR


def test_what_is_live_by_its_expiry_is_not_given_up():
    """A day's work with a day's time is live, as one step or as two, from midnight or later; a second more is too much."""
    one = {"steps": [step("a", "copy", 24)], "expires_days": 1}
    two = {"steps": [step("a", "copy", 12), step("b", "copy", 12, ("a",))], "expires_days": 1}
    for kind, begins in ((one, 0.0), (two, 0.0), (one, 0.25), (two, 0.25)):
        teams = neutral(headcount={"copy": 1}, work={"job": kind})
        assert list(run(teams, [order("w", "job", begins)], 5).records().cases.live_day) == [begins + 1]
    late = {**one, "steps": [step("a", "copy", 24 + 1 / 3600)]}
    teams = neutral(headcount={"copy": 1}, work={"job": late})
    assert list(run(teams, [order("w", "job", 0.0)], 5).records().cases.status) == ["expired"]


def test_a_kind_can_expire_by_itself():
    """`expires_days` of a kind counts from arrival, unless the order says otherwise."""
    work = {"job": {"steps": [step("a", "copy", 30)], "expires_days": 1}}
    orders = [order("own", "job", 0, expires_day=3.0), order("kind", "job", 2.0)]
    cases = run(neutral(headcount={"copy": 1}, work=work), orders, 5).records().cases
    assert list(cases.status) == ["live", "expired"]
    assert cases.expired_day[1] == 3.0


def test_defects_lower_quality_and_a_redo_mends_them():
    """An error nobody notices is a defect: 0.9 of quality each; a gate that finds it sends it back."""
    steps = [step("a", "copy", 1, internal_error=0.999), step("b", "copy", 1, ("a",), internal_error=0.999)]
    blind = neutral(headcount={"copy": 1}, work={"job": {"steps": steps}}, errors={"caught": 0})
    case = only_case(blind)
    assert case.defects == 2
    assert case.quality == pytest.approx(0.81)


# --- pairing ------------------------------------------------------------------------------------------


def as_functions_and_as_one_pod():
    skills = {"strategy": 2, "copy": 3, "design": 2, "build": 3, "data": 2, "crm": 2}
    people = [
        {"id": f"{skill}-{i}", "skills": {skill: 1.0}, "hourly_cost": 100 - n}
        for n, (skill, count) in enumerate(skills.items())
        for i in range(count)
    ]
    flat = [{"when": "same_company", "latency_hours": 1, "effort_hours": 0.2, "information_loss": 0.03}]
    functions = [{**person, "unit": next(iter(person["skills"]))} for person in people]
    departments = [{"id": skill, "parent": "top"} for skill in skills]
    top = {"id": "top", "lead": "strategy-0", "serves": []}
    assign = [{"scope": f"unit:{skill}", "skills": [skill]} for skill in skills]
    one_pod = [{**person, "unit": "pod"} for person in people]
    pod = {"id": "pod", "parent": "top", "lead": "strategy-0", "serves": ["a", "b", "c"]}
    return (
        {"people": functions, "distance": flat, "structure": {"units": [top, *departments], "assign": assign}},
        {"people": one_pod, "distance": flat, "structure": {"units": [{"id": "top", "lead": "strategy-0"}, pod]}},
    )


EVERYTHING = {
    "learning": {}, "experience": 0.4, "absence": {}, "interruptions": {}, "morale": {}, "ai": {},
    "turnover": {"leaving_per_year": 3},
    "attention": {"random": 0.3, "newest": 0.2, "oldest": 0.1},
    "assets": [{"id": "template", "steps": ["design", "build"], "build_hours": 6}],
    "meetings": [{"id": "stand_up", "every_days": 1, "hours": 0.5}],
    "training": [{"id": "tools", "on": "2026-01-12", "hours": 16}],
    "tool_migration": {"on": "2026-01-14"},
    "transition": {"productivity_dip": 0.3},
    "desk": {
        "wip_limit": 2, "switch_kind_hours": 0.3, "switch_campaign_hours": 0.2, "urgent_priority": 2,
        "end_of_shift": "finish", "overtime_limit_hours": 2, "when_absent": "hand_over",
    },
}  # fmt: skip
"""What people grow by, use and suffer, all at once, but for what a firm shares: limits on its open work, who decides."""


@pytest.mark.parametrize(
    "features", [{}, {**EVERYTHING, "authority": {}, "wip_limit": 12}], ids=["plain", "everything"]
)
def test_one_pod_holding_everybody_is_the_functional_organization(features):
    """With a flat distance table the two logs are equal bit for bit, but for the names of the units."""
    both = ({**teams, **features} for teams in as_functions_and_as_one_pod())
    functional, pod = (run(teams, retail_orders(60), 60).records() for teams in both)
    assert len(functional.log) > 4000
    assert functional.log.drop(columns="unit").equals(pod.log.drop(columns="unit"))
    assert functional.cases.drop(columns="unit").equals(pod.cases.drop(columns="unit"))


def first_efforts(records):
    """Effort of every first pass by case and step."""
    first = records.log[(records.log.category == "touch") & (records.log.event == "complete")]
    return first.set_index(["case", "step"]).effort


def test_a_case_takes_the_same_efforts_under_every_structure():
    """First passes by people of skill 1 last as long in a hierarchy as around a hub, to the second."""
    hierarchy, hub = (
        first_efforts(run({"structure": structure}, retail_orders(60), 60).records())
        for structure in ("hierarchy", "hub-and-spoke")
    )
    both = hierarchy.index.intersection(hub.index)
    assert len(both) > 400
    assert hierarchy[both].equals(hub[both])


@pytest.mark.parametrize("features", [{}, EVERYTHING], ids=["plain", "everything"])
def test_an_unrelated_unit_and_kind_change_nobodys_draws(features):
    """A new team with its own work leaves every row of the others' log as it was."""
    functional, _ = as_functions_and_as_one_pod()
    functional |= features
    units, assign = functional["structure"]["units"], functional["structure"]["assign"]
    more = {
        **functional,
        "people": [
            *functional["people"],
            {"id": "press-1", "skills": {"press": 1.0}, "unit": "press", "hourly_cost": 1},
        ],
        "structure": {
            "units": [*units, {"id": "press", "parent": "top"}],
            "assign": [{"scope": "unit:press", "skills": ["press"]}, *assign],
        },
        "work": {
            **retail_department.work(),
            "release": {"demand": {"per_week": 9}, "steps": [{"id": "write", "skill": "press", "effort": 2}]},
        },
    }
    before = run(functional, retail_orders(40), 40).records().log
    after = run(more, retail_orders(40), 40).records().log
    after = after[~after.case.str.startswith("release") & after.person.ne("press-1")].reset_index(drop=True)
    assert before.equals(after)


def test_the_same_seed_gives_the_same_log_and_another_replication_a_different_one():
    """A run is a function of its inputs."""
    plan = organized({})
    first, again, other = (run(plan, retail_orders(30), 30, r).records().log for r in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


def test_submitting_day_by_day_is_submitting_at_once():
    """Batches are no part of a case's luck."""
    plan, orders = organized({}), retail_orders(30)
    department = Department(plan, run_key(1, 0), MONDAY, 30)
    for day in range(30):
        department.submit([o for o in orders if day <= o.arrives_day < day + 1])
        department.run_day(day)
    at_once = run(plan, orders, 30)
    key = ["name"]
    a, b = (d.records().cases.sort_values(key).reset_index(drop=True) for d in (department, at_once))
    assert a.equals(b)


def test_payroll_is_what_people_cost_each_day():
    """24 people at their hourly costs, 40 hours a week, holidays paid: annual payroll / 365."""
    department = Department(organized({}), run_key(1, 0), MONDAY, 1)
    hourly = 3 * 108 + 5 * 50 + 5 * 40 + 4 * 58 + 3 * 74 + 4 * 51
    assert department.payroll_per_day == pytest.approx(hourly * 40 / 7)


def test_own_demand_comes_at_its_rate_in_its_hours():
    """A poisson kind at 30 a week over 52 weeks: about 1,560 requests, all in office hours."""
    work = {"job": {"demand": {"per_week": 30}, "steps": [step("a", "copy", 0.1)]}}
    teams = neutral(headcount={"copy": 3}, work=work, calendars=OFFICE)
    cases = run(teams, [], 364).records().cases
    assert abs(len(cases) - 1560) < 4 * 1560**0.5
    hour = cases.arrived_day % 1 * 24
    assert hour.between(9, 17).all()
    assert (cases.arrived_day % 7 < 5).all()
    assert len(run(teams, [], 1).records().cases) > 0
    assert cases.arrived_day.max() * DAY < 364 * DAY


@pytest.mark.parametrize(
    ("giver", "receiver", "hours"),
    [
        ("x", "x", 1),
        ("left", "left", 2),
        ("left", "right", 4),
        ("left", "deep", 8),
        ("left", "top", 8),
        ("deep", "out", 16),
    ],
)
def test_a_hand_off_is_as_far_as_the_tree_says(giver, receiver, hours):
    """One person, one unit, sister units, anywhere else in the company, another company; x is one person."""
    units = [{"id": "top", "lead": "boss"}, *({"id": unit, "parent": "top"} for unit in ("left", "right"))]
    known = {"skills": ["b"], "onboarding_passes": 0} if receiver == "out" else None
    units += [{"id": "deep", "parent": "right"}, {"id": "out", "parent": "top", "kind": "agency", "agency": known}]
    seats = {"a": "left" if giver == "x" else giver, "b": "left" if receiver == "x" else receiver, "boss": "top"}
    people = [{"id": who, "unit": seat, "skills": {who: 1}} for who, seat in seats.items()]
    table = ("same_person", "same_unit", "same_parent", "same_company", "other_company")
    distance = [{"when": when, "latency_hours": 2**i} for i, when in enumerate(table)]
    second = "a" if giver == "x" else "b"
    work = {"job": {"steps": [step("one", "a", 1), step("two", second, 1, ("one",))]}}
    assign = [{"scope": "unit:out", "skills": ["b"]}, {"scope": "company"}]
    teams = neutral(people=people, structure={"units": units, "assign": assign}, distance=distance, work=work)
    case = run(teams, [order("w", "job", 0)], 5).records().cases.iloc[0]
    assert case.lead_seconds == (2 + hours) * 3600
