"""A piece of work's diary: who did which step, what it waited for, who decided, and where its lead time went.

The one cell is run again; what is told is read from the department's log (`simkit/teams/event_log.py`). Events that
are not known here are left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from simkit.experiment.inquiries.tracing import DAY_SECONDS, Diary, Entry
from simkit.experiment.inquiries.work_log import merged
from simkit.scenario.overlay import did_you_mean
from simkit.simulation import Run, simulate
from simkit.teams.work import PARTS

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

_ASIDES = {
    "admit": "a limit on open work lets it in",
    "restart": "begins again what the end of the shift cut off",
    "return": "finds an error of earlier work, which goes back",
}
"""Events of the log that are told beside the transitions of passes."""
_SHOWN = 12
"""Names listed when none fits."""


class NoSuchWork(ValueError):
    """A piece of work that the department did not have."""


@dataclass(frozen=True)
class WorkDiary(Diary):
    """The way of one piece of work through the department; `customer` holds its name."""

    about: ClassVar[str] = "campaign"
    parts: tuple[tuple[str, int], ...] = ()
    """Part of the lead time and whole seconds, along the path that decided it; they add up to the lead time. Empty
    for what did not go live."""

    def between(self, first: date | None, last: date | None) -> WorkDiary:
        """The same diary with the days from `first` to `last` only, both included; the parts are of the whole."""
        shorter = super().between(first, last)
        return WorkDiary(shorter.customer, shorter.beginning, shorter.entries, shorter.ending, self.parts)

    @property
    def lead_seconds(self) -> int:
        """From arrival to live; 0 for what did not go live."""
        return sum(seconds for _, seconds in self.parts)


def trace_work(scenario: Scenario, name: str, replication: int = 0, engine: str = "compiled") -> WorkDiary:
    """Run one cell and tell the way of one piece of work. Raises NoSuchWork with names there are."""
    return work_diary(simulate(scenario, replication, engine=engine), name)


def work_diary(run: Run, name: str) -> WorkDiary:
    """The diary of a piece of work of a run, by the name it has in `run.cases`."""
    names = run.cases["name"].tolist()
    if name not in names:
        own = [one for one in names if one.rpartition("-")[0] == name]
        near = own or [one for one in names if one.startswith(name)] or names
        listed = ", ".join(near[:_SHOWN]) + (f" and {len(near) - _SHOWN} more" if len(near) > _SHOWN else "")
        if own:
            raise NoSuchWork(f"no work is called {name!r}: it was asked for {len(own)} times, as {listed}")
        raise NoSuchWork(f"no work is called {name!r}{did_you_mean(name, names)} (there is {listed})")
    case = {str(key): value for key, value in run.cases[run.cases["name"] == name].iloc[0].items()}
    told = _Telling(run, case)
    entries = tuple(sorted(told.entries(), key=lambda one: one.time))
    parts: tuple[tuple[str, int], ...] = ()
    if case["lead_seconds"] >= 0:
        found = [(part, case.get(f"part_{part}_seconds", 0)) for part in PARTS]
        parts = tuple((part, int(seconds)) for part, seconds in found if seconds)
    return WorkDiary(name, told.beginning(), entries, told.ending(parts), parts)


class _Telling:
    """From rows of the log to sentences."""

    def __init__(self, run: Run, case: dict[str, Any]):
        self.run, self.case = run, case
        scenario = run.scenario
        self.midnight = datetime.combine(scenario.start, time()) - timedelta(days=scenario.warmup_days)
        steps = scenario.teams.work[case["kind"]].steps if case["kind"] in scenario.teams.work else ()
        self.gates = {step.id: step.gate for step in steps if step.gate is not None}
        mine = run.log[run.log["case"] == case["name"]]
        self.rows = list(merged(mine))
        self.asides = mine[mine["event"].isin(_ASIDES)].to_dict("records")

    def day(self, day: float) -> datetime:
        """A day counted from the first measured one, in the calendar."""
        return self.midnight + timedelta(
            days=self.run.scenario.warmup_days, seconds=math.floor(day * DAY_SECONDS + 1e-6)
        )

    def at(self, seconds: int) -> datetime:
        """A moment of the log in the calendar."""
        return self.midnight + timedelta(seconds=int(seconds))

    def entries(self) -> Iterator[Entry]:
        """One line for each thing that happened."""
        ready: dict[tuple[str, int], int] = {}
        queued: dict[tuple[str, int], int] = {}
        next_ready = defaultdict(list)
        for (_, step, _, event, when, *_), *_ in self.rows:
            if event == "ready":
                next_ready[when].append(step)
        for (_, step, number, event, when, person, unit), category, outcome, hours in self.rows:
            key = (step, number)
            if event == "ready":
                ready[key] = when
            elif event == "queue":
                queued[key] = when
            elif event == "submit":
                agenda = self.gates.get(step, step)
                yield Entry(self.at(when), "submit", f"{step}: handed in, on the agenda of {agenda}")
            elif event == "start":
                waits = self._waits(key, ready, queued, when)
                yield Entry(self.at(when), "start", f"{step}{_pass(number)}: {person} ({unit}) begins{waits}")
            elif event in ("suspend", "resume"):
                words = {"suspend": "lays it aside", "resume": "takes it up again"}[event]
                yield Entry(self.at(when), event, f"{step}{_pass(number)}: {person} {words}")
            elif outcome:
                back = [] if outcome == "approve" else next_ready[when]
                yield self._decision(step, person, unit, when, ready.get(key), outcome, hours, back)
            elif event == "complete":
                yield Entry(self.at(when), "complete", self._done(step, number, person, category, hours))
            elif event in ("arrive", "live", "expire"):
                yield self._of_case(event, when)
        for row in self.asides:
            what = f"{row['step']}{_pass(row['pass'])}: " if row["step"] else ""
            who = f"{row['person']} " if row["person"] else ""
            yield Entry(self.at(row["time"]), row["event"], f"{what}{who}{_ASIDES[row['event']]}")
        yield from self._launch()

    def _waits(self, key: tuple[str, int], ready: dict[Any, int], queued: dict[Any, int], when: int) -> str:
        """What came between ready and begun."""
        if key not in ready:
            return " at once: an error was noticed" if key[1] else ""
        there = queued.get(key, ready[key])
        gaps = (("on its way", there - ready[key]), ("in the queue", when - there))
        said = [f"{_span(seconds)} {words}" for words, seconds in gaps if seconds]
        return f", after {' and '.join(said)}" if said else ""

    def _done(self, step: str, number: int, person: str, category: str, hours: dict[str, float]) -> str:
        what = {"rework": "rework", "approval": "looking at it"}.get(category, "work")
        parts = [f"{hours.get('effort_hours', 0):.2f} h of {what}"]
        parts += [
            f"{hours[name]:.2f} h of {words}"
            for name, words in (("coordination_hours", "taking it over"), ("other_duties_hours", "other duties"))
            if hours.get(name)
        ]
        return f"{step}{_pass(number)}: {person} is done, {', '.join(parts)}"

    def _decision(
        self, step: str, person: str, unit: str, when: int, ready: int | None, outcome: str, hours: dict[str, float],
        back: list[str],
    ) -> Entry:  # fmt: skip
        gate = self.gates.get(step, step)
        who = f"{person} ({unit})" if person else f"{gate}"
        word = "approves" if outcome == "approve" else "rejects it"
        text = f"{step}: {who} {word}"
        if not hours and ready is not None and when > ready:
            text += f", after {_span(when - ready)} until the meeting"
        if hours.get("effort_hours"):
            text += f", {hours['effort_hours']:.2f} h of looking at it"
        if back:
            text += f"; back to {', '.join(back)}"
        return Entry(self.at(when), outcome, text)

    def _of_case(self, event: str, when: int) -> Entry:
        case = self.case
        if event == "arrive":
            return Entry(self.at(when), "arrive", f"reaches the department (home: {case['unit']})")
        if event == "expire":
            return Entry(self.at(when), "expire", "its occasion has passed: withdrawn")
        defects = int(case["defects"])
        flaws = f"with {defects} defect{'s' if defects > 1 else ''}" if defects else "without defects"
        return Entry(self.at(when), "live", f"finished, {flaws} (quality {case['quality']:.2f})")

    def _launch(self) -> Iterator[Entry]:
        launches = self.run.launches
        for row in launches[launches["name"] == self.case["name"]].to_dict("records"):
            if row["day"] < self.run.scenario.horizon_days:
                text = f"customers can get it: relevance {row['relevance']:.2f}, {row['lateness_days']:.1f} days late"
                if "answers" in row and not math.isnan(row["answers"]):
                    text += f"; {row['relevance_last']:.2f} since {row['answers']:,.0f} answers went into a last touch"
                yield Entry(self.day(row["day"]), "launch", text)

    # --- in front and at the end ------------------------------------------------------------------------

    def beginning(self) -> str:
        """What it is."""
        case = self.case
        parts = [f"{case['kind']}, {case['cause']}"]
        if isinstance(case["campaign"], str):
            parts.append(f"for {case['campaign']}")
        if isinstance(case["segment"], str):
            parts.append(f"to {case['segment']}")
        text = f"{', '.join(parts)}."
        if case["happened_day"] == case["happened_day"]:
            text += f" What it answers happened on {self.day(case['happened_day']):%Y-%m-%d %H:%M}."
        if case["due_day"] == case["due_day"]:
            text += f" Due on {self.day(case['due_day']):%Y-%m-%d %H:%M}."
        return text

    def ending(self, parts: tuple[tuple[str, int], ...]) -> str:
        """Where the time went, to the second; or where it stands."""
        if not parts:
            last = self.run.scenario.start + timedelta(days=self.run.scenario.horizon_days - 1)
            return "It was never live." if self.case["status"] == "expired" else f"Not live by the end of {last}."
        total = sum(seconds for _, seconds in parts)
        lines = [f"  {_clock(seconds):>12}  {part.replace('_', ' ')}: {PARTS[part]}" for part, seconds in parts]
        whole = f"  {_clock(total):>12}  in all, {total / DAY_SECONDS:.2f} days from arrival to live"
        return "\n".join(["Where the time went, along the path that decided it (h:m:s):", *lines, whole])


def _pass(number: int) -> str:
    return f" (pass {number + 1})" if number else ""


def _span(seconds: int) -> str:
    """A stretch of time in words."""
    if seconds >= DAY_SECONDS:
        return f"{seconds / DAY_SECONDS:.1f} days"
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{max(seconds // 60, 1)} min"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
