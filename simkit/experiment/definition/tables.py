"""The tables of an experiment file: what may be written, and within which limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from simkit.scenario.quantity import Table, parse_share

KINDS = (
    "grid", "sub_experiments", "one_at_a_time", "latin_hypercube", "sobol", "saltelli", "morris", "cases"
)  # fmt: skip
SIZED = ("latin_hypercube", "sobol", "saltelli", "morris")
"""Designs that draw `n` points: trajectories of Morris, base points of Saltelli."""
POWER_OF_TWO = ("sobol", "saltelli")
WORDS = frozenset({"name", "question", "base_name", "currency", "outcomes", "goals", "checks", "replications"})
"""Sections of a scenario that no run depends on."""
_OPTIONS = {
    "n": tuple(kind for kind in KINDS if kind != "cases"),
    "seed": SIZED,
    "levels": ("morris",),
    "second_order": ("saltelli",),
    "groups": ("sub_experiments",),
    "file": ("cases",),
}
"""Key of a design -> the kinds that know it."""
_Number = Annotated[Annotated[int, Field(strict=True)] | float, Field(union_mode="left_to_right")]


class Range(Table):
    """A factor between two bounds, both included; of whole numbers when both are written as such."""

    low: _Number
    high: _Number
    distribution: Literal["uniform", "log"] | None = None
    log: bool | None = None
    """Spread evenly over orders of magnitude; the same as ``distribution: log``."""
    integer: bool | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.low >= self.high:
            raise ValueError(f"low must be less than high; found {self.low:g} and {self.high:g}")
        if (self.log or self.distribution == "log") and self.low <= 0:
            raise ValueError(f"a log scale needs a low above 0; found {self.low:g}")
        return self

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are taken from it."""
        return isinstance(self.low, int) and isinstance(self.high, int) if self.integer is None else self.integer


Factor = Range | tuple[Any, ...]
"""What a lever or an uncertainty may be: listed values, or a range."""


def _factor_kind(value: Any) -> str:
    return "range" if isinstance(value, (dict, Range)) else "values"


_AnyFactor = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Annotated[tuple[Any, ...], Field(min_length=1)], Tag("values")],
    Discriminator(_factor_kind),
]


class Design(Table):
    """How the cases are chosen. Lists of values expand only when a design says so."""

    kind: Literal[KINDS]  # type: ignore[valid-type]
    n: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Points of a Latin hypercube or Sobol sample, base points of Saltelli, trajectories of Morris; elsewhere the
    levels of each range."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    """Of the sample; the luck of the runs is the scenario's `seed`."""
    levels: Annotated[int, Field(ge=2, le=100)] | None = None
    second_order: bool | None = None
    groups: tuple[tuple[str, ...], ...] | None = None
    """Sub-experiments: each group of factors is crossed, the others stay as the scenario has them."""
    file: str | None = None
    """A CSV file beside the experiment: a row a case, a column a factor."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Design:
        for key, kinds in _OPTIONS.items():
            if getattr(self, key) is not None and self.kind not in kinds:
                raise ValueError(f"{key!r} belongs to {' and '.join(kinds)}, found the design {self.kind!r}")
        wanted = "n" if self.kind in SIZED else {"sub_experiments": "groups", "cases": "file"}.get(self.kind)
        if wanted and getattr(self, wanted) is None:
            raise ValueError(f"the design {self.kind!r} needs {wanted!r}")
        if self.kind in POWER_OF_TWO and self.n and self.n & (self.n - 1):
            below = 1 << (self.n.bit_length() - 1)
            raise ValueError(
                f"n of a {self.kind} sample must be a power of two, else it is not balanced; found {self.n}, "
                f"nearest are {below} and {2 * below}"
            )
        return self

    @property
    def options(self) -> dict[str, Any]:
        """What was stated beside the kind."""
        return {key: getattr(self, key) for key in _OPTIONS if getattr(self, key) is not None}


class Until(Table):
    """Replications until an interval is narrow enough; approximate, because it looks before it has finished."""

    outcome: str
    half_width: Annotated[float, BeforeValidator(parse_share), Field(gt=0)]
    """Of the 95 % interval of the mean: in the outcome's unit, or as a text with % relative to the mean."""
    relative: bool = False
    at_least: Annotated[int, Field(ge=10, le=10_000)] = 10
    at_most: Annotated[int, Field(ge=10, le=10_000)] = 200

    @model_validator(mode="before")
    @classmethod
    def _per_cent_is_relative(cls, data: Any) -> Any:
        written = data.get("half_width") if isinstance(data, dict) else None
        return {**data, "relative": True} if isinstance(written, str) and written.strip().endswith("%") else data

    @model_validator(mode="after")
    def _in_order(self) -> Until:
        if self.at_least > self.at_most:
            raise ValueError(f"at_least is more than at_most: {self.at_least} and {self.at_most}")
        return self


def _repeated(value: Any) -> str:
    return "until" if isinstance(value, (dict, Until)) else "count"


_AnyReplications = Annotated[
    Annotated[Until, Tag("until")] | Annotated[Annotated[int, Field(ge=1, le=10_000)], Tag("count")],
    Discriminator(_repeated),
]
Direction = Literal["higher", "lower", "none"]


def _outcome_table(value: Any) -> Any:
    return {str(name): None for name in value} if isinstance(value, list) else value


_AnyDesign = Annotated[Design, BeforeValidator(lambda value: {"kind": value} if isinstance(value, str) else value)]


class ExperimentFile(Table):
    """An experiment as it is written."""

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    question: Annotated[str, Field(max_length=500)] = ""
    scenario: str
    sets: dict[str, Any] = {}
    """Dotted paths laid over the scenario for every case."""
    alternatives: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Those of the scenario's alternatives that take part; all unless said."""
    levers: dict[str, _AnyFactor] = {}
    uncertainties: dict[str, _AnyFactor] = {}
    outcomes: Annotated[dict[str, Direction | None], BeforeValidator(_outcome_table)] | None = None
    """Measures looked at, as a list, or as a table that says which direction is better."""
    design: _AnyDesign | None = None
    replications: _AnyReplications | None = None
    claims: tuple[Any, ...] = ()
    """What the experiment says came out; `simkit reproduce` holds it against new runs."""
