"""Work that arrives by itself: the rest of the company asks for things."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import numpy as np

from simkit.records import WorkOrder
from simkit.rng import MASK, Purpose, crc, uniforms
from simkit.scenario.organization import Organization
from simkit.scenario.work_kinds import Demand
from simkit.teams.calendar import DAY_SECONDS, Calendar

_CHUNK = 1024


def own_orders(organization: Organization, key: tuple[int, int], start: datetime.date, days: int) -> list[WorkOrder]:
    """All orders of `days` days of the kinds of work with a demand of their own.

    The n-th request of a kind has the same luck and the same gap before it whatever else the department does.
    """
    orders: list[WorkOrder] = []
    for name, kind in organization.work.items():
        if kind.demand is not None:
            week = organization.calendars[kind.demand.calendar]
            per_second = kind.demand.per_week / (week.weekly_hours * 3600)
            times = _arrivals(name, kind.demand, per_second, key, Calendar(week, start), days)
            orders += [_order(name, kind.demand, n, time) for n, time in enumerate(times)]
    return orders


def _arrivals(
    name: str, demand: Demand, per_second: float, key: tuple[int, int], calendar: Calendar, days: int
) -> Iterator[int]:
    """Whole seconds of arrivals before the end; the rate holds in the calendar's hours."""
    end = days * DAY_SECONDS
    busy_end = calendar.worked(end)
    passed, first = 0.0, 0
    while passed < busy_end:
        gaps = _gaps(name, demand, key, first) / per_second
        sums = np.cumsum(np.concatenate(([passed], gaps)))[1:]
        times = calendar.at_worked(sums[sums < busy_end]).astype(np.int64)
        yield from times[times < end].tolist()
        passed = float(sums[-1])
        first += _CHUNK


def _gaps(name: str, demand: Demand, key: tuple[int, int], first: int) -> np.ndarray:
    """The next gaps between arrivals in mean gaps."""
    if demand.process == "regular":
        return np.ones(_CHUNK)
    ordinals = np.arange(first, first + _CHUNK, dtype=np.int64) & MASK
    return -np.log(uniforms(key, ordinals, crc(name), int(Purpose.REQUEST_GAP), 0, crc("teams")))


def _order(name: str, demand: Demand, n: int, time: int) -> WorkOrder:
    return WorkOrder(
        key=crc(f"demand/{name}/{n}"),
        name=f"{name}-{n + 1}",
        kind=name,
        arrives_day=time / DAY_SECONDS,
        priority=demand.priority,
        cause="request",
    )
