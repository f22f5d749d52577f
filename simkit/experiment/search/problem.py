"""What is searched: levers and their values, what to do best on, which bounds to keep."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simkit.experiment.definition.tables import Factor
from simkit.scenario.economics import Target, parse_target

if TYPE_CHECKING:
    from simkit.experiment.definition.files import Experiment

ALTERNATIVE = "alternative"
"""Name of the choice among alternatives, where there are several."""
DECIDING = "profit"


class SearchError(ValueError):
    """A search that cannot be begun: an unknown measure, no lever, two levers where one is needed."""


@dataclass(frozen=True)
class Constraint:
    """A bound on a measure's mean."""

    measure: str
    target: Target

    @property
    def text(self) -> str:
        """As a reader would write it."""
        return f"{self.measure} {self.target.text}"

    def excess(self, value: float) -> float:
        """How far a value is beyond the bound; at most 0 where it is kept."""
        if math.isnan(value):
            return math.inf
        gap = self.target.value - value if self.target.at in (">=", ">") else value - self.target.value
        return gap if gap > 0 or self.target.met(value) else math.ulp(abs(self.target.value))


@dataclass(frozen=True)
class Problem:
    """A search, ready to be run."""

    name: str
    levers: Mapping[str, Factor]
    outcomes: Mapping[str, str]
    """Measure -> ``higher`` or ``lower``, the side that is better."""
    constraints: tuple[Constraint, ...]
    alternatives: tuple[str, ...]
    scenario_of: Callable[[Mapping[str, Any], str], Any]
    """Values of levers, alternative -> scenario; raises ScenarioError for what makes no sense together."""
    scenarios: Mapping[str, Any]
    """The alternatives as they are."""
    measures: Mapping[str, Any]
    seed: int
    replications: int
    currency: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What the levers and scenarios were read from."""
    options: tuple[str, ...] = ()
    uncertainties: tuple[str, ...] = ()
    """Held as the scenario has them."""

    def unit(self, measure: str) -> str:
        """The unit of a measure, with the scenario's own currency."""
        unit = str(self.measures[measure].unit)
        return unit.replace("currency", self.currency) if self.currency else unit

    @property
    def choices(self) -> dict[str, Factor]:
        """The levers, and the choice among alternatives where there is one."""
        several = len(self.alternatives) > 1
        return {**({ALTERNATIVE: self.alternatives} if several else {}), **self.levers}


def problem_of(
    experiment: Experiment,
    *,
    outcomes: Sequence[str] | None = None,
    constraints: Sequence[str] = (),
    alternative: str | None = None,
    seed: int | None = None,
    replications: int | None = None,
) -> Problem:
    """The search that an experiment file describes; its uncertainties stay as the scenario has them.

    `outcomes` are what to do best on: by default those whose direction the file states, else profit or the first that
    has a better side; none for an empty tuple. Raises SearchError.
    """
    from simkit.experiment.cells import Model, extension_of, resolve

    extension = extension_of(experiment.study.alternatives)
    measures = {**resolve(Model().measures), **(extension.measures if extension else {})}
    there = experiment.alternatives
    if alternative is not None and alternative not in there:
        raise SearchError(f"no alternative is called {alternative!r}; there are: {', '.join(there)}")
    luck = experiment.study.base.seed if seed is None else seed

    def scenario_of(values: Mapping[str, Any], name: str) -> Any:
        return _lucky(experiment.study_of(values).alternatives[name], luck)

    fallback = _deciding(experiment.outcomes, measures)
    stated = {name: side for name, side in experiment.directions.items() if side != "none"}
    return Problem(
        name=experiment.name,
        levers=experiment.levers,
        outcomes={} if outcomes == () else sided(outcomes or tuple(stated) or fallback, stated, measures),
        constraints=tuple(constraint(text, measures) for text in constraints),
        alternatives=there if alternative is None else (alternative,),
        scenario_of=scenario_of,
        scenarios={name: _lucky(one, luck) for name, one in experiment.study.alternatives.items() if name in there},
        measures=measures,
        seed=luck,
        replications=experiment.replications if replications is None else replications,
        currency=experiment.study.base.currency,
        texts=experiment.texts,
        options=experiment.options,
        uncertainties=tuple(experiment.uncertainties),
    )


def _lucky(scenario: Any, seed: int) -> Any:
    return scenario if scenario.seed == seed else scenario.model_copy(update={"seed": seed})


def _deciding(outcomes: Sequence[str], measures: Mapping[str, Any]) -> tuple[str, ...]:
    with_side = [name for name in outcomes if measures[name].better]
    return (DECIDING,) if DECIDING in with_side else tuple(with_side[:1])


def sided(names: Sequence[str], stated: Mapping[str, str], measures: Mapping[str, Any]) -> dict[str, str]:
    """Each measure with its better side: what the file states, else the measure's own."""
    found = {}
    for name in names:
        known(name, measures)
        side = stated.get(name) or measures[name].better
        if not side:
            raise SearchError(f"{name} has no better side; state one in the file: outcomes: {{{name}: higher}}")
        found[name] = side
    if not found:
        raise SearchError("no outcome has a better side; state one in the file, or name one with --outcome")
    return found


def constraint(text: str, measures: Mapping[str, Any]) -> Constraint:
    """``mean_fatigue <= 1.2`` -> a constraint."""
    for sign in (">=", "<=", ">", "<"):
        name, found, bound = text.partition(sign)
        if found:
            known(name.strip(), measures)
            try:
                target = Target.model_validate(parse_target(f"{sign} {bound.strip()}"))
            except ValueError as error:
                raise SearchError(f"constraint {text!r}: {error}") from None
            attainable(name.strip(), target.value, measures)
            return Constraint(name.strip(), target)
    raise SearchError(f"expected a constraint such as 'mean_fatigue <= 1.2'; found {text!r}")


def attainable(name: str, value: float, measures: Mapping[str, Any]) -> None:
    """Raise SearchError for a value that the measure can never have: a share of 140 %."""
    low, high = getattr(measures[name], "possible", (-math.inf, math.inf))
    if low <= value <= high:
        return
    share = measures[name].unit == "share"
    lowest, highest, found = (f"{100 * one:g} %" if share else f"{one:g}" for one in (low, high, value))
    span = f"between {lowest} and {highest}" if math.isfinite(high) else f"never below {lowest}"
    raise SearchError(f"{name} is {span}; found {found}")


def known(name: str, measures: Mapping[str, Any]) -> None:
    """Raise SearchError for a measure that nobody computes."""
    if name not in measures:
        from simkit.scenario.overlay import choices

        raise SearchError(f"nobody computes {name!r}{choices(name, sorted(measures), 'there are')}")


@dataclass(frozen=True)
class Point:
    """One value for each lever, and an alternative."""

    alternative: str
    values: Mapping[str, Any] = field(hash=False)

    @property
    def key(self) -> str:
        """Equal for points that are simulated alike."""
        return json.dumps([self.alternative, dict(sorted(self.values.items()))], ensure_ascii=False, default=str)

    @property
    def text(self) -> str:
        """As a reader would say it."""
        said = [f"{path} = {_shown(value)}" for path, value in self.values.items()]
        return ", ".join(said) or "as it is"


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
