"""A firm's log of messages sent, read and put in order, and the fatigue its people had on each day.

`read_sends` -> `SendLog` (one row per send) -> `SendLog.fatigue(half_life)` -> what `contact_likelihood` fits.
Fatigue is that of the rulebook (`rules.recover`, `rules.tire`): it decays by 0.5^(1/half-life) a day, each delivered
message adds its channel's weight, and all messages of a day meet the fatigue from before that day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simkit.fits.read_table import Column, Table, TextTable, read_table

FLAGS = ("delivered", "opened", "clicked", "opted_out")
"""Columns of yes and no."""
ROLES = ("customer", "time", "channel", *FLAGS)
ONE_CHANNEL = "all"
"""What the channel is called when the log does not name one."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SendLog:
    """Sends in order of person and day, as arrays of one length.

    `person` counts from 0 and `day` from the first day of the log; `channel` is the place in `channels`. A send that
    was opened counts as delivered, one that was clicked as opened; `mended` says how many were contradictory.
    """

    people: tuple[str, ...]
    channels: tuple[str, ...]
    first: pd.Timestamp
    person: Ints
    day: Ints
    channel: Ints
    delivered: NDArray[np.bool_]
    opened: NDArray[np.bool_]
    clicked: NDArray[np.bool_] | None
    opted_out: NDArray[np.bool_] | None
    mended: int
    weights: tuple[float, ...] = field(default=())
    """What one delivered message of each channel adds to fatigue."""

    @property
    def days(self) -> int:
        """Days from the first to the last send, both counted."""
        return int(self.day.max()) + 1

    @cached_property
    def _contacts(self) -> _ContactDays:
        return _contact_days(self)

    def fatigue(self, half_life: float) -> tuple[Floats, Floats]:
        """Fatigue before the day of each send, and its derivative by the logarithm of the half-life (days).

        What came before a person's first send is unknown: the person is taken to have been written to before as
        in the log (which is wound into a circle), so that a steady frequency gives a constant fatigue. A person
        with contacts on one day only has none.
        """
        level, slope = self._contacts.fatigue(half_life)
        return level[self._contacts.of_row], slope[self._contacts.of_row]

    def age(self) -> Ints:
        """Days since the person's first delivered send; negative before it."""
        first = np.full(len(self.people), np.iinfo(np.int64).max // 2)
        np.minimum.at(first, self.person[self.delivered], self.day[self.delivered])
        return self.day - first[self.person]


def read_sends(
    sends: Table,
    columns: Mapping[str, Column] | None = None,
    *,
    date_format: str | None = None,
    only: str | None = None,
    weights: Mapping[str, float] | None = None,
) -> SendLog:
    """A log of sends from a file or a table, one row each.

    `columns` says how the columns of ROLES are called, where not by their role. One that is None or '' is not there:
    without a channel (or a column of that name, where no other was given) all sends are of one, without `delivered`
    all arrived, and without clicks or opt-outs these are not estimated. Times are dates, a time of day is ignored: what
    counts is the day in the log's own clock. `only` keeps one channel, whose people are then tired by it alone.
    `weights` are by channel; 1 where none is given.

    Raises FitError with every problem found.
    """
    names_of = {role: role for role in ROLES} | dict(columns or {})
    table = read_table(sends, names_of, rows="sends", may_lack="channel")
    days, flags = _checked(table, date_format)
    names = table.text["channel"] if "channel" in table.text else pd.Series(ONE_CHANNEL, index=table.text.index)
    if only is not None:
        table.require(only, "channel", set(names))
        kept = names == only
        names, days, flags = names[kept], days[kept], {role: flag[kept] for role, flag in flags.items()}
    return _in_order(table.text.loc[names.index, "customer"], names, days, flags, weights or {})


def _checked(table: TextTable, date_format: str | None) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Days, and the columns of yes and no by role; FitError listing every value that is not allowed."""
    days = table.days("time", date_format)
    rules = {"customer": table.no_name("customer"), "time": table.bad_date(days, date_format)}
    flags: dict[str, pd.Series] = {}
    for role in FLAGS:
        if role in table.text:
            flags[role], rules[role] = table.flags(role, empty_is_no=role != "delivered")
    if "channel" in table.text:
        rules["channel"] = table.no_name("channel")
    table.refuse(rules)
    return days, flags


def _in_order(
    customers: pd.Series, names: pd.Series, days: pd.Series, flags: dict[str, pd.Series], weights: Mapping[str, float]
) -> SendLog:
    person, people = pd.factorize(customers, sort=True)
    channel, channels = pd.factorize(names, sort=True)
    first = pd.Timestamp(days.min())
    day = (days - first).dt.days.to_numpy(np.int64)
    order = np.lexsort((day, person))
    opened = flags["opened"].to_numpy()[order]
    clicked = flags["clicked"].to_numpy()[order] if "clicked" in flags else None
    delivered = flags["delivered"].to_numpy()[order] if "delivered" in flags else np.ones(len(order), bool)
    seen = opened if clicked is None else opened | clicked
    return SendLog(
        people=tuple(people),
        channels=tuple(channels),
        first=first,
        person=person[order],
        day=np.asarray(day[order], np.int64),
        channel=channel[order],
        delivered=delivered | seen,
        opened=seen,
        clicked=clicked,
        opted_out=flags["opted_out"].to_numpy()[order] if "opted_out" in flags else None,
        mended=int(((seen & ~opened) | (seen & ~delivered)).sum()),
        weights=tuple(weights.get(name, 1.0) for name in channels),
    )


@dataclass(frozen=True, eq=False)
class _ContactDays:
    """Days on which a person got something, in order of person and day, with what they added to fatigue."""

    edges: Ints
    """Place of each person's first day, and the number of all days."""
    gap: Floats
    """Days since the person's contact day before; 0 for the first."""
    since: Floats
    """Days since the person's first contact day."""
    weight: Floats
    of_row: Ints
    """Place of each send's day."""

    def fatigue(self, half_life: float) -> tuple[Floats, Floats]:
        """Fatigue before each contact day, and its derivative by the logarithm of the half-life."""
        from simkit.fits.contacts.kernel import fatigue

        level, slope = np.empty_like(self.gap), np.empty_like(self.gap)
        fatigue(self.edges, self.gap, self.since, self.weight, math.log(2) / half_life, level, slope)
        return level, slope


def _contact_days(log: SendLog) -> _ContactDays:
    """Every day with a send, also those on which nothing arrived, which add nothing."""
    new = np.r_[True, (np.diff(log.person) != 0) | (np.diff(log.day) != 0)]
    of_row = np.cumsum(new) - 1
    added = np.array(log.weights)[log.channel] * log.delivered
    weight = np.bincount(of_row, weights=added)
    person, day = log.person[new], log.day[new].astype(np.float64)
    begins = np.r_[True, np.diff(person) != 0]
    start = np.flatnonzero(begins)
    count = np.diff(np.r_[start, len(person)])
    gap = np.r_[0.0, np.diff(day)]
    gap[begins] = 0.0
    since = day - np.repeat(day[start], count)
    edges = np.r_[start, len(person)]
    return _ContactDays(edges, gap, since, np.asarray(weight, np.float64), of_row)
