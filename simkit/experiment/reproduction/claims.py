"""Claims as data: what was published, or is asserted, about an experiment, each with its tolerance and its source.

A claim names a figure of the runs (a mean, a difference, a ratio, a share of cases won, an optimum, a trend, a
coefficient) and says what it must be. `claim_figures.py` computes the figure and judges it. Claims are written before
the runs; one that does not hold stays, and its `verdict` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from simkit.scenario.overlay import choices

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["held", "not held", "undecided"]
Level = float | int | str | bool
Positive = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Expected(_Part):
    """What a figure must be: one of the four."""

    equals: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    between: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        said = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"expected one of equals, at_least, at_most, between; found {', '.join(said) or 'none'}")
        if self.between and self.between[0] >= self.between[1]:
            raise ValueError(f"between: the first must be below the second, found {list(self.between)}")
        return self

    @property
    def region(self) -> tuple[float, float]:
        """Lowest and highest value allowed."""
        if self.between:
            return self.between
        if self.equals is not None:
            return self.equals, self.equals
        low = -float("inf") if self.at_least is None else self.at_least
        return low, float("inf") if self.at_most is None else self.at_most

    def __str__(self) -> str:
        if self.between:
            return f"{self.between[0]:g} to {self.between[1]:g}"
        for word, value in (("", self.equals), ("at least ", self.at_least), ("at most ", self.at_most)):
            if value is not None:
                return f"{word}{value:g}"
        raise AssertionError("one of them is there")


class Tolerance(_Part):
    """How far a figure may be off: in standard errors between replications, by a stated band, or both."""

    standard_errors: Annotated[float, Field(ge=0, le=10)] = 2.0
    """Half-width of the figure's interval in standard errors; 2 leaves one true claim in twenty undecided or worse. 0
    takes the figure as it is."""
    band: Annotated[float, Field(ge=0)] = 0.0
    """Units of the figure by which what is allowed is widened on both sides; of a lead (cases won, an optimum, a trend)
    what does not count as one."""
    resolution: Positive | None = None
    """A wider interval (half of it, in units of the figure) decides nothing: noise must not make a claim hold."""

    def __str__(self) -> str:
        parts = [f"{self.standard_errors:g} s.e."] if self.standard_errors else []
        parts += [f"band {self.band:g}"] if self.band else []
        parts += [f"resolution {self.resolution:g}"] if self.resolution else []
        return ", ".join(parts) or "none"


def _alternative(value: Any) -> Any:
    return {"alternative": value} if isinstance(value, str) else value


class Runs(_Part):
    """Which runs: those of an alternative (the base when none is named) in the cases where levers have these values.

    Several cases are averaged, replication by replication.
    """

    alternative: str | None = None
    where: dict[str, Level] = {}


AnyRuns = Annotated[Runs, BeforeValidator(_alternative)]


class _Claim(_Part):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    says: Annotated[str, Field(min_length=10, max_length=500)]
    """The statement, in words."""
    source: Annotated[str, Field(min_length=3, max_length=500)]
    """Who published it, or by which law it must be so."""
    tolerance: Tolerance = Tolerance()
    verdict: Verdict = "held"
    """What came out when the experiment was committed; the README says why when it is not `held`."""
    measure: str

    def runs(self) -> dict[str, Runs]:
        """Every selection of runs it makes, by where it is written."""
        return {}

    def levers(self) -> list[str]:
        """Levers it goes along."""
        return []

    def alternatives(self) -> list[tuple[str, str]]:
        """Alternatives it names, each with where."""
        return [(field, one.alternative) for field, one in self.runs().items() if one.alternative is not None]

    def sense(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it by itself, as (field, sentence)."""
        expect, tolerance = getattr(self, "expect", None), self.tolerance
        if isinstance(expect, Expected) and expect.equals is not None and not (tolerance.band or tolerance.resolution):
            yield "tolerance", "a figure that must equal a number needs a `band`, or the `resolution` that decides"


class Mean(_Claim):
    """The mean of a measure over replications."""

    kind: Literal["mean"]
    of: AnyRuns = Runs()
    expect: Expected

    def runs(self) -> dict[str, Runs]:
        return {"of": self.of}


class Difference(_Claim):
    """The mean paired difference of a measure, `of` less `against`."""

    kind: Literal["difference"]
    of: AnyRuns
    against: AnyRuns
    expect: Expected

    def runs(self) -> dict[str, Runs]:
        return {"of": self.of, "against": self.against}


class Ratio(_Claim):
    """The ratio of two means of a measure, `of` to `against`; `less` is first taken from both (a cost paid anyway)."""

    kind: Literal["ratio"]
    of: AnyRuns
    against: AnyRuns
    less: float = 0.0
    expect: Expected

    def runs(self) -> dict[str, Runs]:
        return {"of": self.of, "against": self.against}


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]


class CasesWon(_Claim):
    """The share of cases in which an alternative (any of `of`) is better than all of `against`, at least by `by`.

    Better by the share `by`: at 0.4 and lower being better, at most 60 % of the other's mean. A case is won or lost
    when the paired difference is as many standard errors from the line as the tolerance says, else open; the figure
    is known to lie between the share won and the share won or open.
    """

    kind: Literal["cases_won"]
    of: Names
    against: Names
    better: Literal["lower", "higher"]
    by: Annotated[float, Field(ge=0, lt=1)] = 0.0
    where: dict[str, Level] = {}
    expect: Expected

    def runs(self) -> dict[str, Runs]:
        return {"": Runs(where=self.where)}

    def alternatives(self) -> list[tuple[str, str]]:
        return [("of", name) for name in self.of] + [("against", name) for name in self.against]


class InteriorOptimum(_Claim):
    """The best level of a lever is neither the lowest nor the highest tried; with `expect`, where it lies."""

    kind: Literal["interior_optimum"]
    over: str
    best: Literal["highest", "lowest"] = "highest"
    of: AnyRuns = Runs()
    expect: Expected | None = None

    def runs(self) -> dict[str, Runs]:
        return {"of": self.of}

    def levers(self) -> list[str]:
        return [self.over]

    def sense(self) -> Iterator[tuple[str, str]]:
        return iter(())


class Trend(_Claim):
    """A measure rises (or falls) with every step of a lever; the figure is the smallest step in that direction."""

    kind: Literal["trend"]
    over: str
    direction: Literal["rising", "falling"]
    of: AnyRuns = Runs()

    def runs(self) -> dict[str, Runs]:
        return {"of": self.of}

    def levers(self) -> list[str]:
        return [self.over]


class Coefficient(_Claim):
    """A coefficient of the least-squares curve of a measure over a lever, fitted in every replication.

    line: the slope; parabola: the factor of the square; power: the exponent (a line through both logarithms).
    """

    kind: Literal["coefficient"]
    over: str
    curve: Literal["line", "parabola", "power"]
    of: AnyRuns = Runs()
    expect: Expected

    def runs(self) -> dict[str, Runs]:
        return {"of": self.of}

    def levers(self) -> list[str]:
        return [self.over]


Claim = Mean | Difference | Ratio | CasesWon | InteriorOptimum | Trend | Coefficient
KINDS = ("mean", "difference", "ratio", "cases_won", "interior_optimum", "trend", "coefficient")
AnyClaim = Annotated[Claim, Field(discriminator="kind")]


def claim_problems(
    claims: Sequence[Claim], measures: Sequence[str], alternatives: Sequence[str], design: pd.DataFrame
) -> Iterator[tuple[int, str, str]]:
    """What cannot be evaluated: unknown measures, alternatives, levers, levels.

    Yields which claim, the dotted path of its field, and a sentence. `alternatives` starts with the base; `design` has
    a row per case and a column per lever.
    """
    names: set[str] = set()
    for i, claim in enumerate(claims):
        if claim.name in names:
            yield i, "name", f"two claims are called {claim.name!r}"
        names.add(claim.name)
        if claim.measure not in measures:
            yield i, "measure", f"unknown measure {claim.measure!r}{choices(claim.measure, measures, 'there are')}"
        for field, name in claim.alternatives():
            if name not in alternatives:
                yield i, field, f"unknown alternative {name!r}{choices(name, alternatives, 'there are')}"
        for path, sentence in (*claim.sense(), *_of_levers(claim, design)):
            yield i, path, sentence


def _of_levers(claim: Claim, design: pd.DataFrame) -> Iterator[tuple[str, str]]:
    levers = [str(column) for column in design.columns]
    for lever in claim.levers():
        if lever not in levers:
            yield "over", f"unknown lever {lever!r}{choices(lever, levers, 'there are')}"
        elif design[lever].nunique() < FEWEST.get(claim.kind, 2):
            yield (
                "over",
                f"{lever!r} needs {FEWEST.get(claim.kind, 2)} levels, the design has {design[lever].nunique()}",
            )
    for field, one in claim.runs().items():
        where = f"{field}.where" if field else "where"
        for lever in one.where:
            if lever not in levers:
                yield where, f"unknown lever {lever!r}{choices(lever, levers, 'there are')}"
        if all(lever in levers for lever in one.where) and not chosen(design, one.where).any():
            yield where, f"no case of the design has {_listed(one.where)}"


FEWEST = {"interior_optimum": 3, "coefficient": 3}
"""Levels that a claim needs, where two are not enough."""


def chosen(design: pd.DataFrame, where: Mapping[str, Level]) -> pd.Series:
    """Which cases have these levels; numbers are equal when they are the same up to rounding."""
    import pandas as pd

    mask = pd.Series(True, index=design.index)
    for lever, level in where.items():
        mask &= design[lever].map(lambda value, level=level: _same(value, level)).astype(bool)
    return mask


def _same(value: Any, level: Level) -> bool:
    try:
        return abs(float(value) - float(level)) <= 1e-9 * max(1.0, abs(float(level)))
    except (TypeError, ValueError):
        return str(value) == str(level)


def _listed(where: Mapping[str, Level]) -> str:
    return ", ".join(f"{lever} = {level}" for lever, level in where.items())
