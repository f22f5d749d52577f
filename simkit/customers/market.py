"""The market around the customers: what is live today, who is meant, what budgets buy.

`MarketTables` fills the world's tables day by day; both drivers let their customers live in it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from simkit.customers import tables
from simkit.customers.conditions import condition_rows, fill_conditions
from simkit.customers.extension import extension_of, layout_of, parameter_values
from simkit.customers.live import Live, Meaning
from simkit.customers.market_audiences import Audiences
from simkit.customers.market_glance import Glance, glance_of
from simkit.customers.market_goals import Referrals, fill_assortment, fill_role
from simkit.customers.market_journeys import fill_journeys, fill_leads, step_names
from simkit.customers.market_life import (
    budget_is_open,
    fill_dissatisfaction,
    fill_life,
    fill_profiling,
    season_of,
    spread,
)
from simkit.customers.market_media import Media
from simkit.customers.market_messages import MessageTables
from simkit.customers.market_policy import PolicyTables
from simkit.customers.population import channel_index
from simkit.customers.purchase_traits import spend_shape
from simkit.customers.rules.laws import MINUTES_PER_DAY
from simkit.customers.state import (
    ADS,
    INTENT,
    SLOTS,
    STAGE_AT,
    STAGES,
    ledger_names,
)  # fmt: skip
from simkit.customers.tables import World
from simkit.customers.withheld import Withheld
from simkit.rng import crc, run_key
from simkit.scenario.market import Fatigue
from simkit.scenario.purchases import Purchases
from simkit.scenario.schema import Scenario

_WEAR_OUT = {"exponential": 0, "hyperbolic": 1, "linear": 2}


class MarketTables:
    """The read-only world of one run, refilled each day."""

    def __init__(self, scenario: Scenario, replication: int):
        self.scenario = scenario
        self.channel_at = channel_index(scenario.channels)
        self.segments = {name: i for i, name in enumerate(scenario.market.segments)}
        self.steps = step_names(scenario.journeys)
        """Messages of journeys: the n-th has the slot SLOTS + n."""
        self._step_words = {crc(name): name for name in self.steps}
        self.conditions = condition_rows(text for _, text in scenario.conditions())
        self.policy = PolicyTables(scenario, self.channel_at, self.conditions)
        self.rules = self.policy.rules
        journeys = dict(enumerate(scenario.journeys))
        assortment = scenario.market.assortment
        categories = dict(enumerate(assortment.categories if assortment else ()))
        self.columns = ledger_names({k: n for n, k in self.channel_at.items()}, self.rules, journeys, categories)
        self.day = -1
        self.messages: list[Live | None] = [None] * SLOTS
        self.ads: list[Live] = []
        self.waiting: list[Live] = []
        self.unpaid: frozenset[str] = frozenset()
        """Addressed channels whose messages cannot be paid today; they wait."""
        self.served = 1.0
        """Share of today's purchases that there is enough stock for; arrivals' first purchases are always served."""
        self._served_before = 1.0
        self.crowded = 0
        """Messages that never went because all slots were taken until their last day had passed."""
        self.named: dict[int, Live] = {}
        """Everything that ever went live, by occurrence: what a log's numbers mean."""
        self.improvements: list[tuple[int, set[str], float]] = []
        """First day, names and relevance of what becomes better while it is live."""
        self._shown: dict[Live, np.void] = {}
        """The advertisements that stand in the tables, in order, with their rows."""
        self.layout, self.extension = layout_of(scenario), extension_of(scenario)
        self.columns |= self.extension.columns(self.columns) if self.extension else {}
        self.counters = tuple(self.extension.counters.values()) if self.extension else ()
        self.array, self.world = tables.blank_world(self.layout.world)
        self.my = parameter_values(scenario)
        if self.my:
            self.array["my"] = self.my
        self.without: Withheld | None = None
        self.media = Media(scenario, self.channel_at, self.world)
        self.referrals = Referrals(scenario)
        self.audiences = Audiences(self.segments, self.world)
        self.message_rows = MessageTables(scenario, self.channel_at, self.conditions, self.policy, self.world)
        market = scenario.market
        self._by_calendar = [
            (self.segments[name], one)
            for name, one in market.segments.items()
            if one.season or market.season or one.decision or market.decision
        ]
        """Segments of which the calendar may say something, with their places."""
        self._fill(run_key(scenario.seed, replication))
        self._whole = self.world.channel[["purchase_days", "moves"]].copy()
        self._glance: Glance | None = None

    def keep_log(self, contacts: bool, events: bool, only: tuple[int, int] | None, own_rules: bool) -> None:
        """What is noted: contacts, events; whose: one person's (segment, index) or everybody's. Where contacts are,
        or some rules are a user's own, every candidate is decided by itself."""
        today = self.world.today
        self._glance = None if contacts or own_rules else glance_of(self.world)
        today["noting"] = events
        today["only_segment"], today["only_index"] = only or (-1, -1)

    def withhold(self, what: Withheld) -> None:
        """Keep something from customers, from the first day on."""
        self.without = what
        what.fill(self.world, self.channel_at, self.segments, self.steps)

    # --- campaigns --------------------------------------------------------------------------------

    def launch(
        self,
        name: str,
        campaign: str,
        segments: str | tuple[str, ...] | None,
        relevance: float,
        day: int,
        annoyance: float = 0.0,
    ) -> None:
        """A campaign goes live on `day` (today or later) on all its channels.

        `name` identifies it in every key (campaign and planned ordinal, or campaign and occasion); `relevance` is
        audience fit x quality x what lateness left of it, 0..1. By `annoyance` more people opt out and complain.
        """
        program = self.scenario.campaigns[campaign]
        segments = (segments,) if isinstance(segments, str) else segments
        fallback = program.fallback
        for channel in [*program.channels, *([fallback] if fallback else [])]:
            paid = self.scenario.channels[channel].kind == "paid"
            days = program.flight_days if paid else self.policy.live_days(program)
            stands_by = channel == fallback
            other = f"{name}/{fallback}" if fallback and not stands_by and not paid else ""
            live = Live(f"{name}/{channel}", program, channel, segments, relevance, day, day + days - 1, campaign,
                        other, stands_by, annoyance)  # fmt: skip
            self.waiting.append(live)
            self.named[live.occurrence] = live

    def improve(self, name: str, campaign: str, relevance: float, day: int) -> None:
        """A launched campaign has this relevance from `day` on, and what was sent before is as it was."""
        program = self.scenario.campaigns[campaign]
        channels = [*program.channels, *([program.fallback] if program.fallback else [])]
        self.improvements.append((day, {f"{name}/{channel}" for channel in channels}, relevance))

    def _improve(self) -> None:
        """What has become better by today."""
        due = [better for better in self.improvements if better[0] <= self.day]
        self.improvements = [better for better in self.improvements if better[0] > self.day]
        for _, names, relevance in due:
            change = {
                live.name: replace(live, relevance=relevance) for live in self.named.values() if live.name in names
            }
            self.named |= {live.occurrence: live for live in change.values()}
            self.waiting = [change.get(live.name, live) for live in self.waiting]
            self.ads = [change.get(live.name, live) for live in self.ads]
            for slot, live in enumerate(self.messages):
                if live is not None and live.name in change:
                    self.messages[slot] = change[live.name]
                    self.message_rows.fill(slot, change[live.name])

    def spread(self, stages: np.ndarray) -> None:
        """What yesterday's stages mean for word of mouth today."""
        if not (self.scenario.market.word_of_mouth or self.referrals.on):
            return  # nobody comes by it on any day
        spread(self.world, self.scenario.market, stages)
        self.referrals.spread(self.world, stages)
        today = self.world.today
        hazards = today["adoption"], today["contagion"], today["referral"], today["invitation"]
        today["coming"] = any(hazard > 0 for hazard in hazards)

    def referred(self, referred_day: np.ndarray) -> np.ndarray:
        """Whether each person referred somebody yesterday."""
        return (referred_day == self.day) & (self.day > 0)

    def begin_day(self, harm: dict[str, float]) -> World:
        """Turn to the next day: what ended goes, what is due comes; `harm` is the share of organic purchases
        lost to competitors by segment."""
        self.day += 1
        w = self.world
        if self.improvements:
            self._improve()
        keep = self._admit()
        w.today["day"], w.today["minute"], w.today["keep"] = self.day, self.day * MINUTES_PER_DAY, keep
        date = self.date
        w.today["weekday"], w.today["month"] = date.weekday(), date.month
        self._fill_seasons(w, date)
        self._limit_purchases([harm.get(name, 0.0) for name in self.segments])
        self.media.begin_day(self.day)
        self.policy.begin_day(w, self.day, date)
        self._aim(w)
        if self.without:
            self.without.mark(w, self.messages, self.ads)
        return w

    def _fill_seasons(self, w: World, date: date) -> None:
        """What the calendar says of each segment: how many needs arise, and whether budgets are open."""
        market = self.scenario.market
        for i, segment in self._by_calendar:
            w.segment["season"][i] = season_of(market, segment, date)
            decision = segment.decision or market.decision
            w.segment["budget_open"][i] = budget_is_open(decision, date, self.day - self.scenario.warmup_days)

    def _limit_purchases(self, lost: list[float]) -> None:
        """Purchases that competitors take (their share by segment), and those for which there is too little stock: each
        of the day happens with the share that can be served.

        A click brings the purchases of some days: thinning a Poisson process by a share multiplies its days.
        """
        w, served = self.world, self.served
        w.segment["harm"][: len(lost)] = lost
        w.segment["price_push"][: len(lost)] = [self.scenario.market.price_churn * share for share in lost]
        if served < 1.0:
            w.segment["harm"] = 1.0 - (1.0 - w.segment["harm"]) * served
        if served != self._served_before:
            self._served_before = served
            w.channel["purchase_days"] = self._whole["purchase_days"] * served
            w.channel["moves"][:, INTENT] = self._whole["moves"][:, INTENT] * served

    @property
    def date(self) -> date:
        """Today in the calendar."""
        return self.scenario.start + timedelta(days=self.day - self.scenario.warmup_days)

    def allocate(self, totals: np.ndarray, stages: np.ndarray) -> None:
        """What the market as a whole decides between propose and live: see `Media.allocate`."""
        self.media.allocate(self.ads, totals, stages)

    def end_day(self, totals: np.ndarray) -> None:
        """What the day's totals mean for tomorrow's tables: reputation, and how far callers got."""
        self.media.end_day(totals)
        self.referrals.note(totals)

    def media_cost(self, totals: np.ndarray) -> dict[str, float]:
        """Money spent today by channel, for the real market."""
        spent = self.media.cost(totals)
        if self.without:
            for name in spent:
                spent[name] -= self.without.saved(self.scenario, name, self.ads) * self.media.planned(name)
        return spent

    def _admit(self) -> int:
        """Take out what ended, let in what is due; returns the done-bits to keep."""
        day, ahead, paid = self.day, self.scenario.contact_policy.look_ahead, self.media.paid
        self.messages = [live if live and live.last_day >= day else None for live in self.messages]
        self.ads = [ad for ad in self.ads if ad.last_day >= day]
        waiting = [live for live in self.waiting if live.last_day >= day]
        self.crowded += len(self.waiting) - len(waiting)
        self.waiting = waiting
        # others leave room for a message that already stands in the tables some days before its first one
        due = [live for live in waiting if live.first_day <= day + (0 if live.channel in paid else ahead)]
        keep = -1
        for live in sorted(due, key=lambda live: (live.first_day, live.name)):
            if live.channel in paid:
                taken = len(self.ads) < ADS
                if taken:
                    self.ads.append(live)
            else:
                slot = self._free_slot(live.first_day <= day)
                taken = slot is not None
                if slot is not None:
                    self.messages[slot] = live
                    self.message_rows.fill(slot, live)
                    keep &= ~(1 << slot)
            if taken:
                self.waiting.remove(live)
        return keep

    def _free_slot(self, urgent: bool) -> int | None:
        """A slot nobody has; what is due today takes that of a message that only announces itself."""
        slot = next((i for i, used in enumerate(self.messages) if used is None), None)
        if slot is None and urgent:
            slot = next((i for i, used in enumerate(self.messages) if used and used.first_day > self.day), None)
            if slot is not None:
                self.waiting += [live for live in self.messages[slot : slot + 1] if live]
        return slot

    def message_name(self, slot: int) -> str | None:
        """Readable name of what stands in a slot today: a launch on its channel, or ``journey/step``."""
        if slot >= SLOTS:
            return self.steps[slot - SLOTS]
        live = self.messages[slot]
        return live.name if live else None

    def meaning(self, occurrence: int) -> Meaning | None:
        """What a message or advertisement was, however long ago, by the word that stands for it in keys and logs."""
        live = self.named.get(occurrence)
        if live:
            return Meaning(live.program, live.name, live.name.rpartition("/")[0], live.channel)
        name = self._step_words.get(occurrence)
        if name is None:
            return None
        journey, _, step = name.partition("/")
        return Meaning(journey, name, name, self.scenario.journeys[journey].steps[step].channel)

    # --- tables -------------------------------------------------------------------------------------

    def _fill(self, key: tuple[int, int]) -> None:
        scenario, w = self.scenario, self.world
        purchases = [segment.purchases or scenario.market.purchases for segment in scenario.market.segments.values()]
        shapes = sorted({spend_shape(p.spend) for p in purchases}, key=lambda shape: shape or 0.0)
        for row, shape in enumerate(shapes):
            w.spend[row] = 0.0 if shape is None else tables.gamma_table(shape)  # log of 1: always the person's scale
        self._fill_today(w, key)
        for name, i in self.segments.items():
            part = scenario.market.segments[name]
            self._fill_segment(w.segment[i], name, part.purchases or scenario.market.purchases,
                               part.fatigue or scenario.market.fatigue, shapes)  # fmt: skip
            w.segment["season"][i] = 1.0
        w.today["deciding"] = w.segment["decides"].any()
        self.policy.fill(w)
        fill_conditions(w.condition, self.conditions, self.segments, self.channel_at)
        fill_journeys(w, scenario, self.channel_at, self.segments, self.conditions)
        fill_leads(w.today, scenario.leads, scenario.market.goal_effects)
        fill_assortment(w.today, scenario)
        fill_role(w.today, scenario)

    def _fill_today(self, w: World, key: tuple[int, int]) -> None:
        today = w.today
        today["price"] = self.scenario.economics.price
        today["key0"], today["key1"] = key
        today["active_days"] = self.scenario.market.active_within_days
        reference, data = self.scenario.market.reference_relevance, self.scenario.data
        today["own_fit"] = data.own_fit if data.targeting == "individual" else 1.0
        today["relevance_odds"] = reference / (1 - reference)

    def _fill_segment(
        self, row: np.void, name: str, purchases: Purchases, fatigue: Fatigue, shapes: list[float | None]
    ) -> None:
        market = self.scenario.market
        row["space"] = crc(name)
        row["kept"] = 0.5 ** (1 / fatigue.half_life_days)
        row["wear_kind"] = _WEAR_OUT[fatigue.wear_out]
        row["delta"] = fatigue.delta
        row["opt_out"] = fatigue.opt_out
        row["opt_out_growth"] = fatigue.opt_out_growth
        row["churn_growth"] = fatigue.churn_growth
        row["organic_share"] = market.organic_share
        row["forget_per_day"] = np.log(2) / market.funnel.forgetting_half_life_days
        row["advocate_after"] = market.funnel.advocate_after
        row["spend_row"] = shapes.index(spend_shape(purchases.spend))
        fill_life(row, market, market.segments[name], self.scenario.economics.price)
        if self.scenario.service:
            fill_dissatisfaction(row, self.scenario.service.dissatisfaction)
        fill_profiling(row, market, market.segments[name], self.scenario.data)

    def _aim(self, w: World) -> None:
        """Whom each live message and advertisement is for, and when messages go today."""
        messages = [(slot, live) for slot, live in enumerate(self.messages) if live]
        aimed = self.message_rows.aim(messages, self.day, self.unpaid)
        if self._glance:
            self._glance.fill(w, aimed)
        if steps := self.policy.steps:
            w.step["closed"][: len(steps)] = [step.channel in self.unpaid for _, step in steps]
        self._show_ads(w)
        self.audiences.mark(messages, self.ads, self.day, self.unpaid)

    def _show_ads(self, w: World) -> None:
        """The rows of what runs today; what it gets is decided in `allocate`."""
        if list(self._shown) != self.ads:
            shown = self._shown
            self._shown = {ad: shown[ad] if ad in shown else self.media.row_of(ad, self.conditions) for ad in self.ads}
            for j, row in enumerate(self._shown.values()):
                w.ad[j] = row
        w.ad["touch"][: len(self.ads)] = [self.day - ad.first_day for ad in self.ads]
        w.ad["plan"][: len(self.ads)] = 0.0


def stage_counts(totals: np.ndarray) -> np.ndarray:
    """Persons by stage at the end of the day of these totals."""
    return totals[STAGE_AT : STAGE_AT + len(STAGES)]
