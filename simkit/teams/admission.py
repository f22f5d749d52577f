"""Limits on open work: a case waits outside until the department, and its home unit, have room for it."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from simkit.scenario.organization import Organization
from simkit.teams.work import Case


class Admission:
    """Lets cases in, the most urgent first, of equals the longest waiting."""

    def __init__(self, organization: Organization, admit: Callable[[Case], None]):
        self._admit = admit
        self._room = organization.wip_limit
        """Cases the department can still take; None without a limit."""
        limits = {unit.id: unit.wip_limit or organization.unit_wip_limit for unit in organization.units}
        self._rooms = {unit: limit for unit, limit in limits.items() if limit is not None}
        self.unlimited = self._room is None and not self._rooms
        self._outside: dict[str, list[tuple[int, int, int, Case]]] = {}

    def arrive(self, case: Case) -> None:
        """Let the case in or have it wait."""
        if self.unlimited:
            self._admit(case)
        else:
            heappush(self._outside.setdefault(case.home, []), (case.priority, case.arrived, case.index, case))
            self._let_in()

    def leave(self, case: Case) -> None:
        """The case is live or expired; another may take its place."""
        if self.unlimited or case.admitted < 0:
            return
        self._count(case.home, +1)
        self._let_in()

    def _let_in(self) -> None:
        while self._room is None or self._room > 0:
            firsts = [first for home in self._outside if self._has_room(home) and (first := self._first(home))]
            if not firsts:
                return
            case = min(firsts)[3]
            heappop(self._outside[case.home])
            self._count(case.home, -1)
            self._admit(case)

    def _has_room(self, home: str) -> bool:
        return self._rooms.get(home, 1) > 0

    def _first(self, home: str) -> tuple[int, int, int, Case] | None:
        heap = self._outside[home]
        while heap and heap[0][3].closed:
            heappop(heap)
        return heap[0] if heap else None

    def _count(self, home: str, change: int) -> None:
        if self._room is not None:
            self._room += change
        if home in self._rooms:
            self._rooms[home] += change
