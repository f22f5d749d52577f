"""Queues with closed forms, said in the scenario format and sent through the ordinary dispatcher, agree with them.

The cases are those of `experiments/benchmarks/queues.py`, which holds them to three standard errors by the full
protocol; here with fewer arrivals at a fixed seed, and to three of their own, wider standard errors.
"""

import heapq
import importlib.util
import sys
from pathlib import Path

import pytest
from departments import run


def _benchmark():
    path = Path(__file__).parents[2] / "experiments" / "benchmarks" / "queues.py"
    found = importlib.util.spec_from_file_location("textbook_queues", path)
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


textbook = _benchmark()
FEWER = textbook.Protocol(replications=6, warm_up=250, cases=750)
LINE = textbook.Protocol(replications=5, warm_up=400, cases=500)
"""Four servers in common forget the empty start after 22 hours, 72 cases: five such stages after some hundred cases."""
LONGER = textbook.Protocol(replications=5, warm_up=1000, cases=500)
"""Single servers at 0.8 each in their own line of five forget it after 89 hours a stage."""
MANY = textbook.Protocol(replications=6, warm_up=250, cases=3000)
"""Long efforts are rare where they vary much; their mean takes many cases."""
SOON = textbook.Protocol(replications=8, warm_up=150, cases=500)
"""One server who is interrupted."""
TURNS = textbook.Protocol(replications=6, warm_up=150, cases=500)
"""Turns of three minutes are many events."""
HELPED = textbook.Protocol(replications=4, warm_up=700, cases=300)
"""Lines of five in which people help each other forget the empty start sooner than single servers."""
WIDEST = 0.2
"""A standard error beyond this share of the expected value would let anything pass."""


HELD = set()
"""Names of the program's rows that some test below holds."""


def named(*names):
    HELD.update(names)
    return [pytest.param(q, id=f"{q.name}, {q.parameters}") for q in textbook.QUEUES if q.name in names]


def held(queue, protocol=FEWER):
    mean, error = textbook.measured(queue, protocol)
    assert error < WIDEST * queue.expected
    assert textbook.agrees(queue, mean, error), f"{mean:.3f} +- {error:.3f} against {queue.expected}"


@pytest.mark.parametrize("queue", named("M/M/c"))
def test_one_pool_of_exponential_servers_is_an_mmc_queue(queue):
    """M/M/c at load 0.8, 1 to 10 servers: mean time in system by Erlang C."""
    held(queue)


@pytest.mark.parametrize("queue", named("M/G/1"))
def test_the_wait_grows_with_the_variance_of_effort(queue):
    """M/G/1 at load 0.8: the Pollaczek-Khinchine mean wait is 2 (1 + cv^2)."""
    held(queue, MANY if queue.expected > 5 else FEWER)


@pytest.mark.parametrize("queue", named("priority, non-preemptive"))
def test_urgent_work_overtakes(queue):
    """Non-preemptive priority, M/M/1 with rates 0.4 and 0.4: mean waits 1.3333 and 6.6667 (Cobham)."""
    held(queue)


def waits_by_recursion(cases):
    """Seconds each waits for one server who takes the most urgent, of equals the earliest, and is not interrupted."""
    arrivals = (cases.arrived_day * 86_400).round().astype(int).tolist()
    urgency = cases.kind.map({"urgent": 1, "patient": 9}).tolist()
    efforts = cases.part_touch_seconds.tolist()
    waits, waiting, free, coming = {}, [], 0, 0
    while len(waits) < len(arrivals):
        if not waiting:
            free = max(free, arrivals[coming])
        while coming < len(arrivals) and arrivals[coming] <= free:
            heapq.heappush(waiting, (urgency[coming], arrivals[coming], coming))
            coming += 1
        _, arrived, case = heapq.heappop(waiting)
        waits[case] = free - arrived
        free += efforts[case]
    return [waits[case] for case in range(len(arrivals))]


def test_every_wait_is_that_of_a_plain_recursion():
    """Not only on average: with the same arrivals and efforts each of some 2,000 cases waits as long to the second."""
    cases = run(textbook.priorities(), [], 100).records().cases
    cases = cases[cases.status == "live"].sort_values("arrived_day", kind="stable")
    done = cases[cases.arrived_day < 90]
    assert len(done) > 1500
    assert waits_by_recursion(cases)[: len(done)] == done.part_resource_queue_seconds.tolist()


@pytest.mark.parametrize("queue", named("priority, preemptive resume"))
def test_urgent_work_interrupts(queue):
    """Preemptive resume, M/M/1 with rates 0.4 and 0.4: mean times in system 1.6667, as if alone, and 8.3333."""
    held(queue, SOON)


@pytest.mark.parametrize("queue", named("processor sharing"))
def test_turns_at_all_that_is_open_are_processor_sharing(queue):
    """M/G/1-PS at load 0.8: mean time in system 5 whatever the variance; first come, first served would take 11."""
    held(queue, TURNS)


@pytest.mark.parametrize("queue", named("pods with a second skill"))
def test_pods_whose_people_have_a_second_skill_come_close_to_pooling(queue):
    """The pods of identical specialists above, each of whom also does the stage before the own one: about 10.4 (a tenth
    either way: the reference is a simulation) instead of 25.0, where five departments take 8.73."""
    held(queue, HELPED)


@pytest.mark.parametrize("queue", named("rework loop"))
def test_caught_errors_are_a_rework_loop(queue):
    """M/M/1 redone with probability p: mean time in system 1 / (mu (1 - p) - lambda)."""
    held(queue)


@pytest.mark.parametrize("queue", named("Jackson"))
def test_a_gate_that_returns_work_is_a_jackson_network(queue):
    """Brief, build, QA at rate 0.5 with a quarter returned to build: mean time in system 8.5."""
    held(queue)


@pytest.mark.parametrize(
    "queue", named("functional departments", "pods of identical specialists", "functional, break-even paid")
)
def test_pooling_is_what_functions_gain_and_hand_offs_what_they_pay(queue):
    """Twenty identical specialists at load 0.8: 8.73 in five departments, 25.0 in four pods, and 25.0 in departments
    where each of the five stages, intake included, waits 3.254 for its hand-off."""
    held(queue, LONGER if queue.name.startswith("pods") else LINE)


@pytest.mark.parametrize("queue", named("pooling"))
def test_a_second_skill_comes_close_to_pooling(queue):
    """Four kinds of work and four people at load 0.8: mean waits 4.0 dedicated, 0.7455 when all can do all, and about
    1.09 (a tenth either way: the reference is a simulation) when each has two skills in a chain."""
    held(queue)


@pytest.mark.parametrize("queue", named("approval board"))
def test_a_board_costs_half_its_cadence_and_a_whole_one_for_each_rejection(queue):
    """Every T = 5 days: mean wait T/2, and T/2 + T r / (1 - r) when rework fits between meetings."""
    held(queue)


@pytest.mark.parametrize("queue", named("calendar"))
def test_demand_around_the_clock_waits_for_office_hours(queue):
    """Mon-Fri 9-17 and arrivals at any time: the mean wait to the shift is sum gap^2 / (2 x 168) = 15.238 hours."""
    held(queue)


@pytest.mark.parametrize("queue", named("critical path"))
def test_one_case_without_noise_takes_its_critical_path(queue):
    """A diamond of steps takes 19 hours to the second."""
    assert textbook.measured(queue, FEWER) == (19.0, 0.0)


# --- the page -----------------------------------------------------------------------------------------------

README = Path(__file__).parents[2] / "simkit" / "teams" / "README.md"


def test_every_row_of_the_program_is_held_here():
    """A row that is added or renamed there is added or renamed here."""
    assert {queue.name for queue in textbook.QUEUES} == HELD


@pytest.mark.parametrize("queue", textbook.QUEUES, ids=lambda queue: f"{queue.name}, {queue.parameters}")
def test_the_page_has_every_row_and_it_agrees(queue):
    """Its closed form is the program's; what was simulated, in the last run of the row, lies within the program's limits."""
    expected = f"about {queue.expected:g}" if queue.approximate else f"{queue.expected:g}"
    begin = f"| {queue.name} | {queue.parameters} | {queue.quantity} | {expected} |"
    *_, last = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith(begin)]
    mean, error, z, size = (cell.strip() for cell in last.removeprefix(begin).strip("|").split("|"))
    assert textbook.agrees(queue, float(mean), float(error))
    if z:
        assert float(z) == pytest.approx((float(mean) - queue.expected) / float(error), abs=0.11)
    assert size == "exact" or (int(size.partition(" x ")[0]) >= 30 and "x 20,000" in size)
