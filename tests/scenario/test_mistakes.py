"""Mistakes in a scenario: each is said with its place, what was found and what is allowed; all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from said import ONE_CAMPAIGN, problems

from simkit.scenario.load import load


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "contact_policy:\n  qiet: x\n",
            "s.yaml:2:3: unknown key 'qiet' in contact_policy; did you mean 'quiet'? allowed:",
        ),
        ("markt: {}\n", "s.yaml:1:1: unknown key 'markt' in the scenario; did you mean 'market'? allowed:"),
        ("market: {customers: many}\n", "s.yaml:1:21: market.customers: expected a whole number, found 'many'"),
        ("market: {customers: 2.5}\n", "s.yaml:1:21: market.customers: expected a whole number, found 2.5"),
        ("market: {customers: true}\n", "s.yaml:1:21: market.customers: expected a number, found true"),
        ("market: {customers: -5}\n", "s.yaml:1:21: market.customers: expected at least 1, found -5"),
        ("market: {customers: 1_000_000_000_000}\n", "384,000 GB"),
        (
            "market: {purchases: cdnow}\n",
            "s.yaml:1:21: market.purchases: expected a table with its `model`, or a YAML file",
        ),
        ("market: {purchases: {r: 1, modell: sbg}}\n", "s.yaml:1:28: unknown key 'modell' in market.purchases"),
        ("market: 3\n", "s.yaml:1:9: market: expected a table, found 3"),
        ("start: 5\n", "s.yaml:1:8: start: expected a date such as 2026-01-31, found 5"),
        ("question: 2026\n", "s.yaml:1:11: question: expected a text, found 2026"),
        ("horizon: nan\n", "expected a number of days or a span"),
        ("horizon: .nan\n", "s.yaml:1:10: numbers must be finite; found .nan"),
        ("horizon: 1e400\n", "s.yaml:1:10: numbers must be finite; '1e400' is too large"),
        (
            "market:\n  segments: {a: {share: 0.5}, b: {share: 0.6}}\n",
            "s.yaml:2:3: market.segments: shares must sum to 1, they sum to 1.1 (a 0.5, b 0.6)",
        ),
        (
            "contact_policy: {blocked: deferr}\n",
            "s.yaml:1:27: contact_policy.blocked: expected 'defer' or 'drop', found 'deferr'; did you mean",
        ),
        (
            "teams: {gates: {board: {mode: cadence, approver: zoe}}}\n",
            "s.yaml:1:50: teams.gates.board.approver: expected 'head', 'lead', 'person:...' or 'skill:...', found 'zoe'",
        ),
        ("teams: {structure: pots}\n", "'hub-and-spoke', 'hybrid' or 'written', found 'pots'; did you mean 'pods'?"),
        (
            "teams: {structure: {preset: pods, numbr: 3}}\n",
            "s.yaml:1:35: unknown key 'numbr' in teams.structure; did you mean 'number'? allowed: cross",
        ),
        (
            "campaigns: {c: {audience: {segments: 4}}}\n",
            "s.yaml:1:38: campaigns.c.audience.segments: expected 'all' or 'each' or a list, found 4",
        ),
        ("channels: {post: {kind: addressed}}\n", "are missing in channels.post"),
        (
            "channels: {post: {kind: pigeon}}\n",
            "s.yaml:1:25: channels.post.kind: expected 'addressed', 'paid', 'search', 'owned' or 'web', found",
        ),
        (
            "market: {funnel: {start: {awre: 1}}}\n",
            "s.yaml:1:27: unknown key 'awre' in market.funnel.start; did you mean 'aware'?",
        ),
        (
            "campaigns: {c: {channels: [emial]}}\noccasions: {}\nmonitors: {}\n",
            "s.yaml:1:28: campaigns.c.channels: unknown addressed or paid channel 'emial'",
        ),
        ("outcomes: [proft]\n", "s.yaml:1:12: outcomes: unknown measure 'proft'"),
        (
            "market: {fatigue: contacts}\n",
            "s.yaml:1:19: market.fatigue: expected a table, found 'contacts'; a table in a file",
        ),
        ("teams: {week: Sunday and Monday}\n", "s.yaml:1:15: teams.week: expected weekdays such as 'Sun-Thu'"),
        ("teams: {week: Money}\n", "s.yaml:1:15: teams.week: expected weekdays such as 'Sun-Thu'"),
        ("journeys: webinar\n", "s.yaml:1:11: journeys: expected a list such as [welcome, cart]"),
        ("goals: {profit: 5}\n", "s.yaml:1:17: goals.profit: expected a bound such as '>= 60%'"),
        ("economics: {stock: 500}\n", "s.yaml:1:20: economics.stock: expected a stock such as '5_000 per week'"),
        ("channels: email\n", "s.yaml:1:11: channels: expected a list such as [email, sms] or a table, found 'email'"),
        ("goals: {profit: lots}\n", "s.yaml:1:17: goals.profit: expected a bound"),
        ("market: {customers: -20%}\nmarkt: +2\n", "s.yaml:2:1: unknown key 'markt'"),
        # as a strategist writes numbers, times, dates and names
        ("economics: {price: '5,5'}\n", "s.yaml:1:20: economics.price: expected a number, found '5,5'; write 5.5"),
        ("market: {customers: 1.000.000}\n", "found '1.000.000'; write 1_000_000"),
        ("market: {customers: '1,000'}\n", "found '1,000'; write 1_000"),
        ("channels: {email: {cost_per_message: $0.1}}\n", "found '$0.1'; write the number alone"),
        ("channels: {email: {cost_per_message: -0.1}}\n", "cost_per_message: expected at least 0, found -0.1"),
        ("market: {organic_share: 92}\n", "expected at most 1, found 92; write 92% or 0.92"),
        ("market: {organic_share: 920%}\n", "expected at most 1, found '920%'; 100% is the most"),
        ("market: {organic_share: 92 percent}\n", "expected a share such as 0.05 or '5%'; found '92 percent'"),
        ("start: 04.01.2026\n", "s.yaml:1:8: start: expected a date such as 2026-01-31, found '04.01.2026'"),
        ("start: 2026-02-30\n", "there is no such date: 2026-02-30"),
        ('contact_policy: {quiet: "25:00-09:00"}\n', "expected a time of day such as '09:00'; found '25:00'"),
        (
            "campaigns: {newsletter: {send_time: '25:00'}}\n",
            "newsletter.send_time: expected 'best' or a time of day such as '09:00'; found '25:00'",
        ),
        ("contact_policy: {at_most: 3}\n", "expected a cap such as '3 per rolling week'"),
        ("market: {purchases: {spend: {p: 6, q: 0.9, v: 15}}}\n", "spend.q: expected more than 1, found 0.9"),
        ("budget: 0% of revenue\n", "s.yaml:1:9: budget: a budget of 0% of revenue pays for nobody"),
        ("teams: {holidays: Germany}\n", "no such country: 'Germany'; did you mean 'DE'?"),
        ("teams: {holidays: XX}\n", "no such country: 'XX'; write a code of two letters"),
        ("replications: 0\n", "s.yaml:1:15: replications: expected at least 1, found 0"),
    ],
)
def test_a_mistake_is_said_with_place_finding_and_choice(write, text, says):
    """The file, the line, the column, what was found, what is allowed."""
    found = problems(write(text))
    assert len(found) == 1
    assert says in found[0]


def test_a_skill_nobody_has_is_found_before_running(write):
    """The line is that of the step."""
    text = "teams:\n  work:\n    email_campaign:\n      steps:\n        - {id: copy, skill: writing, effort: 2}\n"
    (found,) = problems(write(text + ONE_CAMPAIGN))
    assert found.startswith("s.yaml:5:29: teams.work.email_campaign.steps[copy].skill: ")
    assert "'writing'" in found


def test_a_cycle_of_steps_is_found_before_running(write):
    """Work that waits for itself would never start."""
    text = (
        "teams:\n  work:\n    email_campaign:\n      steps:\n"
        "        - {id: a, skill: copy, effort: 1, after: [b]}\n        - {id: b, skill: copy, effort: 1, after: [a]}\n"
    )
    (found,) = problems(write(text + ONE_CAMPAIGN))
    assert found.startswith("s.yaml:")
    assert "teams.work.email_campaign" in found


def test_all_mistakes_of_base_alternatives_and_options_come_at_once_in_order(write):
    """One run of `validate` is enough; what the base has wrong is not repeated for each alternative."""
    path = write(
        "seed: -1\nmarket: {customers: x}\nalternatives:\n  a: {horizon: 3, contact_policy.gap: -1}\n  b: {}\n  c: 3\n"
    )
    assert problems(path, "replications=0", "alternatives.d.work.urgent_per_month=1") == [
        "--set alternatives.d.work.urgent_per_month=1: unknown alternative 'd'; there are: today, a, b",
        "--set replications=0: replications: expected at least 1, found 0",
        "s.yaml:1:7: seed: expected at least 0, found -1",
        "s.yaml:2:21: market.customers: expected a whole number, found 'x'",
        "s.yaml:4:7: 'horizon' holds for all alternatives and cannot stand in one ('a')",
        "s.yaml:4:39: contact_policy.gap: expected at least 0, found -1",
        "s.yaml:6:6: alternatives.c: expected a table of changes, found 3",
    ]


def test_mistakes_of_yaml_and_of_the_schema_come_together(write):
    """A number that is none, a tag and an unknown key are one list, and no place is named twice."""
    path = write("market:\n  customers: .nan\n  prospects: 3\nhorizon: !!int 5\nalternatves: {}\n")
    found = problems(path)
    assert [line.partition(": ")[0] for line in found] == ["s.yaml:2:14", "s.yaml:3:14", "s.yaml:4:10", "s.yaml:5:1"]
    assert "did you mean 'alternatives'?" in found[-1]


def test_a_mistake_that_only_an_alternative_makes_names_it(write):
    """The place is in the base, so the message says in which alternative it is wrong."""
    text = "channels: [email, web]\nalternatives:\n  a: {channels: {email: null}}\n"
    (found,) = problems(write(ONE_CAMPAIGN + text))
    assert found.endswith("(in alternative 'a')")


def test_a_mistake_in_a_file_that_was_extended_points_there(write):
    """Positions follow the values through merging."""
    path = write("extends: sub/a.yaml\nseed: 1\n", sub__a_yaml="horizon: 80\nmarket: {custmers: 3}\n")
    (found,) = problems(path)
    assert found.startswith(f"{Path('sub/a.yaml')}:2:10: unknown key 'custmers'")


def test_a_mistake_in_a_csv_points_to_line_and_cell(write):
    """The column is the cell's number; an unknown column is said at the header."""
    (found,) = problems(write("teams: {people: p.csv}\n", p_csv="id,skills,fte\nann,copy:1,half\n"))
    assert found == "p.csv:2:3: teams.people[0].fte: expected a share such as 0.05 or '5%'; found 'half'"
    (found,) = problems(write("teams: {people: p.csv}\n", p_csv="id,skills,hourly_csot\nann,copy:1,5\n"))
    assert found.startswith("p.csv:1:3: unknown key 'hourly_csot' in teams.people[0]; did you mean 'hourly_cost'?")


def test_a_shipped_step_is_changed_in_a_file_that_extends_only(tmp_path):
    """A step of which one key is written is a change where another file stands below, else half a step, which is said."""
    alone = "teams:\n  work:\n    email_campaign: {steps: [{id: test, after: [build]}]}\n"
    (tmp_path / "s.yaml").write_text(alone)
    told = "step 'test' needs either a skill or a gate; a file that extends no other writes its steps whole"
    assert any(told in problem for problem in problems(str(tmp_path / "s.yaml")))
    (tmp_path / "s.yaml").write_text("extends: retail\n" + alone)
    load(str(tmp_path / "s.yaml"))
