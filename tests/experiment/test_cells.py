"""Cells: their order, and that a failing one is a row and never an exception."""

from __future__ import annotations

from typing import Any

import pytest

from simkit.experiment.cells import Cell, Err, Work, plan


def test_plan_goes_by_replication():
    """All alternatives of a replication stand together, so that its population may be used again."""
    assert plan(["a", "b"], 2) == [Cell("a", 0), Cell("b", 0), Cell("a", 1), Cell("b", 1)]


def test_a_cell_never_raises(synthetic: Any):
    """What the model raises becomes an error with a message and a digest that says where."""
    work = Work({"x": synthetic.Scenario(fault="raise")}, "compiled", synthetic.MODEL)
    outcome = work.run(Cell("x", 1), threads=1)
    assert isinstance(outcome, Err)
    assert outcome.error == "ValueError: no such luck"
    assert "synthetic.py" in outcome.digest


def test_equal_failures_have_equal_digests(synthetic: Any):
    """The digest is of the way through the code, not of the message."""
    work = Work({"x": synthetic.Scenario(fault="raise")}, "compiled", synthetic.MODEL)
    first, second = work.run(Cell("x", 1), 1), work.run(Cell("x", 1), 1)
    other = work.run(Cell("nobody", 0), 1)
    assert first.digest == second.digest != other.digest


def test_threads_and_engine_reach_the_model(synthetic: Any):
    """The engine is the study's and the threads are the executor's."""
    seen = {}

    def simulate(scenario: Any, replication: int, *, engine: str, threads: int) -> Any:
        seen.update(engine=engine, threads=threads)
        return synthetic.simulate(scenario, replication)

    model = synthetic.Model(simulate, synthetic.compute, synthetic.MEASURES)
    Work({"x": synthetic.Scenario()}, "mesa", model).run(Cell("x", 0), threads=3)
    assert seen == {"engine": "mesa", "threads": 3}


def test_interrupts_are_not_swallowed(synthetic: Any):
    """Ctrl-C is the user's, not a failed run."""

    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    work = Work({"x": synthetic.Scenario()}, "compiled", synthetic.Model(interrupted, synthetic.compute))
    with pytest.raises(KeyboardInterrupt):
        work.run(Cell("x", 0), 1)
