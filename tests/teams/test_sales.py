"""The sales team: the highest score first, on its calendar; the chance falls with the wait; rejections speak."""

import datetime

import numpy as np
import pytest

from simkit.records import Lead
from simkit.rng import run_key, uniforms
from simkit.scenario.sales import Sales
from simkit.scenario.working_week import ALWAYS, WorkingWeek
from simkit.teams.sales import SalesTeam, chance_to_win

MONDAY = datetime.date(2026, 1, 5)
CALENDARS = {"always": WorkingWeek(**ALWAYS), "office": WorkingWeek()}


def team(represents: float = 1, **tables) -> SalesTeam:
    return SalesTeam(Sales(**{"calendar": "always", **tables}), CALENDARS, represents, run_key(5, 0), MONDAY)


def run(a_team, leads, days):
    by_day = [[] for _ in range(days)]
    for lead in leads:
        by_day[int(lead.day)].append(lead)
    return [answer for day in range(days) for answer in a_team.run_day(day, by_day[day])]


def test_the_best_score_is_answered_first_and_the_oldest_of_equals():
    """One person, busy with the first lead while four others come."""
    leads = [Lead("a", i, 0.5 + 1e-6 * i, score) for i, score in enumerate([5.0, 7.0, 9.0, 9.0, 6.0])]
    answers = run(team(people=1, minutes=300), leads, 30)
    assert [answer.lead.index for answer in answers] == [0, 2, 3, 1, 4]
    hours = [answer.response_hours for answer in answers]
    assert hours[0] == 0
    assert hours == sorted(hours)


def test_leads_of_the_weekend_are_answered_on_monday_at_nine():
    """Saturday noon to Monday 9: 45 hours, with enough people."""
    answers = run(team(people=9, calendar="office"), [Lead("a", i, 5.5, 9.0) for i in range(9)], 10)
    assert [answer.response_hours for answer in answers] == pytest.approx([45.0] * 9)


def poisson(days: int, replication: int) -> list[Lead]:
    """0.8 leads an hour, half of them with a score of 9."""
    key, count = run_key(7, replication), 25 * days
    gaps = -np.log(uniforms(key, np.arange(count), 1, 1, 0, 0)) / 0.8 / 24
    good = uniforms(key, np.arange(count), 2, 1, 0, 0) < 0.5
    times = np.cumsum(gaps)
    return [Lead("a", i, float(t), 9.0 if good[i] else 5.0) for i, t in enumerate(times) if t < days]


def test_poisson_leads_wait_as_in_a_priority_queue():
    """Two classes of equal rate at one person, load 0.8: mean waits 1.3333 and 6.6667 services (Cobham), the row of
    queues.csv."""
    waits = []
    for replication in range(6):
        sales = Sales(people=1, calendar="always", minutes=60, give_up_days=365)
        one = SalesTeam(sales, CALENDARS, 1, run_key(7, replication), MONDAY)
        answers = [answer for answer in run(one, poisson(250, replication), 260) if 20 < answer.lead.day < 240]
        waits.append([np.mean([a.response_hours for a in answers if a.lead.score == score]) for score in (9.0, 5.0)])
    means, errors = np.mean(waits, axis=0), np.std(waits, axis=0, ddof=1) / np.sqrt(6)
    assert (errors < [0.08, 1.0]).all()
    assert (np.abs(means - [1.3333, 6.6667]) < 3 * errors).all()


def test_the_chance_to_win_falls_with_the_wait():
    """conversion x (1 + t)^-decay: by a share of 25^-0.64 = 0.127 after a day; all of Oldroyd's 60 times with 1.27."""
    sales = Sales(people=1, conversion=0.2)
    assert chance_to_win(sales, 0) == 0.2
    assert chance_to_win(sales, 24) == pytest.approx(0.2 * 25**-0.64)
    assert chance_to_win(Sales(people=1, decay=1.27), 0) / chance_to_win(Sales(people=1, decay=1.27), 24) > 59


def test_what_comes_of_leads_is_what_the_chances_say():
    """Answered at once at a score of 10: half are rejected, of the others the conversion buys."""
    leads = [Lead("a", i, 0.5, 10.0) for i in range(4000)]
    answers = run(team(people=5000, conversion=0.3), leads, 1)
    shares = [sum(answer.outcome == what for answer in answers) / 4000 for what in ("rejected", "won", "lost")]
    assert shares == pytest.approx([0.5, 0.15, 0.35], abs=3 * 0.5 / 4000**0.5)


def test_a_team_wins_less_of_what_it_answers_late():
    """Leads of Saturday noon answered on Monday at 9, 45 hours later: all are qualified, and 46^-0.64 = 8.6 % of them buy; of
    leads answered at once all do."""
    for day, won in ((5.5, 46**-0.64), (0.5, 1)):
        leads = [Lead("a", i, day, 1e9) for i in range(2000)]
        answers = run(team(people=2000, calendar="office", conversion=1), leads, 10)
        assert sum(answer.outcome == "won" for answer in answers) / 2000 == pytest.approx(won, abs=3 * 0.28 / 2000**0.5)


def test_old_leads_are_dropped():
    """One person at ten times the load with three days of patience: nobody is answered later, and the rest is
    counted."""
    leads = [Lead("a", i, i / 100, 9.0) for i in range(2000)]
    one = team(people=1, minutes=144, give_up_days=3)
    answers = run(one, leads, 20)
    assert max(answer.response_hours for answer in answers) <= 72
    assert one.given_up > 1000
    assert len(answers) + one.given_up <= 2000


def test_load_is_work_asked_over_time_there_is():
    """4.17 leads an hour of 2.4 hours each are ten people's work: for one person, for twenty, and for two in an office of 40
    hours a week."""
    leads = [Lead("a", i, i / 100, 9.0) for i in range(2800)]
    for people, calendar, load in ((1, "always", 10), (20, "always", 0.5), (2, "office", 10 * 168 / 80)):
        one = team(people=people, calendar=calendar, minutes=144)
        assert one.load == 0
        run(one, leads, 28)
        assert one.load == pytest.approx(load, rel=0.06)


def test_leads_of_those_one_stands_for_take_time_too():
    """A person who stands for ten brings ten leads; the own is answered and comes back once."""
    leads = [Lead("a", i, i / 4, 9.0) for i in range(200)]
    alone, many = (run(team(represents, people=1, minutes=300), leads, 90) for represents in (1, 10))
    assert len(alone) == 200
    assert 0 < len(many) < 100
    assert len({answer.lead.index for answer in many}) == len(many)
    assert np.mean([a.response_hours for a in many]) > 3 * np.mean([a.response_hours for a in alone])


@pytest.mark.parametrize(("score", "low", "high"), [(1.0, 1.5, 4.0), (90.0, 0.25, 0.7)])
def test_rejections_move_the_threshold_within_bounds(score, low, high):
    """Poor leads raise it, good ones lower it, each week by exp(gain x (rejected - acceptable)); a gain of 0 does
    nothing."""
    leads = [Lead("a", i, i / 20, score) for i in range(2000)]
    moved, deaf = team(people=50, rejected={"gain": 0.2}), team(people=50, rejected={"gain": 0})
    wild = team(people=50, rejected={"gain": 10, "largest_factor": 4})
    for one in (moved, deaf, wild):
        run(one, leads, 100)
    assert low < moved.threshold_factor < high
    assert deaf.threshold_factor == 1
    assert wild.threshold_factor == pytest.approx(4 if score < 10 else 0.25)


def test_nobody_answers_where_nobody_is():
    """A team of none."""
    nobody = team(people=0)
    assert run(nobody, [Lead("a", 1, 0.5, 9.0)], 5) == []
    assert nobody.load == float("inf")
