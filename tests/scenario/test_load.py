"""From files to checked alternatives: what is wrong is said at its place, all at once, in sentences."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from simkit.scenario.errors import ScenarioError
from simkit.scenario.load import load
from simkit.scenario.schema import MEASURE_NAMES
from simkit.scenario.sources import preset_names

BASE = """\
question: How many contacts a week?
market: {customers: 1_000}
teams:
  headcount: {strategy: 3, copy: 5, design: 5, build: 4, data: 3, crm: 4}
contact_policy: {at_most: 3 per rolling week, quiet: "21:00-09:00"}
alternatives:
  pods: {teams.structure: pods}
  calm: {contact_policy.at_most: 2 per rolling week}
"""
ONE_CAMPAIGN = "campaigns: {c: {per_week: 1}}\noccasions: {}\nmonitors: {}\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files into the current folder and returns the first one's name."""
    monkeypatch.chdir(tmp_path)

    def _write(text: str, **others: str) -> str:
        Path("s.yaml").write_text(text, encoding="utf-8")
        for name, content in others.items():
            path = Path(name.replace("__", "/").replace("_yaml", ".yaml").replace("_csv", ".csv"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return "s.yaml"

    return _write


def problems(path: str, *sets: str) -> list[str]:
    """Every problem as it is printed."""
    with pytest.raises(ScenarioError) as caught:
        load(path, sets)
    return [str(problem) for problem in caught.value.problems]


# --- what a study holds -----------------------------------------------------------------------------------


def test_two_lines_are_a_scenario(write):
    """Everything has a default; the scenario is called like its file."""
    study = load(write("question: Why?\nreplications: 3\n"))
    assert list(study.alternatives) == ["today"]
    assert (study.base.name, study.base.replications) == ("s", 3)
    assert study.written == {"question", "replications"}
    assert study.texts == {"s.yaml": "question: Why?\nreplications: 3\n"}


def test_alternatives_are_the_base_with_their_changes(write):
    """The base is first, under its name; each alternative is complete."""
    study = load(write(BASE))
    assert list(study.alternatives) == ["today", "pods", "calm"]
    assert study.alternatives["today"] is study.base
    assert study.alternatives["pods"].teams.structure.preset == "pods"
    assert study.alternatives["pods"].teams.headcount == study.base.teams.headcount
    assert study.alternatives["calm"].contact_policy.at_most[0].count == 2
    assert study.alternatives["calm"].contact_policy.quiet == study.base.contact_policy.quiet


def test_base_name_names_the_base(write):
    """And may not be used twice."""
    assert next(iter(load(write("base_name: now\n" + BASE)).alternatives)) == "now"
    assert problems(write("base_name: pods\n" + BASE)) == [
        "s.yaml:8:3: 'pods' is the name of the base; rename the alternative, or set base_name"
    ]


def test_changes_compound(write):
    """An option changes the base, and the alternatives are relative to the changed base."""
    path = write(BASE + "  big: {market.customers: x2}\n")
    study = load(path, ["market.customers=+500", "alternatives.calm.market.customers=-50%"])
    sizes = {name: one.market.customers for name, one in study.alternatives.items()}
    assert sizes == {"today": 1500, "pods": 1500, "calm": 750, "big": 3000}


def test_a_change_is_relative_to_what_a_short_form_stands_for(write):
    """The preset's open rate is nowhere in the file."""
    study = load(write("channels: [email, web]\n" + ONE_CAMPAIGN), ["channels.email.open_rate=x2"])
    assert study.base.channels["email"].open_rate == pytest.approx(0.60)
    assert list(study.base.channels) == ["email", "web"]


def test_a_part_of_a_short_form_can_be_changed(write):
    """The first cap by its number, the quiet hours by their start; what is not named stays."""
    study = load(write(BASE), ["contact_policy.at_most.0.count=+1", "contact_policy.quiet.start=22:00"])
    assert study.base.contact_policy.at_most[0].label == "4 per rolling week"
    assert (study.base.contact_policy.quiet.start, study.base.contact_policy.quiet.end) == (22, 9)


def test_an_alternative_changes_one_campaign_and_keeps_the_others(write):
    """The shipped campaigns stand below though nobody wrote them; null takes one away."""
    study = load(
        write(
            "question: q\nalternatives:\n  a: {campaigns.promotion.per_week: x2}\n  b: {campaigns.newsletter: null}\n"
        )
    )
    base, a, b = study.alternatives.values()
    assert a.campaigns["promotion"].per_week == 2 * base.campaigns["promotion"].per_week
    assert list(a.campaigns) == list(base.campaigns)
    assert list(b.campaigns) == [name for name in base.campaigns if name != "newsletter"]


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads(write, name):
    """Presets are scenarios; the name is the file's and not the preset's, and nothing of theirs is the user's."""
    study = load(write(f"extends: {name}\nseed: 2\n"))
    assert study.base.name == "s"
    assert study.written == {"seed"}
    assert any(name in file for file in study.texts)


def test_files_extend_files(write):
    """The furthest first; alternatives of both are merged."""
    path = write(
        "extends: sub/a.yaml\nseed: 3\nalternatives: {pods: {teams.structure.number: 2}}\n",
        sub__a_yaml="extends: b.yaml\nhorizon: 70\n",
        sub__b_yaml="horizon: 50\nwarmup: 30\nalternatives: {pods: {teams.structure: pods}}\n",
    )
    study = load(path)
    assert (study.base.horizon, study.base.warmup, study.base.seed) == (70, 30, 3)
    assert study.alternatives["pods"].teams.structure.number == 2
    assert set(study.texts) == {"s.yaml", str(Path("sub/a.yaml")), str(Path("sub/b.yaml"))}


def test_a_table_may_stand_in_its_own_file(write):
    """A YAML file where a table is expected replaces the table; a CSV file is a list of tables."""
    path = write(
        "market: {purchases: fits/orders.yaml, fatigue: fits/f.yaml}\nteams: {people: staff.csv}\n",
        fits__orders_yaml="model: bg_nbd\nunit: week\nr: 0.5\nalpha: 5\na: 1\nb: 3\n",
        fits__f_yaml="half_life_days: 9 days\n",
        staff_csv="id,skills,hourly_cost,fte\nann,strategy:1.0;copy:0.5,90,\nbo,copy:1;design:1;build:1,,0.5\ncy,data:1;crm:1,70,1\n",
    )
    study = load(path)
    assert study.base.market.purchases.r == 0.5
    assert study.base.market.fatigue.half_life_days == 9
    assert [person.id for person in study.base.teams.people] == ["ann", "bo", "cy"]
    assert study.base.teams.people[0].skills == {"strategy": 1.0, "copy": 0.5}
    assert study.base.teams.people[1].fte == 0.5
    assert "market.purchases.r" in study.written


def test_more_work_than_time_is_a_warning(write):
    """It may be what is asked; the warning says who, and by how much. An alternative's own goes by its name."""
    path = write("question: q\nalternatives: {busy: {work.campaigns_per_week: 80}}\n")
    work, decisions = load(path).warnings
    assert work.startswith("busy: more work than time (strategy ")
    assert decisions.startswith("busy: more decisions than time (")
    assert "%" in work


def test_people_whom_no_step_asks_for_are_told(write):
    """A skill misspelt in a file that extends another is one more skill; nobody else is idle, whatever the structure."""
    path = write("extends: retail\nteams: {headcount: {desing: 2}}\nalternatives: {pods: {teams.structure: pods}}\n")
    assert [note for note in load(path).warnings if "no step asks for desing" in note] != []
    for name in ("hierarchy", "pods", "hub-and-spoke", "hybrid"):
        assert not any("no step asks" in note for note in load(write(f"teams: {{structure: {name}}}\n")).warnings)


def test_a_share_beyond_all_is_advised_on_as_it_was_written(write):
    """`45` is perhaps 45 %; what a change comes to was never written, so it is not told how to write it."""
    (found,) = problems(write("market: {prospects: 45}\n"))
    assert found.endswith("expected at most 1, found 45; write 45% or 0.45")
    (found,) = problems(write("alternatives: {a: {market.prospects: x9}}\n"))
    assert found.endswith("expected at most 1, found 1.8 (from x9)")


def test_a_new_name_that_is_nearly_another_is_told(write):
    """It may be a new campaign and is more likely a misspelt one; names that go on from another's are new."""
    text = "alternatives: {more: {campaigns.lyoalty.per_week: 0, campaigns.loyalty_2.per_week: 0}}\n"
    said = load(write(text), ["campaigns.nwsletter.per_week=0"]).warnings
    assert said == [
        "campaigns.nwsletter is added to what there is; is 'newsletter' meant?",
        "more: campaigns.lyoalty is added to what there is; is 'loyalty' meant?",
    ]
    assert load(write("campaigns: {nwsletter: {per_week: 2}}\noccasions: {}\nmonitors: {}\n")).warnings == []


# --- mistakes in values -------------------------------------------------------------------------------------


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
    assert found == "p.csv:2:3: teams.people[0].fte: expected a number, found 'half'"
    (found,) = problems(write("teams: {people: p.csv}\n", p_csv="id,skills,hourly_csot\nann,copy:1,5\n"))
    assert found.startswith("p.csv:1:3: unknown key 'hourly_csot' in teams.people[0]; did you mean 'hourly_cost'?")


# --- outcomes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "retention_rate",
        "retention",
        "churn_rate",
        "clv",
        "cac",
        "conversion_rate",
        "profit",
        "revenue",
        "roas",
        "open_rate",
    ],
)
def test_outcomes_cannot_be_set(write, key):
    """They are computed; the message names what moves them."""
    for text, place in (
        (f"{key}: 5\n", "s.yaml:1:1"),
        (f"market: {{{key}: +5 points}}\n", "s.yaml:1:10"),
        (f"alternatives: {{a: {{{key}: 5}}}}\n", "s.yaml:1:20"),
        (f"alternatives: {{a: {{market.{key}: 5}}}}\n", "s.yaml:1:20"),
    ):
        (found,) = problems(write(text))
        assert found.startswith(f"{place}: {key!r} is an outcome: the simulation computes it, it cannot be set.")
        assert "What moves it: " in found
        told = "--reach" in found
        assert told == (key not in ("open_rate", "turnover"))
        if told:  # the command takes the name that is told
            assert re.search(r"--reach (\w+)=", found)[1] in MEASURE_NAMES
    (found,) = problems(write("seed: 1\n"), f"{key}=+5 points")
    assert "is an outcome" in found


def test_goals_may_name_outcomes(write):
    """A target is no setting."""
    assert load(write('goals: {retention_rate: ">= 60%"}\n')).base.goals["retention_rate"].value == 0.6


# --- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extends: s.yaml\n", "s.yaml:1:10: extends goes in a circle: s.yaml -> s.yaml"),
        ("extends: ../other.yaml\n", "s.yaml:1:10: '../other.yaml' leaves the scenario's folder"),
        ("extends: /etc/passwd.yaml\n", "leaves the scenario's folder"),
        ("extends: C:\\x.yaml\n", "leaves the scenario's folder"),
        ("extends: ~/x.yaml\n", "leaves the scenario's folder"),
        ("extends: retial\n", "s.yaml:1:10: extends: there is no preset 'retial'; did you mean 'retail'? presets: "),
        ("extends: [a]\n", "s.yaml:1:10: extends: expected a preset or a YAML file, found a list of 1"),
        ("extends: no.yaml\n", "s.yaml:1:10: there is no file 'no.yaml'"),
        ("market: {purchases: folder.yaml}\n", "s.yaml:1:21: 'folder.yaml' is a folder"),
        ("market: {purchases: ../x.yaml}\n", "s.yaml:1:21: '../x.yaml' leaves the scenario's folder"),
        ("market: {purchases: fits/ordres.yaml}\n", "no file 'fits/ordres.yaml'; did you mean 'orders.yaml'?"),
        ("market: {purchases: fits/bad.yaml}\n", "bad.yaml:1:4: tags are not allowed"),
        ("market: {purchases: fits/self.yaml}\n", "contains itself"),
        ("teams: {people: empty.csv}\n", "empty.csv:1:1: the table is empty"),
    ],
)  # fmt: skip
def test_only_files_of_the_scenario_are_read(write, text, says):
    """Circles, paths that leave the folder, missing and hostile files are problems with a place."""
    path = write(
        text,
        fits__orders_yaml="r: 1\n",
        fits__bad_yaml="r: !x 1\n",
        fits__self_yaml="spend: self.yaml\n",
        empty_csv="\n",
        folder_yaml__note_yaml="a: 1\n",
    )
    (found,) = problems(path)
    assert says in found


def test_a_link_out_of_the_folder_is_a_path_out_of_the_folder(write, tmp_path_factory):
    """What counts is where the file is."""
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text("seed: 1\n")
    path = write("extends: link.yaml\n")
    try:
        Path("link.yaml").symlink_to(outside)
    except OSError:
        pytest.skip("no links here")
    assert "leaves the scenario's folder" in problems(path)[0]


def test_checking_scenarios_imports_nothing_heavy():
    """`validate` answers within a second: no numbers library is loaded for it."""
    code = (
        "import sys; from simkit.scenario.load import load; import simkit.scenario.explain, simkit.scenario.starter;"
        "print([m for m in ('numpy', 'pandas', 'numba', 'scipy', 'matplotlib', 'mesa') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_structures_with_other_means_are_warned_about(tmp_path):
    """Another structure with one person more is said; the same means, or the same structure, are not."""
    file = tmp_path / "s.yaml"
    for change, said in (
        ("{teams.structure: pods}", False),
        ("{teams.headcount: {strategy: 3, copy: 6, design: 5, build: 4, data: 3, crm: 4}}", False),
        (
            "{teams.structure: pods, teams.headcount: {strategy: 3, copy: 6, design: 5, build: 4, data: 3, crm: 4}}",
            True,
        ),
    ):
        file.write_text(f"alternatives: {{other: {change}}}\n")
        notes = [note for note in load(file).warnings if "24 and 25 people" in note]
        assert bool(notes) == said, change
