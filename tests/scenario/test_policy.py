"""The contact policy as a user writes it: the page's example, short forms, and what makes no sense."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from simkit.scenario.conditions import FIELDS, SHORT
from simkit.scenario.errors import ScenarioError
from simkit.scenario.load import load
from simkit.scenario.policy import ContactPolicy
from simkit.scenario.schema import Scenario

README = Path(__file__).parents[2] / "simkit" / "scenario" / "README.md"


def test_the_example_of_the_page_loads(tmp_path):
    """Every rule of the written-out policy is accepted, and nothing in it is a mere default."""
    text = README.read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(extends: retail\ncontact_policy.*?)```", text, re.S)[1]
    file = tmp_path / "s.yaml"
    file.write_text(example)
    policy = load(file).base.contact_policy
    assert [cap.label for cap in policy.at_most] == [
        "3 per rolling week", "1 sms per calendar day", "2 tagged offer per rolling month",
        "1 per rolling week when fatigue > 3"]  # fmt: skip
    assert set(ContactPolicy.model_fields) == set(re.findall(r"^  (\w+):", example.split("data:")[0], re.M))
    assert all(f"`{word}" in text for word in [*FIELDS, *SHORT] if word != "consent")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("contact_policy: {at_most: 3 a week}", 1, "expected a cap such as"),
        ("contact_policy: {at_most: [1 per week, 1 per week]}", 1, "stands twice"),
        ("contact_policy: {at_most: 1 fax per week}", 1, "unknown addressed channel 'fax'"),
        ("contact_policy: {at_most: 1 tagged ofer per week}\ncampaigns: {a: {tags: offer}}", 1, "did you mean 'offer'"),
        ("contact_policy:\n  exempt: [service]", 2, "unknown tag of a campaign 'service'"),
        ("contact_policy:\n  suppress: fatigu > 2", 2, "did you mean 'fatigue'"),
        ("contact_policy:\n  at_most: 1 per week when mood is bad", 2, "cannot ask about 'mood'"),
        ("contact_policy: {at_least: 1 sms per week}", 1, "expected a least frequency"),
        ("contact_policy: {blackout: 2026-13-01}", 1, "2026-13-01"),
        ("contact_policy: {blackout: 2026-02-02..2026-02-01}", 1, "ends before it begins"),
        ('contact_policy: {quiet: "09:00-09:00"}', 1, "begin and end at the same time"),
        ("contact_policy: {at_most: [1 per day, 2 per day, 3 per day, 4 per day, 5 per day, 6 per day, 7 per day, "
         "8 per day, 9 per day]}", 1, "at most 8"),
        ("campaigns: {a: {channels: [email, sms], fallback: push}}", 1, "exactly one other addressed channel"),
        ("campaigns:\n" + "".join(f"  c{i}: {{topic: t{i}}}\n" for i in range(9)), 1, "at most 8 different topics"),
        ("campaigns:\n  a:\n    stop_after: 3 ignored", 3, "expected a count and an outcome such as '3 unopened'"),
        ("campaigns:\n  a:\n    stop_after: [1 open, 2 opens]", 3, "stands twice"),
        ("campaigns:\n  a:\n    channels: [paid_social]\n    stop_after: 1 click", 4, "only messages have outcomes"),
        ("contact_policy:\n  offers: 2 per rolling month", 2, "expected a limit such as '2 per month'"),
        ("contact_policy:\n  stop_bounces: 16", 2, "15"),
        ("contact_policy: {stop_bounces: 2}\ncampaigns:\n" + "".join(
            f"  c{i}: {{stop_after: [1 open, 2 sent]}}\n" for i in range(7)), 1, "a record counts 15 outcomes"),
        ("market:\n  segments:\n    a: {share: 1, zones: {-3: 0.5, 0: 0.4}}", 3, "must sum to 1"),
        ("market:\n  segments:\n    a: {share: 1, zones: {-30: 1}}", 3, "from -24 to 24"),
        ("market:\n  segments:\n" + "".join(f"    s{i}: {{share: {1 / 3}, zones: {{{3 * i}: 0.2, {3 * i + 1}: 0.2, "
         f"{3 * i + 2}: 0.6}}}}\n" for i in range(3)), 1, "at most 8 different time zones"),
    ],
)  # fmt: skip
def test_a_mistake_has_a_place_and_a_sentence(tmp_path, text, line, said):
    """Refused with file and line, what was found and what is allowed."""
    file = tmp_path / "s.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(file)
    found = [problem for problem in caught.value.problems if said in problem.message]
    assert [problem.line for problem in found] == [line], caught.value


@pytest.mark.parametrize(
    ("policy", "campaigns", "said"),
    [
        ({"at_most": "0 per week"}, {}, "lets nothing through: no message at all"),
        ({"at_most": "0 sms per week"}, {}, "no message sms"),
        ({"quiet": "00:00-24:00"}, {}, "quiet hours last all day"),
        ({"control_group": 1}, {}, "everybody is in the control group"),
        ({"blackout": "2026-01-01..2027-12-31"}, {}, "blackouts cover the whole run"),
        ({"blackout": ["2026-12-24", "2031-12-24"]}, {}, "the blackout 2031-12-24 lies outside the run"),
        ({"gap": 300}, {}, "nobody gets more than one message"),
        ({"offers": "0 per month"}, {"a": {"offer": "10%"}}, "no message with an offer is ever sent"),
        ({"prize_draws": "0 per year"}, {"a": {"prize_draw": True}}, "no message with a prize draw is ever sent"),
        ({"offers": "1 per month"}, {"a": {}}, "offers never binds: no message has an offer"),
        ({"prize_draws": "1 per year"}, {"a": {}}, "prize_draws never binds"),
        ({"look_ahead": 3}, {"a": {}, "b": {}}, "all campaigns and journeys have the same weight"),
        ({"at_most": "1 offline per week"}, {"a": {}}, "never binds: there is no such channel"),
        ({"quiet": "21:00-09:00"}, {"late": {"send_time": "22:00", "live_days": 1}}, "'late' never goes on email"),
    ],
)
def test_a_policy_that_never_sends_is_warned_of(policy, campaigns, said):
    """Allowed, as one end of a sweep; but said."""
    scenario = Scenario(contact_policy=policy, campaigns=campaigns, occasions={}, monitors={}, horizon=150)
    assert any(said in note for note in scenario.sense_warnings())
    assert not any(said in note for note in Scenario(horizon=150).sense_warnings())


def test_caps_need_words_that_mean_something():
    """A calendar window is a single one; a count fits what a record remembers."""
    for wrong in ("1 per calendar 2 weeks", "17 per week", {"count": 1, "when": "fatigue >"}):
        with pytest.raises(ValidationError):
            ContactPolicy(at_most=[wrong])
