"""A merged tree against the schema and against sense."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from simkit.scenario.agencies import minimums_per_year
from simkit.scenario.budget import overspent, unaffordable
from simkit.scenario.complaints import place_of, problem_at, problems_of
from simkit.scenario.errors import Problem, SenseError
from simkit.scenario.gate_load import gate_warnings
from simkit.scenario.idle_settings import idle_settings
from simkit.scenario.meetings import boards_that_met_before, boards_that_never_meet
from simkit.scenario.node import Node, label, plain, steps_of
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.scalars import shortened
from simkit.scenario.schema import Scenario
from simkit.scenario.structures import check_equal_means, organization
from simkit.scenario.workload import crafts_without_work, load_report


def check(tree: Node, schema: type[Scenario] = Scenario) -> tuple[Scenario | None, list[Problem]]:
    """The tree as a scenario (None when the schema refuses it), and all that is wrong with it."""
    try:
        scenario = schema.model_validate(plain(tree))
    except ValidationError as error:
        return None, problems_of(error, tree, schema)
    problems = [problem_at(path, message, tree) for path, message in nonsense(scenario)]
    return scenario, [*problems, *_wrong_kinds(tree, scenario)]


def nonsense(scenario: Scenario) -> list[tuple[str, str]]:
    """What each field may be and all together may not, as (dotted path, sentence); nothing for what can be run."""
    found = list(scenario.check_sense())
    try:
        department = organization(scenario.teams, list(scenario.market.segments))
    except SenseError as error:
        return [*found, *((one.path, one.message) for one in (error, *error.others))]
    found += boards_that_never_meet(department, scenario.start - timedelta(days=scenario.warmup_days), scenario.days)
    wages = department.payroll_per_day * DAYS_PER_YEAR
    tools, agencies = scenario.economics.technology_per_year, minimums_per_year(department)
    return found + list(overspent(scenario.budget, wages, tools, agencies))


def value_at(scenario: BaseModel, path: str) -> Any:
    """The checked value at a dotted path, defaults included; None when there is none."""
    value: Any = scenario
    for step in steps_of(path):
        value = _below(value, step)
    return value


def _below(value: Any, step: str) -> Any:
    """The checked value one step below, or None."""
    if isinstance(value, BaseModel):
        return getattr(value, step) if step in type(value).model_fields else None
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, (list, tuple)):
        named = next((item for item in value if getattr(item, "id", None) == step), None)
        return value[int(step)] if named is None and step.isdecimal() and int(step) < len(value) else named
    return None


def _wrong_kinds(node: Node, value: Any, path: str = "") -> Iterator[Problem]:
    """Values that the schema would quietly turn into another kind: true into 1, a number into a date."""
    if value is None:
        return
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _wrong_kinds(child, _below(value, key), f"{path}.{key}" if path else key)
    elif isinstance(node.value, list):
        for i, child in enumerate(node.value):
            step = label(child) or str(i)
            yield from _wrong_kinds(child, _below(value, step), f"{path}[{step}]")
    elif isinstance(node.value, bool):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield place_of(node).problem(f"{path}: expected a number, found {shortened(node.value)}")
    elif isinstance(node.value, (int, float)) and hasattr(value, "isoformat"):
        yield place_of(node).problem(f"{path}: expected a date such as 2026-01-31, found {shortened(node.value)}")


def warnings_of(scenario: Scenario) -> list[str]:
    """What is allowed and may still mislead: too short a run, more work than the department can do."""
    department = organization(scenario.teams, list(scenario.market.segments))
    load = load_report(department, scenario.orders_per_week())
    busy = [f"{skill} {share:.0%}" for skill, share in load.items() if share > 1]
    fixed = department.payroll_per_day * DAYS_PER_YEAR + scenario.economics.technology_per_year
    fixed += minimums_per_year(department)
    notes = [*scenario.sense_warnings(), *unaffordable(scenario.budget, fixed)]
    if busy:
        notes.append(
            f"more work than time ({', '.join(busy)} of what other duties leave): the backlog grows as long as the run"
        )
    if idle := crafts_without_work(department):
        notes.append(f"no step asks for {' or '.join(idle)}: these people are paid and have nothing to do")
    first = scenario.start - timedelta(days=scenario.warmup_days)
    notes += idle_settings(scenario.teams, department, first, scenario.days)
    notes += boards_that_met_before(department, first, scenario.days, scenario.warmup_days)
    return [*notes, *gate_warnings(department, scenario.orders_per_week())]


def unequal_means(base: Scenario, other: Scenario) -> list[str]:
    """Said where another structure comes with other means: then the comparison is of both."""
    if other.teams.structure == base.teams.structure:
        return []
    try:
        check_equal_means(*(organization(one.teams, list(one.market.segments)) for one in (base, other)))
    except SenseError as error:
        return [f"{error.message}: what differs is the means as well as the structure"]
    return []
