"""The dry run of a contact policy counts what its rules did, and says which never bind."""

import json

import pytest

from simkit.experiment.inquiries.policy_trial import WINDOW_DAYS, policy_trial
from simkit.scenario.schema import Scenario


def scenario(**policy):
    """A small market with the shipped department."""
    return Scenario(market={"customers": 400, "represents": 500}, warmup=30, contact_policy=policy)


def test_counts_agree_with_the_policy():
    """A tight cap binds and nobody gets more; a cap nobody reaches never binds; the audit finds nothing."""
    trial = policy_trial(scenario(at_most=["1 per rolling week", "15 per rolling month"], gap=0))
    assert trial.persons == 400
    assert trial.sent > 0
    assert trial.most <= WINDOW_DAYS // 7 + 1
    assert trial.never_bind[0] == "15 per rolling month"
    by_name = {rule.rule: rule for rule in trial.rules}
    tight = by_name["1 per rolling week"]
    assert tight.deferred > tight.dropped > 0
    assert 0 < tight.persons <= 400
    assert trial.breaches == {}


def test_what_unresolved_identities_let_through_is_said():
    """With no identity resolved, an audit of persons finds contacts beyond the cap."""
    policy = {"at_most": "1 per rolling week", "gap": 0}
    base = scenario(**policy)
    loose = policy_trial(base.model_copy(update={"data": base.data.model_copy(update={"identity_resolution": 0.0})}))
    assert loose.breaches["1 per rolling week"] > 20
    assert "beyond what the policy says" in loose.sentence


def test_a_policy_that_never_sends_is_told():
    """Everybody in the control group: nothing is sent, and validate warns."""
    closed = scenario(at_most="0 per week")
    assert policy_trial(closed).sentence.count("Nothing is ever sent") == 1
    assert any("lets nothing through" in note for note in closed.sense_warnings())


@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_the_command_prints_every_alternative(tmp_path, simkit, flag):
    """`simkit explain FILE --policy` as a table and as JSON."""
    file = tmp_path / "s.yaml"
    file.write_text(
        "market: {customers: 100}\nwarmup: 14\nalternatives: {calm: {contact_policy.at_most: 1 per month}}\n"
    )
    code, out, error = simkit("explain", str(file), "--policy", *flag)
    assert code == 0, error
    if flag:
        assert set(json.loads(out)["policy"]) == {"today", "calm"}
    else:
        assert "calm: 100 persons, 28 days" in out
