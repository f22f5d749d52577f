"""One run: the department and the market live through the same days, and this file carries what passes between.

Days are half open: the department's clock runs over [d, d + 1), then the customers live day d. What the
department finishes on day d can reach customers from day d + 1 on; what customers do on day d becomes work from
day d + 1 on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.coupling.budget import Spending
from simkit.coupling.department_only import department_of
from simkit.coupling.harm import Harm
from simkit.coupling.ledger import Takings, daily_table, units_sold, watched_figures
from simkit.coupling.live_learning import LiveAnswers
from simkit.coupling.neighbors import NEIGHBOR_COSTS, Neighbors
from simkit.coupling.outcome import Run, cases_table, launches_table, market_warnings, spent_since
from simkit.coupling.replay import Replay, Script
from simkit.coupling.steering import Plan
from simkit.coupling.stock import Supply
from simkit.coupling.targets import unrealistic
from simkit.coupling.world import Watch, episodes, journey_orders, no_two_with_one_key, order_for, rule_of
from simkit.coupling.wrong_channel import READING_COLUMNS, ChannelReadings, MovingPlan
from simkit.customers.driver import MarketDriver
from simkit.customers.leads import leads_of
from simkit.customers.log import CustomerLog, gathered
from simkit.customers.market_journeys import begin_journey, never_begun
from simkit.customers.state import EVENT_DTYPE, LEADS, LOG_DTYPE
from simkit.customers.withheld import Withheld
from simkit.measures.breakdowns import Cohorts
from simkit.records import Launch, Lead, Signal, WorkOrder
from simkit.rng import run_key
from simkit.scenario.agencies import minimums_per_year
from simkit.scenario.budget import overspent
from simkit.scenario.errors import SenseError
from simkit.scenario.extending import Declared, extended
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.schema import Scenario
from simkit.scenario.structures import organization
from simkit.scenario.workload import hours_per_case
from simkit.teams.department import Department

if TYPE_CHECKING:
    import pandas as pd

    from simkit.customers.day import Replacement
    from simkit.customers.extension import Extension

ENGINES = ("compiled", "mesa")


def simulate(
    scenario: Scenario,
    replication: int = 0,
    *,
    engine: str = "compiled",
    threads: int = 1,
    rules: Mapping[str, Replacement] | None = None,
    contact_log: bool = False,
    event_log: bool = False,
    log: CustomerLog | None = None,
    extend: str | Path | Declared | None = None,
    script: Script | None = None,
    without: Withheld | None = None,
) -> Run:
    """Simulate one alternative under the luck of one replication.

    `engine` is ``compiled`` or ``mesa`` (the same bits, slower); `rules` replaces rules of the customers' day by a
    function ``rule(c, w, s)`` or ``"module:function"``. The number of threads never shows in the result.
    `contact_log` and `event_log` keep what happened to customers in memory, as `Run.contacts` and `Run.events`;
    `log` sends both somewhere else, day by day. `extend` names the file of an extension (`simkit/extend.py`); a
    scenario that was loaded with one has it anyway. `script` (`Run.script` of another run) has the department do the
    same again at the same cost; `without` keeps something from customers: the two together are a counterfactual.

    >>> run = simulate(Scenario(market={"customers": 200}, horizon=30), replication=0)
    >>> len(run.measured)
    30
    """
    if log is None:
        log = CustomerLog([] if contact_log else None, [] if event_log else None)
    scenario = extended(scenario, extend)
    return _Coupling(scenario, replication, engine, threads, rules, log, script, without).run()


def warm_up(engine: str = "compiled", helper: bool = False, extension: Extension | None = None) -> None:
    """Import what a run needs and compile the customers' day, unless a cache has it.

    A process and its `helper` share the compiling, so that an empty cache is full in little more than half the time.
    """
    if engine == "compiled":
        from simkit.customers.compiled import warm_up as compile_phases

        compile_phases(helper, extension=extension)


class _Coupling:
    """The state of a run while its days pass."""

    def __init__(
        self,
        scenario: Scenario,
        replication: int,
        engine: str,
        threads: int,
        rules: Mapping[str, Replacement] | None,
        log: CustomerLog,
        script: Script | None,
        without: Withheld | None,
    ):
        for path, message in scenario.check_sense():
            raise SenseError(path, message)
        self.scenario, self.replication = scenario, replication
        key = run_key(scenario.seed, replication)
        self.log = log
        self.market = _market(scenario, replication, engine, threads, rules, log)
        log.begin(self.market)
        if without is not None:
            self.market.tables.withhold(without)
        first = scenario.start - timedelta(days=scenario.warmup_days)
        structure = organization(scenario.teams, list(scenario.market.segments))
        payroll, tools = structure.payroll_per_day * DAYS_PER_YEAR, scenario.economics.technology_per_year
        for path, message in overspent(scenario.budget, payroll, tools, minimums_per_year(structure)):
            raise SenseError(path, message)
        self.department: Department | Replay = (
            Replay(script) if script else department_of(scenario, structure, replication)
        )
        self.transition_cost = structure.transition_cost
        self.finished: list[tuple[int, Launch]] = []
        self.episodes = {episode.source: episode for episode in episodes(scenario, key)}
        self.signals: dict[str, Signal] = {name: episode.signal for name, episode in self.episodes.items()}
        self.harm = Harm(self.episodes, scenario.days, without)
        self.watches = [Watch(name, monitor, key) for name, monitor in scenario.monitors.items()]
        self.channel_readings = ChannelReadings(scenario, self.market, key, asleep=script is not None)
        self.live_answers = LiveAnswers(scenario, structure, self.market, asleep=script is not None)
        if script:
            self.signals, self.watches = {**self.signals, **script.signals}, []
        self.spending = Spending(scenario, self.market, self._fixed_per_day())
        self.takings = Takings(scenario, self.market)
        self.supply = Supply(scenario.economics.stock, self.market)
        self.cohorts = Cohorts(scenario, self.market)
        self.launched: list[dict[str, Any]] = []
        self.leads: list[Lead] = []
        self.plan = Plan(
            scenario, self.market, key, hours_per_case(structure) if scenario.steer_by.by != "none" else {}
        )
        self.moving = MovingPlan(scenario)
        self.orders: list[WorkOrder] = []
        self.neighbors = Neighbors(scenario, self.market, key, first)

    def run(self) -> Run:
        """Let all days pass and put the tables together."""
        scenario = self.scenario
        totals = np.zeros((scenario.days, self._width()), np.int64)
        media: list[dict[str, float]] = []
        for day in range(scenario.days):
            if day == scenario.warmup_days:
                revenue_before, persons_before = self._note_start()
            self._submit_plan(day)
            for launch in self.department.run_day(day):
                self.finished.append((day, launch))
                self._go_live(launch, day)
            self.spending.open_day(day)
            self.supply.open_day()
            totals[day] = self.market.live_day(self.harm.on(day))
            new_leads: list[Lead] = []
            if totals[day][LEADS]:
                key = run_key(scenario.seed, self.replication)
                new_leads = leads_of(self.market.new_leads(), day, list(scenario.market.segments), key)
                self.leads += new_leads
            self.neighbors.live_day(day, new_leads)
            media.append(self.market.tables.media_cost(totals[day]))
            extra = self.department.extra_costs[day] + (self.transition_cost if day == scenario.warmup_days else 0.0)
            extra += self.department.turnover_costs[day] + self.department.overtime_costs[day]
            figures = watched_figures(totals[day])
            self.spending.close_day(day, self.takings.of_day(totals[day], media[-1], figures), extra)
            if self.supply.rule is not None:
                self.supply.close_day(*units_sold(totals[day], scenario.market.represents))
            self.cohorts.close_day(day)
            self.plan.close_day(totals[day])
            self._watch(day, totals[day], figures)
        run = self._tables(totals, media, revenue_before, persons_before)
        run.warnings.extend(unrealistic(run))
        return run

    # --- between the two models ----------------------------------------------------------------------

    def _submit_plan(self, day: int) -> None:
        """Planned work: all of it on the first day, or until the next review of programs; and what occasions ask."""
        orders = self.plan.orders(day)
        if day == 0:
            orders += [self._order(name) for name in self.episodes] + journey_orders(self.scenario)
        if orders:
            self.orders += orders
            no_two_with_one_key(self.orders)
        if given := self.moving.due(day, orders):
            self.department.submit(given)

    def _order(self, source: str) -> WorkOrder:
        """The work that a signal of this name asks for."""
        signal = self.signals[source]
        rule = rule_of(self.scenario, signal)
        label = f"{rule.answered_by}-{source}"
        return order_for(signal, label, rule.answered_by, self.scenario.campaigns[rule.answered_by], rule.expires_days)

    def _go_live(self, launch: Launch, day: int) -> None:
        """A finished campaign reaches customers from the next day on, a planned one not before its date.

        Its relevance: audience fit with the data there are (`Data.fit`) x (1 + stake of the occasion) x quality x
        what lateness left of it. Last touches after an early launch raise the quality, and lateness stays that of
        the launch.
        """
        order = launch.order
        if order.journey is not None:
            self._begin_journey(launch, day + 1)
            return
        assert order.campaign is not None
        program = self.scenario.campaigns[order.campaign]
        first = 1 + (day if launch.improves_day is None else int(launch.improves_day))
        stake, half_life = 0.0, program.half_life_days
        segments: str | tuple[str, ...] | None = order.segment
        if order.due_day is not None:
            first = max(first, math.ceil(order.due_day))
            late = max(0.0, first - math.ceil(order.due_day))
        else:
            source = order.name.removeprefix(f"{order.campaign}-")
            signal = self.signals[source]
            stake, half_life = signal.stake, signal.half_life_days
            late = first - signal.happened_day
            if source in self.episodes:
                segments = self.episodes[source].segments
        fit = self.scenario.data.fit(program.relevance) * launch.fit
        relevance = min(1.0, fit * (1 + stake) * launch.quality * 0.5 ** (late / half_life))
        if launch.improves_day is not None:
            self._improve(launch, relevance, day + 1)
            return
        if order.due_day is None:
            self.harm.answer(source, first, relevance)
        if first < self.scenario.days:
            self.market.tables.launch(order.name, order.campaign, segments, relevance, first, launch.annoyance)
        self.launched.append(
            {
                "name": order.name, "campaign": order.campaign, "segment": order.segment, "cause": order.cause,
                "day": first, "lateness_days": late, "relevance": relevance, "defects": launch.defects,
            }
        )  # fmt: skip

    def _improve(self, launch: Launch, relevance: float, day: int) -> None:
        """From a day on, what is live is better, and so is an answer."""
        order = launch.order
        if launch.answers is not None:
            row = next(row for row in reversed(self.launched) if row["name"] == order.name)
            row.update(answers=launch.answers, relevance_last=relevance)
        if day < self.scenario.days and order.campaign is not None:
            self.market.tables.improve(order.name, order.campaign, relevance, day)
        if order.due_day is None:
            source = order.name.removeprefix(f"{order.campaign}-")
            self.harm.answer_better(source, day, relevance)

    def _begin_journey(self, launch: Launch, first: int) -> None:
        """Messages of a journey are made: people may enter from `first` on."""
        order = launch.order
        assert order.journey is not None
        begin_journey(self.market.tables.world, self.scenario, order.journey, launch.quality, first, launch.annoyance)
        self.launched.append({"name": order.name, "cause": order.cause, "day": first, "defects": launch.defects})

    def _fixed_per_day(self) -> float:
        """People, agencies and technology."""
        return self.department.payroll_per_day + self.scenario.economics.technology_per_year / DAYS_PER_YEAR

    def _watch(self, day: int, totals: np.ndarray, figures: dict[str, tuple[int, int]]) -> None:
        """Monitors read the day, and those who made a campaign its figures; what they notice becomes work."""
        figures = figures | self.neighbors.watched(day)
        read = ((watch, watch.read(day, *figures[watch.monitor.figure])) for watch in self.watches)
        noticed = {f"{watch.name}@day {day}": signal for watch, signal in read if signal is not None}
        noticed |= self.channel_readings.close_day(day, totals)
        if answers := self.live_answers.close_day(totals):
            self.department.hear(answers)
        if noticed:
            self.moving.heard(noticed.values())
            self.signals |= noticed
            self.department.submit([self._order(source) for source in noticed])

    # --- what is left behind ----------------------------------------------------------------------------

    def _width(self) -> int:
        return self.market.tables.layout.totals

    def _note_start(self) -> tuple[np.ndarray, pd.DataFrame]:
        order = np.lexsort((self.market.column("index"), self.market.column("segment")))
        return self.market.column("revenue")[order], self.department.persons()

    def _asked(self) -> list[WorkOrder]:
        """The work that signals of the simulated days ask for, noticed before the end or not."""
        happened = [name for name, signal in self.signals.items() if signal.happened_day < self.scenario.days]
        return [self._order(name) for name in happened]

    def _daily(self, totals: np.ndarray, media: list[dict[str, float]]) -> pd.DataFrame:
        daily = daily_table(self.scenario, self.market, totals, media, self.department.payroll_per_day)
        if self.scenario.budget.limited:
            daily["budget"] = np.array(self.spending.history, float)
        if self.scenario.economics.stock is not None:
            daily["served_share"], daily["unmet_demand"] = self.supply.served, self.supply.unmet
        if any(self.department.extra_costs):
            daily["agency_cost"] = np.array(self.department.extra_costs)
            daily["profit"] -= daily["agency_cost"]
        if any(self.department.overtime_costs):
            daily["overtime_cost"] = np.array(self.department.overtime_costs)
            daily["profit"] -= daily["overtime_cost"]
        if any(self.department.turnover_costs):
            daily["turnover_cost"] = np.array(self.department.turnover_costs)
            daily["profit"] -= daily["turnover_cost"]
        if self.transition_cost:
            daily["transition_cost"] = np.where(daily["day"] == 0, self.transition_cost, 0.0)
            daily["profit"] -= daily["transition_cost"]
        for name, column in self.neighbors.columns().items():
            daily[name] = column
            if name in NEIGHBOR_COSTS:
                daily["profit"] -= column
        return daily

    def _warnings(self, totals: np.ndarray) -> list[str]:
        unmade = never_begun(self.market.tables.world, self.scenario)
        notes = [f"journey {name!r} never began: the department did not finish its messages" for name in unmade]
        notes += self.department.notes() + market_warnings(self.market, totals)
        return notes + self.spending.notes() + self.neighbors.notes()

    def _tables(
        self,
        totals: np.ndarray,
        media: list[dict[str, float]],
        revenue_before: np.ndarray,
        persons_before: pd.DataFrame,
    ) -> Run:
        import pandas as pd

        records = self.department.records()
        warmup = self.scenario.warmup_days
        launches = launches_table(self.launched, warmup, self.live_answers.columns)
        return Run(
            scenario=self.scenario,
            replication=self.replication,
            daily=self._daily(totals, media),
            cases=cases_table(records.cases, self._asked(), launches, warmup),
            persons=spent_since(persons_before, records.persons),
            launches=launches,
            customers=self.market.customers(),
            revenue_before=revenue_before,
            contacts=gathered(self.log.contacts, LOG_DTYPE),
            events=gathered(self.log.events, EVENT_DTYPE),
            script=Script(
                tuple(self.finished),
                self.signals,
                self.department.payroll_per_day,
                persons_before,
                records,
                tuple(self.department.extra_costs),
                tuple(self.department.turnover_costs),
                tuple(self.department.overtime_costs),
            ),
            cohorts=self.cohorts.table(),
            reviews=pd.DataFrame(self.plan.reviews, columns=["day", "campaign", "figure", "per_week"]),
            channel_readings=pd.DataFrame(self.channel_readings.readings, columns=list(READING_COLUMNS)),
            leads=tuple(self.leads),
            lead_answers=self.neighbors.leads_table(self.leads),
            warnings=self._warnings(totals),
            _log=lambda: records.log,
        )


def _market(
    scenario: Scenario,
    replication: int,
    engine: str,
    threads: int,
    rules: Mapping[str, Replacement] | None,
    log: CustomerLog,
) -> MarketDriver:
    kept: dict[str, Any] = {"log": log.contacts, "events": log.events, "only": None}
    if log.only is not None:
        kept["only"] = list(scenario.market.segments).index(log.only[0]), log.only[1]
    if engine == "compiled":
        from simkit.customers.compiled import CompiledMarket

        return CompiledMarket(scenario, replication, rules=rules, threads=threads, **kept)
    if engine == "mesa":
        from simkit.customers.mesa_market import MarketModel

        return MarketModel(scenario=scenario, replication=replication, rules=rules, **kept)
    raise ValueError(f"no engine is called {engine!r}; engines: {', '.join(ENGINES)}")
