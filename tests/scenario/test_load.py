"""From files to checked alternatives: what is wrong is said at its place, all at once, in sentences."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from said import ONE_CAMPAIGN, problems

from simkit.scenario.errors import ScenarioError
from simkit.scenario.load import Template, load
from simkit.scenario.overlay import node_of
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


def test_cases_of_a_template_know_nothing_of_each_other(write):
    """Each is what the file with the same options is, whatever came before it, a refused case too."""
    path = write(BASE)
    cases = [
        [("market.customers", "+500"), ("market.customers", "x2"), ("contact_policy.at_most.0.count", "+1")],
        [("channels", ["email", "web"]), ("market.customers", "many")],
        [("campaigns.promotion.per_week", "x2"), ("channels", ["email", "web"])],
        [("campaigns.newsletter.per_week", "x3"), ("alternatives.pods.market.customers", "-50%")],
    ]
    template = Template(path)
    for case in cases:
        own = Template(path, [f"{where}={str(value).replace(chr(39), '')}" for where, value in case])
        assert resolved(template, [(where, node_of(value)) for where, value in case]) == resolved(own, []), case


def test_a_change_meets_what_is_held_by_then(write):
    """Also where that hangs on another section: without their channel there are no campaigns to be laid over."""
    sets = ["contact_policy.quiet.start=22:00", "channels=[email, web]", "campaigns.newsletter.per_week=x2"]
    study = load(write(BASE), sets)
    assert study.alternatives == load(write("channels: [email, web]\n" + BASE), [sets[0], sets[2]]).alternatives
    assert set(study.base.campaigns) < set(load(write(BASE)).base.campaigns)


def resolved(template: Template, changes: list) -> object:
    """The alternatives, or what is wrong without the place, which differs."""
    try:
        return template.study(changes).alternatives
    except ScenarioError as error:
        return [problem.message for problem in error.problems]


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
