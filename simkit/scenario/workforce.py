"""What people grow by, use and are kept from: practice, AI, meetings, absence, assets. All off unless stated.

The tables that :class:`~simkit.scenario.organization.Teams` and its written-out form share.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from simkit.scenario.interruptions import Interruptions
from simkit.scenario.morale import Morale, Turnover
from simkit.scenario.quantity import Clock, Days, Rate, Share, Table, WorkHours, convention, default
from simkit.scenario.work_kinds import Name

_OURS = "simkit, no published estimate"
_BRYNJOLFSSON = "Brynjolfsson, Li & Raymond 2023/2025, issues resolved per hour: {}"
DigitalSkill = Literal["low", "medium", "high"]


class Learning(Table):
    """Wright's learning curve: each doubling of what a person has done with a skill cuts effort, and errors, by a rate.

    A person's practice is ``experience x full_practice`` passes of a step, and grows by what they do. Effort relates
    to a full professional's as ``((1 + practice) / (1 + full_practice)) ** log2(1 - rate)`` (Wright 1936).
    """

    rate: Annotated[Share, Field(lt=1)] = default(
        0.1,
        unit="share of effort per doubling",
        source="simkit; Wright 1936 has 0.2 for airframes, Dutton & Thomas 1984 find 0 to 0.45 in industry",
        grade="assumption",
        low=0,
        high=0.25,
    )
    error_rate: Annotated[Share, Field(lt=1)] = default(
        0.1, unit="share of internal errors per doubling", source=_OURS, grade="assumption", low=0, high=0.25
    )
    full_practice: Annotated[float, Field(ge=1, le=1_000_000)] = default(
        200, unit="passes", source="simkit: about a year of a step's work", grade="assumption", low=50, high=1000
    )
    """Passes with a skill behind somebody of experience 1, whose speed is the stated level of skill."""
    ceiling: Annotated[float, Field(ge=1, le=1000)] = default(
        2.0, unit="multiples of full practice", source=_OURS, grade="assumption", low=1, high=10
    )
    """Practice beyond this helps no further."""

    def effort_factor(self, practice: float) -> float:
        """Effort relative to a full professional's."""
        return self._relative(practice) ** math.log2(1 - self.rate)

    def error_factor(self, practice: float) -> float:
        """Internal errors relative to a full professional's."""
        return self._relative(practice) ** math.log2(1 - self.error_rate)

    def _relative(self, practice: float) -> float:
        return (1 + min(practice, self.ceiling * self.full_practice)) / (1 + self.full_practice)


class DigitalSkills(Table):
    """Speed by digital skill, 1 being that of `medium`; what the texts call refugees, immigrants and natives."""

    low: Annotated[float, Field(gt=0, le=5)] = default(
        0.85, unit="factor on speed", source=_OURS, grade="assumption", low=0.6, high=1
    )
    medium: Annotated[float, Field(gt=0, le=5)] = default(
        1.0, unit="factor on speed", source="what the others are compared with", grade="assumption", low=1, high=1
    )
    high: Annotated[float, Field(gt=0, le=5)] = default(
        1.1, unit="factor on speed", source=_OURS, grade="assumption", low=1, high=1.4
    )


class Ai(Table):
    """Tools of generative AI: who uses them, for what share of a step, and what they save and spoil.

    A pass takes ``1 - use + use x (1 / (1 + gain) + review_share)`` of its effort, where use is the person's adoption
    x the step's exposure and gain falls linearly from a novice's to an expert's with experience.
    """

    adoption: Share = default(
        0.5, unit="share of exposed work", source=_OURS, grade="assumption", low=0, high=1
    )  # fmt: skip
    """Share of exposed work for which people use it; `ai_adoption` of a person goes before."""
    gain_novice: Annotated[Rate, Field(ge=-0.9, le=20)] = default(
        0.34,
        unit="share of speed",
        source=_BRYNJOLFSSON.format("+34 % for novices, +14 % on average; 0.67 is Noy & Zhang 2023, 40 % less time"),
        grade="measured",
        low=0.1,
        high=0.67,
    )
    """Work per hour gained by somebody without experience."""
    gain_expert: Annotated[Rate, Field(ge=-0.9, le=20)] = default(
        0.0,
        unit="share of speed",
        source=_BRYNJOLFSSON.format("about nothing for the most experienced"),
        grade="measured",
        low=-0.05,
        high=0.67,
    )
    """The same for experience 1 and more."""
    exposure: dict[Name, Share] = {}
    """Step or skill -> share of its effort that the tools can help with; a step's name goes before its skill's."""
    exposure_elsewhere: Share = default(
        0.5, unit="share of effort", source=_OURS, grade="assumption", low=0.2, high=0.9
    )
    """Where neither is named."""
    review_share: Annotated[Rate, Field(ge=0, le=5)] = default(
        0.0,
        unit="share of the effort without",
        source="the gains above are measured with checking included",
        grade="assumption",
        low=0,
        high=0.3,
    )
    """Effort of looking over what the tools made."""
    off_frontier: dict[Name, Share] = {}
    """Step or skill -> share of the tools' use that lies beyond what they can do."""
    off_frontier_elsewhere: Share = default(
        0.1, unit="share of use", source=_OURS, grade="assumption", low=0, high=0.4
    )  # fmt: skip
    off_frontier_error: Share = default(
        0.19,
        unit="probability",
        source="Dell'Acqua et al. 2023: 19 percentage points less often correct outside the frontier",
        grade="measured",
        low=0.1,
        high=0.25,
    )
    """Further chance of an error there."""

    def effort_factor(self, use: float, experience: float) -> float:
        """Effort relative to the same work without."""
        gain = self.gain_novice + (self.gain_expert - self.gain_novice) * min(experience, 1.0)
        return 1 - use + use * (1 / (1 + gain) + self.review_share)


class Meeting(Table):
    """A meeting that recurs: it takes everybody in it away from other work, and they misunderstand each other less."""

    id: Name
    who: tuple[Name, ...] = ()
    """Persons and units; everybody when left out. Who is off shift or away misses it."""
    every_days: Annotated[int, Field(ge=1, le=250)] = convention(5, unit="working days", why="once a week")
    hours: Annotated[WorkHours, Field(gt=0, le=100)]
    at: Annotated[Clock, Field(lt=24)] = convention(11, unit="hour of the day", why="before noon")
    calendar: Name = "office"


class MeetingEffect(Table):
    """What talking saves: information loss between two people is ``floor + (1 - floor) x 0.5 ** (hours / halving)``."""

    halving_hours: Annotated[float, Field(gt=0, le=1000)] = default(
        2.0, unit="hours a week in the same meetings", source=_OURS, grade="assumption", low=0.5, high=8
    )
    floor: Share = default(0.2, unit="share of the information loss", source=_OURS, grade="assumption", low=0, high=0.6)
    """What no meeting prevents."""


class Training(Table):
    """People are away now and faster later, until it is forgotten."""

    id: Name
    on: date
    """The first day; before the simulation begins it has cost nothing."""
    who: tuple[Name, ...] = ()
    """Persons and units; everybody when left out."""
    hours: Annotated[WorkHours, Field(gt=0, le=2000)]
    """Working hours away; begun when the person is next on shift."""
    every_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Repeated after so many days, which refreshes it; held once when left out."""
    gain: Annotated[Rate, Field(ge=0, le=10)] = default(
        0.1, unit="share of speed", source=_OURS, grade="assumption", low=0, high=0.3
    )
    half_life_days: Annotated[Days, Field(gt=0, le=36_500)] = default(
        365, unit="days", source=_OURS, grade="assumption", low=90, high=1500
    )
    """Until half of the gain is forgotten."""


class Absence(Table):
    """Sickness; vacations are stated by person."""

    spells_per_year: Annotated[float, Field(ge=0, le=52)] = default(
        1.6,
        unit="spells per person and year",
        source="simkit, so that with 3.5 days each 5.6 are lost; ONS, Sickness absence in the UK 2022: 5.7",
        grade="survey",
        low=0.5,
        high=4,
    )
    mean_days: Annotated[float, Field(ge=1, le=365)] = default(
        3.5, unit="working days", source="see spells_per_year", grade="survey", low=2, high=8
    )


class Asset(Table):
    """A template or automation: whoever needs it first builds it with the work at hand, and later work reuses it."""

    id: Name
    steps: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The steps it helps with."""
    kinds: tuple[Name, ...] | None = None
    """Kinds of work it is for; all when left out."""
    build_hours: Annotated[WorkHours, Field(gt=0, le=2000)]
    """Hours of the builder besides the pass itself."""
    saves: Annotated[Share, Field(lt=1)] = default(
        0.25, unit="share of effort", source=_OURS, grade="assumption", low=0.1, high=0.6
    )
    fewer_errors: Share = default(
        0.25, unit="share of internal errors", source=_OURS, grade="assumption", low=0, high=0.6
    )
    reach: Literal["company", "unit"] = "company"
    """Whether a unit has to build it for itself."""
    lasts_days: Annotated[Days, Field(gt=0, le=36_500)] | None = None
    """Then it is out of date and built again; for good when left out."""


class ToolMigration(Table):
    """New tools: hours to learn them, slower at first, faster in the end.

    Speed is ``(1 + gain) x (1 - dip x exp(-days / recovery_days))`` times the old from the day on.
    """

    on: date
    who: tuple[Name, ...] = ()
    """Persons and units; everybody when left out."""
    hours: Annotated[WorkHours, Field(ge=0, le=2000)] = default(
        8.0, unit="working hours away", source=_OURS, grade="assumption", low=2, high=40
    )
    dip: Annotated[Share, Field(lt=1)] = default(
        0.3, unit="share of speed", source=_OURS, grade="assumption", low=0.1, high=0.5
    )
    recovery_days: Annotated[Days, Field(gt=0, le=3650)] = default(
        30, unit="days", source=_OURS, grade="assumption", low=10, high=120
    )
    gain: Annotated[Rate, Field(ge=-0.9, le=10)] = default(
        0.15, unit="share of speed", source=_OURS, grade="assumption", low=0, high=0.4
    )


class Workforce(Table):
    """What people grow by and use; each table is off when left out."""

    learning: Learning | None = None
    """People grow faster and surer by what they do."""
    digital_skills: DigitalSkills = DigitalSkills()
    """What a person's `digital_skill` is worth."""
    ai: Ai | None = None
    """Tools of generative AI."""
    meetings: tuple[Meeting, ...] = ()
    meeting_effect: MeetingEffect = MeetingEffect()
    training: tuple[Training, ...] = ()
    absence: Absence | None = None
    """Sickness. An empty table is the shipped one."""
    assets: tuple[Asset, ...] = ()
    tool_migration: ToolMigration | None = None
    interruptions: Interruptions | None = None
    """People are interrupted by what has nothing to do with their work. An empty table is the shipped one."""
    morale: Morale | None = None
    """Overload wears people out. An empty table is the shipped one."""
    turnover: Turnover | None = None
    """People leave and are replaced. An empty table is the shipped one; needs `learning`."""
