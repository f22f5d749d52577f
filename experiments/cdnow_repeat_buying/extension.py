"""What CDNOW's figures count: repeat purchases by age of the customer, and by date of a cohort."""

from __future__ import annotations

from simkit.extend import Extension, Measure

extension = Extension("repeat purchases at 1, 13 and 39 weeks of age, and of the first twelve weeks' cohort by date")

AGES = (1, 13, 39)
"""Weeks after the own first purchase."""
ARRIVAL, CALIBRATION, HOLD_OUT = 84, 273, 546
"""Days from 1997-01-01: the cohort's first purchases end, 39 weeks are over (1997-09-30), 78 are (1998-06-30)."""

for _weeks in AGES:
    extension.field(f"repeats_{_weeks}", "i4", does=f"repeat purchases in the first {_weeks} weeks")
extension.field("repeats_calibration", "i4", does="repeat purchases until day 273")


@extension.stage(after="buy")
def count(c, w, s):
    """Repeat purchases so far, as long as they count."""
    if c.purchases > 1 and c.last_purchase_day >= w.today.day:
        age = c.last_purchase_day - c.first_purchase_day
        if age <= 7.0:
            c.repeats_1 = c.purchases - 1
        if age <= 91.0:
            c.repeats_13 = c.purchases - 1
        if age <= 273.0:
            c.repeats_39 = c.purchases - 1
        if w.today.day < 273:
            c.repeats_calibration = c.purchases - 1


def cohort(run):
    """Who first bought in the first twelve weeks."""
    return run.customers[run.customers["first_purchase_day"] < ARRIVAL]


def _at_age(weeks):
    def repeats(run):
        people = run.customers
        old_enough = people[people["first_purchase_day"] < run.scenario.days - 7 * weeks]
        return float(old_enough[f"repeats_{weeks}"].mean()) if len(old_enough) else None

    return repeats


def calibration(run):
    """Repeat purchases per customer of the cohort in 39 weeks."""
    return float(cohort(run)["repeats_calibration"].mean())


def hold_out(run):
    """Repeat purchases per customer of the cohort in weeks 40 to 78."""
    people = cohort(run)
    return float((people["purchases"] - 1 - people["repeats_calibration"]).mean())


def mean_spend(run):
    """Money per purchase of everybody."""
    return run.sums["revenue_organic"] / run.sums["purchases_organic"]


_PEOPLE = "customers followed that long"
_COHORT = "customers who first bought in the first 84 days"
for _name, _title, _below, _compute in (
    *((f"repeats_{weeks}_weeks", f"Repeat purchases in {weeks} weeks", _PEOPLE, _at_age(weeks)) for weeks in AGES),
    ("repeats_calibration", "Repeat purchases of the cohort, weeks 1 to 39", _COHORT, calibration),
    ("repeats_hold_out", "Repeat purchases of the cohort, weeks 40 to 78", _COHORT, hold_out),
):
    extension.measure(
        Measure(_name, "purchases/customer", _title, "repeat purchases / customers", "repeat purchases", _below,
                "from the first purchase on", "", _compute)
    )  # fmt: skip
extension.measure(
    Measure("spend_per_purchase", "currency", "Money per purchase", "revenue / purchases", "revenue", "purchases",
            "measured days", "", mean_spend)
)  # fmt: skip
