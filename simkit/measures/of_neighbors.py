"""Measures of the department's neighbors: waiting for service, the fate of leads.

Rows of the table in `simkit/measures/catalog.py`, which says how they are read.
"""

from __future__ import annotations

import numpy as np

from simkit.coupling.outcome import Run
from simkit.measures.measure import MEASURED_DAYS, Measure, Value, ratio, total
from simkit.measures.survival import CENSORED, EVENT, cumulative_incidence
from simkit.scenario.quantity import HOURS_PER_DAY

WEEK_HOURS = 168.0
"""An answer later than that, or never, counts as this late."""


def service_wait_minutes(run: Run) -> Value:
    """Mean wait in opening hours of requests that reached the desk, answered or abandoned."""
    return _share(run, "service_waited_minutes", "service_answered", "service_abandoned")


def service_abandoned_share(run: Run) -> Value:
    """Of requests that reached the desk, those given up."""
    return _share(run, "service_abandoned", "service_answered", "service_abandoned")


def service_deflected_share(run: Run) -> Value:
    """Of all requests, those that self-service answered."""
    return _share(run, "service_deflected", "service_requests")


def lead_response_hours(run: Run) -> Value:
    """Mean of min(hours to the answer, a week) over the leads of the measured days, those unanswered included."""
    leads = run.lead_answers
    if run.scenario.sales is None or leads is None or not (leads["day"] >= 0).any():
        return None
    leads = leads[leads["day"] >= 0]
    hours = leads["response_hours"].to_numpy(float)
    followed = (run.scenario.horizon_days - leads["day"].to_numpy(float)) * HOURS_PER_DAY
    answered = ~np.isnan(hours)
    curve = cumulative_incidence(np.where(answered, hours, followed), np.where(answered, EVENT, CENSORED))
    return curve.restricted_mean(WEEK_HOURS)


def lead_conversion(run: Run) -> Value:
    """Leads won by sales per lead."""
    return _share(run, "leads_won", "leads")


def _share(run: Run, above: str, *below: str) -> Value:
    """A ratio of columns; None where the run has no such neighbor."""
    return ratio(total(run, above), total(run, *below)) if above in run.sums else None


_ASKED = "requests of measured days"

NEIGHBOR_MEASURES = (
        Measure("service_wait_minutes", "minutes", "Wait for service",
            "waiting in opening hours, of who was answered and who gave up / both", "minutes waited before an agent",
            "requests that reached the desk; absent without `service`", _ASKED, "lower", service_wait_minutes),
        Measure("service_abandoned_share", "share", "Service requests abandoned",
            "abandoned / (answered + abandoned)", "requests given up before an agent answered",
            "requests that reached the desk; absent without `service`", _ASKED, "lower", service_abandoned_share),
        Measure("service_deflected_share", "share", "Service requests deflected", "deflected / requests",
            "requests that self-service answered", "service requests; absent without `service`", _ASKED, "",
            service_deflected_share),
        Measure("lead_response_hours", "hours", "Lead response time",
            "mean of min(hours to the answer, 168), by the clock; never answered counts as 168 (Aalen-Johansen)",
            "area above the cumulative incidence of an answer", "1; absent without `sales`",
            "leads of the measured days, censored at the end", "lower", lead_response_hours),
        Measure("lead_conversion", "share", "Lead conversion", "leads won by sales / leads",
            "prospects who bought because sales answered", "leads; absent without `sales`", MEASURED_DAYS, "higher",
            lead_conversion),
)  # fmt: skip
