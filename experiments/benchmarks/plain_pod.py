"""A pod in which everybody has a second skill, simulated without simkit: the reference where no closed form exists.

Five people and five exponential stages of mean 1, one after the other; person i does stage i and the stage before it
(the first person the last one), each as fast. Cases arrive at random, 0.8 an hour. Whoever is free takes what has
been ready longest of the two stages; what becomes ready goes to who has been idle longest. Of simkit's rules the one
that the giver goes on with what nobody could do better is kept (`keep=True`) or not.

    python experiments/benchmarks/plain_pod.py
"""

from __future__ import annotations

import random
from heapq import heappop, heappush

import numpy as np

STAGES, RATE = 5, 0.8
ARRIVES = -1


def mean_time(seed: int, cases: int, warm_up: int, keep: bool) -> float:
    """Mean time in the system of the cases after those of the warm-up, in services."""
    rng = random.Random(seed)
    arrived = np.cumsum([rng.expovariate(RATE) for _ in range(warm_up + cases)]).tolist()
    left = [0.0] * len(arrived)
    events = [(time, case, 0, ARRIVES) for case, time in enumerate(arrived)]  # sorted, and so a heap
    queues: list[list[tuple[float, int]]] = [[] for _ in range(STAGES)]
    idle_since: dict[int, float] = dict.fromkeys(range(STAGES), 0.0)

    def start(now: float, person: int, case: int, stage: int) -> None:
        idle_since.pop(person, None)
        heappush(events, (now + rng.expovariate(1.0), case, stage, person))

    def ready(now: float, case: int, stage: int) -> None:
        able = [person for person in (stage, (stage + 1) % STAGES) if person in idle_since]
        if able:
            start(now, min(able, key=lambda person: idle_since[person]), case, stage)
        else:
            heappush(queues[stage], (now, case))

    while events:
        now, case, stage, person = heappop(events)
        if person == ARRIVES:
            ready(now, case, 0)
            continue
        own = (person, (person - 1) % STAGES)
        if stage + 1 == STAGES:
            left[case] = now
        elif keep and stage + 1 in own:
            start(now, person, case, stage + 1)
            continue
        waiting = [queues[s][0] + (s,) for s in own if queues[s]]
        if waiting:
            _, other, its_stage = min(waiting)
            heappop(queues[its_stage])
            start(now, person, other, its_stage)
        else:
            idle_since[person] = now
        if stage + 1 < STAGES:
            ready(now, case, stage + 1)
    return float(np.mean(np.subtract(left, arrived)[warm_up:]))


def main() -> None:
    """Print the mean of twenty runs and its standard error, with and without the rule."""
    for keep in (True, False):
        means = [mean_time(seed, 20_000, 2_000, keep) for seed in range(20)]
        print(f"giver goes on: {keep!s:5} {np.mean(means):.3f} +- {np.std(means, ddof=1) / len(means) ** 0.5:.3f}")


if __name__ == "__main__":
    main()
