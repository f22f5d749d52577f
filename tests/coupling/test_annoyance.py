"""Errors that reach customers make them opt out and complain, besides what lost relevance does."""

import pytest

from simkit.customers.mesa_market import MarketModel
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

ALWAYS = {"days": "all", "hours": [[0, 24]]}


def department(errors, authority):
    """One person makes a letter in two short steps, and all but every pass is wrong."""
    wrong = {"skill": "copy", "effort": 0.1, "internal_error": 0.999}
    return {
        "calendars": {"office": ALWAYS}, "primary_share": 1, "intake": {"latency_hours": 0, "effort_hours": 0},
        "headcount": {"copy": 1}, "distance": [{"when": "same_company"}], "authority": authority,
        "errors": {"caught": 0, "quality_loss_per_defect": 0, **errors},
        "work": {"letter": {"steps": [{"id": "do", **wrong}, {"id": "more", "after": ["do"], **wrong}]}},
    }  # fmt: skip


def scenario(errors=None, authority=None):
    """A letter a day to people who opt out often, two in five of them by complaint."""
    return Scenario(
        teams=department(errors or {}, authority), horizon=7, warmup=0, occasions={}, monitors={},
        channels={"email": {"complaint_share": 0.4}},
        campaigns={"news": {"work": "letter", "per_week": 7, "lead_days": 1, "relevance": 0.5}},
        market={"customers": 1000, "fatigue": {"opt_out": 0.15, "opt_out_growth": 0}},
    )  # fmt: skip


def test_an_annoying_message_is_disliked_by_its_share_more():
    """The chance of opting out has the factor 1 + annoyance, and response is as it was."""
    rows = []
    for annoyance in (0.0, 0.5):
        market = MarketModel(scenario=scenario(), replication=0)
        market.tables.launch("news-0", "news", None, 0.3, 0, annoyance)
        market.live_day({})
        slot = next(slot for slot, live in enumerate(market.tables.messages) if live is not None)
        rows.append({name: float(market.tables.world.message[slot][name]) for name in ("dislike", "strength")})
    assert rows[1]["dislike"] == pytest.approx(1.5 * rows[0]["dislike"])
    assert rows[1]["strength"] == rows[0]["strength"]


IGNORES = {
    "centralization": {"lead": 0, "top": 0},
    "outcome": {"self": [0, 0, 1]},
    "quality_loss": 0,
}


@pytest.mark.parametrize(
    ("errors", "authority", "factor"),
    [
        ({"annoyance_per_defect": 1}, None, 3),
        ({"caught": 1}, {**IGNORES, "annoyance": 2}, 3),
        ({"annoyance_per_defect": 1, "caught": 1}, {**IGNORES, "annoyance": 0}, 1),
    ],
)
def test_defects_and_ignored_errors_cost_consent(errors, authority, factor):
    """Two defects, or a whole piece of work left wrong, raise opt-outs and complaints by the stated factor."""
    told = (scenario(), scenario(errors, authority))
    before, after = (
        daily[daily.delivered_email > 0].head(1) for daily in (simulate(one, engine="mesa").daily for one in told)
    )
    share = [one.opt_outs.sum() / one.delivered_email.sum() for one in (before, after)]
    complained = [one.complained_email.sum() / one.opt_outs.sum() for one in (before, after)]
    assert before.opt_outs.sum() > 30
    assert share[1] / share[0] == pytest.approx(factor, rel=0.25)
    assert complained == pytest.approx([0.4, 0.4], abs=0.2)
