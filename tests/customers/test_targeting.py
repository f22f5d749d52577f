"""Messages meant for the person instead of the segment: for those who consent to profiling, and for nobody else."""

from __future__ import annotations

import numpy as np
import pytest
from markets import DRIVERS, busy, live

from simkit.customers.compiled import CompiledMarket
from simkit.rng import Purpose, crc, run_key, uniforms
from simkit.scenario.schema import Scenario

PERSON = {"targeting": "individual", "profiling_consent": 0.4, "individual_lift": 0.3}


def scenario(customers, **data):
    return Scenario(market={"customers": customers, "prospects": 0}, warmup=0, horizon=60, data=data)


def responses(customers, **data):
    """First message to everybody: its log, one row a person, by index."""
    log = []
    market = CompiledMarket(scenario(customers, **data), 0, log=log)
    market.tables.launch("letter-0", "newsletter", None, 0.5, 0)
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


def test_both_drivers_agree():
    """To the bit, with a plan that touches every channel."""
    people = [live(DRIVERS[name](scenario(200, **PERSON), 0), 20, busy) for name in ("compiled", "mesa")]
    assert np.array_equal(people[0], people[1])
