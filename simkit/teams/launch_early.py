"""Launching before everything is done: when the occasion fades, the last touches follow while the work is live, and
may use what customers have answered by then."""

from __future__ import annotations

import math
from collections.abc import Iterable

from simkit.records import Answers
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.work import DONE, Case, Node, Run


def early_from(case: Case) -> int | None:
    """Seconds since the start from which on the case need not wait for its polish; None if it always does.

    The value of what it answers halves every `half_life_days` from when that happened (for planned work from its
    date, else from arrival), and from then on it is at most `value_below`.
    """
    rule = case.graph.launch_early
    if rule is None:
        return None
    order = case.order
    since = order.due_day if order.due_day is not None else order.happened_day
    begin = case.arrived if since is None else round(since * DAY_SECONDS)
    return begin + round(rule.half_life_days * math.log2(1 / rule.value_below) * DAY_SECONDS)


def readiness(case: Case) -> float:
    """Share of the quality that is there, errors aside: each polish not yet done leaves out its own."""
    return math.prod(1 - node.polish for node in case.graph.polish if case.state[node.number] != DONE)


def put_off(case: Case, now: int) -> bool:
    """Decide whether the case goes on without what is missing; True when from now on it does."""
    rule, begin = case.graph.launch_early, case.early_from
    if rule is None or begin is None or now < begin or case.status != "open" or readiness(case) < rule.least_quality:
        return False
    missing = {node.number for node in case.graph.polish if case.state[node.number] != DONE}
    more = not missing <= case.put_off
    case.put_off |= missing
    return more


def is_there(case: Case, number: int) -> bool:
    """Whether what waits for a step need wait no longer: it is done, or put off and its own turn has come."""
    if case.state[number] == DONE:
        return True
    return number in case.put_off and all(is_there(case, before) for before in case.graph.nodes[number].before)


def latest(case: Case, node: Node) -> Run | None:
    """The last finished of all that a step waited for, what was put off looked through."""
    found: list[Run] = []
    for number in node.before:
        run = case.last[number] if case.state[number] == DONE else latest(case, case.graph.nodes[number])
        if run is not None:
            found.append(run)
    return max(found, key=lambda run: run.done, default=None)


class Learning:
    """What customers answered to what is live, and what that taught those who did the last touches."""

    def __init__(self) -> None:
        self._answered: dict[str, int] = {}

    def hear(self, answers: Iterable[Answers]) -> None:
        """Take note of the latest figures, each that of all days until now."""
        self._answered |= {one.name: one.answered for one in answers}

    def apply(self, case: Case, node: Node) -> int | None:
        """A last touch was done: what is known by now goes into it, unless it was done wrong.

        Returns the answers that it used; None where nobody learns.
        """
        rule = case.graph.launch_early.learning if case.graph.launch_early is not None else None
        if rule is None or case.is_wrong(node.number):
            return None
        answers = self._answered.get(case.order.name, 0)
        case.learnt = 1 + rule.gain * math.sqrt(answers / (answers + rule.prior_answers))
        return answers
