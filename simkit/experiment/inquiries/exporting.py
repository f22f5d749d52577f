"""The logs of one run as files for other tools: transactions, contacts, consent, events, days, the department's work.

A results folder holds no logs, so exporting runs the one cell again: the same scenario and seed give the same bits.
Rows go to disk while the days pass; a file is there when it is whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.customers.log import CustomerLog
from simkit.customers.state import (
    ADDRESSED,
    BECAME_CUSTOMER,
    CONSENT_GIVEN,
    CONSENT_WITHDRAWN,
    DEFERRED,
    DROPPED,
    EVENTS,
    LEFT,
    MONEY,
    MOVED_STAGE,
    PURCHASE,
    SENT,
    STAGES,
)
from simkit.experiment.inquiries.log_files import Column, GrowingTable, whole_or_nothing
from simkit.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

    from simkit.scenario.schema import Scenario
    from simkit.simulation import Run

FORMATS = ("csv", "parquet")
WORK, XES = "work", "xes"
"""The department's log (`work_log.COLUMNS`), and the format that only it has."""

_TIME = Column("time", "timestamp", "when, in the local time of the market; before the scenario's start is warm-up")
_WHO = (
    Column("customer", "text", "segment-index: the same person in every alternative and replication"),
    Column("segment", "text", "name of the segment"),
)
_VIA = (
    Column("channel", "text", "name of the channel; empty for none"),
    Column("campaign", "text", "the campaign or journey behind it; empty for none"),
    Column("message", "text", "campaign, ordinal or occasion, and channel, or journey and step; empty for none"),
)
_REACTION = (
    Column("delivered", "flag", "did not bounce"),
    Column("opened", "flag", "was opened"),
    Column("clicked", "flag", "was clicked"),
    Column("bought", "flag", "the click led to a purchase"),
    Column("opted_out", "flag", "ended consent on its channel, from the next day on"),
    Column("complained", "flag", "the opt-out was a complaint (marked as junk)"),
)
_FLAGS = tuple(column.name for column in _REACTION)
TABLES: dict[str, tuple[Column, ...]] = {
    "transactions": (
        _TIME,
        *_WHO,
        Column("amount", "money", "revenue of one simulated purchase, not scaled by market.represents"),
        Column("cause", "text", "organic, message (addressed), or channel (paid, search, site)"),
        *_VIA,
        Column("number", "count", "how many purchases the customer had made, this one included"),
        Column("first", "flag", "the purchase that made a customer of the person"),
    ),
    "contacts": (
        _TIME,
        *_WHO,
        *_VIA,
        Column("decision", "text", "sent, deferred or dropped"),
        Column("rule", "text", "the rule of the contact policy that held it back; empty when sent"),
        *_REACTION,
        Column("fatigue", "number", "the person's fatigue before that day's contacts"),
    ),
    "sends": (_TIME, *_WHO, *_VIA, *_REACTION),
    "consent": (
        _TIME,
        *_WHO,
        Column("channel", "text", "name of the channel"),
        Column("change", "text", "held (when the log begins), given or withdrawn, from then on"),
    ),
    "events": (
        _TIME,
        *_WHO,
        Column("event", "text", ", ".join(EVENTS)),
        *_VIA,
        Column("before", "text", "moved_stage: the stage before; empty otherwise"),
        Column("after", "text", "moved_stage: the stage after; empty otherwise"),
        Column("count", "count", "purchase: ordinal; ad_seen: impressions; 1 otherwise"),
        Column("amount", "money", "revenue of a purchase; 0 otherwise"),
    ),
    "daily": (),
}
"""What can be exported, and its columns; `daily` is the run's ledger, whose columns follow the scenario's names."""
_DECISIONS = {SENT: "sent", DEFERRED: "deferred", DROPPED: "dropped"}


def export(
    scenario: Scenario,
    what: str,
    path: str | Path,
    *,
    form: str = "csv",
    replication: int = 0,
    engine: str = "compiled",
) -> int:
    """Run one cell and write one of its logs to `path`; how many rows.

    `what` is a key of :data:`TABLES` or ``work``, `form` one of :data:`FORMATS`, and of work also ``xes``. Raises
    `ValueError` for anything else, `OSError` when the file cannot be written; then nothing is left behind.

    >>> simkit.export(simkit.load("scenarios/retail.yaml").base, "transactions", "orders.csv")  # doctest: +SKIP
    """
    if what not in (*TABLES, WORK) or form not in (*FORMATS, *([XES] if what == WORK else [])):
        formats = f"{', '.join(FORMATS)} ({XES} for {WORK})"
        raise ValueError(f"expected one of {', '.join(TABLES)}, {WORK} as one of {formats}; found {what} as {form}")
    with whole_or_nothing(Path(path)) as beside:
        if what == WORK:
            return _write_work(simulate(scenario, replication, engine=engine), beside, form)
        if what == "daily":
            return _write_daily(simulate(scenario, replication, engine=engine).daily, beside, form)
        with GrowingTable(beside, form, TABLES[what]) as table:
            log = _log_for(what, scenario, table)
            simulate(scenario, replication, engine=engine, log=log)
        return table.rows


def _log_for(what: str, scenario: Scenario, table: GrowingTable) -> CustomerLog:
    """A log that sends each day's rows, as readable columns, to a table."""
    log = _ConsentLog(table) if what == "consent" else CustomerLog()
    names = Names(scenario, log)
    read: Callable[[Names, np.ndarray], dict[str, Any]] = _READERS[what]
    sink = _Sink(lambda rows: table.add(read(names, rows)))
    if what in ("contacts", "sends"):
        log.contacts = sink
    else:
        log.events = sink
    return log


class _ConsentLog(CustomerLog):
    """A log that begins with the consent that everybody has before the first day."""

    def __init__(self, table: GrowingTable):
        super().__init__()
        self._table = table

    def begin(self, market: Any) -> None:
        """Write down who may be written to."""
        super().begin(market)
        names, people = Names(self.tables.scenario, self), market.customers()
        for name, k in self.tables.channel_at.items():
            if k < ADDRESSED:
                here = people[(people["consent"] >> k) & 1 == 1]
                same = {"time": names.times(np.zeros(len(here))), "channel": np.full(len(here), name, object)}
                self._table.add({**same, **names.people(here), "change": np.full(len(here), "held", object)})


class _Sink:
    """Hands each day's rows on."""

    def __init__(self, take: Callable[[np.ndarray], None]):
        self._take = take

    def append(self, rows: np.ndarray, /) -> None:
        """One day's rows."""
        if len(rows):
            self._take(rows)


# --- from numbers to words ----------------------------------------------------------------------------------


class Names:
    """What the numbers in a run's logs mean."""

    def __init__(self, scenario: Scenario, log: CustomerLog):
        self._log = log
        self.segments = np.array(list(scenario.market.segments), object)
        self.midnight = np.datetime64(scenario.start - timedelta(days=scenario.warmup_days), "us")

    def times(self, days: np.ndarray) -> np.ndarray:
        """Days since the first simulated midnight as timestamps, to the second below."""
        whole = np.floor(np.asarray(days, float) * 86_400.0).astype(np.int64)
        return self.midnight + (whole * 1_000_000).astype("timedelta64[us]")

    def people(self, rows: np.ndarray) -> dict[str, Any]:
        """Customer and segment."""
        segment = self.segments[rows["segment"]]
        return {"customer": segment + "-" + rows["index"].astype(str).astype(object), "segment": segment}

    def channel(self, k: int) -> str:
        """Name of the channel at a place of the record; nothing for -1."""
        return self._channels.get(k, "")

    @property
    def _channels(self) -> dict[int, str]:
        return {k: name for name, k in self._log.tables.channel_at.items()}

    def rule(self, k: int) -> str:
        """Name of a rule of the contact policy; nothing for -1."""
        return self._log.tables.rules.get(k, "")

    def via(self, channel: np.ndarray, what: np.ndarray) -> dict[str, Any]:
        """Channel, campaign and message of rows."""
        channels = _each(channel, self.channel)
        found = _each(np.where(channel >= 0, what, -1), lambda one: self._log.tables.meaning(one))
        named = [(known.program, known.name) if known else ("", "") for known in found]
        campaign, message = (np.array([pair[i] for pair in named], object) for i in (0, 1))
        return {"channel": channels, "campaign": campaign, "message": message}

    def message_channel(self, what: np.ndarray) -> np.ndarray:
        """Place of the channel of messages."""
        return _each(what, lambda one: self._log.tables.channel_at[self._log.tables.meaning(one).channel]).astype(int)


def _each(values: np.ndarray, name: Callable[[int], Any]) -> np.ndarray:
    """`name` of each value, asked once per different one."""
    different, place = np.unique(values, return_inverse=True)
    named = np.empty(len(different), object)
    for i, one in enumerate(different):
        named[i] = name(int(one))
    return named[place]


def _by_time(rows: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(time, kind="stable")
    return rows[order], time[order]


def _transactions(names: Names, rows: np.ndarray) -> dict[str, Any]:
    rows = rows[rows["kind"] == PURCHASE]
    rows, time = _by_time(rows, rows["time"])
    channel = rows["channel"]
    return {
        "time": names.times(time),
        **names.people(rows),
        "amount": rows["amount"] / MONEY,
        "cause": np.select([channel < 0, channel < ADDRESSED], ["organic", "message"], "channel").astype(object),
        **names.via(channel, rows["what"]),
        "number": rows["number"],
        "first": rows["number"] == 1,
    }


def _contacts(names: Names, rows: np.ndarray) -> dict[str, Any]:
    rows, time = _by_time(rows, rows["minute"] / 1440)
    return {
        "time": names.times(time),
        **names.people(rows),
        **names.via(names.message_channel(rows["what"]), rows["what"]),
        "decision": _each(rows["decision"], lambda one: _DECISIONS.get(one, str(one))),
        "rule": _each(np.where(rows["decision"] == SENT, -1, rows["rule"]), names.rule),
        **{name: rows[name] == 1 for name in _FLAGS},
        "fatigue": rows["fatigue"],
    }


def _sends(names: Names, rows: np.ndarray) -> dict[str, Any]:
    table = _contacts(names, rows[rows["decision"] == SENT])
    return {column.name: table[column.name] for column in TABLES["sends"]}


def _consent(names: Names, rows: np.ndarray) -> dict[str, Any]:
    rows = rows[(rows["kind"] == CONSENT_GIVEN) | (rows["kind"] == CONSENT_WITHDRAWN)]
    rows, time = _by_time(rows, rows["time"])
    return {
        "time": names.times(time),
        **names.people(rows),
        "channel": _each(rows["channel"], names.channel),
        "change": np.where(rows["kind"] == CONSENT_GIVEN, "given", "withdrawn").astype(object),
    }


def _events(names: Names, rows: np.ndarray) -> dict[str, Any]:
    rows, time = _by_time(rows, rows["time"])
    kind = rows["kind"]
    moved, stages = kind == MOVED_STAGE, np.array([*STAGES, ""], object)
    uncounted = np.isin(kind, [BECAME_CUSTOMER, LEFT, MOVED_STAGE]) | (rows["number"] == 0)
    return {
        "time": names.times(time),
        **names.people(rows),
        "event": np.array(EVENTS, object)[kind],
        **names.via(rows["channel"], rows["what"]),
        "before": stages[np.where(moved, rows["what"], -1)],
        "after": stages[np.where(moved, rows["number"], -1)],
        "count": np.where(uncounted, 1, rows["number"]),
        "amount": rows["amount"] / MONEY,
    }


_READERS: dict[str, Callable[[Names, np.ndarray], dict[str, Any]]] = {
    "transactions": _transactions,
    "contacts": _contacts,
    "sends": _sends,
    "consent": _consent,
    "events": _events,
}


# --- whole tables ---------------------------------------------------------------------------------------------


def _write_daily(daily: pd.DataFrame, path: Path, form: str) -> int:
    from simkit.experiment.store import csv

    if form == "csv":
        path.write_bytes(csv(daily))
    else:
        daily.to_parquet(path, index=False)
    return len(daily)


def _write_work(run: Run, path: Path, form: str) -> int:
    from simkit.experiment.inquiries.work_log import COLUMNS, work_table

    rows = work_table(run)
    if form == XES:
        from simkit.experiment.inquiries.xes import write_xes

        return write_xes(rows, path)
    with GrowingTable(path, form, COLUMNS) as table:
        table.add({str(name): rows[name] for name in rows.columns})
    return len(rows)
