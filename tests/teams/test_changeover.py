"""What a change of structure costs in speed, what is set up twice, and what further skills give."""

import pytest
from departments import neutral, order, organized, retail_orders, run, step

from simkit.scenario.organization import Organization

HOUR = 3600


def line(**tables):
    """One kind of ten hours for a person in each of two units, by segment."""
    people = [{"id": name, "skills": {"copy": 1}, "unit": name} for name in ("left", "right")]
    units = [
        {"id": "top"},
        *({"id": name, "parent": "top", "serves": [of]} for name, of in (("left", "a"), ("right", "b"))),
    ]
    return neutral(people=people, structure={"units": units}, work={"job": {"steps": [step("write", "copy", 10)]}},
                   calendars={"office": {"days": "all", "hours": [[0, 24]]}}, **tables)  # fmt: skip


def efforts(teams, orders, days=30):
    log = run(teams, orders, days).records().log
    return list(log[log.event == "complete"].effort / HOUR)


def test_productivity_dips_and_recovers():
    """Half the speed on the first day, three quarters at half the recovery, all of it after."""
    teams = line(transition={"productivity_dip": 0.5, "recovery_days": 10})
    orders = [order(f"w{day}", "job", day, segment="a") for day in (0, 5, 10)]
    assert efforts(teams, orders) == pytest.approx([20, 10 / 0.75, 10], abs=1e-3)


def test_what_changing_costs():
    """One-off, per person trained (everybody unless stated) and per person hired."""
    said = {"one_off_cost": 1000, "training_cost": 10, "hiring_cost": 500, "hired": 2}
    assert organized(line(transition=said)).transition_cost == 1000 + 2 * 10 + 2 * 500
    assert organized(line(transition={**said, "trained": 1})).transition_cost == 1000 + 10 + 2 * 500
    assert organized(line()).transition_cost == 0


def pieces():
    return [order(f"{side}{i}", "job", 3 * i + (side == "right"), segment=segment, campaign="spring")
            for i in range(2) for side, segment in (("left", "a"), ("right", "b"))]  # fmt: skip


def kinds(plan: Organization, kind: str) -> Organization:
    units = tuple(unit.model_copy(update={"kind": kind}) if unit.id != "top" else unit for unit in plan.units)
    return plan.model_copy(update={"units": units})


def test_units_without_a_hub_set_up_twice():
    """Each pod sets the campaign up; around a hub only the first unit does; what was long ago is set up again."""
    plan = organized(line(set_up={"effort": 0.5}))
    assert efforts(kinds(plan, "pod"), pieces()) == [15, 15, 10, 10]
    assert efforts(kinds(plan, "spoke"), pieces()) == [15, 10, 10, 10]
    forgetful = organized(line(set_up={"effort": 0.5, "forgotten_after": 2}))
    assert efforts(kinds(forgetful, "pod"), pieces()) == [15, 15, 15, 15]


def ring(count: int, structure: dict, replication: int) -> float:
    """Mean days in the system of identical crafts with one person each at load 0.8, exponential efforts."""
    crafts = [f"c{i}" for i in range(count)]
    work = {name: {"steps": [{"id": "do", "skill": name, "effort": {"exponential": {"mean_hours": 24}},
                              "internal_error": 0}], "demand": {"per_week": 7 * 0.8, "calendar": "always"}}
            for name in crafts}  # fmt: skip
    teams = neutral(headcount=dict.fromkeys(crafts, 1), work=work, structure=structure,
                    calendars={"office": {"days": "all", "hours": [[0, 24]]}})  # fmt: skip
    cases = run(teams, [], 900, replication).records().cases
    return float(cases[(cases.status == "live") & (cases.arrived_day > 100)].lead_days.mean())


def test_a_chain_comes_close_to_full_flexibility():
    """Jordan & Graves 1995: six single servers wait for five services, pooled for 1.4; a chain has most of the gain.

    Closed forms: M/M/1 at 0.8 has W = 5, M/M/6 has W = 1.43. The departments' hand-offs cost nothing here.
    """

    def mean(training: str) -> float:
        structure = {"preset": "hierarchy", "cross_training": training, "second_skill_level": 1.0}
        return sum(ring(6, structure, i) for i in range(3)) / 3

    alone, chain, pooled = mean("none"), mean("chain"), mean("t_shaped")
    assert alone == pytest.approx(5.0, rel=0.2)
    assert pooled == pytest.approx(1.43, rel=0.1)
    assert pooled < chain
    assert (alone - chain) / (alone - pooled) > 0.75


def test_training_leaves_the_craft_alone():
    """Further skills come after the craft even at its level, and a skill somebody has already stays as it is."""
    people = [{"id": "a", "skills": {"copy": 1, "design": 0.9}}, {"id": "b", "skills": {"design": 1}}]
    work = {"job": {"steps": [step("write", "copy", 1)]}}
    structure = {"preset": "hierarchy", "cross_training": "t_shaped", "second_skill_level": 1.0}
    trained = {person.id: person for person in organized({"people": people, "work": work, "structure": structure,
               "gates": {"legal": {"approver": "head"}}}).people}  # fmt: skip
    assert trained["a"].skills == {"copy": 1, "design": 0.9}
    assert trained["b"].skills == {"design": 1, "copy": 1.0}
    assert trained["b"].craft == "design"


@pytest.mark.parametrize("structure", ["hierarchy", "pods", "hub-and-spoke", "hybrid"])
def test_options_that_say_nothing_change_nothing(structure):
    """A transition that costs money only, and set-up of no effort, leave the log bit for bit."""
    plain = run({"structure": structure}, retail_orders(28), 28).records().log
    told = {"structure": structure, "transition": {"one_off_cost": 9}, "set_up": {"effort": 0}}
    assert run(told, retail_orders(28), 28).records().log.equals(plain)
