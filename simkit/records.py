"""What passes between customers and teams: plain records, said once, owned by neither.

Times are days since the first simulated midnight (day 0 is the first day of the warm-up).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkOrder:
    """A piece of work that the department is asked to do.

    `key` names it for the random numbers (crc32 of campaign and planned ordinal, or of monitor, onset and
    ordinal): the same order has the same luck under every structure.
    """

    key: int
    name: str
    """Readable and unique within a run, such as ``newsletter-12``."""
    kind: str
    """The kind of work, a key of ``teams.work``: which steps it takes."""
    arrives_day: float
    """When it reaches the department's in-tray."""
    segment: str | None = None
    """The segment it is for; None is for all."""
    priority: int = 5
    """1 (most urgent) to 9."""
    expires_day: float | None = None
    """After this its occasion has passed: unfinished work is abandoned."""
    campaign: str | None = None
    """The campaign that goes live when the work is finished; None for internal work."""
    cause: str = "planned"
    """``planned``, ``occasion`` (exogenous), ``monitor`` (the day's figures), ``false_alarm`` (of a monitor or of a
    campaign's figures), ``journey``, ``request`` (internal) or ``wrong_channel`` (a live campaign's own figures)."""
    happened_day: float | None = None
    """When what it answers happened: arrival less the detection lag. None for planned work."""
    due_day: float | None = None
    """The planned date of planned work."""
    journey: str | None = None
    """The journey that begins when the work is finished; last touches after an early launch do not reach it."""


@dataclass(frozen=True)
class Launch:
    """A finished piece of work that goes live: teams -> customers."""

    order: WorkOrder
    live_day: float
    quality: float
    """1 without escaped errors; each one that escaped lowers it, and so does what an early launch left out."""
    defects: int
    improves_day: float | None = None
    """When it went live, if this is no launch but says that what is live became better: the last touches after an early
    launch."""
    fit: float = 1.0
    """Factor on the audience fit: above 1 where research was done."""
    risk: float = 0.0
    """Quality-risk index: the share of the work with an error that somebody decided to leave. It is in `quality`."""
    annoyance: float = 0.0
    """By what share customers opt out and complain more often because of errors, besides what lost relevance does."""
    answers: int | None = None
    """Of a last touch that used what customers had answered: how many had. What it taught is in `fit`."""


@dataclass(frozen=True)
class Signal:
    """Something that happened in the market and was noticed: customers or world -> teams."""

    source: str
    """Name of the occasion, of the monitor or, with `wrong_channel`, of the program that was found out."""
    key: int
    happened_day: float
    noticed_day: float
    segment: str | None
    half_life_days: float
    stake: float
    """Value at stake: the extra response share of a timely answer, or the share of purchases harmed."""
    exogenous: bool
    """True when it happens whatever the department does, so that all alternatives face the same."""
    false_alarm: bool = False
    """True when somebody who read figures spoke although nothing was wrong."""
    wrong_channel: bool = False
    """True when a live campaign's own figures spoke: its channel is the wrong one for its audience."""


@dataclass(frozen=True)
class Answers:
    """What a launch's own figures say in the evening of a day: customers -> teams."""

    name: str
    """That of the order."""
    answered: int
    """Customers who have opened or clicked since it went live, in the real market's numbers."""


@dataclass(frozen=True)
class Lead:
    """A person whose engagement is worth a salesperson's time: customers -> sales team."""

    segment: str
    index: int
    """Of the person within the segment."""
    day: float
    """When the score reached the threshold, its keyed hour included."""
    score: float


@dataclass(frozen=True)
class LeadAnswer:
    """What became of a lead: sales team -> customers and marketing."""

    lead: Lead
    response_hours: float
    """From the lead to the answer, by the clock."""
    outcome: str
    """``won``, ``lost`` (qualified, and did not buy) or ``rejected``."""


@dataclass(frozen=True)
class ServiceRequest:
    """A customer asks for help: customers -> service desk."""

    segment: str
    index: int
    """Of the person within the segment."""
    day: float
    """When, its keyed hour included; the desk hears of it at that part of its opening hours."""
    why: str
    """``purchase``, ``account`` or ``complaint`` (gave up the last time)."""
    key: int
    """Names its luck among the person's requests."""


@dataclass(frozen=True)
class ServiceOutcome:
    """What became of a request: service desk -> customers."""

    request: ServiceRequest
    kind: str
    """``deflected`` (self-service did it), ``answered`` or ``abandoned``."""
    waited_minutes: float
    """In opening hours."""
    day: float
    """When it was answered or given up."""
    dissatisfaction: float
    """0 to 1."""
