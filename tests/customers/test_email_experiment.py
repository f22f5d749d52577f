"""Hillstrom's e-mail test (2008): 64,000 customers in three arms, one message, two weeks of visits and purchases.

Calibrated: purchases without a message (the arm without e-mail), and each message's strength on its arm's visits. Whether
conversion and spend follow is then a finding. A click is a visit the message brought; direct visits of customers are
not simulated and taken as independent of it, at the rate of the arm without e-mail.
"""

import math

import numpy as np
import pytest
from markets import live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.customers.state import CLICK, MONEY, PURCHASE
from simkit.scenario.channels import preset
from simkit.scenario.purchases import BgNbd
from simkit.scenario.schema import Scenario

PUBLISHED = {  # arm -> persons, share that visited, share that bought, mean spend in USD
    "none": (21_306, 0.10617, 0.00573, 0.65279),
    "men": (21_307, 0.18276, 0.01253, 1.42262),
    "women": (21_387, 0.15140, 0.00884, 1.07720),
}
SENT, DAYS = 2, 14
PEOPLE = 60_000
R = BgNbd().r
PER_DAY = (math.exp(-math.log(1 - PUBLISHED["none"][2]) / R) - 1) / DAYS
"""Scale of the gamma of rates at which a share of .573 % buys in two weeks: 1 - (1 + 14 x)^-r."""
EMAIL = preset("email")
MEAN_SPEND = PUBLISHED["none"][3] / PUBLISHED["none"][2]


def clicked(arm):
    """Share that must click so that visits are the arm's, when some come anyway."""
    base = PUBLISHED["none"][1]
    return (PUBLISHED[arm][1] - base) / (1 - base)


def strength(arm):
    """Opening and clicking both grow with it: clicks = (1 - bounce) x open rate x click rate x strength^2."""
    return math.sqrt(clicked(arm) / ((1 - EMAIL["bounce"]) * EMAIL["open_rate"] * EMAIL["click_given_open"]))


def purchase_days():
    """Days of purchases per click at which the men's arm buys as published, over gamma rates."""
    bought, base = PUBLISHED["men"][2], PUBLISHED["none"][2]
    per_click = (bought - base) / (1 - base) / clicked("men")
    return (math.exp(-math.log(1 - per_click) / R) - 1) / (PER_DAY * strength("men"))


def simulate_arm(arm, days_per_click):
    """(share that clicked, share that bought, mean spend) in the two weeks."""
    spend = {"v": MEAN_SPEND * (BgNbd().spend.q - 1) / BgNbd().spend.p}
    purchases = {"alpha": 1 / PER_DAY / 7, "unit": "week", "spend": spend}
    scenario = Scenario(
        market=quiet_market(PEOPLE, purchases=purchases), campaigns={"mail": {}}, occasions={}, monitors={}, horizon=30,
        channels={"email": {"purchase_days": days_per_click, "consent_customers": 1}},
    )  # fmt: skip
    events = []
    market = CompiledMarket(scenario, 0, people=newborn(scenario), events=events)
    relevance = 0.5 * strength(arm) if arm != "none" else 0
    go = lambda tables, day: arm != "none" and day == SENT and tables.launch("mail-0", "mail", None, relevance, day)  # noqa: E731
    live(market, SENT + DAYS, go)
    events = np.concatenate(events)
    sold = events[(events["kind"] == PURCHASE) & (events["time"] >= SENT)]
    clicks = events[events["kind"] == CLICK]
    shares = [len(np.unique(rows["index"])) / PEOPLE for rows in (clicks, sold)]
    return np.array([*shares, sold["amount"].sum() / MONEY / PEOPLE])


@pytest.fixture(scope="module")
def arms():
    """Figures by arm and days of purchases per click: the default, and those of the men's arm."""
    wanted = {"default": EMAIL["purchase_days"], "calibrated": purchase_days()}
    return {(arm, name): simulate_arm(arm, days) for name, days in wanted.items() for arm in PUBLISHED}


def standard_error(share, size=PEOPLE):
    return math.sqrt(share * (1 - share) / size)


def published_uplift(arm, column):
    """Difference to the arm without e-mail and its 95 % half-width; spend varies as purchases of its mean amount do."""
    size = lambda one: standard_error(PUBLISHED[one][2], PUBLISHED[one][0])  # noqa: E731
    amount = 1.0 if column == 2 else MEAN_SPEND * math.sqrt(2)  # a coefficient of variation near 1 doubles the variance
    return PUBLISHED[arm][column] - PUBLISHED["none"][column], 1.96 * math.hypot(size(arm), size("none")) * amount


def test_visits_are_the_calibrated_ones(arms):
    """Strength 1.50 and 1.15 give both arms' visits, and nobody clicks without a message, within 3 standard errors."""
    assert strength("men") == pytest.approx(1.50, abs=0.01)
    assert strength("women") == pytest.approx(1.15, abs=0.01)
    for arm in ("men", "women"):
        assert abs(arms[arm, "default"][0] - clicked(arm)) < 3 * standard_error(clicked(arm))
    assert arms["none", "default"][0] == 0


def test_the_arm_without_email_buys_as_published(arms):
    """Conversion and mean spend of the control arm, within 3 standard errors."""
    _, bought, spend = arms["none", "default"]
    assert abs(bought - PUBLISHED["none"][2]) < 3 * standard_error(PUBLISHED["none"][2])
    assert spend == pytest.approx(PUBLISHED["none"][3], rel=0.2)


def test_the_default_of_thirty_days_per_click_is_too_little_here(arms):
    """Conversion and spend of the men's arm do not follow from visits: a fifth of the published uplift or less."""
    gained = arms["men", "default"] - arms["none", "default"]
    for column in (1, 2):
        uplift, _ = published_uplift("men", column + 1)
        assert 0.1 < gained[column] / uplift < 0.4


def test_one_number_more_carries_over_to_the_womens_arm(arms):
    """With days per click set on the men's conversion, the women's conversion and both arms' spend are as published."""
    assert 130 < purchase_days() < 190
    for arm in ("men", "women"):
        gained = arms[arm, "calibrated"] - arms["none", "calibrated"]
        for column in (1, 2):
            uplift, half_width = published_uplift(arm, column + 1)
            assert abs(gained[column] - uplift) < half_width, (arm, column, gained[column], uplift)
