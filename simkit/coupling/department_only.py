"""A department's days without its customers: for questions whose answer does not depend on them.

Planned work, occasions and other demand of its own arrive as in a whole run, with the same luck; so cases are the same
to the second (a test holds that). What customers ask for by their doings is left out: signals of monitors, plans that a
review changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from simkit.coupling.outcome import LAUNCH_COLUMNS, cases_table
from simkit.coupling.world import episodes, journey_orders, no_two_with_one_key, order_for, planned_orders
from simkit.rng import run_key
from simkit.scenario.budget import left_for_agencies
from simkit.scenario.organization import Organization
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.schema import Scenario
from simkit.teams.department import Department

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DepartmentRun:
    """What a department did: `cases` as in `simkit.coupling.outcome.Run`, days counted from the first measured one."""

    scenario: Scenario
    cases: pd.DataFrame


def left_out(scenario: Scenario) -> list[str]:
    """What a whole run has and this leaves out, in words; nothing where both give the same cases."""
    told = []
    if scenario.monitors:
        told.append(f"signals of the monitors {', '.join(scenario.monitors)}")
    if found_out := [name for name, one in scenario.campaigns.items() if one.wrong_channel is not None]:
        told.append(f"what the figures of {', '.join(found_out)} say about their channel")
    if scenario.steer_by.by != "none":
        told.append(f"the plan as reviews by {scenario.steer_by.by} change it")
    return told


def department_of(scenario: Scenario, organization: Organization, replication: int) -> Department:
    """The department of a run before its first day."""
    people, tools = organization.payroll_per_day * DAYS_PER_YEAR, scenario.economics.technology_per_year
    return Department(
        organization,
        run_key(scenario.seed, replication),
        scenario.start - timedelta(days=scenario.warmup_days),
        scenario.days,
        scenario.warmup_days,
        left_for_agencies(scenario.budget, people, tools),
    )


def department_run(scenario: Scenario, organization: Organization, replication: int = 0) -> DepartmentRun:
    """Let a department work through all days of a scenario under the luck of one replication."""
    import pandas as pd

    key = run_key(scenario.seed, replication)
    department = department_of(scenario, organization, replication)
    asked = []
    for episode in episodes(scenario, key):
        name = episode.occasion.answered_by
        rule = scenario.occasions[episode.signal.source]
        label = f"{name}-{episode.source}"
        asked.append(order_for(episode.signal, label, name, scenario.campaigns[name], rule.expires_days))
    orders = [*planned_orders(scenario, key), *journey_orders(scenario), *asked]
    no_two_with_one_key(orders)
    department.submit(orders)
    for day in range(scenario.days):
        department.run_day(day)
    nothing = pd.DataFrame(columns=list(LAUNCH_COLUMNS))
    cases = cases_table(department.records().cases, asked, nothing, scenario.warmup_days)
    return DepartmentRun(scenario, cases.drop(columns="launch_day"))
