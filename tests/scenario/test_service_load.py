"""What customers will ask of the service desk, said before a run, is what they ask in one."""

import pytest

from simkit.scenario.purchases import BgNbd, Hazard, Sbg
from simkit.scenario.schema import Scenario
from simkit.scenario.service import agent_hours_per_week
from simkit.scenario.service_load import asked_of_desk, in_ages
from simkit.simulation import simulate

ALONE = {"occasions": {}, "monitors": {}, "work": {"campaigns_per_week": 0.01}, "horizon": 60, "warmup": 10}


def test_needs_and_stay_are_those_of_the_purchase_process():
    """Hazard of gamma: rate x beta / (s - 1) x (1 - (beta / (beta + t))^(s - 1)) needs, with s = 2 and beta = 2 / 0.5 years.

    BG/NBD: at (r, alpha, a, b) = (0.243, 4.414, 0.793, 2.426) a new customer buys 1.73 times more in 78 weeks
    (equation 9 of Fader, Hardie & Lee 2005, (a + b - 1) / (a - 1) x (1 - (alpha / (alpha + t))^r x 2F1)).
    """
    days = 365.25
    stay, needs = in_ages(Hazard(rate=12, leaving=0.5, leaving_shape=2), 3 * days)
    assert stay == pytest.approx(4 * (1 - 4 / 7) * days, rel=1e-3)
    assert needs == pytest.approx(12 * 4 * (1 - 4 / 7), rel=1e-3)
    from scipy.special import hyp2f1

    r, alpha, a, b, t = 0.243, 4.414, 0.793, 2.426, 78
    closed = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t)))
    assert in_ages(BgNbd(), 78 * 7)[1] == pytest.approx(closed, rel=0.01)
    assert in_ages(Sbg(alpha=1, beta=3), 2 * days)[0] == pytest.approx((1 + 3 / 4) * days, rel=1e-3)


@pytest.mark.parametrize(
    "asks", [{"per_customer_year": 20, "per_purchase": 0}, {"per_customer_year": 0, "per_purchase": 1}]
)
def test_a_run_is_asked_what_was_said_before(asks):
    """Within a tenth, whether they ask about purchases or about anything else, in a market that writes to nobody."""
    service = {"agents": 2, "patience_minutes": "for_ever", "self_service": 0.25, **asks}
    market = {"customers": 1200, "represents": 4, "purchases": {"model": "hazard", "rate": 12, "leaving": 0.5}}
    scenario = Scenario(market=market, service=service, **ALONE)
    daily = simulate(scenario).daily
    asked = (daily["service_requests"] - daily["service_deflected"]).sum() * scenario.service.minutes / 60
    hours = agent_hours_per_week(scenario, scenario.service)
    assert asked / (hours * len(daily) / 7) == pytest.approx(asked_of_desk(scenario, scenario.service, hours), rel=0.1)
