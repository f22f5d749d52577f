"""The department: takes orders, runs its clock day by day, and says afterwards where the time went."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from simkit.records import Answers, Launch, WorkOrder
from simkit.rng import Purpose
from simkit.scenario.organization import Organization
from simkit.teams.agency_bills import AgencyBills, AgencyLimit
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.clock import Clock
from simkit.teams.demand import own_orders
from simkit.teams.department_records import DepartmentRecords, case_row, department_records, person_records
from simkit.teams.dispatcher import Dispatcher
from simkit.teams.event_log import EventLog
from simkit.teams.flow import Flow
from simkit.teams.luck import CasesLuck, Luck
from simkit.teams.overtime_pay import OvertimePay
from simkit.teams.people import Person, employ
from simkit.teams.staff.roster import roster_of
from simkit.teams.tasks import URGENT
from simkit.teams.work import Case, StepGraph

if TYPE_CHECKING:
    import pandas as pd

    from simkit.teams.desk import Desk
    from simkit.teams.staff.morale import Morale


class Department:
    """One department in one replication.

    `key` comes from :func:`simkit.rng.run_key`, `days` is all that will be simulated, warm-up included; day 0
    begins at `start`'s midnight; a structure that is new is so from `changes_day` on. Work of kinds with a
    demand of their own arrives by itself. Nothing goes to an agency by a condition while agencies have billed
    `agencies_per_year`.

    >>> department = Department(organization, run_key(1, 0), datetime.date(2026, 1, 4), 365)
    >>> department.submit([WorkOrder(key=7, name="spring-1", kind="email_campaign", arrives_day=3.4)])
    >>> launches = [launch for day in range(365) for launch in department.run_day(day)]
    """

    def __init__(
        self,
        organization: Organization,
        key: tuple[int, int],
        start: datetime.date,
        days: int,
        changes_day: int = 0,
        agencies_per_year: float | None = None,
    ):
        self._luck = Luck(key)
        self._log = EventLog()
        self._people = employ(organization, start, self._luck)
        self._dispatcher = Dispatcher(Clock(), self._people, organization, self._log, self._luck)
        self._flow = Flow(organization, self._dispatcher, self._people, self._log, start, self._ended)
        self._graphs = {name: StepGraph(name, kind, organization) for name, kind in organization.work.items()}
        self._homes = [unit for unit in organization.units if unit.serves is not None]
        self._homes_of: dict[str | None, list[str]] = {}
        """Segment -> units that have its cases."""
        self._top = organization.top.id
        self._urgent_priority = organization.desk.urgent_priority or 0
        self._expected: list[tuple[int, int, WorkOrder, CasesLuck, int]] = []
        self._open: dict[int, Case] = {}
        self._rows: list[tuple[Any, ...] | None] = []
        self.payroll_per_day = organization.payroll_per_day
        """Currency per calendar day: annual payroll / 365."""
        self._flow.changes_at(changes_day * DAY_SECONDS)
        self._submitted = 0
        self._bills = AgencyBills(organization, self._people, start)
        self._limit = AgencyLimit(agencies_per_year, changes_day)
        self.extra_costs: list[float] = []
        """What agencies billed, currency of each day so far."""
        self._roster = roster_of(organization, self._dispatcher, self._people, self._log, self._luck, self._flow.worked)
        self.turnover_costs: list[float] = []
        """Currency of each day so far: hiring, less the pay of vacant seats."""
        self._overtime = OvertimePay(organization, self._people)
        self.overtime_costs: list[float] = []
        """Currency of each day so far for hours beyond the shift."""
        self.submit(own_orders(organization, key, start, days))

    def submit(self, orders: Iterable[WorkOrder]) -> None:
        """Take orders that arrive now or later.

        Raises ValueError for a kind of work the department does not know and for an arrival in the past.
        """
        orders = list(orders)
        arrivals = [_seconds(order.arrives_day) for order in orders]
        for order, arrives in zip(orders, arrivals, strict=True):
            if order.kind not in self._graphs:
                raise ValueError(f"no such kind of work: {order.kind!r}; known are {', '.join(self._graphs)}")
            if arrives < self._dispatcher.now:
                raise ValueError(f"{order.name!r} arrives on day {order.arrives_day}, which has passed")
        lucks = self._luck.of_cases([(order.key, self._graphs[order.kind].draws) for order in orders])
        for number, (arrives, order) in enumerate(zip(arrivals, orders, strict=True)):
            heappush(self._expected, (arrives, self._submitted, order, lucks, number))
            self._submitted += 1

    def notes(self) -> list[str]:
        """What a user should know when the days are over."""
        return self._limit.notes()

    def hear(self, answers: Iterable[Answers]) -> None:
        """Tell those who do last touches what customers have answered to what is live."""
        self._flow.learning.hear(answers)

    def run_day(self, day: int) -> list[Launch]:
        """Run the clock over [day, day + 1) and return what went live, in order; events at its end wait."""
        end = (day + 1) * DAY_SECONDS
        while self._expected and self._expected[0][0] < end:
            self._schedule(*heappop(self._expected))
        self._flow.launches.clear()
        if self._flow.worked.overflow is not None:
            self._flow.worked.overflow.closed = self._limit.is_used_up(day, self.extra_costs)
        self.turnover_costs.append(self._roster.day_begins() if self._roster is not None else 0.0)
        self._dispatcher.run(end)
        self.extra_costs.append(self._bills.of_day(day, self._log.cells, self._dispatcher.desk))
        self.overtime_costs.append(self._overtime.of_day(self._dispatcher.desk, self._dispatcher.now))
        return list(self._flow.launches)

    def records(self) -> DepartmentRecords:
        """Cases, log and people's time as tables."""
        rows = [row or case_row(self._open[i]) for i, row in enumerate(self._rows)]
        return department_records(rows, *self._recorded())

    def persons(self) -> pd.DataFrame:
        """The table of people's time alone, as of now."""
        return person_records(*self._recorded())

    def _recorded(self) -> tuple[list[Person], EventLog, Desk, int, Morale | None]:
        morale = self._roster.morale if self._roster is not None else None
        return self._people, self._log, self._dispatcher.desk, self._dispatcher.now, morale

    def _schedule(self, arrived: int, _: int, order: WorkOrder, lucks: CasesLuck, number: int) -> None:
        """The case itself is made when it arrives."""
        index, now = len(self._rows), self._dispatcher.now
        self._rows.append(None)
        self._dispatcher.after(arrived - now, self._arrive, index, arrived, order, lucks, number)
        expires = _expiry(order, self._graphs[order.kind], arrived)
        if expires is not None:
            self._dispatcher.last(max(expires, arrived), self._expire, index)  # what is live by then is not given up

    def _arrive(self, index: int, arrived: int, order: WorkOrder, lucks: CasesLuck, number: int) -> None:
        graph = self._graphs[order.kind]
        case = self._open[index] = Case(index, order, graph, self._home(order), arrived, lucks[number])
        if graph.urgent or order.priority <= self._urgent_priority:
            case.priority = URGENT
        case.expires = _expiry(order, graph, arrived)
        self._flow.arrive(case)

    def _expire(self, index: int) -> None:
        if index in self._open:
            self._flow.expire(self._open[index])

    def _ended(self, case: Case) -> None:
        """Live or expired: what there is to say about the case is known."""
        self._rows[case.index] = case_row(case)
        del self._open[case.index]

    def _home(self, order: WorkOrder) -> str:
        """The unit that has the case: one that serves its segment, or any; the top unit where none serves."""
        homes = self._homes_of.get(order.segment)
        if homes is None:
            serving = [unit.id for unit in self._homes if order.segment in (unit.serves or ())]
            homes = self._homes_of[order.segment] = serving or [unit.id for unit in self._homes]
        if len(homes) <= 1:
            return homes[0] if homes else self._top
        return homes[int(self._luck.uniform(order.key, 0, Purpose.POD) * len(homes))]


def _expiry(order: WorkOrder, graph: StepGraph, arrived: int) -> int | None:
    """Seconds since the start at which a case is abandoned."""
    if order.expires_day is not None:
        return _seconds(order.expires_day)
    return arrived + _seconds(graph.expires_days) if graph.expires_days is not None else None


def _seconds(days: float) -> int:
    return round(days * DAY_SECONDS)
