"""What may be written about the budget, and what is said when it makes no sense."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from simkit.scenario.agencies import minimums_per_year
from simkit.scenario.budget import Budget
from simkit.scenario.errors import ScenarioError
from simkit.scenario.load import load
from simkit.scenario.organization import Teams
from simkit.scenario.schema import Scenario
from simkit.scenario.structures import organization


def budget(written):
    return Scenario(budget=written).budget


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("7.7% of revenue", Budget(share_of_revenue=0.077)),
        ("2m per year", Budget(per_year=2_000_000)),
        ("1,200k per year", Budget(per_year=1_200_000)),
        ("50_000 per month", Budget(per_year=600_000)),
        (None, Budget()),
    ],
)
def test_short_forms(written, amount):
    """A share, or money per period."""
    assert budget(written) == amount


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0% of revenue", "pays for nobody"),
        ("0 per year", "pays for nobody"),
        ({"per_year": 0}, "greater than 0"),
        (2_000_000, "its period"),
        ("2m", "such as '7.7% of revenue'"),
        ("7.7%", "such as '7.7% of revenue'"),
        ({"per_year": 1e6, "share_of_revenue": 0.1}, "not both"),
        ({"changes": [{"channel": "search", "change": "-10%"}]}, "either `on`"),
        ({"changes": [{"on": "2026-02-01", "channel": "search", "change": "-120%"}]}, "greater than or equal to 0"),
        ({"changes": [{"on": "2026-02-01", "channel": "search", "change": "less"}]}, "such as '-30%'"),
        ({"changes": [{"on": "2026-02-01", "channel": "search", "change": "x2", "to": "search"}]}, "to itself"),
    ],
)
def test_what_pays_for_nobody_is_refused(written, said):
    """Zero, no period, two amounts, a change without a moment or below nothing."""
    with pytest.raises(ValidationError, match=said):
        budget(written)


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"budget": {"changes": [{"on": "2026-02-01", "channel": "email", "change": "x2"}]}}, "budget.changes[0].channel",
         "unknown channel with a budget 'email'"),
        ({"budget": {"per_year": 1e6, "proof": "holdout"}}, "budget.proof", "control group"),
    ],
)  # fmt: skip
def test_sense(change, path, said):
    """Only media have a budget to move; a holdout needs somebody held out."""
    (found,) = [problem for problem in Scenario(**change).check_sense() if problem[0] == path]
    assert said in found[1]


def test_warnings():
    """A share of revenue nobody knows yet, a change outside the run, and a next year that never comes."""
    move = {"on": "2030-01-01", "channel": "search", "change": "x2"}
    found = Scenario(warmup=10, budget={"share_of_revenue": 0.1, "changes": [move], "proof": "none"}).sense_warnings()
    for words in ("needs 28 days", "outside the measured days", "changes nothing"):
        assert sum(words in note for note in found) == 1


def test_alternatives_are_relative_to_the_amount(tmp_path):
    """A fifth less of a share or of an amount; a move's own change stays what it is."""
    path = tmp_path / "one.yaml"
    path.write_text(
        "budget: 7.5% of revenue\n"
        "alternatives:\n"
        "  lean: {budget: -20%}\n"
        "  fixed: {budget: 2m per year}\n"
        "  moved:\n"
        "    budget: {share_of_revenue: 5%, changes: [{on: 2026-03-01, channel: search, change: -30%}]}\n"
    )
    study = load(path).alternatives
    assert study["lean"].budget.share_of_revenue == pytest.approx(0.06)
    assert study["fixed"].budget == Budget(per_year=2_000_000)
    assert study["moved"].budget.changes[0].change == pytest.approx(0.7)
    path.write_text("budget: 0\n")
    with pytest.raises(ScenarioError, match="its period"):
        load(path)


def test_people_who_cost_more_than_the_budget_are_a_warning(tmp_path):
    """Said before anything runs, where the amount is stated; not for an amount that pays for them."""
    path = tmp_path / "one.yaml"
    path.write_text("budget: 4m per year\nalternatives: {poor: {budget: 2m per year}}\n")
    (found,) = load(path).warnings
    assert "poor" in found
    assert "cost 3,236,743 a year, the budget is 2,000,000" in found


def test_agencies_minimums_count_in_the_departments_own_budget(tmp_path):
    """To the unit: a hybrid whose agency's minimum is the payroll of the two it stands in for costs what its own people did."""
    cost = {}
    for structure in ("hierarchy", "hybrid"):
        plan = organization(Teams(structure=structure), [])
        cost[structure] = plan.payroll_per_day * 365 + minimums_per_year(plan) + 250_000
    assert cost["hybrid"] == pytest.approx(cost["hierarchy"])
    file = tmp_path / "plan.yaml"
    for more, refused in ((1, False), (-1, True)):
        budget = f"{{department_per_year: {cost['hybrid'] + more:.0f} per year}}"
        file.write_text(f"teams: {{structure: hybrid}}\nbudget: {budget}\n")
        if refused:
            with pytest.raises(ScenarioError, match="for agencies"):
                load(file)
        else:
            load(file)
