"""The service desk: requests answered in the order in which they come, given up, or answered by self-service."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import heappop, heappush

import numpy as np

from simkit.records import ServiceOutcome, ServiceRequest
from simkit.rng import Purpose, crc, uniforms
from simkit.scenario.quantity import HOURS_PER_DAY
from simkit.scenario.service import Service
from simkit.scenario.working_week import WorkingWeek
from simkit.teams.calendar import DAY_SECONDS, Calendar
from simkit.teams.first_come import FirstCome

SPREAD_DAYS = 7.0
"""Mean time by which the requests of the real persons behind a simulated one follow its own (exponential): a
convention, so that a smaller simulation of the same market has no wilder days."""
ATTEMPT = 1 << 26
"""Added to a request's key for each further attempt."""
ATTEMPTS = 16
MINUTE = 60.0
_AFTER_THE_END = 366
"""Days on which what came before the end of the run is still answered, so that the last waits are known."""

_ROW = np.dtype([("time", "f8"), ("space", "i8"), ("index", "i8"), ("what", "i8"), ("k", "i8"), ("own", "i8")])
"""One real request: when (seconds), whose, about what, which of the persons one stands for, and the number of the
simulated request or -1."""

_ASKED = (Purpose.SERVICE_DEFLECTED, Purpose.SERVICE_WORK, Purpose.SERVICE_PATIENCE, Purpose.SERVICE_AGAIN)

FIGURES = ("requests", "deflected", "answered", "abandoned", "waited_minutes", "work_hours")
"""Of a day's requests: how many, what became of them (now or later), all their waiting, and the work they ask for."""


class ServiceDesk:
    """A service desk of the real market. `key` comes from :func:`simkit.rng.run_key`; day 0 begins at `start`.

    Each simulated request stands for `represents` real ones, each with an hour, work and patience of its own; what
    becomes of the simulated person's own request comes back.
    """

    def __init__(
        self,
        service: Service,
        calendars: Mapping[str, WorkingWeek],
        represents: float,
        key: tuple[int, int],
        start: datetime.date,
        days: int,
    ):
        self._service, self._represents, self._key = service, represents, key
        crews = [(crew.agents, Calendar(calendars[crew.calendar], start)) for crew in service.crews]
        self._days = days + _AFTER_THE_END
        self._queue = FirstCome(crews, self._days * DAY_SECONDS)
        self._open_day, self._open_before = self._queue.open.opening(self._days)
        self._capacity_seconds = sum(count * calendar.worked(days * DAY_SECONDS) for count, calendar in crews)
        self._own: list[ServiceRequest] = []
        self._expected: dict[int, list[np.ndarray]] = {}
        self._coming: list[tuple[float, int, ServiceOutcome]] = []
        self.days: list[dict[str, float]] = []
        """A row of `FIGURES` for each day so far."""
        self._ended: dict[int, tuple[int, int]] = {}

    def run_day(self, day: int, requests: Sequence[ServiceRequest]) -> list[ServiceOutcome]:
        """Take the requests of [day, day + 1) and return what became known by its end, in order."""
        self._take_in(requests)
        rows = np.concatenate([np.zeros(0, _ROW), *self._expected.pop(day, [])])
        rows = rows[np.lexsort((rows["k"], rows["what"], rows["index"], rows["space"], rows["time"]))]
        luck = self._draw(rows, *_ASKED)
        deflected = luck[0] < self._service.self_service
        mine = rows[deflected & (rows["own"] >= 0)]
        for own, moment in zip(mine["own"].tolist(), mine["time"].tolist(), strict=True):
            self._tell(own, "deflected", 0.0, moment)
        self._answer(rows[~deflected], luck[1:, ~deflected], len(rows))
        known = []
        while self._coming and self._coming[0][0] < day + 1:
            known.append(heappop(self._coming)[2])
        return known

    def abandoned_on(self, day: int) -> tuple[int, int]:
        """Requests given up in [day, day + 1), and all that ended at the desk in it, whenever they came."""
        return self._ended.get(day, (0, 0))

    @property
    def load(self) -> float:
        """Work that was asked for over what all agents together had time for; inf without agents."""
        asked = 3600 * sum(day["work_hours"] for day in self.days)
        return asked / self._capacity_seconds if self._capacity_seconds else float("inf") if asked else 0.0

    def _answer(self, rows: np.ndarray, luck: np.ndarray, asked: int) -> None:
        """First come, first served; who gives up may come again on a later day."""
        service = self._service
        work = -np.log(luck[0]) * (service.minutes * MINUTE)
        patience = np.full(len(rows), np.inf)
        if service.patience_minutes != "for_ever":
            patience = -np.log(luck[1]) * (service.patience_minutes * MINUTE)
        answers = self._queue.serve(rows["time"].copy(), work, patience)
        settled = np.isfinite(answers.moment)
        abandoned = settled & ~answers.served
        for day in np.unique(ended_on := answers.moment[settled] // DAY_SECONDS).tolist():
            given_up, ended = self.abandoned_on(int(day))
            then = ended_on == day
            self._ended[int(day)] = given_up + int(abandoned[settled][then].sum()), ended + int(then.sum())
        mine = settled & (rows["own"] >= 0)
        known = (rows["own"], answers.served, answers.waited / MINUTE, answers.moment)
        for own, served, waited, moment in zip(*(column[mine].tolist() for column in known), strict=True):
            self._tell(own, "answered" if served else "abandoned", waited, moment)
        again = abandoned & (luck[2] < service.asks_again)
        self._come_again(rows[again], answers.moment[again])
        figures = (asked, asked - len(rows), answers.served.sum(), abandoned.sum(),
                   answers.waited[settled].sum() / MINUTE, work.sum() / 3600)  # fmt: skip
        self.days.append(dict(zip(FIGURES, map(float, figures), strict=True)))

    def _tell(self, own: int, kind: str, waited_minutes: float, moment: float) -> None:
        """What will be known of one of the simulated requests at a moment."""
        worse = self._service.dissatisfaction
        felt = {"deflected": 0.0, "abandoned": 1.0}.get(kind, 1 - 0.5 ** (waited_minutes / worse.half_minutes))
        day = moment / DAY_SECONDS
        heappush(self._coming, (day, own, ServiceOutcome(self._own[own], kind, waited_minutes, day, felt)))

    # --- who comes when ---------------------------------------------------------------------------------------

    def _take_in(self, requests: Sequence[ServiceRequest]) -> None:
        """The requests themselves, and those of the real persons behind each in the days that follow."""
        if not requests:
            return
        own = np.zeros(len(requests), _ROW)
        own["time"] = [request.day * DAY_SECONDS for request in requests]
        own["space"] = [crc(request.segment) for request in requests]
        own["index"] = [request.index for request in requests]
        own["what"] = [request.key for request in requests]
        own["own"] = np.arange(len(requests)) + len(self._own)
        self._own += requests
        whole = int(self._represents)
        one_more = np.zeros(len(own), np.bool_)
        if whole < self._represents:
            own["k"] = 1  # k 0 says whether a purchase is asked about
            one_more = self._draw(own, Purpose.SERVICE_ASKS)[0] < self._represents - whole
            own["k"] = 0
        many = whole - 1 + one_more.astype(np.int64)
        alike = np.repeat(own, many)
        alike["k"] = 1 + np.arange(len(alike)) - np.repeat(np.cumsum(many) - many, many)
        alike["own"] = -1
        days = own["time"] // DAY_SECONDS
        self._come(own, days, own["time"] / DAY_SECONDS - days)
        if len(alike):
            u_delay, u_hour = self._draw(alike, Purpose.SERVICE_DELAY, Purpose.SERVICE_HOUR)
            later = np.floor(-np.log(u_delay) * SPREAD_DAYS)
            self._come(alike, alike["time"] // DAY_SECONDS + later, u_hour)

    def _come_again(self, rows: np.ndarray, moments: np.ndarray) -> None:
        """Those who gave up and ask once more the day after."""
        again = rows["what"] // ATTEMPT % ATTEMPTS < ATTEMPTS - 1
        if not again.any():
            return
        rows, days = rows[again].copy(), moments[again] // DAY_SECONDS + 1
        rows["what"] += ATTEMPT
        parts = self._draw(rows, Purpose.SERVICE_HOUR)[0]
        for i in np.flatnonzero(rows["own"] >= 0):
            asked = self._own[rows["own"][i]]
            day, key = float(days[i] + parts[i]), int(rows["what"][i])
            self._own.append(replace(asked, day=day, why="complaint", key=key))
            rows["own"][i] = len(self._own) - 1
        self._come(rows, days, parts)

    def _come(self, rows: np.ndarray, days: np.ndarray, parts: np.ndarray) -> None:
        """When the desk hears of what comes up on a day, at a part of it: at that part of its opening hours (the next
        day's when it is closed), or between the hours stated. After the last day nobody is there to hear."""
        soon = days < self._days
        rows, days, parts = rows[soon].copy(), days[soon].astype(np.int64), parts[soon]
        if self._service.hours == "opening":
            days = self._open_day[days]
            soon = days < self._days
            rows, days, parts = rows[soon], days[soon], parts[soon]
            before = self._open_before
            rows["time"] = self._queue.open.moments(before[days] + parts * (before[days + 1] - before[days]))
        else:
            first, last = self._service.hours
            rows["time"] = (days + (first + (last - first) * parts) / HOURS_PER_DAY) * DAY_SECONDS
        for day in np.unique(days):
            self._expected.setdefault(int(day), []).append(rows[days == day])

    def _draw(self, rows: np.ndarray, *purposes: Purpose) -> np.ndarray:
        """Uniforms: a line for each purpose, a column for each row."""
        many = len(purposes)
        which = np.concatenate([int(purpose) * 65536 + rows["k"] for purpose in purposes])
        index, what, space = (np.tile(rows[name], many) for name in ("index", "what", "space"))
        return uniforms(self._key, index, what, 0, which, space).reshape(many, -1)
