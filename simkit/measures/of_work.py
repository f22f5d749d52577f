"""Measures of the department: how fast it answers, what its time goes into, how much waits, what it lets through.

Rows of the table in `simkit/measures/catalog.py`, which says how they are read.
"""

from __future__ import annotations

import numpy as np

from simkit.coupling.outcome import Run
from simkit.measures.measure import MEASURED_DAYS, Measure, Value, per_year, ratio, total
from simkit.measures.responsiveness import RESTRICTED_DAYS, SOON_DAYS, signal_to_live
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR
from simkit.teams.handovers import handovers

WAITS_FOR_DECISIONS = ("approver_queue", "decision_wait")
"""Parts of a lead time in which work lies with somebody who has to decide."""

# --- responsiveness --------------------------------------------------------------------------------------


def _restricted_mean(run: Run) -> Value:
    curve = run.answers
    return None if curve is None else curve.restricted_mean(RESTRICTED_DAYS)


def _median(run: Run) -> Value:
    curve = run.answers
    return None if curve is None else curve.quantile(0.5)


def _soon(run: Run) -> Value:
    curve = run.answers
    return None if curve is None else curve.at(SOON_DAYS)


def _expired(run: Run) -> Value:
    curve = signal_to_live(run, ("occasion", "monitor"))
    return None if curve is None else curve.lost_at(RESTRICTED_DAYS)


def _campaigns_live(run: Run) -> Value:
    launches = run.launches.loc[run.launches["campaign"].notna(), "day"]
    return per_year(run, float(((launches >= 0) & (launches < run.scenario.horizon_days)).sum()))


def _flow_efficiency(run: Run) -> Value:
    done = run.cases[["live_day", "status", "part_touch_seconds", "lead_seconds"]]
    done = done[(done["live_day"] >= 0) & (done["status"] == "live")]
    return ratio(float(done["part_touch_seconds"].sum()), float(done["lead_seconds"].sum()))


def _utilization(run: Run) -> Value:
    own = run.persons[run.persons["employer"] == "own"]
    paid = float(own["paid_seconds"].sum())
    return ratio(paid - float(own["idle"].sum()), paid)


# --- people ------------------------------------------------------------------------------------------------


def _own_total(run: Run, column: str) -> float:
    """A column of the table of persons added over one's own."""
    return float(run.persons.loc[run.persons["employer"] == "own", column].sum())


def _own_years(run: Run) -> float:
    """Seats of one's own people x measured years."""
    return float((run.persons["employer"] == "own").sum()) * run.scenario.horizon_days / DAYS_PER_YEAR


def _turnover(run: Run) -> Value:
    if run.scenario.teams.turnover is None:
        return None
    return ratio(_own_total(run, "left"), _own_years(run))


def _vacancy(run: Run) -> Value:
    if run.scenario.teams.turnover is None:
        return None
    vacant = _own_total(run, "vacant_seconds")
    paid = _own_total(run, "paid_seconds") - _own_total(run, "overtime_seconds")
    return ratio(vacant, vacant + paid)


def _morale(run: Run) -> Value:
    if run.scenario.teams.morale is None:
        return None
    return ratio(_own_total(run, "morale_days"), _own_years(run) * DAYS_PER_YEAR)


# --- what people's time goes into --------------------------------------------------------------------------


def _spent(run: Run, *categories: str) -> float:
    """Seconds of the measured days in some categories of people's time; those a department has not are zero."""
    return float(sum(run.persons[name].sum() for name in categories if name in run.persons))


def _productive(run: Run) -> Value:
    return ratio(_spent(run, "touch"), _spent(run, "paid_seconds"))


def _rework_share(run: Run) -> Value:
    rework = _spent(run, "rework")
    return ratio(rework, _spent(run, "touch") + rework)


def _hidden_work_share(run: Run) -> Value:
    """Jin & Levitt 1996, "The Virtual Design Team": work volume is production, rework, coordination and waiting."""
    waited = sum(
        float(run.cases[name][run.went_live].sum())
        for name in (f"part_{part}_seconds" for part in WAITS_FOR_DECISIONS)
        if name in run.cases
    )
    hidden = _spent(run, "rework", "coordination") + waited
    return ratio(hidden, _spent(run, "touch") + hidden)


# --- flow --------------------------------------------------------------------------------------------------


def _finished(run: Run) -> int:
    """Pieces of work that went live on measured days."""
    return int(run.went_live.sum())


def _ended(run: Run) -> np.ndarray:
    """The day on which each case was live or given up; infinite while it is open."""
    ended = np.fmin(run.cases["live_day"].to_numpy(float), run.cases["expired_day"].to_numpy(float))
    return np.where(np.isnan(ended), np.inf, ended)


def _throughput(run: Run) -> Value:
    return _finished(run) * DAYS_PER_WEEK / run.scenario.horizon_days


def _wip(run: Run) -> Value:
    """The time average of the number of open cases, from when each came and went."""
    horizon = run.scenario.horizon_days
    came = np.clip(run.cases["arrived_day"].to_numpy(float), 0, horizon)
    return float((np.clip(_ended(run), came, horizon) - came).sum() / horizon)


def _backlog_days(run: Run) -> Value:
    horizon = run.scenario.horizon_days
    still_open = (run.cases["arrived_day"].to_numpy(float) < horizon) & (_ended(run) >= horizon)
    return ratio(float(still_open.sum()), _finished(run) / horizon)


def _hand_offs(run: Run) -> Value:
    if run.script is None:
        return None
    done, count = run.cases["name"][run.went_live], handovers(run.script.records.written)
    return ratio(float(sum(count.get(name, 0) for name in done)), float(len(done)))


# --- what came of it ---------------------------------------------------------------------------------------


def _quality_risk(run: Run) -> Value:
    quality = run.cases["quality"][run.went_live & run.cases["campaign"].notna().to_numpy()]
    return None if quality.empty else 1 - float(quality.mean())


def department_cost(run: Run) -> float:
    """Own people with their overtime, replacing them, and agencies; currency over the measured days."""
    others = ("overtime_cost", "turnover_cost", "agency_cost")
    return total(run, "team_cost") + sum(run.sums.get(name, 0.0) for name in others)


def _cost_per_live_campaign(run: Run) -> Value:
    launches = run.launches.loc[run.launches["campaign"].notna(), "day"]
    return ratio(department_cost(run), float(((launches >= 0) & (launches < run.scenario.horizon_days)).sum()))


_SIGNALS = (
    "signals of occasions (the same in every alternative) that happened on measured days and would have expired "
    "before the end; if there are none, all, censored at the end"
)
_SIGNALS_OF_ALL = (
    "signals of measured days that would have expired before the end; if there are none, all, censored at the end"
)

RESPONSE_MEASURES = (
        Measure("signal_to_live_days", "days", "Signal to live",
            f"mean of min(days to live, {RESTRICTED_DAYS:g}); expired counts as {RESTRICTED_DAYS:g} (Aalen-Johansen)",
            "area above the cumulative incidence of going live", "1", _SIGNALS, "lower", _restricted_mean),
        Measure("signal_to_live_days_median", "days", "Signal to live, median",
            "first day by which half are live; absent when never reached", "-", "-", _SIGNALS, "lower", _median,
            absent="fewer than half were ever live"),
        Measure("live_within_7_days_share", "share", "Live within 7 days",
            "cumulative incidence of going live at 7 days", "signals live within 7 days", "signals", _SIGNALS,
            "higher", _soon),
        Measure("campaigns_live", "campaigns/year", "Campaigns live", "launches x 365 / measured days",
            "campaigns that reached customers", "measured years", MEASURED_DAYS, "higher", _campaigns_live),
        Measure("flow_efficiency", "share", "Flow efficiency", "touch time / lead time",
            "touch time on the critical path", "lead time around the clock", "work finished on measured days",
            "higher", _flow_efficiency),
        Measure("utilization", "share", "Utilization", "(paid - idle) / paid",
            "paid time not idle, other duties included", "paid time", MEASURED_DAYS, "", _utilization),
        Measure("expired_signal_share", "share", "Signals expired",
            f"cumulative incidence of expiring at {RESTRICTED_DAYS:g} days",
            "signals given up before anything was live", "signals of occasions and monitors",
            _SIGNALS_OF_ALL, "lower", _expired),
)  # fmt: skip
"""What a report lists first."""

WORK_MEASURES = (
        Measure("utilization_productive", "share", "Productive utilization", "touch / paid",
            "time on first passes of steps", "paid time", MEASURED_DAYS, "higher", _productive),
        Measure("rework_share", "share", "Rework", "rework / (touch + rework)", "time on later passes of steps",
            "time on all passes of steps", MEASURED_DAYS, "lower", _rework_share),
        Measure("hidden_work_share", "share", "Hidden work",
            "(rework + coordination + waits for decisions) / (touch + the same)",
            "rework and taking over (people's time), and waits for a decider who is on shift and in no meeting (of "
            "work finished on measured days)", "first passes and the same", MEASURED_DAYS, "lower", _hidden_work_share),
        Measure("throughput_per_week", "cases/week", "Throughput", "cases live x 7 / measured days",
            "work of every kind that went live", "measured weeks", MEASURED_DAYS, "higher", _throughput),
        Measure("wip_cases", "cases", "Work in process", "sum of days open / measured days",
            "days that cases of every kind were open within the window", "measured days", MEASURED_DAYS, "lower", _wip),
        Measure("backlog_days", "days", "Backlog", "cases open at the end / cases live a day",
            "cases of every kind that arrived and are neither live nor expired after the last day",
            "cases of every kind that went live, per measured day", "the end, and measured days", "lower",
            _backlog_days),
        Measure("hand_offs_per_case", "hand-offs/case", "Hand-offs",
            "begins by somebody else than the begin before / cases live",
            "begins of a step or decision by another person than the one before in the case",
            "work of every kind that went live", "work finished on measured days", "lower", _hand_offs),
        Measure("quality_risk", "share", "Quality risk", "1 - mean quality of launches",
            "quality lost by what nobody noticed", "campaigns finished", "work finished on measured days", "lower",
            _quality_risk),
        Measure("cost_per_live_campaign", "currency/campaign", "Cost of a live campaign",
            "(team + overtime + turnover + agency) / campaigns live", "cost of the department",
            "campaigns that reached customers", MEASURED_DAYS, "lower", _cost_per_live_campaign),
        Measure("turnover_rate", "share/year", "Turnover", "times a seat was left / (seats x measured years)",
            "own people who left", "seats of own people x years; absent without teams.turnover", MEASURED_DAYS, "lower",
            _turnover),
        Measure("vacancy_share", "share", "Seats vacant", "vacant / (vacant + paid without overtime)",
            "working time of seats that nobody had", "working time of all seats; absent without teams.turnover",
            MEASURED_DAYS, "lower", _vacancy),
        Measure("morale", "share", "Morale", "sum of morale / days of own people",
            "morale of everybody at the end of each day, a vacant seat's included",
            "seats of own people x days; absent without teams.morale", MEASURED_DAYS, "higher", _morale),
)  # fmt: skip
"""What a report lists after all others."""
