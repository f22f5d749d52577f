"""Work: the step graph of a kind, one case on its way through it, and one pass of a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simkit.records import WorkOrder
from simkit.rng import crc
from simkit.scenario.organization import Organization
from simkit.scenario.organization_sense import ancestors, in_order, redone
from simkit.scenario.work_kinds import LIVE, Effort, Gate, Step, WorkKind

if TYPE_CHECKING:
    from simkit.teams.people import Person

WAITING, UNDER_WAY, DONE = range(3)


@dataclass(slots=True)
class Node:
    """A step in its graph, with what follows it."""

    number: int
    id: str
    step: Step | None
    """None for the moment of going live."""
    gate: Gate | None
    word: int
    """crc32 of the step's name: its part in the key of a draw."""
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    redo: list[int] = field(default_factory=list)
    """What a rejection at this gate undoes, from the step the work returns to up to the gate."""
    follow_up: bool = False
    """Whether it comes after going live."""


class StepGraph:
    """The steps of one kind of work and the moment of going live, which waits for all that nothing else awaits."""

    def __init__(self, name: str, kind: WorkKind, organization: Organization):
        self.name, self.kind = name, kind
        steps = list(in_order(kind, f"teams.work.{name}"))
        self.nodes = [
            Node(i, step.id, step, organization.gates[step.gate] if step.gate else None, crc(step.id))
            for i, step in enumerate(steps)
        ]
        self.live = len(steps)
        self.nodes.append(Node(self.live, LIVE, None, None, crc(LIVE)))
        self._numbers = {node.id: node.number for node in self.nodes}
        self._connect(ancestors(kind))
        self.starts = [node.number for node in self.nodes if not node.before]

    def _connect(self, upstream: dict[str, set[str]]) -> None:
        for node in self.nodes[: self.live]:
            node.follow_up = LIVE in upstream[node.id]
            node.before = [self._numbers[name] for name in node.step.after]  # type: ignore[union-attr]
        awaited = {before for node in self.nodes for before in node.before}
        final = self.nodes[self.live]
        final.before = [
            node.number for node in self.nodes[: self.live] if not node.follow_up and node.number not in awaited
        ]
        for node in self.nodes:
            for before in node.before:
                self.nodes[before].after.append(node.number)
        for node in self.nodes[: self.live]:
            if node.gate is not None and node.step is not None:
                node.redo = [self._numbers[step.id] for step in redone(self.kind, node.step, node.gate)]


class Run:
    """One pass of a step: what made it ready, who did it, and where its time went."""

    __slots__ = ("asked", "caused_by", "done", "giver", "giver_unit", "node", "number", "parts", "ready")

    def __init__(self, node: Node, number: int, ready: int, caused_by: Run | None):
        self.node = node
        self.number = number
        self.ready = ready
        self.caused_by = caused_by
        self.done = -1
        self.giver: Person | None = None
        """Who hands the result on; for a rejection the one who decided."""
        self.giver_unit = ""
        self.asked: Effort | None = None
        """The effort of deciding, when it is a decision on demand."""
        self.parts: list[tuple[str, int]] = []
        """(part of the lead time, seconds) in order; they add up to ``done - ready``."""


class Case:
    """One work order on its way."""

    __slots__ = (
        "approved", "arrived", "closed", "defects", "doers", "draws", "expired_time", "graph", "home",
        "live_defects", "live_run", "live_time", "order", "passes", "quality", "rejections", "state", "status",
    )  # fmt: skip

    def __init__(self, order: WorkOrder, graph: StepGraph, home: str, arrived: int, draws: list[list[float]]):
        self.order, self.graph, self.home, self.arrived = order, graph, home, arrived
        self.draws = draws
        """[step][effort, error or rejection]: the first passes' uniforms."""
        self.state = [WAITING] * len(graph.nodes)
        self.passes = [0] * len(graph.nodes)
        self.rejections = [0] * len(graph.nodes)
        self.approved: set[int] = set()
        self.defects: set[int] = set()
        """Steps whose result is wrong and went on unnoticed."""
        self.doers: list[Person | None] = [None] * len(graph.nodes)
        """Who did each step; what comes back goes to them."""
        self.live_run: Run | None = None
        self.live_time: int | None = None
        self.live_defects = 0
        self.expired_time: int | None = None
        self.quality = 1.0
        self.status = "open"
        self.closed = False
        """True when expired: nothing more is begun for it."""
