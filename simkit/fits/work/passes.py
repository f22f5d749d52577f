"""From the events of a log to passes: one row an attempt at a step, with when it was ready, begun and done, by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simkit.fits.work.files import LogError
from simkit.fits.work.reading import ASSIGNED, COMPLETE, READY, START
from simkit.scenario.work_kinds import LIVE

if TYPE_CHECKING:
    import pandas as pd

ARRIVE, EXPIRE = "arrive", "expire"
PASS_COLUMNS = ("case", "kind", "step", "number", "person", "unit", "ready", "assigned", "start", "complete", "paused",
                "outcome", "effort_hours", "coordination_hours")  # fmt: skip


@dataclass(frozen=True)
class Passes:
    """The passes of a log, and what was left out of it.

    `table` has the columns :data:`PASS_COLUMNS`: times in whole seconds since `midnight` (nan where the log has none),
    `number` from 0, `paused` the (from, to) of interruptions. `live` maps a case to the second it was live.
    """

    table: pd.DataFrame
    midnight: pd.Timestamp
    live: dict[str, float]
    arrived: dict[str, float]
    """The first second of each case."""
    moments: tuple[str, ...]
    """Steps that nobody did and nobody decided: they take no time and are left out."""
    taken_for_moments: tuple[str, ...]
    """Those of them that somebody did, whose names are those of what happens to a case."""
    has_effort: bool
    has_coordination: bool

    @property
    def has_start(self) -> bool:
        """Whether the log tells when work began."""
        return bool(self.table["start"].notna().any())

    @property
    def has_ready(self) -> bool:
        """Whether the log tells when steps were ready (transition `schedule`)."""
        return bool(self.table["ready"].notna().any())

    @property
    def has_assigned(self) -> bool:
        """Whether the log tells when work reached those who do it (transition `assign`)."""
        return bool(self.table["assigned"].notna().any())


def passes(events: pd.DataFrame, gates: tuple[str, ...] = ()) -> Passes:
    """The passes of the events of `reading.read_log`; `gates` are steps that are decisions.

    Within a case and step the first begin belongs to the first completion. Raises LogError when nothing is left.
    """
    import pandas as pd

    midnight = events["time"].iloc[0].normalize()
    seconds = ((events["time"] - midnight) // pd.Timedelta(seconds=1)).astype(float)
    events = events.assign(second=seconds)
    arrived = _first(events)
    live = _first(events[events["step"] == LIVE])
    moments = _moments(events, gates)
    worked = events[~events["step"].isin(moments)]
    if worked.empty:
        raise LogError("the log has no step that anybody did; name the column of people with --person")
    rows = list(_rows(worked))
    table = pd.DataFrame(rows, columns=list(PASS_COLUMNS))
    times = ["ready", "assigned", "start", "complete"]
    table[times] = table[times].astype(float)
    kinds = worked[worked["kind"] != ""].groupby("case")["kind"].first()
    table["kind"] = table["case"].map(kinds.to_dict()).astype(object).fillna("work").astype(str)
    table = _decided(table, gates)
    effort = "effort_hours" in events and bool((events["effort_hours"] > 0).any())
    coordination = "coordination_hours" in events and bool((events["coordination_hours"] > 0).any())
    done = tuple(sorted({*moments} & {*events.loc[events["person"] != "", "step"]}))
    return Passes(table, midnight, live, arrived, moments, done, effort, coordination)


def _first(events: pd.DataFrame) -> dict[str, float]:
    """Case -> the second of its first event."""
    return {str(case): float(second) for case, second in events.groupby("case")["second"].min().items()}


def _moments(events: pd.DataFrame, gates: tuple[str, ...]) -> tuple[str, ...]:
    """Arrival, going live and expiry; and, where the log names people, steps without anybody."""
    found = {ARRIVE, LIVE, EXPIRE} & set(events["step"])
    if (events["person"] != "").any():
        somebody = events.assign(somebody=(events["person"] != "") | (events["outcome"] != ""))
        nobody = ~somebody.groupby("step")["somebody"].any()
        found |= set(nobody.index[nobody])
    return tuple(sorted(found - set(gates)))


_HOURS = ("effort_hours", "coordination_hours")
_Event = tuple[float, str, str, str, str, float, float]
_Pass = dict[str, Any]


def _rows(events: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Rows of passes, case by case and step by step; plain lists, since a log has many small groups."""
    columns = [events[name].tolist() for name in ("case", "step", "instance", "second", "transition", "person", "unit")]
    columns += [events["outcome"].tolist()]
    columns += [events[name].tolist() if name in events else [0.0] * len(events) for name in _HOURS]
    of_step: dict[tuple[str, str], dict[str, list[_Event]]] = {}
    for case, step, instance, *event in zip(*columns, strict=True):
        of_step.setdefault((case, step), {}).setdefault(instance, []).append(tuple(event))
    for (case, step), instances in of_step.items():
        made = [one for instance, mine in instances.items() for one in _of_instance(instance, mine)]
        for number, one in enumerate(made):
            who = (one.get("person", ""), one.get("unit", ""))
            times = (one.get(name) for name in ("ready", "assigned", "start", "complete"))
            hours = (one.get(name, 0.0) for name in _HOURS)
            yield (case, "", step, number, *who, *times, tuple(one.get("paused", ())), one.get("outcome", ""), *hours)


def _of_instance(instance: str, events: list[_Event]) -> list[_Pass]:
    """The passes of one step of a case, finished ones first; what the log calls one instance is one pass."""
    begun: list[_Pass] = []
    done: list[_Pass] = []
    waits: dict[str, float] = {}
    for second, transition, person, unit, outcome, effort, coordination in events:
        if transition in (READY, ASSIGNED):
            waits["ready" if transition == READY else "assigned"] = second
        elif transition == START:
            begun.append({**waits, "start": second, "person": person, "unit": unit, "paused": []})
            waits = {}
        elif transition == COMPLETE:
            one: _Pass = begun.pop(0) if begun else {**waits, "paused": []}
            waits = {} if "start" not in one else waits
            told = {"person": person or one.get("person", ""), "unit": unit or one.get("unit", ""), "outcome": outcome}
            done.append({**one, **told, "complete": second, "effort_hours": effort, "coordination_hours": coordination})
        elif begun:
            _pause(begun[0]["paused"], transition, second)
    return [_together(done, begun)] if instance and len(done) + len(begun) > 1 else [*done, *begun]


def _together(done: list[_Pass], begun: list[_Pass]) -> _Pass:
    """Several people at one pass: the first one's, over when the last is done; hours are the mean of one person's."""
    first = min([*done, *begun], key=lambda one: (one.get("start", one.get("complete")), "ready" not in one))
    if begun:
        return {key: value for key, value in first.items() if key not in ("complete", *_HOURS)}
    hours = {name: sum(one[name] for one in done) / len(done) for name in _HOURS}
    return {**first, **hours, "complete": max(one["complete"] for one in done)}


def _pause(paused: list[tuple[float, float]], transition: str, second: float) -> None:
    """Interrupted until resumed; a pause without an end is none."""
    if transition == "suspend":
        paused.append((second, second))
    elif paused:
        paused[-1] = (paused[-1][0], second)


def _decided(table: pd.DataFrame, gates: tuple[str, ...]) -> pd.DataFrame:
    """Where a gate's outcome is not in the log: rejected if the gate is passed again in the case, else approved."""
    silent = table["step"].isin(gates) & (table["outcome"] == "") & table["complete"].notna()
    last = table.groupby(["case", "step"])["number"].transform("max") == table["number"]
    return table.assign(outcome=table["outcome"].mask(silent & last, "approve").mask(silent & ~last, "reject"))
