"""Random small departments for hypothesis: people, units, distances, gates and step graphs of every shape.

A strategy is made once: hypothesis checks each anew, which takes longer than drawing from it."""

from functools import cache
from typing import Any

from departments import organized
from hypothesis import strategies as st

from simkit.scenario.errors import SenseError

SKILLS = ("write", "draw", "code")
_HOURS = st.floats(0.05, 9)


@cache
def people() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Somebody for each skill, and some with two, part time or at night."""

    def person(number: int, craft: str) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {
                "id": st.just(f"p{number}"),
                "skills": st.dictionaries(st.sampled_from(SKILLS), st.floats(0.3, 1.5), max_size=2).map(
                    lambda more: {**more, craft: 1.0}
                ),
                "unit": st.sampled_from(["top", "left", "right"]),
                "fte": st.sampled_from([1.0, 0.5]),
                "calendar": st.sampled_from(["office", "always", "late"]),
                "wip_limit": st.sampled_from([None, None, 2, 3]),
                "experience": st.sampled_from([1.0, 1.0, 0.0, 0.4, 1.3]),
                "digital_skill": st.sampled_from(["low", "medium", "medium", "high"]),
                "ai_adoption": st.none() | st.floats(0, 1),
                "vacation": st.sampled_from([[], [], [["2026-01-08", "2026-01-13"]]]),
                "zone": st.sampled_from([0, 0, 5.5, -8]),
            }
        )

    return st.integers(3, 6).flatmap(
        lambda count: st.tuples(*(person(i, SKILLS[i % 3]) for i in range(count))).map(list)
    )


@cache
def gates() -> st.SearchStrategy[dict[str, Any]]:
    shared = {
        "finds": st.floats(0, 1),
        "reject": st.fixed_dictionaries({"first": st.floats(0, 0.7), "decay": st.floats(0.2, 1)}),
    }
    delegate = st.none() | st.fixed_dictionaries(
        {"audit_share": st.floats(0, 1), "when": st.none() | st.sampled_from(["round > 1", "waiting_days < 2"])}
    )
    board = st.fixed_dictionaries(
        {
            **shared,
            "mode": st.just("cadence"),
            "approver": st.sampled_from(["head", "lead", "skill:code"]),
            "every_days": st.integers(1, 4),
            "capacity": st.none() | st.integers(1, 3),
            "delegate": delegate,
        }
    )
    review = st.fixed_dictionaries(
        {
            **shared,
            "mode": st.just("on_demand"),
            "approver": st.sampled_from(["lead", "person:p0", "skill:write"]),
            "effort": _HOURS,
            "delegate": delegate,
        }
    )
    return st.fixed_dictionaries({"board": board, "review": review})


@st.composite
def kinds(draw: st.DrawFn) -> dict[str, Any]:
    """A graph of worked steps and gates, perhaps with follow-up after going live."""
    steps: list[dict[str, Any]] = []
    for i in range(draw(st.integers(1, 6))):
        names = [step["id"] for step in steps]
        after = draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []
        if after and draw(st.booleans()):
            steps.append({"id": f"s{i}", "gate": draw(st.sampled_from(["board", "review"])), "after": after})
        else:
            steps.append(
                {
                    "id": f"s{i}",
                    **(does := draw(doers())),
                    **(draw(batches()) if "skills" not in does and "people" not in does else {}),
                    **draw(rework(worked_before(steps, after))),
                    "after": after,
                    **({"polish": draw(st.floats(0.01, 0.5))} if after and draw(st.booleans()) else {}),
                    "effort": {"lognormal": {"mean_hours": draw(_HOURS)}},
                    "internal_error": draw(st.floats(0, 0.5)),
                }
            )
    if draw(st.booleans()):
        steps.append({"id": "post", "skill": "draw", "after": ["live"], "effort": 1})
    early = any("polish" in step for step in steps) and draw(st.booleans())
    rule = {"half_life_days": draw(st.floats(0.1, 5)), "least_quality": draw(st.floats(0, 1))}
    rule["learning"] = draw(st.sampled_from([None, {"gain": 0.3}]))
    return {
        "launch_early": rule if early else None,
        "steps": steps,
        "expires_days": draw(st.none() | st.floats(1, 20)),
        "urgent": draw(st.sampled_from([False, False, True])),
    }


@cache
def batches() -> st.SearchStrategy[dict[str, Any]]:
    rule = st.fixed_dictionaries(
        {"size": st.integers(2, 4), "max_wait_hours": st.floats(0, 30), "setup_hours": st.floats(0, 1)}
    )
    return st.just({}) | st.just({}) | st.fixed_dictionaries({"batch": rule})


@cache
def doers() -> st.SearchStrategy[dict[str, Any]]:
    """One person, any of two skills, or several people at once."""
    several = st.lists(st.sampled_from(SKILLS), min_size=2, max_size=2, unique=True)
    return (
        st.fixed_dictionaries({"skill": st.sampled_from(SKILLS)})
        | st.fixed_dictionaries({"skill": several})
        | st.fixed_dictionaries({"skills": several})
        | st.fixed_dictionaries({"skill": st.sampled_from(SKILLS), "people": st.just(2)})
    )


def worked_before(steps: list[dict[str, Any]], after: list[str]) -> list[str]:
    """Worked steps that come before one that waits for some."""
    by_name = {step["id"]: step for step in steps}
    found: set[str] = set()
    ahead = list(after)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += by_name[name]["after"]
    return sorted(name for name in found if "gate" not in by_name[name])


def rework(earlier: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Errors of earlier steps that come to light."""
    if not earlier:
        return st.just({})
    edges = st.lists(st.sampled_from(earlier), min_size=1, max_size=2, unique=True)
    return st.just({}) | st.fixed_dictionaries(
        {
            "external_error": st.floats(0.01, 0.4),
            "rework": edges.flatmap(
                lambda names: st.tuples(
                    *(st.fixed_dictionaries({"to": st.just(name), "share": st.floats(0.1, 1)}) for name in names)
                )
            ),
        }
    )


@cache
def desks() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "turn_hours": st.floats(0.5, 4),
            "multitasking_cost": st.floats(0, 0.5),
            "switch_kind_hours": st.floats(0, 1),
            "switch_campaign_hours": st.floats(0, 0.5),
            "end_of_shift": st.sampled_from(["suspend", "finish", "restart"]),
            "overtime_limit_hours": st.none() | st.floats(0.5, 4),
            "urgent_priority": st.none() | st.integers(1, 3),
            "when_absent": st.sampled_from(["rest", "hand_over"]),
            "hand_over_after_days": st.integers(0, 2),
            "hand_over_loss": st.floats(0, 1),
        }
    )


@cache
def workforces() -> st.SearchStrategy[dict[str, Any]]:
    """What people grow by and use."""
    learning = st.fixed_dictionaries({"rate": st.floats(0, 0.4), "full_practice": st.integers(2, 50)})
    ai = st.fixed_dictionaries(
        {
            "adoption": st.floats(0, 1),
            "gain_novice": st.floats(-0.3, 1),
            "review_share": st.floats(0, 0.5),
            "off_frontier_elsewhere": st.floats(0, 1),
        }
    )
    who = st.sampled_from([[], ["p0"], ["left", "p1"]])
    meeting = st.fixed_dictionaries({"who": who, "every_days": st.integers(1, 4), "hours": st.floats(0.2, 10)})
    training = st.fixed_dictionaries(
        {"who": who, "on": st.sampled_from(["2025-12-20", "2026-01-12"]), "hours": st.floats(1, 30)},
        optional={"every_days": st.integers(5, 20)},
    )
    asset = st.fixed_dictionaries(
        {
            "steps": st.just(["s0"]),
            "build_hours": st.floats(0.1, 5),
            "reach": st.sampled_from(["company", "unit"]),
            "lasts_days": st.none() | st.floats(1, 10),
        }
    )
    migration = st.fixed_dictionaries({"on": st.sampled_from(["2025-12-20", "2026-01-15"]), "who": who})
    absence = st.fixed_dictionaries({"spells_per_year": st.floats(0, 20), "mean_days": st.floats(1, 6)})
    turnover = st.fixed_dictionaries(
        {"leaving_per_year": st.floats(0, 15), "hiring_days": st.integers(1, 12), "experience": st.floats(0, 1)}
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "learning": learning,
            "ai": ai,
            "absence": absence,
            "meetings": st.lists(meeting, max_size=2).map(named),
            "training": st.lists(training, max_size=2).map(named),
            "assets": st.lists(asset, max_size=2).map(named),
            "tool_migration": migration,
            "morale": st.fixed_dictionaries({"bearable_days": st.floats(0.5, 5), "wear": st.floats(0, 0.3)}),
            "turnover": turnover,
            "interruptions": st.fixed_dictionaries({"per_hour": st.floats(0, 10), "minutes": st.floats(0, 20)}),
        },
    ).map(lambda told: {"learning": {}, **told} if "turnover" in told else told)


def named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "id": f"row{i}"} for i, row in enumerate(rows)]


@cache
def calendars() -> st.SearchStrategy[dict[str, Any]]:
    """The office and two other working weeks, with holidays or without."""
    office = st.sampled_from(
        [
            {},
            {"days": "Mon-Fri", "hours": [[9, 17]], "holidays": "US"},
            {"days": "Sun-Thu", "hours": [[9, 13], [14, 18]], "holidays": "JP"},
        ]
    )
    late = st.sampled_from([{"days": "Sun-Thu", "hours": [[13, 22]]}, {"days": "Mon-Sat", "hours": [[0, 6], [18, 24]]}])
    return st.fixed_dictionaries({"office": office, "late": late})


@cache
def distances() -> st.SearchStrategy[dict[str, Any]]:
    """How far it is between people, units and companies, and to the first person."""
    cost = {"latency_hours": st.floats(0, 30), "effort_hours": st.floats(0, 3)}
    nearest_first = ("same_person", "same_unit", "same_parent", "same_company", "other_company")
    table = st.tuples(
        *(
            st.fixed_dictionaries({"when": st.just(when), **cost, "information_loss": st.floats(0, 0.5)})
            for when in nearest_first
        )
    ).map(list)
    return st.just({}) | st.fixed_dictionaries({"distance": table, "intake": st.fixed_dictionaries(cost)})


@cache
def changes() -> st.SearchStrategy[dict[str, Any]]:
    """The dip after a change of structure, and what units set up."""
    dip = st.fixed_dictionaries({"productivity_dip": st.floats(0, 0.9), "recovery_days": st.floats(1, 60)})
    set_up = st.fixed_dictionaries(
        {
            "effort": st.floats(0, 3),
            "of": st.sampled_from(["campaign", "kind"]),
            "forgotten_after": st.none() | st.floats(0.5, 20),
        }
    )
    return st.fixed_dictionaries({}, optional={"transition": dip, "set_up": set_up})


@st.composite
def agencies(draw: st.DrawFn, work: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """An agency, or none: its unit, and the lines by which work goes there, by a condition or always."""
    if draw(st.booleans()):
        return [], []
    skills = draw(st.lists(st.sampled_from(asked_for(work)), min_size=1, max_size=3, unique=True))
    terms = st.fixed_dictionaries(
        {
            "skills": st.just(skills),
            "limit": st.integers(1, 3) | st.just("unlimited"),
            "level": st.floats(0.5, 1.5),
            "minimum_per_month": st.sampled_from([None, 5000]),
            "ready_after_days": st.sampled_from([0, 0, 10]),
            "onboarding_passes": st.integers(0, 6),
        }
    )
    when = st.sampled_from(["queue_length > 1", "queue_days > 0.5 or priority < 2", "not queue_days > 3"])
    line = {"scope": "unit:agency", "when": draw(when)}
    return [{"id": "agency", "kind": "agency", "parent": "top", "agency": draw(terms)}], [line]


def asked_for(work: dict[str, Any]) -> list[str]:
    """The skills that steps ask for; an agency may offer no others."""
    steps = [step for kind in work.values() for step in kind["steps"]]
    told = [step.get("skills") or step.get("skill") or [] for step in steps]
    return sorted({skill for one in told for skill in ([one] if isinstance(one, str) else one)})


@cache
def authorities() -> st.SearchStrategy[dict[str, Any]]:
    """Errors that are noticed go to the lead or the top, who answer late, if at all."""
    mix = st.sampled_from([[1, 0, 0], [0.2, 0.5, 0.3], [0, 0.2, 0.8]])
    rule = st.fixed_dictionaries(
        {
            "to": st.sampled_from(["self", "lead"]),
            "when": st.sampled_from(["risk < 0.2", "waiting_days < 1 and priority > 2", "kind is one or age_days > 5"]),
        }
    )
    authority = st.fixed_dictionaries(
        {
            "centralization": st.sampled_from(
                [{"self": 0.1, "lead": 0.3, "top": 0.6}, {"lead": 1, "top": 0}, {"lead": 0, "top": 1}]
            ),
            "outcome": st.fixed_dictionaries({"top": mix, "lead": mix, "self": mix}),
            "delegate": st.just([]) | rule,
            "timeout_hours": st.floats(0.1, 40),
            "effort_hours": st.just(0) | st.floats(0, 3),
            "correct_share": st.floats(0, 1),
        }
    )
    return st.fixed_dictionaries({"authority": authority})


@st.composite
def teams(draw: st.DrawFn) -> dict[str, Any]:
    """A whole `teams` section in a written-out structure."""
    units = [
        {"id": "top", "lead": "p0", "serves": draw(st.none() | st.just([]))},
        {"id": "left", "parent": "top", "lead": "p1", "serves": ["a"]},
        {
            "id": "right",
            "parent": "top",
            "lead": "p2",
            "serves": ["b"],
            "error_factor": draw(st.floats(0, 2)),
            "kind": draw(st.sampled_from(["function", "it"])),
        },
    ]
    work = {"one": draw(kinds()), "two": {**draw(kinds()), "demand": {"per_week": 4, "priority": 3}}}
    agency, overflow = draw(agencies(work))
    assign = [*overflow, {"scope": "home", "also": ["top"]}, {"scope": "company"}]
    told = {
        "people": (staff := draw(people())),
        "calendars": draw(calendars()),
        "structure": {"units": units + agency, "assign": assign},
        **draw(distances()),
        **draw(changes()),
        "gates": draw(gates()),
        "work": work,
        "primary_share": draw(st.floats(0.2, 1)),
        "errors": {"caught": draw(st.floats(0, 1))},
        **draw(st.just({}) | authorities()),
        "desk": draw(st.just({}) | desks()),
        "attention": draw(
            st.just({}) | st.fixed_dictionaries({rule: st.floats(0, 0.33) for rule in ("oldest", "newest", "random")})
        ),
        "wip_limit": draw(st.none() | st.integers(2, 12)),
        "unit_wip_limit": draw(st.none() | st.integers(2, 6)),
        **draw(workforces()),
    }
    for unit in units[1:]:
        unit["lead"] = leading(unit["id"], unit["lead"], staff)
    return told if feasible(told) else alone(told)


def leading(unit: str, who: str, staff: list[dict[str, Any]]) -> str:
    """Somebody who sits in the unit or above it, else whoever leads all."""
    seat = next(person["unit"] for person in staff if person["id"] == who)
    return who if seat in (unit, "top") else "p0"


def feasible(told: dict[str, Any]) -> bool:
    """Whether there are enough different people for what takes several."""
    try:
        organized(told)
    except SenseError as error:
        if "together" in str(error):
            return False
        raise
    return True


def alone(told: dict[str, Any]) -> dict[str, Any]:
    """The same department in which one person does each step."""

    def by_one(step: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in step.items() if key not in ("skills", "people")}
        return rest if "skills" not in step else {**rest, "skill": step["skills"][0]}

    work = {name: {**kind, "steps": [by_one(step) for step in kind["steps"]]} for name, kind in told["work"].items()}
    return {**told, "work": work, "structure": offering(told["structure"], asked_for(work))}


def offering(structure: dict[str, Any], asked: list[str]) -> dict[str, Any]:
    """The same structure with an agency that offers nothing that no step asks for any more."""
    units, assign = [dict(unit) for unit in structure["units"]], structure["assign"]
    for unit in units:
        if "agency" in unit:
            offered = [skill for skill in unit["agency"]["skills"] if skill in asked]
            unit["agency"] = {**unit["agency"], "skills": offered or asked[:1]}
    return {"units": units, "assign": assign}
