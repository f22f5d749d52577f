"""Messages meant for the person instead of the segment: for those who consent to profiling, and for nobody else."""

from __future__ import annotations

import numpy as np
import pytest
from markets import DRIVERS, busy, live

from simkit.customers.compiled import CompiledMarket
from simkit.rng import Purpose, crc, run_key, uniforms
from simkit.scenario.schema import Scenario

PERSON = {"targeting": "individual", "profiling_consent": 0.4, "individual_lift": 0.3}


PERSONAL = {**PERSON, "personalization": 0.8, "personalization_lift": 0.3}


def scenario(customers, law=None, **data):
    """One segment, in a region with this law of profiling or in none."""
    place = {} if law is None else {"regions": {"home": {"profiling": law}},
                                    "segments": {"everyone": {"share": 1, "region": "home"}}}  # fmt: skip
    return Scenario(market={"customers": customers, "prospects": 0, **place}, warmup=0, horizon=60, data=data)


def responses(customers, law=None, **data):
    """First message to everybody: its log, one row a person, by index."""
    log = []
    chosen = scenario(customers, law, **data)
    market = CompiledMarket(chosen, 0, log=log)
    market.tables.launch("letter-0", "newsletter", None, chosen.data.fit(0.5), 0)
    market.live_day()
    rows = np.concatenate(log)
    return rows[rows["delivered"] == 1]


def profiled(index):
    """Who consents, drawn by other code: once a person, from the person's own words."""
    u = uniforms(run_key(1, 0), index.astype(np.int64), 0, int(Purpose.PROFILING), 0, crc("everyone"))
    return u < PERSON["profiling_consent"]


def test_who_consents_opens_and_clicks_more_and_nobody_else_changes():
    """Opens x 1.3 for four in ten; the others' responses are those of targeting by segment, person by person."""
    by_segment, by_person = responses(20_000), responses(20_000, **PERSON)
    assert np.array_equal(by_segment["index"], by_person["index"])
    mine = profiled(by_person["index"])
    assert mine.mean() == pytest.approx(0.4, abs=0.02)
    for what in ("opened", "clicked", "opted_out"):
        assert np.array_equal(by_segment[what][~mine], by_person[what][~mine])
    opened, before = by_person["opened"][mine].sum(), by_segment["opened"][mine].sum()
    assert opened / before == pytest.approx(1.3, abs=0.03)  # standard error about 0.01: the same draws
    assert (by_person["opened"] >= by_segment["opened"]).all()
    assert (by_person["opted_out"] <= by_segment["opted_out"]).all()


def alike(one, other):
    """Two logs with the same responses of the same persons."""
    return all(np.array_equal(one[what], other[what]) for what in ("index", "opened", "clicked", "opted_out"))


def test_where_profiling_is_forbidden_nothing_is_personal():
    """Targeting by person with personalized content meets what targeting by segment without any meets, person by person."""
    plain = responses(20_000, "forbidden")
    assert alike(responses(20_000, "forbidden", **PERSONAL), plain)
    assert responses(20_000, **PERSONAL)["opened"].sum() > 1.05 * plain["opened"].sum()


def test_in_a_region_who_does_not_consent_gets_nothing_personal():
    """Four in ten are treated as where all consent, the others as where it is forbidden; silence as consent is more."""
    asked, plain = responses(20_000, "opt_in", **PERSONAL), responses(20_000, "forbidden", **PERSONAL)
    everyone = responses(20_000, "opt_in", **{**PERSONAL, "profiling_consent": 1.0})
    mine = profiled(asked["index"])
    assert alike(asked[mine], everyone[mine])
    assert alike(asked[~mine], plain[~mine])
    assert not alike(everyone[~mine], plain[~mine])
    silent = responses(20_000, "opt_out", **PERSONAL)
    u = uniforms(run_key(1, 0), silent["index"].astype(np.int64), 0, int(Purpose.PROFILING), 0, crc("everyone"))
    agrees = u < 28 * 0.4 / (0.6 + 28 * 0.4)  # odds of 28 times those where people are asked
    assert alike(silent[agrees], everyone[agrees])
    assert alike(silent[~agrees], plain[~agrees])


@pytest.mark.parametrize("law", ["opt_in", "forbidden"])
def test_both_drivers_agree_in_a_region(law):
    """To the bit, with persons who consent to profiling beside those who do not, and with none."""
    chosen = scenario(200, law, **PERSONAL)
    people = [live(DRIVERS[name](chosen, 0), 20, busy) for name in ("compiled", "mesa")]
    assert np.array_equal(people[0], people[1])


def test_both_drivers_agree():
    """To the bit, with a plan that touches every channel."""
    people = [live(DRIVERS[name](scenario(200, **PERSON), 0), 20, busy) for name in ("compiled", "mesa")]
    assert np.array_equal(people[0], people[1])
