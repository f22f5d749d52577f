"""A department's work of one run, done again as it was, whatever customers do meanwhile: so that a counterfactual
differs in what customers get and in nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simkit.records import Answers, Launch, Signal, WorkOrder

if TYPE_CHECKING:
    import pandas as pd

    from simkit.teams.department_records import DepartmentRecords


@dataclass(frozen=True)
class Script:
    """What a department did: its launches by the day on which they were finished, and what it cost."""

    launches: tuple[tuple[int, Launch], ...]
    signals: Mapping[str, Signal]
    """What had been noticed, so that an answer still has its occasion."""
    payroll_per_day: float
    persons_before: pd.DataFrame = field(repr=False)
    """Where everyone's time had gone when the measured days began."""
    records: DepartmentRecords = field(repr=False)
    extra_costs: tuple[float, ...] = ()
    """What agencies billed, currency of each day."""
    turnover_costs: tuple[float, ...] = ()
    """What hiring cost, less the pay of vacant seats, currency of each day."""
    overtime_costs: tuple[float, ...] = ()
    """What hours beyond the shift cost, currency of each day."""


class Replay:
    """Stands where a `teams.department.Department` would, and does what the script says. Orders are not listened to."""

    def __init__(self, script: Script):
        self._script = script
        self.payroll_per_day = script.payroll_per_day
        self.extra_costs, self.turnover_costs = list(script.extra_costs), list(script.turnover_costs)
        self.overtime_costs = list(script.overtime_costs)

    def submit(self, orders: Iterable[WorkOrder]) -> None:
        """What customers do becomes no work here."""

    def notes(self) -> list[str]:
        """What there was to say was said of the run that is replayed."""
        return []

    def hear(self, answers: Iterable[Answers]) -> None:
        """What was learnt then is in the launches."""

    def run_day(self, day: int) -> list[Launch]:
        """What was finished on that day."""
        return [launch for when, launch in self._script.launches if when == day]

    def persons(self) -> pd.DataFrame:
        """Where everyone's time had gone when the measured days began."""
        return self._script.persons_before

    def records(self) -> DepartmentRecords:
        """The script's."""
        return self._script.records
