"""The scenario: everything one alternative says about market, department and world."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Any, ClassVar, cast

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario import conditions
from simkit.scenario.budget import AnyBudget, Budget, budget_sense, budget_warnings
from simkit.scenario.campaigns import Campaign, Monitor, Occasion, monitor_sense
from simkit.scenario.caps import Cap
from simkit.scenario.channel_presets import PRESETS
from simkit.scenario.channel_sense import channel_warnings
from simkit.scenario.channels import DEFAULT_CHANNELS, AnyChannel, fill
from simkit.scenario.data import Data
from simkit.scenario.economics import AnyTarget, Economics
from simkit.scenario.goal_sense import goal_problems, goal_warnings
from simkit.scenario.goals import Leads
from simkit.scenario.journeys import AnyJourneys, journey_conditions, journey_problems
from simkit.scenario.market import Market
from simkit.scenario.organization import Teams
from simkit.scenario.overlay import choices
from simkit.scenario.policy import ContactPolicy
from simkit.scenario.policy_sense import addressed_of, policy_sense, policy_warnings
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR, Days, Figure, Table, convention
from simkit.scenario.ready_journeys import journey_figures
from simkit.scenario.sales import AnySales, sales_sense, sales_warnings
from simkit.scenario.service import AnyService, service_sense, service_warnings
from simkit.scenario.steering import AnySteering, Steering
from simkit.scenario.targets import target_problems
from simkit.scenario.work_sense import live_learning_sense
from simkit.scenario.wrong_channel import wrong_channel_sense

MEASURE_NAMES = (
    "signal_to_live_days", "signal_to_live_days_median", "live_within_7_days_share", "campaigns_live",
    "flow_efficiency", "utilization", "expired_signal_share", "contacts_per_customer_week", "mean_fatigue",
    "opt_out_share", "bounce_share", "complaint_share", "inbox_share", "reachable_share_end", "active_customers_end",
    "conversion_rate", "retention_rate", "churn_rate", "revenue", "profit", "profit_per_customer", "clv", "cac", "roas",
    "contribution_margin", "discounted_profit", "clv_revenue", "budget_use", "payback_months",
    "unmet_demand_share", "second_role_share", "utilization_productive", "rework_share", "hidden_work_share",
    "throughput_per_week", "wip_cases", "backlog_days", "hand_offs_per_case", "quality_risk", "cost_per_live_campaign",
    "turnover_rate", "vacancy_share", "morale",
    "service_wait_minutes", "service_abandoned_share", "service_deflected_share", "lead_response_hours",
    "lead_conversion",
)  # fmt: skip
"""What can be asked for in `outcomes`, `goals` and `checks`; `simkit.measures.catalog` defines each (tested)."""

DEFAULT_CAMPAIGNS: dict[str, dict[str, Any]] = {
    "newsletter": {"per_week": 1, "priority": 6},
    "promotion": {"per_week": 3, "audience": {"segments": "each"}},
    "loyalty": {"per_week": 1, "audience": {"bought_within_days": 90}},
    "win_back": {"per_week": 1, "audience": {"not_bought_within_days": 180}, "priority": 7},
    "flash": {"work": "sms_push_campaign", "per_week": 3, "channels": ["sms", "push"], "audience": {"segments": "each"},
              "lead_days": 14, "half_life_days": 5, "live_days": 2},
    "social": {"work": "paid_social_campaign", "per_week": 3, "channels": ["paid_social"],
               "audience": {"who": "prospects", "segments": "each"}},
    "counter_offer": {"work": "reactive_campaign", "channels": ["email", "push"], "priority": 2},
    "trend_offer": {"work": "reactive_campaign", "channels": ["email", "sms", "push"], "priority": 3},
    "save": {"work": "reactive_campaign", "channels": ["email"], "priority": 3,
             "audience": {"not_bought_within_days": 60}},
}  # fmt: skip
DEFAULT_OCCASIONS: dict[str, dict[str, Any]] = {
    "price_cut": {
        "per_year": 12,
        "half_life_days": 21,
        "harm": 0.2,
        "stake": 0.3,
        "answered_by": "counter_offer",
    },
    "trend": {"per_year": 36, "half_life_days": 7, "answered_by": "trend_offer", "expires_days": 21},
}
DEFAULT_MONITORS: dict[str, dict[str, Any]] = {
    "churn_up": {"figure": "churn_rate", "answered_by": "save"},
    "conversion_down": {"figure": "conversion_rate", "answered_by": "save"},
}


LEDGER_WORDS = {"organic", "response", "of_goods"}
"""Names that the ledger's columns already use (`revenue_organic`, `cost_of_goods`)."""


def _shipped_campaigns(channels: Any) -> dict[str, Any]:
    """Shipped campaigns keep to the channels that the scenario has; one with none left keeps its own."""
    if not isinstance(channels, (list, tuple, dict)):
        return DEFAULT_CAMPAIGNS
    there = {name for name in channels if isinstance(name, str)}
    narrowed = {}
    for name, table in DEFAULT_CAMPAIGNS.items():
        own = table.get("channels", ["email"])
        narrowed[name] = {**table, "channels": [channel for channel in own if channel in there] or own}
    return narrowed


def _only_with_channels(data: dict[str, Any], campaigns: dict[str, Any]) -> dict[str, Any]:
    """Shipped programs that no channel is left for are left out."""
    channels = data.get("channels")
    if not isinstance(channels, (list, tuple, dict)) or "campaigns" in data:
        return data
    there = {name for name in channels if isinstance(name, str)}
    data["campaigns"] = {name: table for name, table in campaigns.items() if there.issuperset(table["channels"])}
    for section, shipped in (("occasions", DEFAULT_OCCASIONS), ("monitors", DEFAULT_MONITORS)):
        if section not in data:
            data[section] = {name: one for name, one in shipped.items() if one["answered_by"] in data["campaigns"]}
    return data


class Load(Table):
    """The short form of how much work there is; it scales the campaigns and occasions of the scenario."""

    campaigns_per_week: Annotated[float, Field(ge=0, le=1000)] | None = None
    """Planned campaigns of all programs together; their mix stays."""
    urgent_per_month: Annotated[float, Field(ge=0, le=1000)] | None = None
    """Occasions of all kinds together; their mix stays."""


class Scenario(Table):
    """One alternative, complete. Two lines are enough: every number has a default."""

    name: Annotated[str, Field(min_length=1, max_length=80)] = "scenario"
    question: Annotated[str, Field(max_length=500)] = ""
    base_name: Annotated[str, Field(min_length=1, max_length=60)] = "today"
    """Name of the first alternative: the scenario as written."""
    currency: Annotated[str, Field(min_length=1, max_length=8)] = "USD"
    start: date = date(2026, 1, 4)
    """First measured day; the warm-up lies before it."""
    horizon: Annotated[Days, Field(ge=7, le=3650)] = convention(365, unit="days", why="a year")
    warmup: Annotated[Days, Field(ge=0, le=1825)] = convention(
        90, unit="days", why="a dozen fatigue half-lives, so that no plan starts with rested customers"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = convention(1, unit="", why="any number")
    replications: Annotated[int, Field(ge=1, le=10_000)] = convention(10, unit="runs", why="enough for an interval")
    market: Market = Market()
    channels: Annotated[dict[str, AnyChannel], BeforeValidator(fill)] = Field(
        default_factory=lambda: fill(DEFAULT_CHANNELS)
    )
    contact_policy: ContactPolicy = ContactPolicy()
    data: Data = Data()
    campaigns: dict[str, Campaign] = Field(default_factory=lambda: cast(Any, DEFAULT_CAMPAIGNS))
    occasions: dict[str, Occasion] = Field(default_factory=lambda: cast(Any, DEFAULT_OCCASIONS))
    monitors: dict[str, Monitor] = Field(default_factory=lambda: cast(Any, DEFAULT_MONITORS))
    journeys: AnyJourneys = {}
    """Series of messages on a person's own occasions: a list of ready ones (`welcome`, `cart`), or a table."""
    steer_by: AnySteering = Steering()
    leads: Leads | None = None
    """Scores of engagement that make leads for the sales team; none unless asked (``leads: {}``)."""
    teams: Teams = Teams()
    service: AnyService | None = None
    """The service desk; none unless asked: requests are then answered at once and for nothing."""
    sales: AnySales | None = None
    """The people who answer leads; none unless asked."""
    work: Load = Load()
    economics: Economics = Economics()
    budget: AnyBudget = Budget()
    outcomes: tuple[str, ...] = (
        "signal_to_live_days", "contacts_per_customer_week", "mean_fatigue", "retention_rate", "profit"
    )  # fmt: skip
    """Measures shown first."""
    goals: dict[str, AnyTarget] = {}
    """Targets on measures; the report says which are met."""
    targets: dict[str, AnyTarget] = {}
    """What measures are to come to: results and report say how much of it was attained, at the end and by month."""
    checks: dict[str, AnyTarget] = {}
    """Assertions that `simkit run --check` enforces."""
    extended_by: ClassVar[Any] = None
    """The extension this scenario was made with (`extending.Declared`), or None."""

    @model_validator(mode="before")
    @classmethod
    def _programs_change_single_numbers(cls, data: Any) -> Any:
        """A campaign, occasion or monitor named like a shipped one changes only what it states."""
        if not isinstance(data, dict):
            return data
        campaigns = _shipped_campaigns(data.get("channels"))
        data = _only_with_channels(dict(data), campaigns)
        for section, shipped in (
            ("campaigns", campaigns), ("occasions", DEFAULT_OCCASIONS), ("monitors", DEFAULT_MONITORS)
        ):  # fmt: skip
            written = data.get(section)
            if isinstance(written, dict):
                data[section] = {
                    name: {**shipped[name], **table} if name in shipped and isinstance(table, dict) else table
                    for name, table in written.items()
                }
        return data

    # --- in the units the models use --------------------------------------------------------------

    @property
    def horizon_days(self) -> int:
        """Measured days."""
        return math.ceil(self.horizon)

    @property
    def warmup_days(self) -> int:
        """Days simulated before the first measured one."""
        return math.ceil(self.warmup)

    @property
    def days(self) -> int:
        """Simulated days in all."""
        return self.warmup_days + self.horizon_days

    @property
    def campaign_scale(self) -> float:
        """Factor on every program's `per_week` that makes them add up to `work.campaigns_per_week`."""
        planned = sum(campaign.per_week for campaign in self.campaigns.values())
        wanted = self.work.campaigns_per_week
        return 1.0 if wanted is None or planned == 0 else wanted / planned

    @property
    def occasion_scale(self) -> float:
        """Factor on every occasion's `per_year` that makes them add up to `work.urgent_per_month`."""
        yearly = sum(occasion.per_year for occasion in self.occasions.values())
        wanted = self.work.urgent_per_month
        return 1.0 if wanted is None or yearly == 0 else 12 * wanted / yearly

    def conditions(self) -> Iterator[tuple[str, str]]:
        """Every condition written in the scenario with the dotted path of its place."""
        for name, campaign in self.campaigns.items():
            if campaign.audience.where is not None:
                yield f"campaigns.{name}.audience.where", campaign.audience.where
        yield from journey_conditions(self.journeys)
        for i, cap in enumerate(self.contact_policy.at_most):
            if cap.when is not None:
                yield f"contact_policy.at_most[{i}]", cap.when
        if self.contact_policy.suppress is not None:
            yield "contact_policy.suppress", self.contact_policy.suppress

    @property
    def offline_channels(self) -> list[str]:
        """Addressed channels that are offline."""
        return [name for name, channel in self.channels.items() if channel.kind == "addressed" and channel.offline]

    def cap_channels(self, cap: Cap) -> set[str]:
        """Channels a cap names; ``online`` and ``offline`` stand for all of their side."""
        addressed, offline = set(addressed_of(self)), set(self.offline_channels)
        sides = {"online": addressed - offline, "offline": offline} | {name: {name} for name in addressed}
        return {name for word in cap.channels for name in sides.get(word, ())}

    def topics(self) -> list[str]:
        """Topics of messages, in the order in which they are first named."""
        return list(dict.fromkeys(one.topic for one in self.campaigns.values() if one.topic is not None))

    # --- sense --------------------------------------------------------------------------------------

    def check_sense(self) -> list[tuple[str, str]]:
        """Mistakes that no single field shows, as (dotted path, sentence)."""
        return [
            *self._unknown_names(),
            *self._unknown_measures(),
            *self._layout(),
            *self._load_without_programs(),
            *self._conditions(),
            *budget_sense(self),
            *journey_problems(self.journeys, set(addressed_of(self)), set(self.campaigns), set(self.market.segments),
                              self.leads is not None),
            *policy_sense(self),
            *service_sense(self),
            *sales_sense(self),
            *goal_problems(self),
            *monitor_sense(self),
            *wrong_channel_sense(self),
            *live_learning_sense(self),
            *target_problems(self),
        ]  # fmt: skip

    def _unknown_names(self) -> Iterator[tuple[str, str]]:
        segments = set(self.market.segments)
        kinds = set(self.teams.work)
        addressed = {name for name, channel in self.channels.items() if channel.kind == "addressed"}
        sendable = addressed | {name for name, channel in self.channels.items() if channel.kind == "paid"}
        for name, campaign in self.campaigns.items():
            at = f"campaigns.{name}"
            yield from _unknown(f"{at}.work", "kind of work", [campaign.work], kinds)
            yield from _unknown(f"{at}.channels", "addressed or paid channel", campaign.channels, sendable)
            if isinstance(campaign.audience.segments, tuple):
                yield from _unknown(f"{at}.audience.segments", "segment", campaign.audience.segments, segments)
        for name, journey in self.journeys.items():
            yield from _unknown(f"journeys.{name}.work", "kind of work", [journey.work] if journey.work else [], kinds)
        for name, occasion in self.occasions.items():
            yield from _unknown(
                f"occasions.{name}.answered_by", "campaign", [occasion.answered_by], set(self.campaigns)
            )
            if isinstance(occasion.segments, tuple):
                yield from _unknown(f"occasions.{name}.segments", "segment", occasion.segments, segments)
        for name, monitor in self.monitors.items():
            yield from _unknown(f"monitors.{name}.answered_by", "campaign", [monitor.answered_by], set(self.campaigns))

    def _conditions(self) -> Iterator[tuple[str, str]]:
        there = {"segment": set(self.market.segments), "channel": set(addressed_of(self))}
        for at, text in self.conditions():
            for kind, name in conditions.names(text):
                yield from _unknown(at, kind, [name], there[kind])
        different = {text: at for at, text in self.conditions()}
        if len(different) > conditions.MOST:
            yield (
                list(different.values())[-1],
                f"at most {conditions.MOST} different conditions, found {len(different)}",
            )

    def _unknown_measures(self) -> Iterator[tuple[str, str]]:
        measures = {*MEASURE_NAMES, *(self.extended_by.measures if self.extended_by else ())}
        yield from _unknown("outcomes", "measure", self.outcomes, measures)
        yield from _unknown("goals", "measure", self.goals, measures)
        yield from _unknown("targets", "measure", self.targets, measures)
        yield from _unknown("checks", "measure", self.checks, measures)

    def _layout(self) -> Iterator[tuple[str, str]]:
        addressed = [name for name, channel in self.channels.items() if channel.kind == "addressed"]
        if len(addressed) > 8 or len(self.channels) - len(addressed) > 12:
            yield (
                "channels",
                (
                    f"at most 8 addressed and 12 other channels fit a customer's record, found {len(addressed)} and "
                    f"{len(self.channels) - len(addressed)}"
                ),
            )

        yield from _same_key("channels", "channel", self.channels, 0xFFFF)
        for name in sorted(LEDGER_WORDS & set(self.channels)):
            yield f"channels.{name}", f"{name!r} is a word of the ledger and cannot name a channel"
        yield from _same_key("market.segments", "segment", self.market.segments, 0xFFFFFFFF)
        spends = [(s.purchases or self.market.purchases).spend for s in self.market.segments.values()]
        shapes = {None if spend.model == "fixed" else spend.p for spend in spends}
        sites = [name for name, channel in self.channels.items() if channel.kind == "web"]
        if len(sites) > 1:
            yield "channels", f"at most one channel of kind 'web' (others may be 'owned'), found {', '.join(sites)}"
        if len(shapes) > 8:
            yield "market.segments", f"at most 8 different spend shapes p, found {len(shapes)}"

    def _load_without_programs(self) -> Iterator[tuple[str, str]]:
        if self.work.campaigns_per_week and not any(c.per_week for c in self.campaigns.values()):
            yield "work.campaigns_per_week", "there is no planned campaign to scale; give a campaign a per_week"
        if self.work.urgent_per_month and not any(o.per_year for o in self.occasions.values()):
            yield "work.urgent_per_month", "there is no occasion to scale; give an occasion a per_year"

    def sense_warnings(self) -> list[str]:
        """What is allowed and may still mislead."""
        notes = policy_warnings(self)
        half_life = self.market.fatigue.half_life_days
        if self.warmup < 3 * half_life:
            notes.append(
                f"warm-up of {self.warmup:g} days is under three fatigue half-lives ({half_life:g} days each): "
                "customers start rested, which flatters frequent contact"
            )
        if self.horizon < 4 * half_life:
            notes.append(f"horizon of {self.horizon:g} days is under four fatigue half-lives: fatigue hardly shows")
        notes += channel_warnings(self.channels, self.start, self.horizon_days)
        notes += budget_warnings(self) + service_warnings(self) + sales_warnings(self)
        return notes + list(goal_warnings(self))

    def orders_per_week(self) -> dict[str, float]:
        """Expected pieces of work a week by kind, from plans and occasions (monitors come on top)."""
        weekly = dict.fromkeys(self.teams.work, 0.0)
        for campaign in self.campaigns.values():
            weekly[campaign.work] += campaign.per_week * self.campaign_scale
        for occasion in self.occasions.values():
            kind = self.campaigns[occasion.answered_by].work
            weekly[kind] += occasion.per_year * self.occasion_scale * DAYS_PER_WEEK / DAYS_PER_YEAR
        return weekly


def preset_figures(scenario: Scenario) -> dict[str, Figure]:
    """Where the numbers of shipped channels and ready journeys come from, by dotted path in this scenario."""
    channels = {
        f"channels.{name}.{field}": figure
        for name in scenario.channels
        for field, figure in PRESETS.get(name, {}).items()
    }
    return channels | {
        f"journeys.{name}.{field}": figure
        for name in scenario.journeys
        for field, figure in journey_figures(name).items()
    }


def _unknown(path: str, what: str, found: Any, allowed: set[str]) -> Iterator[tuple[str, str]]:
    for name in found:
        if name not in allowed:
            yield path, f"unknown {what} {name!r}{choices(name, sorted(allowed), 'there are')}"


def _same_key(path: str, what: str, names: Iterable[str], mask: int) -> Iterator[tuple[str, str]]:
    """Two names that stand for one word in the random numbers' key would share their luck."""
    seen: dict[int, str] = {}
    for name in names:
        other = seen.setdefault(zlib.crc32(name.encode("utf-8")) & mask, name)
        if other != name:
            yield f"{path}.{name}", f"{what} {name!r} would share its random numbers with {other!r}; rename one"
