"""The answer: chosen by what is shown, never stronger than its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simkit.experiment.study import run
from simkit.report.answer import answer


@pytest.fixture
def profits(synthetic: Any) -> Any:
    """A result whose profits are given, by alternative, a value per replication."""

    def made(**values: list[float]) -> Any:
        def simulate(scenario: Any, replication: int, **_: Any) -> Any:
            made_up = synthetic.simulate(synthetic.Scenario(horizon_days=28), replication)
            return synthetic.Run(made_up.daily, made_up.cases, warnings=[scenario.name, str(replication)])

        def compute(made_up: Any) -> dict[str, float | None]:
            name, replication = made_up.warnings
            return {**synthetic.compute(made_up), "profit": values[name][int(replication)]}

        study = synthetic.Study({name: synthetic.Scenario(name=name) for name in values})
        model = synthetic.Model(simulate, compute, synthetic.MEASURES)
        return run(study, replications=len(next(iter(values.values()))), workers=1, model=model)

    return made


LUCK = [0.0, 3e5, -2e5, 1e5, 5e5, -4e5]
SMALL = [1e3, -2e3, 0.0, 3e3, -1e3, 2e3]


def lifted(by: float, noise: list[float] | None = None) -> list[float]:
    return list(1e7 + np.array(LUCK) + by + np.array(noise or SMALL))


def test_the_best_is_chosen_with_its_interval(profits: Any):
    """What beats the base on every replication is chosen, with amount, interval, and what it covers."""
    said = answer(profits(today=lifted(0, [0.0] * 6), pods=lifted(1.93e6)))
    assert said.choice == "pods"
    assert said.sentence.startswith("Choose pods: +1.93 m SAR profit a year over today (95% interval over simulated")
    assert "6 paired replications" in said.sentence
    assert "assumptions" in said.doubt


def test_luck_alone_chooses_nothing(profits: Any):
    """When the interval holds zero, no alternative is shown to beat the base."""
    said = answer(profits(today=lifted(0), pods=lifted(1e5, [-4e5, 5e5, -6e5, 6e5, -3e5, 4e5])))
    assert said.choice is None
    assert said.sentence.startswith("No alternative is shown to beat today on profit; the nearest is pods")


def test_all_worse_keeps_the_base(profits: Any):
    """When every alternative is shown to be worse, keep the base."""
    said = answer(profits(today=lifted(0, [0.0] * 6), pods=lifted(-2e6), hub=lifted(-3e6)))
    assert said.choice == "today"
    assert said.sentence.startswith("Keep today: all 2 alternatives are shown to be worse; the nearest is pods, −2.0")


def test_the_smallest_loss_is_told_to_be_one(profits: Any):
    """Where every alternative surely loses money, the answer says so; not where one may gain."""
    base, less = lifted(-3e7, [0.0] * 6), lifted(-2.5e7)
    said = answer(profits(today=base, pods=less))
    assert said.sentence.startswith("Choose pods: +5.0")
    assert said.runner_up == "Every alternative makes a loss."
    assert "loss" not in str(answer(profits(today=base, pods=lifted(-1e7))))


def test_second_best_is_compared(profits: Any):
    """Whether the best is really ahead of the next is said either way."""
    base, best = lifted(0, [0.0] * 6), lifted(2e6)
    decided = answer(profits(today=base, pods=best, hub=lifted(1e6, SMALL[::-1])))
    assert "shown to be better than hub" in decided.runner_up
    close = answer(profits(today=base, pods=best, hub=lifted(1.9e6, [-4e5, 5e5, -6e5, 6e5, -3e5, 4e5])))
    assert close.choice == "pods"
    assert close.runner_up.startswith("Whether it is better than hub is not decided")


def test_many_comparisons_ask_for_more(profits: Any):
    """A difference that alone would just be shown is not among many alternatives (Holm)."""
    weak = [1e5 * one for one in (1.0, 2.2, 0.4, 1.6, 2.0, 0.7)]
    base = lifted(0, [0.0] * 6)
    wide = [-4e5, 5e5, -6e5, 6e5, -3e5, 4e5]
    assert answer(profits(today=base, pods=list(np.array(base) + weak))).choice == "pods"
    many = {f"other{i}": lifted(-1e5, list(np.roll(wide, i))) for i in range(6)}
    said = answer(profits(today=base, pods=list(np.array(base) + weak), **many))
    assert said.choice is None
    assert "may still be luck" in said.sentence


def test_one_replication_shows_nothing(profits: Any):
    """From one replication nothing is chosen."""
    said = answer(profits(today=[1e7], pods=[2e7]))
    assert said.choice is None
    assert said.sentence.startswith("Nothing is shown")


def test_one_alternative_is_told_alone(profits: Any):
    """Without alternatives the outcome is told with its interval."""
    said = answer(profits(today=lifted(0)))
    assert said.choice is None
    assert said.sentence.startswith("today: 10.1 m SAR profit a year (95% interval over simulated luck")


def test_lower_may_be_better(synthetic: Any):
    """When days decide, fewer are better."""
    study = synthetic.study(outcomes=("signal_to_live_days",))
    said = answer(run(study, replications=6, workers=1, model=synthetic.MODEL))
    assert said.choice == "pods"
    assert said.sentence.startswith("Choose pods: −10.")
