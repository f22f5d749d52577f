"""What a user may say of service, sales and the department's own budget, and what is refused or warned about."""

import pytest

from simkit.scenario.errors import ScenarioError, SenseError
from simkit.scenario.load import load
from simkit.scenario.quantity import provenance_of, walk
from simkit.scenario.sales import Sales
from simkit.scenario.schema import Scenario
from simkit.scenario.service import Service
from simkit.simulation import simulate


def problems(tmp_path, text: str) -> str:
    """What loading a file complains about; empty for nothing."""
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    try:
        load(file)
    except ScenarioError as error:
        return str(error).replace(str(file), "plan.yaml")
    return ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("service: 3 agent s", "plan.yaml:1:10: service: expected a service desk such as '8 agents' or a table"),
        ("service: {minutes: 5}", "plan.yaml:1:1: service: give either `agents` (on one calendar) or `shifts`"),
        ("service: {agents: 3, patience_minutes: -1}", "expected 0 to 1,000,000 or 'for_ever', found -1"),
        ("service: {agents: 3, hours: [20, 8]}", "hours: expected an earlier and a later hour"),
        ("service: {agents: 3, calendar: nights}",
         "plan.yaml:1:32: service.calendar: unknown calendar 'nights'; there are: office, always"),
        ("service:\n  shifts: [{agents: 3}, {agents: 2, calendar: nights}]",
         "plan.yaml:2:47: service.shifts[1].calendar: unknown calendar 'nights'"),
        ("service: 3\nmarket: {represents: 0.5}",
         "plan.yaml:2:22: market.represents: `service` needs persons who stand for 1 to 65,000 real ones, found 0.5"),
        ("sales: 3", "plan.yaml:1:8: sales: a sales team answers leads, and nobody keeps scores: add `leads: {}`"),
        ("sales: 3\nleads: {who: everyone}", "plan.yaml:2:14: leads.who: a sales team wins prospects"),
        ("sales: {people: 3, calendar: nights}\nleads: {}", "plan.yaml:1:30: sales.calendar: unknown calendar 'nights'"),
        ("sales: {people: 3, agents: 3}\nleads: {}", "plan.yaml:1:20: unknown key 'agents' in sales"),
        ("budget: {department_per_year: 1m per year}",
         "plan.yaml:1:31: budget.department_per_year: the department costs"),
        ("budget: {department_per_year: much}", "expected an amount with its period, such as '1.5m per year'"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_place(tmp_path, text, said):
    """File, line, column, what was found and what is allowed."""
    assert said in problems(tmp_path, text)


def test_short_forms_are_the_tables(tmp_path):
    """``8 agents``, ``8`` and ``3 people``."""
    assert Scenario(service="8 agents").service == Scenario(service=8).service == Service(agents=8)
    assert Scenario(sales="3 people", leads={}).sales == Sales(people=3)
    assert problems(tmp_path, "service: 8 agents\nsales: 3 people\nleads: {}") == ""


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"agents": 0}, "service has no agents: every request that self-service does not answer is given up"),
        (
            {"agents": 1, "per_customer_year": 50, "patience_minutes": "for_ever"},
            "messages sell: the queue never empties",
        ),
        ({"agents": 1, "per_customer_year": 0, "per_purchase": 1, "minutes": 30}, "for about 119% of what"),
        ({"agents": 3, "patience_minutes": 0}, "whoever finds all agents busy gives up at once"),
        (
            {"agents": 1, "per_customer_year": 50},
            "for about 725% of what its agents can answer, without what messages sell: at least 86% of",
        ),
    ],
)
def test_what_may_mislead_is_said(service, said):
    """No agents, no patience, and load above capacity for ever with the utilization; who finds no end of it gives up."""
    warnings = " ".join(Scenario(market={"customers": 8000}, service=service).sense_warnings())
    assert said in warnings


def test_a_run_says_how_much_more_was_asked_than_there_is_time_for():
    """Purchases count too; a desk with time enough says nothing."""
    small = {"market": {"customers": 200, "represents": 100}, "horizon": 30, "warmup": 10}
    busy = simulate(Scenario(**small, service={"agents": 1, "per_customer_year": 60}))
    assert any("customers asked the service desk for" in note for note in busy.warnings)
    assert simulate(Scenario(**small, service={"agents": 50})).warnings == []


def test_the_departments_own_budget_binds_at_the_door():
    """To the currency unit: what the department costs is accepted, one less is refused, in Python too."""
    shipped = simulate(Scenario(market={"customers": 50}, horizon=7, warmup=0)).sums
    cost = (shipped["team_cost"] + shipped["technology_cost"]) / 7 * 365
    tiny = {"market": {"customers": 50}, "horizon": 7, "warmup": 0}
    simulate(Scenario(**tiny, budget={"department_per_year": cost + 1}))
    with pytest.raises(SenseError, match="more than its budget"):
        simulate(Scenario(**tiny, budget={"department_per_year": cost - 1}))


def test_every_default_number_has_a_source():
    """Of both tables and their parts: unit, source, grade and range."""
    for table in (Service(agents=3), Sales(people=3)):
        for path, part, name, value in walk(table):
            if isinstance(value, (int, float)) and path not in ("agents", "people"):
                assert provenance_of(type(part).model_fields[name]) is not None, path
