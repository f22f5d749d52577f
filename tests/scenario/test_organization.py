"""The `teams` section: short forms, presets from one list of people, and every mistake with its place."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from simkit.scenario import retail_department
from simkit.scenario.errors import SenseError
from simkit.scenario.organization import Organization, Teams
from simkit.scenario.quantity import Table, parse_share, provenance_of, walk
from simkit.scenario.schema import Scenario
from simkit.scenario.structures import check_equal_means, organization
from simkit.scenario.working_week import parse_weekdays
from simkit.scenario.workload import load_report

SEGMENTS = ["young", "family", "senior", "business"]
STRUCTURES = ("hierarchy", "pods", "hub-and-spoke")


def expand(**teams: Any) -> Organization:
    return organization(Teams.model_validate(teams), SEGMENTS)


def test_an_empty_table_is_a_retailers_department_in_a_hierarchy():
    """24 people in six departments under one head who is a strategist."""
    plan = expand()
    assert len(plan.people) == 24
    assert {unit.id for unit in plan.units} == {"marketing", "strategy", "copy", "design", "build", "data", "crm"}
    assert plan.top.lead == "strategy-1"
    assert all(person.unit in person.skills for person in plan.people)
    assert set(plan.work) == set(retail_department.STEPS)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure_has_the_same_people_at_the_same_cost(structure):
    """Head-count and payroll do not depend on the structure, and the work and its gates are the same."""
    base, other = expand(), expand(structure=structure)
    check_equal_means(base, other)
    assert [person.id for person in base.people] == [person.id for person in other.people]
    assert base.work == other.work
    assert base.gates.keys() == other.gates.keys()


def test_different_means_are_refused():
    """One person more or one wage higher is no comparison of structures."""
    people = [{"id": f"p{i}", "skills": {skill: 1}} for i, skill in enumerate(retail_department.HEADCOUNT)]
    with pytest.raises(SenseError, match="24 and 6 people"):
        check_equal_means(expand(), expand(people=people))
    dearer = [{**people[0], "hourly_cost": 500}, *people[1:]]
    with pytest.raises(SenseError, match="a day in wages"):
        check_equal_means(expand(people=people), expand(people=dearer))


def test_pods_have_one_of_each_craft_and_share_the_scarce_and_the_rest():
    """Three pods of 24 people: one strategist, copywriter, designer ... each; who is left over helps all."""
    plan = expand(structure="pods")
    crafts = {unit.id: sorted(p.craft for p in plan.people if p.unit == unit.id) for unit in plan.units}
    assert crafts["pod-1"] == crafts["pod-2"] == crafts["pod-3"] == sorted(retail_department.HEADCOUNT)
    assert crafts["shared"] == ["build", "copy", "copy", "crm", "design", "design"]
    assert all(len(person.skills) == 2 for person in plan.people)
    four = expand(structure={"preset": "pods", "number": 4})
    assert {person.craft for person in four.people if person.unit == "shared"} == {"strategy", "copy", "design", "data"}


def test_pods_and_spokes_divide_the_segments():
    """Every segment has a home, and every home has a segment; homes outnumbering segments share them."""
    for structure in ("pods", "hub-and-spoke"):
        served = [unit.serves for unit in expand(structure=structure).units if unit.serves is not None]
        assert served == [("young", "business"), ("family",), ("senior",)]
    two = organization(Teams.model_validate({"structure": "pods"}), ["a", "b"])
    assert [unit.serves for unit in two.units if unit.serves is not None] == [("a",), ("b",), ("a",)]


def test_the_hub_does_the_scarce_and_sets_standards():
    """Strategists and data people are no more than the spokes: they are the center's."""
    plan = expand(structure="hub-and-spoke")
    assert plan.assign[0].scope == "unit:center"
    assert plan.assign[0].skills == ("strategy", "data")
    assert {unit.error_factor for unit in plan.units} == {0.8}
    assert plan.gates["board"].delegate is not None
    assert plan.gates["board"].delegate.audit_share == 0.2
    assert plan.gates["legal"].delegate is None


def test_short_forms_expand():
    """A week, holidays, a headcount and approvals in words."""
    plan = expand(
        week="Sun-Thu",
        holidays="SA",
        headcount={**retail_department.HEADCOUNT, "copy": 2},
        approvals={"board": "every 2 weeks", "legal": "every day"},
    )
    assert plan.calendars["office"].days == ("Sun", "Mon", "Tue", "Wed", "Thu")
    assert plan.calendars["office"].holidays == "SA"
    assert len(plan.people) == 21
    assert (plan.gates["board"].every_days, plan.gates["legal"].every_days) == (10, 1)
    assert expand(approvals={"board": "on demand"}).gates["board"].effort.mean_hours == 0.25


def test_a_structure_can_be_written_out():
    """People, units, distance, gates and assignment of one's own override the preset."""
    plan = expand(
        people=[
            {"id": "lena", "unit": "studio", "skills": {"copy": 1.0, "design": 0.4}, "hourly_cost": 55, "fte": 0.8},
            {"id": "omar", "unit": "studio", "skills": {"design": 1.0}},
        ],
        structure={
            "units": [
                {"id": "firm", "lead": "omar"},
                {"id": "studio", "parent": "firm", "lead": "lena", "serves": ["young"]},
            ],
            "assign": [{"scope": "home"}, {"scope": "company"}],
        },
        gates={"client": {"mode": "on_demand", "approver": "person:omar", "effort": "30 minutes"}},
        work={"ad": {"steps": [
            {"id": "text", "skill": "copy", "effort": 2},
            {"id": "art", "skill": "design", "effort": {"exponential": {"mean_hours": 3}}, "after": ["text"]},
            {"id": "show", "gate": "client", "after": ["art"], "return_to": "text"},
        ]}},
        distance=[{"when": "same_person"}, {"when": "same_company", "latency_hours": "24 hours"}],
    )  # fmt: skip
    assert plan.people[1].hourly_cost == 40
    assert plan.distance[1].latency_hours == 24
    assert plan.gates["client"].effort.mean_hours == 0.5
    assert Organization.model_validate(json.loads(plan.model_dump_json())) == plan


def test_a_kind_or_gate_named_like_a_shipped_one_changes_only_what_it_states():
    """Expiry of emails and the board's capacity can be stated alone."""
    plan = expand(work={"email_campaign": {"expires_days": 30}}, gates={"board": {"capacity": 4}})
    assert plan.work["email_campaign"].expires_days == 30
    assert len(plan.work["email_campaign"].steps) == 10
    assert plan.gates["board"].capacity == 4
    assert plan.gates["board"].reject == expand().gates["board"].reject


def test_weekdays_are_read_short_or_in_full():
    """A span may run over the end of the week; a word that only begins like a weekday is none."""
    sunday_to_thursday = ("Sun", "Mon", "Tue", "Wed", "Thu")
    for text in ("Sun-Thu", "Sunday to Thursday", "sunday - thu"):
        assert parse_weekdays(text) == sunday_to_thursday
    assert parse_weekdays("Tuesday") == ("Tue",)
    for wrong in ("Sunny", "Sun-Funday", "Mon-Wed-Fri", ""):
        with pytest.raises(ValueError, match="expected weekdays"):
            parse_weekdays(wrong)


def test_expected_load_says_where_the_department_chokes():
    """At the shipped load every craft is between half and nine tenths busy; twice the load is too much."""
    load = {"email_campaign": 6, "sms_push_campaign": 3, "paid_social_campaign": 3, "reactive_campaign": 2}
    for structure in STRUCTURES:
        utilization = load_report(expand(structure=structure), load)
        assert set(utilization) == set(retail_department.HEADCOUNT)
        assert all(0.4 < share < 0.9 for share in utilization.values())
    doubled = load_report(expand(), {kind: 2 * per_week for kind, per_week in load.items()})
    assert max(doubled.values()) > 1


# --- sources ------------------------------------------------------------------------------------------


def test_what_people_are_kept_from_and_how_fast_they_are_counts_in_the_load():
    """Of 40 hours ten in meetings; a tenth for interruptions; sick for a tenth of the working days; at half the speed; eight
    doublings of practice short of a professional; a fifth less effort by AI."""
    one = {"people": [{**PERSON, "id": "p"}], "primary_share": 0.5, "errors": {"caught": 0},
           "work": {"job": {"steps": [{**STEP, "internal_error": 0}]}}}  # fmt: skip
    load = load_report(expand(**one), {"job": 15})
    assert load == {"copy": pytest.approx(15 / 20)}
    talk = load_report(expand(**one, meetings=[{"id": "m", "every_days": 5, "hours": 10}]), {"job": 15})
    assert talk == {"copy": pytest.approx(15 / 15)}
    noise = load_report(expand(**one, interruptions={"per_hour": 2, "minutes": 2, "resume_minutes": 1}), {"job": 15})
    assert noise == {"copy": pytest.approx(15 / 20 * 1.1)}
    sick = load_report(expand(**one, absence={"spells_per_year": 26.089, "mean_days": 1}), {"job": 15})
    assert sick == {"copy": pytest.approx(15 / 20 / 0.9, rel=1e-3)}
    slow = load_report(expand(**one, digital_skill="low", digital_skills={"low": 0.5}), {"job": 15})
    assert slow == {"copy": pytest.approx(2 * 15 / 20)}
    novice = load_report(expand(**one, experience=0, learning={"rate": 0.2, "full_practice": 255}), {"job": 15})
    assert novice == {"copy": pytest.approx(0.8**-8 * 15 / 20)}
    tools = {"adoption": 0.5, "exposure": {"copy": 0.8}, "gain_expert": 1}
    assert load_report(expand(**one, ai=tools), {"job": 15}) == {"copy": pytest.approx(0.8 * 15 / 20)}
    nothing_left = load_report(expand(**one, meetings=[{"id": "m", "every_days": 1, "hours": 8}]), {"job": 15})
    assert nothing_left == {"copy": float("inf")}


def test_skills_that_are_nobodys_best_are_done_by_those_who_have_them():
    """Two who can do both of two crafts, copy a little better: asked for 30 + 10 primary hours of the 40 that they have."""
    both = {"skills": {"copy": 1.0, "design": 0.9}}
    steps = [{"id": s, "skill": s, "effort": hours, "internal_error": 0} for s, hours in (("copy", 30), ("design", 10))]
    plan = expand(
        people=[{"id": "a", **both}, {"id": "b", **both}], primary_share=0.5,
        calendars={"office": {"days": "Mon-Fri", "hours": [[9, 17]]}}, work={"job": {"steps": steps}},
    )  # fmt: skip
    assert load_report(plan, {"job": 1}) == pytest.approx({"copy": 1.0, "design": 1.0})


def test_every_default_number_of_the_section_has_a_source():
    """A number that nobody wrote has unit, source, grade and range: at its field or among the figures."""
    figures = retail_department.figures()
    teams = Teams()
    for path, table, name, value in walk(teams):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        field = type(table).model_fields[name]
        assert provenance_of(field) is not None or path in figures, path


def tables(below: type[Table] = Table) -> Iterator[type[Table]]:
    for table in below.__subclasses__():
        yield table
        yield from tables(table)


def test_every_share_may_be_written_in_percent():
    """Of all tables, whatever counts in shares takes `15%`; hours do not."""
    shares = 0
    assert issubclass(Scenario, Table)
    for table in tables():
        for name, field in table.model_fields.items():
            found = provenance_of(field)
            if found is not None and found.unit.startswith(("share", "probability")):
                shares += 1
                assert any(getattr(part, "func", None) is parse_share for part in field.metadata), f"{table}.{name}"
    assert shares > 80
    assert Teams(primary_share="39%", desk={"multitasking_cost": "15%"}).desk.multitasking_cost == 0.15
    with pytest.raises(ValidationError):
        Teams(desk={"turn_hours": "15%"})


def test_figures_are_inside_their_plausible_range_and_are_what_is_shipped():
    """Each figure's value is what the default table says at its path."""
    shipped = {path: value for path, _, _, value in walk(Teams())}
    for path, figure in retail_department.figures().items():
        assert figure.low <= figure.value <= figure.high, path
        if not path.startswith("hourly_costs"):
            assert shipped[path] == figure.value, path


# --- mistakes -----------------------------------------------------------------------------------------

STEP = {"id": "a", "skill": "copy", "effort": 1}
PERSON = {"id": "p", "skills": {"copy": 1}}


def one_kind(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"people": [PERSON], "work": {"job": {"steps": list(steps)}}, **more}


def written(units: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return one_kind(STEP, **{"people": [{**PERSON, "unit": "top"}], "structure": {"units": units}, **more})


def two_branches(**leads: str) -> dict[str, Any]:
    """p leads all and sits in x; q sits in y, r at the top."""
    seats = {"p": "x", "q": "y", "r": "top"}
    units = [{"id": "top", "lead": "p"}]
    units += [{"id": unit, "parent": "top", "lead": leads.get(f"{unit}_lead")} for unit in ("x", "y")]
    return written(units, people=[{**PERSON, "id": who, "unit": seat} for who, seat in seats.items()])


def test_a_lead_sits_on_the_own_branch_or_leads_a_unit_above():
    """Of y: its own q, r who sits above it, p who leads all."""
    for lead in ("q", "r", "p"):
        expand(**two_branches(y_lead=lead))


def test_all_mistakes_of_a_group_are_told_at_once():
    """Two persons' units and a parent; then, those mended, two steps and an approver."""
    names = written([{"id": "top"}, {"id": "x", "parent": "tip"}], people=[
        {**PERSON, "unit": "tap"}, {**PERSON, "id": "q", "unit": "tep"}])  # fmt: skip
    work = one_kind({**STEP, "skill": "copyy"}, {"id": "g", "gate": "board", "after": ["a"]},
                    gates={"board": {"approver": "person:x"}})  # fmt: skip
    work["work"]["other"] = {"steps": [{**STEP, "after": ["b"]}]}
    paths = {
        "names": (names, ["teams.people[p].unit", "teams.people[q].unit", "teams.structure.units[x].parent"]),
        "work": (
            work,
            ["teams.gates.board.approver", "teams.work.job.steps[a].skill", "teams.work.other.steps[a].after"],
        ),
    }
    for teams, expected in paths.values():
        with pytest.raises(SenseError) as caught:
            expand(**teams)
        assert [one.path for one in (caught.value, *caught.value.others)] == expected


SENSELESS: dict[str, tuple[dict[str, Any], str, str]] = {
    "nobody has the skill": (
        one_kind({**STEP, "skill": "copyy"}), "teams.work.job.steps[a].skill", "did you mean 'copy'"),
    "a cycle of steps": (
        one_kind({**STEP, "after": ["b"]}, {**STEP, "id": "b", "after": ["a"]}), "teams.work.job.steps", "circle"),
    "an unknown step before": (
        one_kind({**STEP, "after": ["aa"]}), "teams.work.job.steps[a].after", "did you mean 'a'"),
    "a step twice": (one_kind(STEP, STEP), "teams.work.job.steps", "twice"),
    "all steps after the launch": (
        one_kind({**STEP, "after": ["live"]}), "teams.work.job.steps", "nothing is done before the launch"),
    "no people in the list": (one_kind(STEP, people=[]), "teams.people", "at least one person"),
    "a step called live": (one_kind({**STEP, "id": "live"}), "teams.work.job.steps", "going live"),
    "an unknown gate": (
        one_kind(STEP, {"id": "g", "gate": "bord", "after": ["a"]}), "teams.work.job.steps[g].gate", "'board'"),
    "a gate before any work": (
        one_kind({"id": "g", "gate": "board"}), "teams.work.job.steps[g].after", "worked step before"),
    "a gate after the launch": (
        one_kind(STEP, {"id": "g", "gate": "board", "after": ["live"]}), "teams.work.job.steps[g].after", "hold back"),
    "a return to nowhere": (
        one_kind(STEP, {"id": "g", "gate": "board", "after": ["a"], "return_to": "z"}),
        "teams.work.job.steps[g].return_to", "known are a"),
    "a gate's return to nowhere": (
        one_kind(STEP, {"id": "g", "gate": "board", "after": ["a"]}, gates={"board": {"return_to": "b"}}),
        "teams.gates.board.return_to", "known are a"),
    "a gate that never meets": (
        one_kind(STEP, gates={"board": {"at": 24}}), "teams.gates.board.at", "never meets"),
    "a gate on an unknown calendar": (
        one_kind(STEP, gates={"board": {"calendar": "offize"}}), "teams.gates.board.calendar", "'office'"),
    "an approver nobody is": (
        one_kind(STEP, {"id": "g", "gate": "board", "after": ["a"]}, gates={"board": {"approver": "person:x"}}),
        "teams.gates.board.approver", "known are p"),
    "an approving skill nobody has": (
        one_kind(STEP, {"id": "g", "gate": "board", "after": ["a"]}, gates={"board": {"approver": "skill:law"}}),
        "teams.gates.board.approver", "known are copy"),
    "a head nobody is": ({"head": "nobody"}, "teams.head", "nobody"),
    "a person twice": (one_kind(STEP, people=[PERSON, PERSON]), "teams.people", "twice"),
    "an unknown calendar": (
        one_kind(STEP, people=[{**PERSON, "calendar": "nights"}]), "teams.people[p].calendar", "known are"),
    "an unknown demand calendar": (
        {"work": {"job": {"steps": [STEP], "demand": {"per_week": 1, "calendar": "x"}}}},
        "teams.work.job.demand.calendar", "known are"),
    "an unknown country": ({"holidays": "ZZ"}, "teams.calendars.office.holidays", "no such country"),
    "a week said twice": (
        {"week": "Sun-Thu", "calendars": {"office": {"days": "Mon-Fri"}}}, "teams.week", "one of the two"),
    "nobody at all": ({"headcount": {"copy": 0}}, "teams.headcount", "at least one person"),
    "approvals of an unknown gate": (
        {"approvals": {"bord": "on demand"}}, "teams.approvals.bord", "another one stands in teams.gates"),
    "approvals in odd words": ({"approvals": {"board": "sometimes"}}, "teams.approvals.board", "every 5 days"),
    "approvals never": ({"approvals": {"board": "every 0 days"}}, "teams.approvals.board", "1 to 250"),
    "a unit nobody knows": (
        written([{"id": "top"}], people=[{**PERSON, "unit": "tip"}]), "teams.people[p].unit", "did you mean 'top'"),
    "a person without a unit": (
        written([{"id": "top"}], people=[PERSON]), "teams.people[p].unit", "everybody's unit"),
    "an unknown lead": (
        written([{"id": "top", "lead": "q"}]), "teams.structure.units[top].lead", "known are p"),
    "an unknown parent": (
        written([{"id": "top"}, {"id": "x", "parent": "tip"}]), "teams.structure.units[x].parent", "'top'"),
    "two tops": (written([{"id": "top"}, {"id": "x"}]), "teams.structure.units", "exactly one"),
    "units in a circle": (
        written([{"id": "top"}, {"id": "x", "parent": "y"}, {"id": "y", "parent": "x"}]),
        "teams.structure.units[x].parent", "the units x, y stand below each other in a circle"),
    "a circle with the top in it": (
        written([{"id": "top", "parent": "x"}, {"id": "x", "parent": "top"}]),
        "teams.structure.units[top].parent", "circle"),
    "a unit below itself": (
        written([{"id": "top"}, {"id": "x", "parent": "x"}]), "teams.structure.units[x].parent", "below itself"),
    "a lead from another branch": (
        two_branches(x_lead="q"), "teams.structure.units[x].lead", "'q' sits in 'y', another branch of the tree"),
    "a segment that nobody is in": (
        written([{"id": "top", "serves": ["yuong"]}]), "teams.structure.units[top].serves", "did you mean 'young'"),
    "an assigned skill nobody knows": (
        {**written([]), "structure": {"units": [{"id": "top"}], "assign": [{"scope": "company", "skills": ["coppy"]}]}},
        "teams.structure.assign[0].skills", "did you mean 'copy'"),
    "an agency without crafts": (
        written([{"id": "top"}, {"id": "x", "parent": "top", "kind": "agency", "agency": {}}]),
        "teams.structure.units[x].agency", "crafts"),
    "an agency's craft nobody asks for": (
        written([{"id": "top"}, {"id": "x", "parent": "top", "kind": "agency", "agency": {"skills": ["law"]}}]),
        "teams.structure.units[x].agency.skills", "no step asks for 'law'"),
    "a nearer line of distance after a farther one": (
        {"distance": [{"when": "same_parent"}, {"when": "same_unit"}, {"when": "same_company"}]},
        "teams.distance", "same_unit has to stand before same_parent"),
    "a gate that rejects nearly for ever": (
        one_kind(STEP, {"id": "g", "gate": "board", "after": ["a"]}, gates={"board": {"reject": {"first": 0.99, "decay": 1}, "finds": 0}}),
        "teams.gates.board.reject", "would be rejected 99 times or more, mostly by opinion"),
    "a gate that finds new defects for ever": (
        one_kind({**STEP, "internal_error": 0.995}, {"id": "g", "gate": "board", "after": ["a"]},
                 gates={"board": {"reject": {"first": 0}, "finds": 1}}, errors={"caught": 0}),
        "teams.gates.board.reject", "would be rejected 199 times or more, mostly by defects"),
    "a step that is always wrong": (
        one_kind({**STEP, "internal_error": 0.99}, errors={"caught": 1}),
        "teams.work.job.steps[a].internal_error", "done again 99 times"),
    "a step that brings errors to light for ever": (
        one_kind(STEP, {**STEP, "id": "b", "after": ["a"], "external_error": 0.99, "rework": [{"to": "a"}]}),
        "teams.work.job.steps[b].external_error", "done again 99 times"),
    "a step that waits for itself": (
        one_kind(STEP, {**STEP, "id": "b", "after": ["b"]}, {**STEP, "id": "c", "after": ["b"]}),
        "teams.work.job.steps", "the step b waits for itself"),
    "an asset twice": (
        one_kind(STEP, assets=[{"id": "t", "steps": ["a"], "build_hours": 1}] * 2), "teams.assets", "twice"),
    "more people trained than there are": (
        one_kind(STEP, transition={"trained": 2}), "teams.transition.trained", "there are 1 own people, found 2"),
    "a unit twice": (written([{"id": "top"}, {"id": "top"}]), "teams.structure.units", "twice"),
    "an unknown scope": (
        {**written([]), "structure": {"units": [{"id": "top"}], "assign": [{"scope": "unit:tap"}]}},
        "teams.structure.assign[0].scope", "'top'"),
    "delegation to nobody": (
        written([{"id": "top"}],
                gates={"g": {"mode": "on_demand", "approver": "person:p", "effort": 1, "delegate": {}}},
                work={"job": {"steps": [STEP, {"id": "g", "gate": "g", "after": ["a"]}]}}),
        "teams.gates.g.delegate", "no lead"),
    "no last line of distance": (
        {"distance": [{"when": "same_unit"}]}, "teams.distance", "same_company"),
    "an unknown central skill": (
        {"structure": {"preset": "hub-and-spoke", "central_skills": ["law"]}}, "teams.structure.central_skills", "law"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", SENSELESS)
def test_what_makes_no_sense_is_refused_where_it_stands(mistake):
    """Each mistake raises SenseError with the dotted path and a sentence that helps."""
    teams, path, words = SENSELESS[mistake]
    with pytest.raises(SenseError) as caught:
        expand(**teams)
    assert caught.value.path == path
    assert words in caught.value.message


MALFORMED: dict[str, dict[str, Any]] = {
    "capacity 0": {"gates": {"board": {"capacity": 0}}},
    "a day of work of unknown length": one_kind({**STEP, "effort": "1 day"}),
    "a share above one": {"gates": {"board": {"finds": 1.2}}},
    "a gate that rejects for ever": {"gates": {"board": {"reject": {"first": 1, "decay": 1}}}},
    "a step that always fails": one_kind({**STEP, "internal_error": 1}),
    "an unknown key": {"structures": "pods"},
    "an unknown structure": {"structure": "matrix"},
    "skill and gate at once": one_kind({**STEP, "gate": "board"}),
    "neither skill nor gate": one_kind({"id": "a"}),
    "a skill without effort": one_kind({"id": "a", "skill": "copy"}),
    "two efforts": one_kind({**STEP, "effort": {"fixed": {"hours": 1}, "exponential": {"mean_hours": 1}}}),
    "an error rate at a gate": one_kind(STEP, {"id": "g", "gate": "board", "after": ["a"], "internal_error": 0.2}),
    "a worked step that returns": one_kind({**STEP, "return_to": "a"}),
    "headcount and people": {"headcount": {"copy": 1}, "people": [PERSON]},
    "a person without skills": {"people": [{"id": "p", "skills": {}}]},
    "no time for work": {"primary_share": 0},
    "negative cost": {"people": [{**PERSON, "hourly_cost": -1}]},
    "no pods": {"structure": {"preset": "pods", "number": 0}},
    "infinite effort": one_kind({**STEP, "effort": float("inf")}),
}


@pytest.mark.parametrize("mistake", MALFORMED)
def test_what_is_malformed_is_refused_by_the_schema(mistake):
    """Ranges, unknown keys and contradictions inside one table are pydantic's."""
    with pytest.raises(ValidationError):
        Teams.model_validate(MALFORMED[mistake])


def test_reading_a_section_imports_nothing_heavy():
    """`simkit validate` stays fast: no pandas, SimPy or holidays for a section that names no country."""
    code = (
        "import sys; from simkit.scenario.structures import organization; "
        "from simkit.scenario.organization import Teams; "
        "organization(Teams(), []); print([m for m in ('pandas', 'simpy', 'holidays') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
