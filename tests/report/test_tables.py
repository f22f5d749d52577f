"""The numbers behind the pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simkit.report import tables


def test_without_censoring_incidence_is_the_plain_share():
    """Everything followed to the limit: the curve is the share that was live by each day."""
    times = np.array([1.0, 3.0, 3.0, 60.0, 60.0])
    live = np.array([True, True, True, False, False])
    assert tables.incidence(times, live, np.array([0, 1, 2, 3, 60])) == pytest.approx([0, 0.2, 0.2, 0.6, 0.6])


def test_incidence_of_censored_signals_by_hand():
    """Four signals, live at 2, lost from sight at 3, live at 4, never: 1 - 3/4 * 1/2 = 0.625 at the end."""
    times, live = np.array([2.0, 3.0, 4.0, 9.0]), np.array([True, False, True, False])
    assert tables.incidence(times, live, np.array([1, 2, 3, 4, 9])) == pytest.approx([0, 0.25, 0.25, 0.625, 0.625])


def test_no_signals_have_no_share():
    """Without signals there is nothing to say."""
    assert np.isnan(tables.incidence(np.array([]), np.array([], bool), np.array([0, 1]))).all()


def test_expired_signals_never_go_live(result: Any):
    """What expired keeps the curve below one: a tenth of the made-up work expires."""
    share = tables.live_share(result)
    assert (share.diff().dropna() >= -1e-12).all().all()
    assert share.iloc[-1].between(0.75, 0.99).all()
    assert share.loc[10, ["pods", "hub", "today"]].is_monotonic_decreasing


def test_parts_of_the_lead_sum_to_it(result: Any):
    """The bars of the decomposition are as long as the mean lead."""
    cases = tables.signals(result)
    lead = cases[cases["status"] == "live"].groupby("alternative")["lead_days"].mean()
    assert tables.lead_parts(result).sum(axis=1).to_dict() == pytest.approx(lead.to_dict())


def test_channels_sum_to_the_measure(result: Any):
    """Contacts by channel add up to the contacts per customer and week that the measure tells."""
    sums = tables.contacts_by_channel(result).sum(axis=1)
    for name in result.alternatives:
        assert sums[name] == pytest.approx(result.interval(name, "contacts_per_customer_week").mean)


def test_the_bridge_ends_at_the_paired_difference(result: Any):
    """Revenue and cost steps sum to the difference in profit, which is the paired one."""
    steps = tables.profit_steps(result)
    for name in steps:
        assert steps[name].drop("profit").sum() == pytest.approx(steps.loc["profit", name])
        assert steps.loc["profit", name] == pytest.approx(result.difference("profit", name, "today").difference)


def test_warm_up_is_not_shown(result: Any):
    """Weeks count from the first measured day."""
    assert tables.fatigue_by_week(result).index[0] == 1
    assert (tables.measured(result)["day"] >= 0).all()
