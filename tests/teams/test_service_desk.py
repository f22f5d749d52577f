"""The service desk: Erlang's models said as a scenario says them, deflection, asking again, look-alikes."""

import datetime

import numpy as np
import pytest
from test_first_come import agrees, erlang_a

from simkit.records import ServiceRequest
from simkit.rng import crc, run_key, uniforms
from simkit.scenario.service import Service
from simkit.scenario.working_week import ALWAYS, WorkingWeek
from simkit.teams.service import ServiceDesk

MONDAY = datetime.date(2026, 1, 5)
CALENDARS = {"always": WorkingWeek(**ALWAYS), "office": WorkingWeek()}
PLAIN = {"calendar": "always", "minutes": 60, "patience_minutes": "for_ever", "self_service": 0, "asks_again": 0}


def desk(days: int, represents: float = 1, replication: int = 0, **tables) -> ServiceDesk:
    service = Service(**{**PLAIN, **tables})
    return ServiceDesk(service, CALENDARS, represents, run_key(5, replication), MONDAY, days)


def poisson(per_hour: float, days: int, replication: int) -> list[list[ServiceRequest]]:
    """Requests by day, all of one person's."""
    count = int(per_hour * 24 * days * 1.2) + 100
    gaps = -np.log(uniforms(run_key(6, replication), np.arange(count), crc("gap"), 1, 0, 0)) / per_hour / 24
    times = np.cumsum(gaps)
    found: list[list[ServiceRequest]] = [[] for _ in range(days)]
    for key, time in enumerate(times[times < days].tolist()):
        found[int(time)].append(ServiceRequest("a", 1, time, "account", key))
    return found


def run(a_desk: ServiceDesk, requests: list[list[ServiceRequest]]):
    return [outcome for day, asked in enumerate(requests) for outcome in a_desk.run_day(day, asked)]


def sums(a_desk: ServiceDesk, name: str, first: int = 0) -> float:
    return sum(day[name] for day in a_desk.days[first:])


@pytest.mark.parametrize(
    ("agents", "patience_hours", "deflected", "rate"), [(2, None, 0.0, 1.6), (4, None, 0.5, 6.4), (4, 0.5, 0.2, 5.0)]
)
def test_the_desk_is_erlangs_queue_at_the_rate_that_self_service_leaves(agents, patience_hours, deflected, rate):
    """M/M/c and M/M/c+M at load (1 - deflected) x rate / agents: wait in hours, and the share that gives up."""
    waits, abandoned = [], []
    patience = "for_ever" if patience_hours is None else 60 * patience_hours
    for replication in range(6):
        one = desk(140, agents=agents, patience_minutes=patience, self_service=deflected, replication=replication)
        run(one, poisson(rate, 140, replication))
        reached = sums(one, "answered", 20) + sums(one, "abandoned", 20)
        waits.append(sums(one, "waited_minutes", 20) / reached / 60)
        abandoned.append(sums(one, "abandoned", 20) / reached)
        assert sums(one, "deflected") / sums(one, "requests") == pytest.approx(deflected, abs=0.02)
    share, wait = erlang_a(agents, rate * (1 - deflected) / agents, patience_hours or 1e9)
    agrees(waits, wait, 0.15)
    if patience_hours:
        agrees(abandoned, share)


def test_what_comes_back_says_how_bad_it_was():
    """Answered at once or by self-service: nothing; after a wait w: 1 - 0.5^(w / 20 min); abandoned: 1; in order."""
    one = desk(30, agents=3, patience_minutes=30, self_service=0.1)
    outcomes = run(one, poisson(4.0, 30, 0))
    assert [o.day for o in outcomes] == sorted(o.day for o in outcomes)
    kinds = {kind: [o for o in outcomes if o.kind == kind] for kind in ("deflected", "answered", "abandoned")}
    assert all(kinds.values())
    assert all(o.dissatisfaction == 0 == o.waited_minutes for o in kinds["deflected"])
    assert all(o.dissatisfaction == 1 for o in kinds["abandoned"])
    assert all(o.dissatisfaction == pytest.approx(1 - 0.5 ** (o.waited_minutes / 20)) for o in kinds["answered"])
    assert all(o.day - o.request.day == pytest.approx(o.waited_minutes / 1440) for o in kinds["answered"])


def test_who_gave_up_complains_the_day_after():
    """Without agents and with everybody asking again, a request comes back every day, sixteen attempts at most."""
    one = desk(40, agents=0, asks_again=1, patience_minutes=5)
    first = ServiceRequest("a", 1, 0.4, "purchase", 7)
    outcomes = run(one, [[first], *[[] for _ in range(39)]])
    assert [o.kind for o in outcomes] == ["abandoned"] * 16
    assert [int(o.request.day) for o in outcomes] == list(range(16))
    assert [o.request.why for o in outcomes] == ["purchase"] + ["complaint"] * 15


def test_each_simulated_request_is_as_many_real_ones():
    """A person who stands for 40.5 brings 40 or 41 requests, spread over the days that follow, and hears of one; the
    own request's luck is that of a person who stands for one."""
    alone, many = (
        desk(80, agents=200, represents=represents, patience_minutes=5) for represents in (1, 40.5)
    )  # fmt: skip
    asked = [[ServiceRequest("a", i, 0.5, "account", 3) for i in range(100)], *[[] for _ in range(79)]]
    heard = run(alone, asked), run(many, asked)
    assert sums(many, "requests") == pytest.approx(4050, abs=20)
    assert many.days[0]["requests"] < 1200
    assert sum(day["requests"] * i for i, day in enumerate(many.days)) / 4050 == pytest.approx(6.4, abs=0.5)
    assert [o.request for o in heard[0]] == [o.request for o in heard[1]]
    assert alone.days[0]["work_hours"] < many.days[0]["work_hours"]


def test_questions_of_closed_days_come_when_the_desk_opens():
    """Monday to Friday 9-13 and 14-18: a question that comes up at three quarters of a Saturday is asked on Monday at
    16:00 and one of Monday midnight at 9:00; with hours stated it waits from Saturday for Monday 9:00."""
    asked = [[] for _ in range(14)]
    asked[0] = [ServiceRequest("a", 1, 0.0, "account", 1)]
    asked[5] = [ServiceRequest("a", 2, 5.75, "account", 1)]
    outcomes = run(desk(14, agents=5, calendar="office"), asked)
    assert [outcome.day for outcome in outcomes] == pytest.approx([9 / 24, 7 + 16 / 24])
    outcomes = run(desk(14, agents=5, calendar="office", hours=[8, 20]), asked)
    assert [outcome.day for outcome in outcomes] == pytest.approx([9 / 24, 7 + 9 / 24])
    assert all(outcome.waited_minutes == 0 for outcome in outcomes)


def test_load_is_work_asked_over_time_there_is():
    """Two agents around the clock and 3.2 hours of work an hour: a load of 1.6."""
    one = desk(60, agents=2, patience_minutes=10)
    run(one, poisson(3.2, 60, 0))
    assert one.load == pytest.approx(1.6, rel=0.06)
