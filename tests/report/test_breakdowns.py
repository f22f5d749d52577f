"""Channels and cohorts of a result as a reader sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from simkit.report.breakdowns import channel_table, cohort_table
from simkit.report.page import render

JUNE = date(2026, 6, 30)


def cohorts(alternative, replication, *rows):
    head = ("cohort", "months_since", "customers", "retained", "purchases", "revenue", "margin_per_customer")
    front = {"alternative": alternative, "replication": replication, "date": JUNE}
    return [front | dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def broken_down(result):
    """Two replications of one alternative: a quarter of two months, and those before; two channels."""
    name = result.base_name
    first = cohorts(name, 0, ("earlier", 5, 100, 60, 300, 9000, 30), ("2026-04", 2, 10, 8, 20, 500, 20),
                    ("2026-05", 1, 30, 30, 30, 600, 8))  # fmt: skip
    second = cohorts(name, 1, ("earlier", 5, 100, 40, 300, 9000, 30), ("2026-04", 2, 20, 14, 40, 1000, 20))
    channels = [
        {"alternative": name, "replication": k, "channel": channel, "cost": cost, "new_customers": new,
         "revenue": revenue, "contribution": 0.3 * revenue - cost}
        for k in (0, 1)
        for channel, cost, new, revenue in (("email", 364.0, 0, 3640), ("paid_social", 728.0, 7 * k, 0))
    ]  # fmt: skip
    tables = {"cohorts": pd.DataFrame(first + second), "channels": pd.DataFrame(channels)}
    return replace(result, breakdowns=tables)


def test_cohorts_by_quarter(broken_down):
    """60 persons of the second quarter in two replications; each weighs by its customers."""
    table = cohort_table(broken_down)
    assert "2026-06-30" in table.caption
    assert [row[:2] for row in table.rows] == [["today", "earlier"], ["today", "2026Q2"]]
    earlier, quarter = (dict(zip(table.head, row, strict=True)) for row in table.rows)
    assert earlier["still customers, %"] == "50.0"
    assert quarter["customers"] == "30"
    assert quarter["still customers, %"] == f"{100 * 52 / 60:.1f}"
    assert quarter["purchases each"] == "1.50"
    assert quarter["margin each so far, SAR"] == f"{(200 + 240 + 400) / 60:.1f}"


def test_channels_a_year(broken_down):
    """Sums of the 364 measured days times 365/364, ratios of means; what does not exist is a dash."""
    email, social = (dict(zip(channel_table(broken_down).head, row, strict=True))
                     for row in channel_table(broken_down).rows)  # fmt: skip
    assert email["cost per new customer, SAR"] == "–"
    assert email["revenue per cost"] == "10.0"
    assert email["cost, SAR per year"] == "365"
    assert social["new customers"] == "3.51"
    assert social["cost per new customer, SAR"] == "208"


def test_the_page_shows_them(broken_down, page):
    """Both tables, folded; a page without them has no heading for them."""
    shown = render(broken_down)
    assert "<h2>Channels and cohorts</h2>" in shown
    assert shown.count("Cohorts by quarter") == 2
    assert "Channels and cohorts" not in page
