"""The recursion of a first-come queue agrees with closed forms, and with a process per request."""

import datetime

import numpy as np
import pytest
import simpy

from simkit.rng import crc, run_key, uniforms
from simkit.scenario.working_week import ALWAYS, WorkingWeek
from simkit.teams.calendar import DAY_SECONDS, Calendar
from simkit.teams.first_come import FirstCome

MONDAY = datetime.date(2026, 1, 5)
HOUR = 3600.0
REPLICATIONS = 30
WARM_UP, CASES = 2_000, 20_000


def calendar(**week) -> Calendar:
    return Calendar(WorkingWeek(**(week or ALWAYS)), MONDAY)


def clocks(count: int, what: str, replication: int) -> np.ndarray:
    """Unit exponentials."""
    return -np.log(uniforms(run_key(3, replication), np.arange(count), crc(what), 1, 0, crc("first come")))


def queue(servers: int, load: float, replication: int, patience_hours: float = np.inf, fixed: bool = False):
    """Answers to Poisson arrivals at mean work of an hour, after the warm-up."""
    count = WARM_UP + CASES
    arrives = np.cumsum(clocks(count, "gap", replication)) / (load * servers) * HOUR
    work = np.full(count, HOUR) if fixed else clocks(count, "work", replication) * HOUR
    patience = np.full(count, np.inf)
    if np.isfinite(patience_hours):
        patience = clocks(count, "patience", replication) * patience_hours * HOUR
    desk = FirstCome([(servers, calendar())], int(arrives[-1]) + 1000 * DAY_SECONDS)
    answers = desk.serve(arrives, work, patience)
    return [column[WARM_UP:] for column in answers]


def agrees(found, expected, error_share=0.05):
    """Mean over replications within three standard errors."""
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert error < error_share * expected
    assert abs(np.mean(found) - expected) < 3 * error


@pytest.mark.parametrize(("servers", "expected"), [(1, 5.0), (2, 2.7778), (4, 1.7455), (10, 1.2046)])
def test_patient_customers_wait_as_erlang_c_says(servers, expected):
    """M/M/c at load 0.8: mean time in system in mean services, the rows of queues.csv, by its protocol."""
    agrees([queue(servers, 0.8, r)[1].mean() / HOUR + 1 for r in range(REPLICATIONS)], expected)


def test_fixed_work_halves_the_wait():
    """M/D/1 at load 0.8: the Pollaczek-Khinchine mean wait is 2."""
    agrees([queue(1, 0.8, r, fixed=True)[1].mean() / HOUR for r in range(REPLICATIONS)], 2.0)


def erlang_a(servers: int, load: float, patience_hours: float) -> tuple[float, float]:
    """Share that gives up and mean wait of all in M/M/c+M (Garnett, Mandelbaum & Reiman 2002), by its birth-death
    chain: rate load x servers, services of an hour."""
    rate = load * servers
    chance = [1.0]
    for n in range(1, 2000):
        leaves = min(n, servers) + max(0, n - servers) / patience_hours
        chance.append(chance[-1] * rate / leaves)
    waiting = np.dot(chance, np.maximum(0, np.arange(2000) - servers)) / np.sum(chance)
    return waiting / patience_hours / rate, waiting / rate


@pytest.mark.parametrize(
    ("servers", "load", "patience"), [(1, 0.8, 2.0), (4, 0.8, 0.5), (10, 1.2, 0.5), (10, 2.0, 1.0)]
)
def test_impatient_customers_give_up_as_erlang_a_says(servers, load, patience):
    """M/M/c+M, also above capacity: share that gives up and mean wait of everybody."""
    found = [queue(servers, load, r, patience) for r in range(REPLICATIONS)]
    given_up, wait = erlang_a(servers, load, patience)
    agrees([1 - served.mean() for _, _, served in found], given_up)
    agrees([waited.mean() / HOUR for _, waited, _ in found], wait)


def test_nobody_waits_who_has_no_patience():
    """M/M/4+0 at load 0.8 is Erlang's loss system: blocked are B = (a^c / c!) / sum a^k / k!."""
    load = 3.2
    terms = np.cumprod([1.0, *(load / k for k in range(1, 5))])
    agrees([1 - queue(4, 0.8, r, patience_hours=0.0)[2].mean() for r in range(REPLICATIONS)], terms[-1] / terms.sum())


def test_around_the_clock_people_wait_for_office_hours():
    """Mon-Fri 9-17 and plenty of servers: the mean wait by the clock is sum gap^2 / (2 x 168) = 15.238 hours."""
    desk = FirstCome([(5000, calendar(days="Mon-Fri", hours=[[9, 17]]))], 60 * DAY_SECONDS)
    arrives = (np.arange(7 * 487) + 0.5) / 487 * DAY_SECONDS
    answers = desk.serve(arrives, np.ones(len(arrives)), np.full(len(arrives), np.inf))
    assert (answers.moment - arrives).mean() / HOUR == pytest.approx(15.238, abs=0.01)
    assert (answers.waited == 0).all()


def with_processes(servers: int, arrives, work, patience) -> list[tuple[float, bool]]:
    """The same queue as one SimPy process per request: moment, and whether served."""
    env = simpy.Environment()
    desk = simpy.Resource(env, servers)
    found: list[tuple[float, bool]] = [(0.0, False)] * len(arrives)

    def request(i):
        yield env.timeout(arrives[i])
        with desk.request() as turn:
            yield turn | env.timeout(patience[i])
            found[i] = env.now, turn.triggered
            if turn.triggered:
                yield env.timeout(work[i])

    for i in range(len(arrives)):
        env.process(request(i))
    env.run()
    return found


@pytest.mark.parametrize("servers", [1, 3])
def test_the_recursion_is_the_queue_of_processes(servers):
    """Every request is begun or given up at the moment at which one SimPy process each would have it."""
    arrives = np.cumsum(clocks(800, "gap", 0)) / servers * 0.7 * HOUR
    work, patience = clocks(800, "work", 0) * HOUR, clocks(800, "patience", 0) * HOUR
    desk = FirstCome([(servers, calendar())], 10_000 * DAY_SECONDS)
    halves = [desk.serve(arrives[half], work[half], patience[half]) for half in (slice(0, 300), slice(300, None))]
    moment, _, served = (np.concatenate(column) for column in zip(*halves, strict=True))
    expected = with_processes(servers, arrives, work, patience)
    assert 50 < (~served).sum() < 750
    assert served.tolist() == [was for _, was in expected]
    assert moment == pytest.approx([when for when, _ in expected])


def test_crews_of_different_hours_are_each_on_their_own_shift():
    """An early and a late crew: work begins on a shift with somebody free, in the order of arrival, and as soon as
    anybody could; people wait while one of the crews is there."""
    weeks = [{"days": "Mon-Fri", "hours": [[6, 14]]}, {"days": "Mon-Sat", "hours": [[12, 20]]}]
    crews = [(2, calendar(**weeks[0])), (3, calendar(**weeks[1]))]
    desk = FirstCome(crews, 300 * DAY_SECONDS)
    arrives = np.cumsum(clocks(4000, "gap", 1)) * 450.0
    work = clocks(4000, "work", 1) * 700.0
    answers = desk.serve(arrives, work, np.full(4000, np.inf))
    assert answers.served.all()
    assert (np.diff(answers.moment) >= 0).all()
    hour = answers.moment / HOUR % 24
    saturday = answers.moment // DAY_SECONDS % 7 == 5
    assert hour.min() >= 6
    assert hour.max() < 20
    assert hour[saturday].min() >= 12
    assert (answers.moment // DAY_SECONDS % 7 < 6).all()
    ends = answers.moment + work
    busy = [((answers.moment <= t) & (ends > t)).sum() for t in answers.moment]
    assert max(busy) <= 5
    waited = [sum(max(0, min(b, e) - max(a, s)) for s, e in zip(*desk.open[:2], strict=True))
              for a, b in zip(arrives[::50], answers.moment[::50], strict=True)]  # fmt: skip
    assert answers.waited[::50] == pytest.approx(waited)


def test_without_servers_everybody_gives_up_when_patience_ends():
    """Patience runs in opening hours; who never gives up is never answered."""
    desk = FirstCome([(0, calendar(days="Mon-Fri", hours=[[9, 17]]))], 30 * DAY_SECONDS)
    arrives = np.array([16.5, 20.0]) * HOUR
    answers = desk.serve(arrives, np.ones(2), np.array([HOUR, np.inf]))
    assert not answers.served.any()
    assert answers.moment.tolist() == [DAY_SECONDS + 9.5 * HOUR, np.inf]


def rows():
    """Every closed form that the queue is held to: model, quantity, expected, and each replication's figure."""
    every = range(REPLICATIONS)
    for servers, expected in ((1, 5.0), (2, 2.7778), (4, 1.7455), (10, 1.2046)):
        found = [queue(servers, 0.8, r)[1].mean() / HOUR + 1 for r in every]
        yield f"M/M/{servers}, load 0.8", "time in system", expected, found
    fixed = [queue(1, 0.8, r, fixed=True)[1].mean() / HOUR for r in every]
    yield "M/D/1, load 0.8", "mean wait", 2.0, fixed
    for servers, load, patience in ((1, 0.8, 2.0), (4, 0.8, 0.5), (10, 1.2, 0.5), (10, 2.0, 1.0)):
        answers = [queue(servers, load, r, patience) for r in every]
        share, wait = erlang_a(servers, load, patience)
        model = f"M/M/{servers}+M, load {load:g}, patience {patience:g}"
        yield model, "share that gives up", share, [1 - served.mean() for _, _, served in answers]
        yield model, "mean wait of all", wait, [waited.mean() / HOUR for _, waited, _ in answers]
    terms = np.cumprod([1.0, *(3.2 / k for k in range(1, 5))])
    blocked = [1 - queue(4, 0.8, r, 0.0)[2].mean() for r in every]
    yield "M/M/4/4 (patience 0), load 0.8", "share that gives up", terms[-1] / terms.sum(), blocked


def table() -> str:
    """The rows as the README shows them: times in mean services."""
    lines = ["| model | quantity | closed form | simulated | s.e. |", "|---|---|--:|--:|--:|"]
    for model, quantity, expected, found in rows():
        error = np.std(found, ddof=1) / np.sqrt(REPLICATIONS)
        lines.append(f"| {model} | {quantity} | {expected:.4f} | {np.mean(found):.4f} | {error:.4f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
