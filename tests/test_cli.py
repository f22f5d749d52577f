"""The commands: what is printed where, and the exit code, for right and wrong use."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from simkit import cli
from simkit.__main__ import start_ahead
from simkit.experiment import executors

VALID = "question: Why?\nalternatives:\n  pods: {teams.structure: pods}\n"
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
ONE_CAMPAIGN = "campaigns: {c: {per_week: 1}}\noccasions: {}\nmonitors: {}\n"
STEPS = "teams: {work: {email_campaign: {steps: ["


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[1]))
    Path("s.yaml").write_text(VALID)


# --- validate -------------------------------------------------------------------------------------------------


def test_a_valid_scenario_is_ok(simkit):
    """Nothing else on stdout."""
    assert simkit("validate", "s.yaml") == (0, "ok\n", "")


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: [1, 2\n", "s.yaml:2:1", "not valid YAML"),
        ("contact_policy: {qiet: 1}\n", "s.yaml:1:18", "did you mean 'quiet'?"),
        ("market: {customers: many}\n", "s.yaml:1:21", "expected a whole number, found 'many'"),
        ("market: {represents: .nan}\n", "s.yaml:1:22", "finite"),
        ("market: {represents: 1e400}\n", "s.yaml:1:22", "finite"),
        ("market: {customers: -5}\n", "s.yaml:1:21", "expected at least 1, found -5"),
        ("market:\n  segments: {a: {share: 0.5}, b: {share: 0.6}}\n", "s.yaml:", "must sum to 1, they sum to 1.1"),
        (f"{STEPS}{{id: a, skill: magic, effort: 1}}]}}}}}}\n{ONE_CAMPAIGN}", "s.yaml:1:56", "skill 'magic'"),
        (
            f"{STEPS}{{id: a, skill: copy, effort: 1, after: [b]}}, "
            f"{{id: b, skill: copy, effort: 1, after: [a]}}]}}}}}}\n{ONE_CAMPAIGN}",
            "s.yaml:1:",
            "teams.work.email_campaign",
        ),
        ("retention: +5 points\n", "s.yaml:1:1", "is an outcome"),
        ("seed: !!python/name:os.system x\n", "s.yaml:1:7", "tags are not allowed"),
        (BOMB, "s.yaml:1:4", "anchors are not allowed"),
        ("a: " + "[" * 500, "s.yaml:1:", "nested deeper"),
        ("seed: 1\nseed: 2\n", "s.yaml:2:1", "stands twice"),
        ("seed: \x00\n", "s.yaml:1:7", "control character"),
        ("", "s.yaml:1:1", "empty"),
        ("x" * 1_100_000, "s.yaml:1:1", "larger"),
        ("market: {customers: 1_000_000_000_000}\n", "s.yaml:1:21", "GB of memory"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["validate", "explain", "run"])
def test_an_invalid_scenario_ends_with_3_and_writes_nothing(simkit, command, text, place, says):
    """The same sentence from every command, on stderr."""
    Path("s.yaml").write_text(text)
    code, out, err = simkit(command, "s.yaml")
    assert (code, out) == (3, "")
    (line,) = err.splitlines()
    assert line.startswith(place)
    assert says in line
    assert [path.name for path in Path().iterdir()] == ["s.yaml"]


def test_all_mistakes_are_said_at_once(simkit):
    """In the order of the file; options come first and stand for themselves."""
    Path("s.yaml").write_text(
        "seed: -1\nprofit: 3\nmarket: {custmers: 5}\nalternatives: {a: {teams.structure: pots}}\n"
    )
    code, _, err = simkit(
        "validate", "s.yaml", "--set", "replications=0", "--set", "alternatives.b.work.urgent_per_month=1"
    )
    assert code == 3
    assert [line.split(": ")[0] for line in err.splitlines()] == [
        "--set alternatives.b.work.urgent_per_month=1",
        "--set replications=0",
        "s.yaml:1:7",
        "s.yaml:2:1",
        "s.yaml:3:10",
        "s.yaml:4:37",
    ]


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (
            "alternatives.pod.teams.structure=pods",
            "unknown alternative 'pod'; did you mean 'pods'? there are: today, pods",
        ),
        ("alternatives.pods=3", "expected alternatives.NAME.path=value"),
        ("roas=3", "is an outcome"),
        ("market.customers=-3", "expected at least 1, found -3"),
        ("market.customers=.nan", "finite"),
        ("work.urgent_per_month=x2", "there is no number to be relative to"),
        ("nonsense", "expected a dotted path"),
        ("extends=retail", "extends is written in the file"),
        ("market.purchases=../x.yaml", "leaves the scenario's folder"),
        ("teams.people=[{id: 1", "not valid YAML"),
    ],
)
def test_a_wrong_option_is_named_itself(simkit, option, says):
    """Not a line of the file."""
    code, _, err = simkit("validate", "s.yaml", "--set", option)
    (line,) = err.splitlines()
    assert code == 3
    assert line.startswith(f"--set {option}: ")
    assert says in line


def test_json_of_validate(simkit):
    """One document, also for a scenario that is wrong."""
    code, out, _ = simkit("validate", "s.yaml", "--json")
    assert (code, json.loads(out)["valid"], json.loads(out)["alternatives"]) == (0, True, ["today", "pods"])
    Path("s.yaml").write_text("seed: -1\n")
    code, out, err = simkit("validate", "s.yaml", "--json")
    (problem,) = json.loads(out)["problems"]
    assert (code, err, problem["line"], problem["column"]) == (3, "", 1, 7)


def test_warnings_are_no_errors(simkit):
    """They go to stderr and the scenario is ok."""
    Path("s.yaml").write_text("warmup: 5\n")
    code, out, err = simkit("validate", "s.yaml")
    assert (code, out) == (0, "ok\n")
    assert err.startswith("warning: warm-up of 5 days")


# --- usage ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["validate", "a.yaml"], "there is no file 'a.yaml'"),
        (["validate", "t.yaml"], "did you mean 's.yaml'?"),
        (["run", "."], "'.' is not a file"),
        (["run", "s.yaml", "--engine", "steam"], "--engine"),
        (["run", "s.yaml", "--replications", "0"], "--replications"),
        (["run", "s.yaml", "--workers", "0"], "--workers"),
        (["run", "s.yaml", "--nothing"], "--nothing"),
        (["fly"], "fly"),
        (["validate"], "FILE"),
        (["new", "../x"], "the name '../x'"),
        (["new", "x", "--from", "retial"], "did you mean 'retail'? presets: "),
        (["new", "s"], "s.yaml exists; nothing was written"),
    ],
)
def test_wrong_use_ends_with_2(simkit, words, says):
    """And says what was wrong."""
    code, out, err = simkit(*words)
    assert (code, out) == (2, "")
    assert says in err
    assert Path("s.yaml").read_text() == VALID


# --- run --------------------------------------------------------------------------------------------------------


def test_a_small_scenario_runs_from_file_to_report(simkit):
    """The whole way, without a stand-in: one JSON document, and the results folder."""
    small = ["market.customers=300", "horizon=4 weeks", "warmup=30"]
    options = [word for setting in small for word in ("--set", setting)]
    code, out, err = simkit("run", "s.yaml", *options, "--replications", "2", "--workers", "1", "--out", "o", "--json")
    assert code == 0, err
    document = json.loads(out)
    assert document["alternatives"] == ["today", "pods"]
    assert {"report.html", "manifest.json"} <= {path.name for path in Path("o").iterdir()}


class _Result(SimpleNamespace):
    """Stands for the result of a study."""

    def save(self, folder):
        self.saved.append(folder)

    def document(self, folder):
        return {"results": str(folder)}


@pytest.fixture
def finished(monkeypatch):
    """Replaces the simulation: what it was asked for, and the result it gives."""
    from simkit.experiment import study
    from simkit.report import console

    result = _Result(failed=0, worlds=None, checks_failed=[], saved=[], asked=[])
    monkeypatch.setattr(study, "run", lambda *words, **options: result.asked.append(options) or result)
    monkeypatch.setattr(console, "show", lambda found, screen, folder: screen.print(f"answer in {folder}"))
    return result


def test_run_passes_its_options_on(simkit, finished):
    """Every option does something."""
    words = ["--replications", "3", "--seed", "7", "--workers", "2", "--engine", "mesa", "--out", "o", "--json"]
    code, out, _ = simkit("run", "s.yaml", *words)
    assert (code, json.loads(out)) == (0, {"results": "o"})
    unasked = {"worlds": None, "uncertainties": None, "until": None}
    told = {"replications": 3, "seed": 7, "workers": 2, "engine": "mesa", "progress": False}
    assert finished.asked == [told | unasked]
    assert finished.saved == [Path("o")]


def test_results_go_into_a_folder_of_the_scenarios_name(simkit, finished):
    """Whatever characters the name has, it is one folder below results."""
    assert simkit("run", "s.yaml")[:2] == (0, f"answer in {Path('results/s')}\n")
    simkit("run", "s.yaml", "--set", "name=../../[red]x/..")
    assert finished.saved == [Path("results/s"), Path("results/red_x")]


def test_failed_runs_and_unmet_checks_have_their_exit_codes(simkit, finished):
    """4 when runs failed; 5 when a check is not met and was asked for."""
    finished.checks_failed = ["today: profit is 3, expected > 5"]
    assert simkit("run", "s.yaml")[0] == 0
    code, _, err = simkit("run", "s.yaml", "--check")
    assert (code, err) == (5, "check not met: today: profit is 3, expected > 5\n")
    finished.failed = 2
    assert simkit("run", "s.yaml", "--check")[0] == 4


def test_an_interrupted_run_ends_with_6(simkit, finished, monkeypatch):
    """Nothing was written, and it says so."""
    from simkit.experiment import study

    def interrupted(*words, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "run", interrupted)
    code, out, err = simkit("run", "s.yaml")
    assert (code, out, err) == (6, "", "interrupted; no results were written\n")


@pytest.mark.parametrize("out", ["s.yaml", "s.yaml/below", "s.yaml/a/b", "other"])
def test_a_folder_that_cannot_be_written_is_found_before_simulating(simkit, finished, out):
    """7, and no second of simulation was spent."""
    Path("other").mkdir()
    (Path("other") / "letter.txt").write_text("mine")
    code, _, err = simkit("run", "s.yaml", "--out", out)
    assert code == 7
    assert err.startswith(out.split("/")[0])
    assert finished.asked == []


def test_a_full_disk_ends_with_7(simkit, finished, monkeypatch):
    """The hint names the place."""
    import errno
    import os

    def full(self, folder):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results/s/x.parquet")

    monkeypatch.setattr(_Result, "save", full)
    code, _, err = simkit("run", "s.yaml")
    assert code == 7
    assert "results/s/x.parquet" in err


# --- explain, schema, new, fit --------------------------------------------------------------------------------


def test_explain_prints_a_scenario_that_can_be_loaded(simkit):
    """YAML on stdout, nothing else."""
    code, out, err = simkit("explain", "s.yaml", "--set", "market.customers=5_000")
    assert (code, err) == (0, "")
    Path("again.yaml").write_text(out)
    assert simkit("validate", "again.yaml")[0] == 0
    assert "customers: 5000" in out


def test_explain_tells_sources_day_and_teams(simkit):
    """As tables and as JSON; markup in names stays what it is."""
    Path("s.yaml").write_text('market: {segments: {"[red]a": {share: 1}}}\n' + VALID)
    code, out, _ = simkit("explain", "s.yaml", "--sources", "--teams")
    assert code == 0
    assert "market.segments.[red]a.share" in out
    assert "published" in out
    assert "strategy-1" in out
    code, out, _ = simkit("explain", "s.yaml", "--sources", "--day", "--teams", "--json")
    document = json.loads(out)
    assert set(document) == {"sources", "day", "teams", "charts"}
    assert document["day"][0]["phase"] == "propose"
    assert set(document["teams"]) == {"today", "pods"}


def test_schema_is_json(simkit):
    """For editors."""
    code, out, _ = simkit("schema")
    assert code == 0
    assert json.loads(out)["title"] == "simkit scenario"


@pytest.mark.parametrize("words", [[], ["--from", "retail"]])
def test_new_writes_a_valid_starter(simkit, words):
    """Its path is printed."""
    assert simkit("new", "mine", *words) == (0, "mine.yaml\n", "")
    assert simkit("validate", "mine.yaml")[0] == 0


def test_fit_writes_a_snippet_that_a_scenario_can_use(simkit):
    """The way from orders to a scenario; mistakes end with 3, a missing extra with 7."""
    if importlib.util.find_spec("lifetimes") is None:
        pytest.skip("the sample comes with simkit[data]")
    code, _, err = simkit("fit", "cdnow", "--until", "1997-09-30", "--out", "orders.yaml")
    assert code == 0, err
    assert "wrote orders.yaml" in err
    Path("s.yaml").write_text("market: {purchases: orders.yaml}\n")
    assert simkit("validate", "s.yaml")[0] == 0
    code, out, _ = simkit("fit", "cdnow", "--json")
    assert "bg_nbd" in json.loads(out)
    code, out, err = simkit("fit", "no.csv")
    assert (code, out) == (3, "")
    assert "no such file" in err


def test_help_names_every_command_and_is_light():
    """In a fresh process, without any heavy library: those are imported where they are used."""
    script = "import sys; from simkit.cli import app; sys.argv[1:] = ['--help']\ntry: app()\nexcept SystemExit: pass\n"
    heavy = ("numpy", "pandas", "numba", "pydantic", "ruamel.yaml", "scipy", "mesa", "simpy", "matplotlib")
    script += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for command in ("run", "validate", "explain", "schema", "new", "fit", "fit-contacts", "trace", "incrementality"):
        assert f"  {command} " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_real_process_keeps_its_exit_code_and_streams():
    """As a shell sees it, with colors off."""
    Path("s.yaml").write_text("seed: -1\n")
    done = subprocess.run(
        [sys.executable, "-m", "simkit", "validate", "s.yaml"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "s.yaml:1:7: seed: expected at least 0, found -1\n"


def test_export_writes_a_log(simkit):
    """The file is named and holds the rows that are reported; a wrong alternative names the right ones."""
    Path("s.yaml").write_text("horizon: 10 days\nwarmup: 0 days\nmarket: {customers: 100}\n")
    code, out, _ = simkit("export", "s.yaml", "--what", "transactions", "--replication", "3", "--json")
    told = json.loads(out)
    assert (code, told["file"]) == (0, "transactions-today-3.csv")
    assert len(Path(told["file"]).read_text().splitlines()) == told["rows"] + 1
    code, out, err = simkit("export", "s.yaml", "--what", "transactions", "--alternative", "pods")
    assert (code, out) == (2, "")
    assert "today" in err
    assert simkit("export", "nothing.yaml", "--what", "events")[0] == 2


def test_incrementality_answers_in_one_document(simkit):
    """JSON on stdout; a channel that is not there is a usage error that names those that are."""
    Path("s.yaml").write_text("horizon: 20 days\nwarmup: 0 days\nmarket: {customers: 200}\n")
    words = ("incrementality", "s.yaml", "--replications", "2", "--workers", "1")
    code, out, _ = simkit(*words, "--off", "channel:email", "--json", "--out", "t.csv")
    told = json.loads(out)
    assert (code, told["replications"]) == (0, 2)
    assert told["rows"][0]["method"] == "truth"
    assert Path("t.csv").read_text().startswith("method,measure,unit,mean")
    code, out, err = simkit(*words, "--off", "channel:emial")
    assert (code, out) == (2, "")
    assert "did you mean 'email'" in err


def test_trace_tells_one_customers_days(simkit):
    """Dated lines within the days asked for; as JSON the same; an unknown customer names those there are."""
    Path("s.yaml").write_text("horizon: 20 days\nwarmup: 0 days\nmarket: {customers: 100}\n")
    words = ("trace", "s.yaml", "--customer", "everyone:3", "--from", "2026-01-06", "--to", "2026-01-20")
    code, out, _ = simkit(*words, "--json")
    told = json.loads(out)
    assert (code, told["customer"]) == (0, "everyone-3")
    assert all("2026-01-06" <= one["time"][:10] <= "2026-01-20" for one in told["entries"])
    code, out, _ = simkit(*words)
    assert all(one["text"] in " ".join(out.split()) for one in told["entries"])
    code, out, err = simkit("trace", "s.yaml", "--customer", "100")
    assert (code, out) == (2, "")
    assert "0 to 99" in err


def test_the_bottleneck_is_one_document(simkit):
    """JSON on stdout and the table as CSV; an alternative that is not there names those that are."""
    Path("s.yaml").write_text("horizon: 20 days\nwarmup: 0 days\nmonitors: {}\n")
    words = ("bottleneck", "s.yaml", "--replications", "2", "--workers", "1")
    code, out, _ = simkit(*words, "--json", "--out", "t.csv")
    told = json.loads(out)
    assert (code, told["replications"], told["left_out"]) == (0, 2, [])
    assert "one more person: copy" in {row["change"] for row in told["changes"]}
    assert Path("t.csv").read_text().startswith("change,what,days_saved,low,high,verdict,cost_per_year")
    code, out, err = simkit(*words, "--alternative", "pods")
    assert (code, out) == (2, "")
    assert "there are: today" in err


def test_work_is_exported_and_traced(simkit):
    """XES is for work alone; a campaign's diary carries its parts; one of the two diaries must be asked for."""
    Path("s.yaml").write_text("horizon: 20 days\nwarmup: 0 days\nmarket: {customers: 100}\n")
    code, out, _ = simkit("export", "s.yaml", "--what", "work", "--format", "xes", "--out", "w.xes", "--json")
    assert (code, Path("w.xes").read_text(encoding="utf-8").count("<event>")) == (0, json.loads(out)["rows"])
    assert simkit("export", "s.yaml", "--what", "events", "--format", "xes")[0] == 2
    code, out, _ = simkit("trace", "s.yaml", "--campaign", "newsletter-0", "--json")
    told = json.loads(out)
    assert (code, told["campaign"]) == (0, "newsletter-0")
    assert sum(told["parts_seconds"].values()) == told["lead_seconds"]
    for words in ((), ("--customer", "3", "--campaign", "newsletter-0")):
        code, out, err = simkit("trace", "s.yaml", *words)
        assert (code, out) == (2, "")
        assert "--customer SEGMENT:INDEX and --campaign NAME" in err
    code, out, _ = simkit("fit-work", "w.xes", "--out", "fit.yaml")
    assert code == 0
    assert "Working hours: Mon Tue Wed Thu Fri, 09:00-13:00, 14:00-18:00" in out
    Path("fitted.yaml").write_text("campaigns: {}\noccasions: {}\nmonitors: {}\nteams: fit.yaml\n")
    assert simkit("validate", "fitted.yaml")[0] == 0
    code, _, err = simkit("fit-work", "w.xes", "--step", "task")
    assert code == 3
    assert "w.xes: no column for step ('task'); the log has 'case:concept:name'" in err
    code, _, err = simkit("trace", "s.yaml", "--campaign", "newsletters-0")
    assert code == 2
    assert "did you mean 'newsletter-0'" in err


@pytest.mark.parametrize(
    ("words", "ahead"),
    [("run FILE", 1), ("run FILE --seed 3", 1), ("run FILE --workers 1", 0), ("run FILE --workers=4", 0),
     ("run nothing.yaml", 0), ("validate FILE", 0), ("run", 0), ("", 0)],
)  # fmt: skip
def test_workers_start_ahead_of_a_run(tmp_path, monkeypatch, words, ahead):
    """Only `run` of a file that is there, whose workers nobody has counted."""
    (tmp_path / "a.yaml").touch()
    started = []
    monkeypatch.setattr(executors, "start_early", started.append)
    start_ahead(words.replace("FILE", str(tmp_path / "a.yaml")).split())
    assert started == [None] * ahead
