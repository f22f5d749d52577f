"""Whether a policy reproduces the fitted purchase rate is measured, and said with its error."""

import pytest

from simkit.experiment.inquiries.purchases import reproduction
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario


def test_retail_reproduces_its_fit(request):
    """The retail scenario's own messages bring purchases per need to one, within the stated band."""
    found = reproduction(load(request.config.rootpath / "scenarios/retail.yaml", ["horizon=120"]).base)
    assert found.per_need == pytest.approx(1, abs=0.06)
    assert "reproduces the fitted" in found.sentence


def test_silence_does_not():
    """Without campaigns and competitors, purchases per need are the organic share."""
    silent = Scenario(market={"customers": 3000, "organic_share": 0.7}, campaigns={}, occasions={}, monitors={},
                      channels=["email"], horizon=120)  # fmt: skip
    found = reproduction(silent)
    assert found.per_need == pytest.approx(0.7, abs=4 * found.standard_error + 1e-9)
    assert "does not reproduce" in found.sentence
