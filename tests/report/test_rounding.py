"""Numbers as text."""

from __future__ import annotations

import pytest

from simkit.report.rounding import Format, shared


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1_934_567.0, "SAR", "1.93 m SAR"),
        (2.5e9, "SAR", "2.50 bn SAR"),
        (2.5e6, "SAR/year", "2.50 m SAR per year"),
        (54_071.0, "SAR", "54.1 k SAR"),
        (1234.5, "SAR", "1,234 SAR"),
        (-12.34, "days", "−12.3 days"),
        (0.6123, "share", "61.2%"),
        (0.00912, "share", "0.912%"),
        (0.28791, "ratio", "0.288"),
        (3.8512, "contacts/person/week", "3.85 contacts per person per week"),
        (123456.0, "persons", "123,456 persons"),
        (0.0, "days", "0 days"),
        (None, "days", "–"),
        (float("nan"), "days", "–"),
    ],
)
def test_quantities(value: float | None, unit: str, expected: str):
    """Three digits that matter, thousands separated, shares in percent, money scaled, units said."""
    assert shared([value], unit, currency="SAR").quantity(value) == expected


def test_signs_are_asked_for():
    """A difference shows its sign, zero has none, and what rounds to zero is zero."""
    form = Format(1.0, 1, "days")
    assert [form.quantity(one, sign=True) for one in (2.0, -2.0, 0.0, -0.04)] == [
        "+2.0 days", "−2.0 days", "0.0 days", "0.0 days",
    ]  # fmt: skip


def test_differences_of_shares_are_points():
    """61 % against 60 % is one point, not one percent."""
    assert shared([0.012], "share", gap=True).quantity(0.012, sign=True) == "+1.20 points"


def test_a_line_shares_its_decimals():
    """Numbers read together have the decimals of the largest, so that they align."""
    form = shared([120.0, 7.123], "days")
    assert [form.number(value) for value in (120.0, 7.123)] == ["120", "7"]


def test_an_interval_may_not_exist():
    """Without an interval that is said."""
    assert Format(1, 1, "").range(None, None) == "no interval"
    assert Format(1, 1, "").range(-1.0, 2.0) == "−1.0 to 2.0"
