"""Logs as other programs write them: own columns, formats, zones, orders and words give one fit; what cannot be read is
said in words, with exit code 3 and no file."""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simkit.fits.work.columns import LogColumns
from simkit.fits.work.files import LogError
from simkit.fits.work.fit import fit_work
from simkit.fits.work.output import to_json

HEAD = ("Ticket", "Task", "When", "Phase", "Agent", "Verdict")
COLUMNS = LogColumns(case="Ticket", step="Task", time="When", transition="Phase", person="Agent", outcome="Verdict")
OPTIONS = ["--case", "Ticket", "--step", "Task", "--time", "When", "--transition", "Phase", "--person", "Agent"]
OPTIONS += ["--outcome", "Verdict"]
BERLIN = ZoneInfo("Europe/Berlin")


def _on_shift(moment, hours):
    """So many working hours later, Monday to Friday, nine to five."""
    while True:
        opens, closes = moment.replace(hour=9, minute=0, second=0), moment.replace(hour=17, minute=0, second=0)
        if moment.weekday() > 4 or moment >= closes:
            moment = opens + timedelta(days=1)
            continue
        moment = max(moment, opens)
        left = (closes - moment).total_seconds() / 3600
        if hours <= left:
            return moment + timedelta(hours=hours)
        hours, moment = hours - left, closes


@pytest.fixture(scope="module")
def passes():
    """Tickets that two people draft and publish at once after a review that takes an hour to begin; without simkit.

    (ticket, task, who, begin, end, verdict); 40 % are declined at first, 20 % the second time.
    """
    draw = np.random.default_rng(4)
    free = dict.fromkeys(("Ana Müller", "Bo", "Kim"), datetime(2026, 1, 5, 9))
    made = []

    def work(ticket, task, who, ready, hours, verdict=""):
        begin = _on_shift(max(ready, free[who]), 1e-9).replace(microsecond=0)
        free[who] = _on_shift(begin, hours).replace(microsecond=0)
        made.append((ticket, task, who, begin, free[who], verdict))
        return free[who]

    asked = datetime(2026, 1, 5, 9)
    for number in range(250):
        asked = ready = _on_shift(asked, draw.exponential(3.5))
        who, ticket = min(("Ana Müller", "Bo"), key=free.get), f"T-{number}"
        for k in range(9):
            ready = work(ticket, "Draft", who, ready, draw.lognormal(math.log(2.5) - 0.125, 0.5))
            declined = draw.random() < 0.4 * 0.5**k
            ready = work(ticket, "Review", "Kim", _on_shift(ready, 1), 0.5, "Declined" if declined else "Approved")
            if not declined:
                break
        work(ticket, "Publish", who, ready, 0.5)
    return made


def _rows(passes, told=datetime.isoformat):
    return [
        row
        for ticket, task, who, begin, end, verdict in passes
        for row in ((ticket, task, told(begin), "start", who, ""), (ticket, task, told(end), "complete", who, verdict))
    ]


def _written(path, rows, head=HEAD, mark=",", encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=mark).writerows([head, *rows])
    return path


def _found(fit):
    """All that a fit says, without where it is from and what to know about it."""
    return {key: value for key, value in to_json(fit).items() if key not in ("source", "events", "doubts")}


@pytest.fixture(scope="module")
def plain(passes, tmp_path_factory):
    return _written(tmp_path_factory.mktemp("plain") / "plain.csv", _rows(passes))


@pytest.fixture(scope="module")
def fit(plain):
    return fit_work(plain, COLUMNS)


# --- numbers ------------------------------------------------------------------------------------------------


def test_what_another_program_put_in_comes_out(fit, passes):
    """Efforts, chances and hours as they were drawn; who works on after an approval was handed it by the approval, so the
    hour of the review is not the way to the next step."""
    (kind,) = fit.kinds
    draft = kind.steps["Draft"].effort
    assert abs(draft.mean_hours - 2.5) < 4 * draft.mean_error < 0.5
    assert draft.n == 250
    assert kind.steps["Publish"].effort.mean_hours == pytest.approx(0.5, abs=0.001)
    review = fit.gates["Review"]
    declined = sum(verdict == "Declined" for *_, verdict in passes)
    assert (sum(review.rejection.rejected), sum(review.rejection.decided)) == (declined, 250 + declined)
    assert abs(review.rejection.first - 0.4) < 4 * review.rejection.first_error
    assert abs(review.rejection.decay - 0.5) < 4 * review.rejection.decay_error
    assert review.effort.mean_hours == pytest.approx(0.5, abs=0.001)
    assert fit.hours.week.hours == ((9, 17),)
    lines = {one.relation: one.latency_hours for one in fit.hand_offs}
    assert lines["same_person"] == pytest.approx(0, abs=0.01)
    assert kind.steps["Draft"].redo_share == 0
    assert fit.skills == {"Ana Müller": {"Draft": 1}, "Bo": {"Draft": 1}, "Kim": {}}


def test_one_fit_however_it_is_written(fit, passes, tmp_path):
    """German and American times, semicolons, newest first, shuffled, other words for transitions, blank lines; the same."""
    german = _rows(passes, lambda at: f"{at:%d.%m.%Y %H:%M:%S}")
    american = _rows(passes, lambda at: f"{at:%m/%d/%Y %I:%M:%S %p}")
    rows = _rows(passes)
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    words = {"start": "Started", "complete": "DONE"}
    cases = {
        "german": (fit_work, german, ";", "%d.%m.%Y %H:%M:%S"),
        "american": (fit_work, american, "|", "%m/%d/%Y %I:%M:%S %p"),
        "newest": (fit_work, sorted(rows, key=lambda row: row[2], reverse=True), "\t", None),
        "shuffled": (fit_work, shuffled, ",", None),
        "words": (fit_work, [(*row[:3], words[row[3]], *row[4:]) for row in rows], ",", None),
        "blank": (fit_work, [*rows[:50], (), *rows[50:], ("",) * 6], ",", None),
    }
    for name, (read, made, mark, time_format) in cases.items():
        path = _written(tmp_path / f"{name}.csv", made, mark=mark)
        assert _found(read(path, COLUMNS, time_format=time_format)) == _found(fit), name


def test_a_row_may_be_a_whole_pass(fit, passes, tmp_path):
    """Begin and end in one row, as many tools export them; a pass that ends before it begins has its line told."""
    head = ("Ticket", "Task", "Agent", "Begin", "End", "Verdict")
    rows = [(one[0], one[1], one[2], one[3].isoformat(), one[4].isoformat(), one[5]) for one in passes]
    columns = LogColumns(case="Ticket", step="Task", time="End", start="Begin", person="Agent", outcome="Verdict")
    assert _found(fit_work(_written(tmp_path / "whole.csv", rows, head), columns)) == _found(fit)
    rows[3] = (*rows[3][:3], rows[3][4], rows[3][3], "")
    with pytest.raises(LogError, match=r"line 5: start: found .*; allowed: a time that is not after"):
        fit_work(_written(tmp_path / "back.csv", rows, head), columns)


def test_booked_hours_may_have_decimal_commas(passes, tmp_path):
    """Hours of a spreadsheet with decimal commas say what the same hours with points say; 1,125 may mean two things."""
    head = (*HEAD, "Hours")
    columns = LogColumns(**{**vars(COLUMNS), "effort_hours": "Hours"})
    hours = [f"{i % 7 / 4 + 0.25:.2f}" for i in range(2 * len(passes))]
    rows = [(*row, told if row[3] == "complete" else "") for row, told in zip(_rows(passes), hours, strict=True)]
    points = fit_work(_written(tmp_path / "points.csv", rows, head), columns)
    commas = [(*row[:-1], row[-1].replace(".", ",")) for row in rows]
    found = fit_work(_written(tmp_path / "commas.csv", commas, head, mark=";"), columns)
    assert _found(found) == _found(points)
    unsure = [(*row[:-1], "1,125" if row[-1] else "") for row in rows]
    with pytest.raises(LogError, match=r"unsure.csv: effort_hours: found '1,125', which may be 1.125 or 1125"):
        fit_work(_written(tmp_path / "unsure.csv", unsure, head, mark=";"), columns)


def test_repeated_rows_count_once(fit, passes, tmp_path):
    """A log written in two overlapping parts has no redos that were none; it is said."""
    rows = _rows(passes)
    found = fit_work(_written(tmp_path / "twice.csv", [*rows, *rows[100:160]]), COLUMNS)
    assert _found(found) == _found(fit)
    assert "60 rows are the same as another in every column and count once" in found.doubts


def test_times_are_put_on_the_clock_of_the_people(fit, passes, tmp_path):
    """Written in UTC over a change to summer time: hours of the zone asked for; without, as written, and that is said."""
    path = _written(
        tmp_path / "utc.csv",
        _rows(passes, lambda at: f"{at.replace(tzinfo=BERLIN).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
    )
    assert _found(fit_work(path, COLUMNS, time_zone="Europe/Berlin")) == _found(fit)
    as_written = fit_work(path, COLUMNS)
    assert as_written.hours.week.hours == ((7, 16),)
    assert any("marked as UTC" in doubt for doubt in as_written.doubts)
    offsets = _rows(passes, lambda at: at.replace(tzinfo=BERLIN).isoformat())
    own_clock = fit_work(_written(tmp_path / "offsets.csv", offsets), COLUMNS)
    assert _found(own_clock) == _found(fit)
    assert not any("marked as UTC" in doubt for doubt in own_clock.doubts)
    spaced = _rows(passes, lambda at: f"{at.replace(tzinfo=BERLIN):%d.%m.%Y %H:%M:%S %z}")
    path = _written(tmp_path / "spaced.csv", spaced)
    for zone in (None, "Europe/Berlin"):
        found = fit_work(path, COLUMNS, time_format="%d.%m.%Y %H:%M:%S %z", time_zone=zone)
        assert _found(found) == _found(fit)


# --- what is left out or unsure is said ---------------------------------------------------------------------


def test_what_is_not_used_is_told(passes, tmp_path):
    """Transitions nobody knows by name and number; completions without a begin by step; a gate that never rejected."""
    rows = [
        (*row[:3], "touched" if row[0] == "T-9" and row[3] == "start" else row[3], *row[4:]) for row in _rows(passes)
    ]
    doubts = fit_work(_written(tmp_path / "touched.csv", rows), COLUMNS).doubts
    left_out = sum(row[3] == "touched" for row in rows)
    assert f"events with a transition that no fit uses are left out: touched ({left_out})" in doubts
    rows = [(*row[:5], {"Declined": "Abgelehnt"}.get(row[5], row[5])) for row in _rows(passes)]
    doubts = fit_work(_written(tmp_path / "words.csv", rows), COLUMNS).doubts
    foreign = sum(row[5] == "Abgelehnt" for row in rows)
    assert any(one.startswith("outcomes that are neither") and f"'abgelehnt' ({foreign})" in one for one in doubts)
    rows = [row for row in _rows(passes) if row[1] != "Publish" or row[3] == "complete" or row[0] < "T-2"]
    doubts = fit_work(_written(tmp_path / "some.csv", rows), COLUMNS).doubts
    assert any(one.startswith("completions without a begin tell nothing of effort: Publish (") for one in doubts)
    rows = [(*row[:5], "Approved" if row[1] == "Review" else "") for row in _rows(passes) if row[0] in ("T-1", "T-2")]
    (told,) = [one for one in fit_work(_written(tmp_path / "two.csv", rows), COLUMNS).doubts if "rejected in" in one]
    assert told.startswith("gate Review: nothing was rejected in ")
    rows = [(row[0], row[1].replace("Publish", "live"), *row[2:]) for row in _rows(passes)]
    doubts = fit_work(_written(tmp_path / "live.csv", rows), COLUMNS).doubts
    told = "live: somebody does it, but that names a moment of the case, and no step; give it another name"
    assert told in doubts
    assert not any("nobody does or decides" in doubt for doubt in doubts)


def test_names_may_be_anything(simkit, passes, tmp_path):
    """Marks of YAML, numbers, words that YAML takes for something else: the department loads with them."""
    names = {"Draft": "A.1: Prüfen/Entwurf", "Review": "Freigabe (4-Augen) {x}", "Ana Müller": "O'Brien, Tom", "Bo": "100",
             "Kim": "null"}  # fmt: skip
    rows = [(*(names.get(cell, cell) for cell in row), 'Vertrieb & Co: "A"', "yes") for row in _rows(passes)]
    path = _written(tmp_path / "names.csv", rows, (*HEAD, "Dept", "Type"))
    out = ["--out", str(tmp_path / "department.yaml")]
    assert simkit("fit-work", str(path), *OPTIONS, "--unit", "Dept", "--kind", "Type", *out)[0] == 0
    (tmp_path / "firm.yaml").write_text(
        "market: {customers: 500}\nhorizon: 60 days\nteams: department.yaml\noccasions: {}\nmonitors: {}\n"
        'campaigns: {ticket: {per_week: 5, work: "yes", channels: [email]}}\n'
    )
    assert simkit("validate", str(tmp_path / "firm.yaml"))[:2] == (0, "ok\n")


# --- mistakes -----------------------------------------------------------------------------------------------


def test_unreadable_times_are_told_once_with_the_format_that_fits(passes, tmp_path):
    """Not line by line for a whole file; both formats where days and months cannot be told apart."""
    german = _written(tmp_path / "german.csv", _rows(passes, lambda at: f"{at:%d.%m.%Y %H:%M}"))
    with pytest.raises(
        LogError, match=r"found '06\.01\.2026 .*'; --time-format '%d\.%m\.%Y %H:%M' would read them all$"
    ):
        fit_work(german, COLUMNS)
    with pytest.raises(LogError, match="would read them all"):
        fit_work(german, COLUMNS, time_format="%Y")
    either = _written(tmp_path / "either.csv", [("1", "a", "01/02/2026 09:00", "complete", "x", "")])
    with pytest.raises(LogError, match="'%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M' would read them all"):
        fit_work(either, COLUMNS)
    epoch = _written(tmp_path / "epoch.csv", _rows(passes, lambda at: f"{at.timestamp():.0f}"))
    with pytest.raises(LogError, match="looks like seconds since 1970"):
        fit_work(epoch, COLUMNS)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (b"\xff\xfeT\x00", [], "a.csv: is not UTF-8 text (byte 0xff); save it as UTF-8"),
        ("Ticket,Task,When\nM\u00fcller,a,2026-01-05T09:00\n".encode("cp1252"), [],
         "a.csv: is not UTF-8 text (byte 0xfc); save it as UTF-8"),
        (b"Ticket,Task,When,Phase,Agent,Verdict\n1,a,2026-01-05T09:00,,x,\n1,a,2026-01-05T09:00,,x,,\n", [],
         "a.csv: line 3 has 7 columns, the first line 6"),
        (b"Ticket,Task,When,Phase,Agent,Verdict\n1,a,2026-01-05T09:00,,x,\n1,a\n", [],
         "line 3: time: found ''; allowed: a time in ISO 8601"),
        (b"Ticket;Task;When;Phase;Agent;Verdict;H\n1;a;2026-01-05T09:00;;x;;1,5\n1;b;2026-01-05T10:00;;x;;inf\n",
         ["--effort-hours", "H"],
         "  line 2: effort_hours: found '1,5'; allowed: hours, 0 or more, such as 1.5\n  line 3: effort_hours: found 'inf'"),
        (b"Ticket,Task,When,Phase,Agent,Verdict\n1,a,2026-01-05T09:00,,x,\n", ["--time-format", "%Q"],
         "time format '%Q': 'Q' is a bad directive"),
        (b"Ticket,Task,When,Phase,Agent,Verdict\n1,a,2026-01-05T09:00Z,,x,\n", ["--time-zone", "Europa/Berlin"],
         "time zone: found 'Europa/Berlin'; allowed: the name of one, such as Europe/Berlin"),
        (b"Ticket,Task,When,Phase,Agent,Verdict\n1,a,2026-01-05T09:00,,x,\n", ["--time-zone", "Europe/Berlin"],
         "a.csv: no time tells its zone (Z or +01:00), so none can be put into Europe/Berlin: found "
         "'2026-01-05T09:00'; where they are UTC, write Z behind each"),
        (b"Ticket,Task,When,Phase,Agent,Verdict\n1,a,2026-01-05T09:00Z,,x,\n1,a,2026-01-05T10:00,,x,\n",
         ["--time-zone", "Europe/Berlin"], "line 3: time: found '2026-01-05T10:00'; allowed: a time in ISO 8601, such as "
         "2026-01-31T09:30:00 with its zone, such as Z or +01:00"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_said_and_nothing_is_written(simkit, tmp_path, text, options, message):
    """Exit code 3, the place and what is allowed; a snippet that was there stays as it was."""
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "out.yaml").write_text("mine")
    code, _, said = simkit("fit-work", str(tmp_path / "a.csv"), *OPTIONS, *options, "--out", str(tmp_path / "out.yaml"))
    assert code == 3
    assert message in said
    assert (tmp_path / "out.yaml").read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.csv", "out.yaml"]


def test_a_folder_is_no_log(tmp_path):
    """By its name."""
    with pytest.raises(LogError, match="is a folder; allowed: an event log"):
        fit_work(tmp_path)


def test_a_scenario_can_name_the_file(simkit, plain, tmp_path):
    """`teams: department.yaml` makes the fitted department that of a scenario with campaigns of its own."""
    assert simkit("fit-work", str(plain), *OPTIONS, "--out", str(tmp_path / "department.yaml"))[0] == 0
    (tmp_path / "firm.yaml").write_text(
        "market: {customers: 500}\nhorizon: 60 days\nteams: department.yaml\noccasions: {}\nmonitors: {}\n"
        "campaigns: {ticket: {per_week: 5, work: work, channels: [email]}}\n"
    )
    assert simkit("validate", str(tmp_path / "firm.yaml"))[0] == 0
    assert "Ana Müller" in simkit("explain", str(tmp_path / "firm.yaml"))[1]
