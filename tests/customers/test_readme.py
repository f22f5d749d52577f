"""The page of the customer model says what the code does: order of the day, rules, tests, every default number.

`PYTHONPATH=tests python tests/customers/test_readme.py --renew` writes the two tables between their markers anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import ROOT, claims_without_test, renew, section

from simkit.customers import day, rules
from simkit.experiment.inquiries.exporting import TABLES as EXPORTED
from simkit.rng import Purpose
from simkit.scenario.assortment import Assortment, Category
from simkit.scenario.attention import Attention
from simkit.scenario.channel_presets import PRESETS
from simkit.scenario.channels import Addressed, Flighting, Owned, Paid, Reputation, Search, Trend, Web
from simkit.scenario.competition import Competition, Opinion, Region
from simkit.scenario.data import Data
from simkit.scenario.deciding import BuyingGroup, Decision
from simkit.scenario.goals import GoalEffects, Leads
from simkit.scenario.life_cycle import Network, Satiation, WordOfMouth
from simkit.scenario.market import Fatigue, Funnel, Market, Receptive
from simkit.scenario.policy import ContactPolicy
from simkit.scenario.purchases import BgBb, BgNbd, GammaGamma, Hazard, ParetoNbd, Sbg
from simkit.scenario.quantity import Provenance, Table, provenance_of
from simkit.scenario.second_role import SecondRole

README = ROOT / "simkit" / "customers" / "README.md"
TABLES: dict[str, type[Table]] = {
    "market": Market,
    "market.purchases": BgNbd,
    "market.purchases (pareto_nbd)": ParetoNbd,
    "market.purchases (bg_bb)": BgBb,
    "market.purchases (sbg)": Sbg,
    "market.purchases (hazard)": Hazard,
    "market.purchases.spend": GammaGamma,
    "market.fatigue": Fatigue,
    "market.satiation": Satiation,
    "market.competition": Competition,
    "market.opinion": Opinion,
    "market.regions": Region,
    "market.word_of_mouth": WordOfMouth,
    "market.word_of_mouth.network": Network,
    "market.decision": Decision,
    "market.segments.*.buying_group": BuyingGroup,
    "market.funnel": Funnel,
    "market.receptive": Receptive,
    "market.attention": Attention,
    "market.goal_effects": GoalEffects,
    "market.assortment": Assortment,
    "market.assortment.categories": Category,
    "market.second_role": SecondRole,
    "leads": Leads,
    "contact_policy": ContactPolicy,
    "data": Data,
    "addressed": Addressed,
    "addressed.reputation": Reputation,
    "paid": Paid,
    "paid.flighting": Flighting,
    "search": Search,
    "owned": Owned,
    "web": Web,
    "channel.trend": Trend,
}
"""Where the customers' defaults stand in a scenario file."""


# --- the two tables, from the code ---------------------------------------------------------------------


def order_of_the_day() -> str:
    """`DAY` as a table."""
    rows = [f"| {stage.phase} | `{stage.name}` | {stage.does} |" for stage in day.DAY]
    return "\n".join(["| phase | stage | what it does |", "|---|---|---|", *rows])


def defaults() -> str:
    """Every number of market, contact policy and channels as a table."""
    head = "| setting | default | unit | plausible | grade | source |"
    return "\n".join([head, "|---|--:|---|---|---|---|", *table_rows(), *channel_rows()])


def table_rows() -> Iterator[str]:
    for path, table in TABLES.items():
        for name, field in table.model_fields.items():
            provenance = provenance_of(field)
            if provenance is not None:
                yield row(f"{path}.{name}", f"{field.default:g}", provenance)


def channel_rows() -> Iterator[str]:
    """One row a number; those that differ by stage of the funnel share one, with half and double as range."""
    for channel, figures in PRESETS.items():
        together: dict[str, list[str]] = {}
        for field, figure in figures.items():
            name, _, stage = field.partition(".")
            if stage:
                together.setdefault(name, []).append(f"{stage} {figure.value:g}")
            else:
                yield row(f"{channel}.{name}", f"{figure.value:g}", figure)
        for name, values in together.items():
            figure = next(f for field, f in figures.items() if field.startswith(f"{name}."))
            yield row(f"{channel}.{name}", ", ".join(values), figure, plausible="half to double")


def row(setting: str, value: str, known: Provenance, plausible: str = "") -> str:
    plausible = plausible or ("" if known.grade == "convention" else f"{known.low:g} to {known.high:g}")
    return f"| `{setting}` | {value} | {known.unit} | {plausible} | {known.grade} | {known.source} |"


def exported() -> str:
    """Every exported table and its columns."""
    rows = [
        f"| {f'`{what}`' if i == 0 else ''} | `{column.name}` | {column.type} | {column.means} |"
        for what, columns in EXPORTED.items()
        for i, column in enumerate(columns)
    ]
    return "\n".join(["| table | column | type | meaning |", "|---|---|---|---|", *rows])


SECTIONS = {"order of the day": order_of_the_day, "defaults": defaults, "exported tables": exported}


# --- tests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_says_what_the_code_does(name):
    """Order of the day and defaults are those of the code; `--renew` writes them anew."""
    assert section(README, name) == SECTIONS[name]()


def test_the_printed_order_is_the_one_followed():
    """Read back from the page, the stages are the rules that both drivers run."""
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \|", section(README, "order of the day"), re.M)
    chosen = day.day_rules()
    for name in ("propose", "live"):
        assert [chosen[stage] for part, stage in rows if part == name] == day.phase(chosen, name)


def test_every_default_has_a_row():
    """No number of a shipped channel or of the market is left out."""
    text = section(README, "defaults")
    for path, table in TABLES.items():
        for name, field in table.model_fields.items():
            if isinstance(field.default, (int, float)) and not isinstance(field.default, bool):
                assert f"`{path}.{name}`" in text
    for channel, figures in PRESETS.items():
        for field in figures:
            assert f"`{channel}.{field.split('.')[0]}`" in text


def test_rules_that_are_named_exist():
    """Every `rules.name` on the page is a rule or a law of the rulebook, and every stage has an equation or a line."""
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"`rules\.(\w+)`", text)) - {"py"}
    assert len(named) > 15
    sources = "\n".join(path.read_text(encoding="utf-8") for path in Path(rules.__file__).parent.glob("*.py"))
    assert [name for name in named if f"\ndef {name}(" not in sources] == []
    stages = {stage.name for stage in day.DAY if stage.phase != "allocate"}
    assert stages - named == set()


def test_tests_that_are_named_exist():
    """Every claim is held by a test of that name."""
    assert claims_without_test(README) == []


def test_every_purpose_of_a_customer_has_a_key_on_the_page():
    """The list of draws is complete: every purpose below the world's and teams' is named."""
    text = README.read_text(encoding="utf-8")
    missing = [p.name for p in Purpose if p < Purpose.OCCASION_GAP and not re.search(rf"`{p.name}`", text)]
    assert missing == []


if __name__ == "__main__":
    renew(README, SECTIONS)
