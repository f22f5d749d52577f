"""A resolved scenario is data: dumped and read again it is the same scenario."""

import json

import pytest

from simkit.scenario.load import load
from simkit.scenario.schema import Scenario


@pytest.mark.parametrize("file", ["scenarios/retail.yaml", "scenarios/quickstart.yaml", "scenarios/journeys.yaml",
                                  "scenarios/business_to_business.yaml"])  # fmt: skip
def test_every_alternative_survives_json(file, request):
    """The canonical form in a manifest loads again and equals what was run."""
    study = load(request.config.rootpath / file)
    for scenario in study.alternatives.values():
        assert Scenario.model_validate(json.loads(scenario.model_dump_json())) == scenario
    assert Scenario.model_validate(Scenario().model_dump(mode="json")) == Scenario()


def test_a_study_remembers_its_overrides(request):
    """What was set on the command line is part of the study."""
    sets = ["market.customers=500", "seed=7"]
    assert load(request.config.rootpath / "scenarios/quickstart.yaml", sets).sets == tuple(sets)
