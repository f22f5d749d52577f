"""The department's work as an event log in the words of process mining: one row a transition of one pass of a step.

Column names are those of the XES standard (IEEE 1849-2016), so that `pm4py` and other tools read the file as it is;
`simkit.experiment.inquiries.xes` writes the same rows as XES.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.experiment.inquiries.log_files import Column

if TYPE_CHECKING:
    import pandas as pd

    from simkit.simulation import Run

CASE = "case:"
"""What begins with it belongs to the case and is the same in all of its rows."""
COLUMNS = (
    Column("case:concept:name", "text", "the piece of work"),
    Column("case:kind", "text", "its kind, a key of teams.work"),
    Column("case:campaign", "text", "the program that asked for it; empty for other work"),
    Column("case:cause", "text", "planned, occasion, monitor, wrong_channel, false_alarm, journey or request"),
    Column("case:segment", "text", "whom it is for; empty for everybody"),
    Column("case:unit", "text", "the unit that has the case"),
    Column("concept:name", "text", "the step; arrive, live or expire for the case itself"),
    Column("concept:instance", "text", "one pass of a step: its transitions belong together"),
    Column("lifecycle:transition", "text", "schedule: ready; assign: reached those who may do it, or the agenda; "
           "start; suspend; resume; complete"),
    Column("time:timestamp", "timestamp", "when, in local time; before the scenario's start is warm-up"),
    Column("org:resource", "text", "the person; empty while nobody has it, and for a board of nobody in particular"),
    Column("org:group", "text", "the person's unit; of the case itself the unit that has it"),
    Column("pass", "count", "which attempt at the step, from 1; 0 for the case itself"),
    Column("category", "text", "complete: touch (first pass), rework, approval; empty otherwise"),
    Column("outcome", "text", "complete of a gate: approve or reject; empty otherwise"),
    Column("effort_hours", "number", "complete: hours of the work itself, since start; 0 otherwise"),
    Column("coordination_hours", "number", "complete: hours of taking it over and of turning to it; 0 otherwise"),
    Column("other_duties_hours", "number", "complete: on-shift hours of mail and meetings in between; 0 otherwise"),
    Column("cost:total", "money", "complete: all three times the person's hourly cost; 0 otherwise"),
    Column("cost:currency", "text", "the scenario's currency, where there is a cost"),
)  # fmt: skip
"""The columns of the exported work log, in order."""
TRANSITIONS = {
    "arrive": "complete",
    "ready": "schedule",
    "queue": "assign",
    "submit": "assign",
    "start": "start",
    "suspend": "suspend",
    "resume": "resume",
    "complete": "complete",
    "approve": "complete",
    "reject": "complete",
    "live": "complete",
    "expire": "complete",
}
"""Events of the department's log that are rows of the export, as transitions of the XES life cycle. Other events only
carry effort, which is told with the completion, or are left out."""
_OF_CASE = ("arrive", "live", "expire")
_GATE = ("approve", "reject")
_HOURS = {"coordination": "coordination_hours", "other_duties": "other_duties_hours", "switching": "coordination_hours"}


def work_table(run: Run) -> pd.DataFrame:
    """The work log of a run with the columns :data:`COLUMNS`, in the order in which things happened.

    Left out are the time that board members spend on a meeting, which belongs to no one case, and what unfinished
    work had taken when the run ended: it has a start and no completion.
    """
    import pandas as pd

    rows = pd.DataFrame(list(_rows(run)), columns=[column.name for column in COLUMNS])
    midnight = np.datetime64(run.scenario.start - timedelta(days=run.scenario.warmup_days), "us")
    seconds = rows["time:timestamp"].to_numpy(np.int64)
    rows["time:timestamp"] = midnight + (seconds * 1_000_000).astype("timedelta64[us]")
    return rows


def _rows(run: Run) -> Iterator[tuple[Any, ...]]:
    about = _cases(run)
    wages = dict(zip(run.persons["id"], run.persons["hourly_cost"], strict=True))
    currency = run.scenario.currency
    for (case, step, number, event, time, person, unit), category, outcome, hours in merged(run.log):
        of_case = event in _OF_CASE
        cost = sum(hours.values()) * wages.get(person, 0.0)
        yield (
            case, *about[case], event if of_case else step, "" if of_case else f"{step}/{number + 1}",
            TRANSITIONS[event], time, person, unit, 0 if of_case else number + 1, category, outcome,
            hours.get("effort_hours", 0.0), hours.get("coordination_hours", 0.0), hours.get("other_duties_hours", 0.0),
            cost, currency if cost else "",
        )  # fmt: skip


def merged(log: pd.DataFrame) -> Iterator[tuple[tuple[Any, ...], str, str, dict[str, float]]]:
    """(case, step, pass, event, time, person, unit), category, outcome and hours of each transition.

    Rows that only carry effort go into the completion they belong to, and a decision into the completion of the
    approver's work on it, where there is one.
    """
    spent: dict[tuple[Any, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    columns = [log[name].tolist() for name in log.columns]
    held: tuple[tuple[Any, ...], str, str, dict[str, float]] | None = None
    for case, step, number, event, time, person, unit, effort, category in zip(*columns, strict=True):
        if not case or event == "cut":
            continue
        pass_key = (case, step, number, person)
        if effort:
            spent[pass_key][_HOURS.get(category, "effort_hours")] += effort / 3600
        if event not in TRANSITIONS:
            continue
        decides = event in _GATE
        if held is not None:
            same = decides and held[0][:3] == (case, step, number) and held[0][4] == time
            yield (held[0], held[1], event, held[3]) if same else held
            held = None
            if same:
                continue
        head = (case, step, number, event, time, person, unit)
        if event == "complete":
            held = head, category, "", dict(spent.pop(pass_key, {}))
        else:
            yield head, "approval" if decides else "", event if decides else "", {}
    if held is not None:
        yield held


def _cases(run: Run) -> dict[str, tuple[str, ...]]:
    """Name -> kind, campaign, cause, segment and unit, as text."""
    columns = [run.cases[name].tolist() for name in ("name", "kind", "campaign", "cause", "segment", "unit")]
    return {name: tuple(_text(one) for one in rest) for name, *rest in zip(*columns, strict=True)}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
