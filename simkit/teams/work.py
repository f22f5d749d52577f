"""Work: the step graph of a kind, one case on its way through it, and one pass of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simkit.records import WorkOrder
from simkit.rng import crc
from simkit.scenario.organization import Organization
from simkit.scenario.step_order import ancestors, in_order, redone, undone
from simkit.scenario.work_kinds import LIVE, CadenceGate, Gate, OnDemandGate, Step, WorkKind
from simkit.teams.luck import GATE_PURPOSES, WORK_PURPOSES, CaseLuck, Draws, effort_quantile

if TYPE_CHECKING:
    from simkit.teams.people import Person
    from simkit.teams.pools import Pool

WAITING, UNDER_WAY, DONE = range(3)

PARTS = {
    "intake": "until the first person had the order: latency and effort of taking it in",
    "touch": "work on first passes",
    "rework": "work on later passes",
    "approval": "an approver's work on the decision",
    "other_duties": "mail, meetings and administration while the work was on somebody's desk",
    "resource_queue": "waiting for a person who was on shift and busy",
    "approver_queue": "waiting for an approver who was on shift and busy",
    "approval_cadence": "waiting for a board to meet, nights and weekends included",
    "hand_off": "latency and effort of hand-offs",
    "off_shift": "nights, weekends and holidays of those the work was with",
    "switching": "turning to the work from something else",
    "join": "everything else being there, waiting for what another branch hands over",
    "admission": "outside, until a limit on open work let the case in; nights and weekends included",
    "batch": "waiting for a batch to fill, and for the others in it",
    "decision_wait": "waiting for somebody to decide about an error; they were on shift and busy",
    "decision": "deciding about an error",
    "agency": "on the way to an agency's desks and back, and waiting for its people, who were on shift and busy",
    "it": "waiting for IT: for its release train, nights included, and for its people, who were on shift and busy",
    "meeting": "waiting while whoever had the work, or took it up then, sat in a meeting",
}
"""The parts of a lead time along the realised critical path, and what each means."""


class Node:
    """A step in its graph: what it takes, what it waits for and what waits for it."""

    __slots__ = ("after", "batch", "before", "decided_at", "delegate", "effort", "external_error", "gate", "gate_name",
                 "id", "internal_error", "joins", "number", "polish", "queues", "raises_fit", "redo", "rejects",
                 "rework", "roles", "step", "undone", "weight", "word")  # fmt: skip

    def __init__(self, number: int, step: Step | None, gate: Gate | None):
        self.number, self.step, self.gate = number, step, gate
        self.decided_at: CadenceGate | OnDemandGate = gate  # type: ignore[assignment]
        """The gate of a step that is a decision."""
        self.delegate = gate.delegate if gate is not None else None
        self.id = step.id if step is not None else LIVE
        self.word = crc(self.id)
        """Its part in the key of a draw."""
        self.polish = (step.polish if step is not None else None) or 0.0
        """Share of quality missing until it is done, where an early launch need not wait for it."""
        self.batch = step.batch if step is not None else None
        self.raises_fit = step.raises_fit if step is not None else 0.0
        self.roles = step.roles if step is not None else ()
        """For each person it takes the skills of which any will do."""
        self.gate_name = (step.gate if step is not None else None) or ""
        self.internal_error = step.internal_error if step is not None else 0.0
        self.external_error = step.external_error if step is not None else 0.0
        self.rejects = (gate.reject.first, gate.reject.decay) if gate is not None else (0.0, 1.0)
        """At a gate: the chance of a rejection by opinion in the first round, and its factor from round to round."""
        effort = gate.effort if isinstance(gate, OnDemandGate) else step.effort if step is not None else None
        self.effort = effort_quantile(effort) if effort is not None else ("fixed", 0.0, 0.0)
        self.before: list[int] = []
        self.joins = False
        """Whether it waits for several steps."""
        self.after: list[int] = []
        self.redo: list[int] = []
        """What a rejection at this gate undoes, from the step the work returns to up to the gate."""
        self.rework: dict[int, float] = {}
        """Where an error that comes to light here is mended, with the share of a fresh effort it takes."""
        self.undone: list[int] = []
        """What is done again then, this step included."""
        self.weight = 0.0
        """Share of the mean effort until going live."""
        self.queues: dict[str, Sequence[Pool]] = {}
        """Home unit -> the queues of the step's places for its cases, as far as anybody has asked."""


class StepGraph:
    """The steps of a kind of work, and the moment of going live, which waits for all that nothing else awaits."""

    def __init__(self, name: str, kind: WorkKind, organization: Organization):
        self.name, self.kind = name, kind
        self.urgent, self.expires_days, self.launch_early = kind.urgent, kind.expires_days, kind.launch_early
        steps = list(in_order(kind, f"teams.work.{name}"))
        self.nodes = [
            Node(i, step, organization.gates[step.gate] if step.gate is not None else None)
            for i, step in enumerate(steps)
        ]
        self.nodes.append(Node(len(steps), None, None))
        self._connect(steps)
        self.polish = [node for node in self.nodes if node.polish]
        self.starts = [node.number for node in self.nodes if not node.before]
        self.draws = Draws(
            [(node.word, WORK_PURPOSES if node.gate is None else GATE_PURPOSES) for node in self.nodes[:-1]]
        )

    def _connect(self, steps: list[Step]) -> None:
        numbers = {node.id: node.number for node in self.nodes}
        upstream = ancestors(self.kind)
        awaited = {before for step in steps for before in step.after}
        for node, step in zip(self.nodes, steps, strict=False):
            node.before = [numbers[before] for before in step.after]
            if node.gate is not None:
                node.redo = [numbers[again.id] for again in redone(self.kind, step, node.gate)]
            if step.rework:
                node.rework = {numbers[edge.to]: edge.share for edge in step.rework}
                node.undone = [
                    numbers[again.id] for again in undone(self.kind, step, [edge.to for edge in step.rework])
                ]
        self.nodes[-1].before = [
            numbers[step.id] for step in steps if step.id not in awaited and LIVE not in upstream[step.id]
        ]
        for node in self.nodes:
            node.joins = len(node.before) > 1
            for before in node.before:
                self.nodes[before].after.append(node.number)
        for_launch = [node for node in self.nodes[:-1] if node.roles and LIVE not in upstream[node.id]]
        hours = [_mean_hours(node) for node in for_launch]
        for node, mean in zip(for_launch, hours, strict=True):
            node.weight = mean / sum(hours) if sum(hours) else 1 / len(hours)


def _mean_hours(node: Node) -> float:
    effort = node.step.effort if node.step is not None else None
    return effort.mean_hours * len(node.roles) if effort is not None else 0.0


class Run:
    """One pass of a step: what made it ready, who did it, and where its time went."""

    __slots__ = (
        "carried", "caused_by", "delegated", "done", "giver", "giver_unit", "node", "number", "others", "parts",
        "ready", "share",
    )  # fmt: skip

    def __init__(self, node: Node, number: int, ready: int, caused_by: Run | None):
        self.node, self.number, self.ready, self.caused_by = node, number, ready, caused_by
        self.done = -1
        self.delegated = False
        """At a gate: whether the lead decides."""
        self.giver: Person | None = None
        """Who hands the result on; for a rejection the one who decided."""
        self.giver_unit = ""
        self.others: Sequence[Run] = ()
        """What other branches hand to it, besides the run that made it ready."""
        self.share: float | None = None
        """Share of a fresh effort that a later pass takes; the department's rework share when None."""
        self.carried = 0.0
        """Share of the effort that need not be done again after somebody else left it unfinished."""
        self.parts: list[int] = [0] * len(PARTS) if caused_by is None else caused_by.parts.copy()
        """Seconds since the case was admitted by part of the lead time, in the order of :data:`PARTS`: those of the run
        that made it ready, which is over, and its own. They add up to ``done`` less that moment."""

    def passed_on(self) -> None:
        """After a gate let it pass, the work is still that of whoever handed it in."""
        if self.caused_by is not None:
            self.giver, self.giver_unit = self.caused_by.giver, self.caused_by.giver_unit


class Case:
    """One work order on its way."""

    __slots__ = (
        "admitted", "approved", "arrived", "closed", "crews", "defects", "doers", "early_from", "expired_time",
        "expires", "fit", "graph", "home", "ignored", "index", "last", "learnt", "live_defects", "live_readiness",
        "live_time", "luck", "order", "parts", "passes", "priority", "put_off", "quality", "received",
        "rejections", "shares", "state", "status",
    )  # fmt: skip

    def __init__(self, index: int, order: WorkOrder, graph: StepGraph, home: str, arrived: int, luck: CaseLuck):
        self.index, self.order, self.graph, self.home = index, order, graph, home
        self.arrived, self.luck = arrived, luck
        self.admitted = -1
        """When it was let in; it may have had to wait for a limit on open work."""
        self.priority = order.priority
        """That of its tasks: the order's, or 0 for what interrupts other work."""
        steps = len(graph.nodes)
        self.state = [WAITING] * steps
        self.passes = [0] * steps
        self.rejections = [0] * steps
        self.doers: list[Person | None] = [None] * steps
        """Who did each step; what comes back goes to them."""
        self.last: list[Run | None] = [None] * steps
        """The latest finished pass of each step."""
        self.put_off: set[int] = set()
        """Steps that an early launch does not wait for."""
        self.early_from: int | None = None
        """From then on it may go live early."""
        self.received: dict[int, list[Run | None]] = {}
        """What the latest pass of a step that joins branches was handed."""
        self.crews: dict[int, list[Person]] = {}
        """Who did a step that takes several people."""
        self.shares: dict[int, float] = {}
        """Steps sent back along a rework edge and not yet begun again, with the effort that takes."""
        self.approved: set[int] = set()
        self.defects: set[int] = set()
        """Steps whose result is wrong and went on unnoticed."""
        self.ignored: set[int] = set()
        """Steps with an error that somebody decided to leave."""
        self.expires: int | None = None
        """When the case is abandoned if it is not live by then."""
        self.status = "open"
        self.closed = False
        """True when expired: nothing more is begun for it."""
        self.parts = [0] * len(PARTS)
        """Seconds of the lead time by part; known when live."""
        self.live_time: int | None = None
        self.live_defects = 0
        self.live_readiness = 1.0
        self.quality = 1.0
        self.fit = 1.0
        """Factor on audience fit that research gave."""
        self.learnt = 1.0
        """Factor on audience fit that customers' answers to an early launch gave its last touches."""
        self.expired_time: int | None = None

    @property
    def risk(self) -> float:
        """Quality-risk index: the share of the work with an error that somebody decided to leave, 0 to 1."""
        if not self.ignored:
            return 0
        return sum(self.graph.nodes[number].weight for number in sorted(self.ignored))

    def is_wrong(self, number: int) -> bool:
        """Whether a step's result has an error, which nobody noticed or somebody decided to leave."""
        return number in self.defects or number in self.ignored

    def next_run(self, node: Node, ready: int, caused_by: Run | None) -> Run:
        """The next pass of a step."""
        number = self.passes[node.number]
        self.passes[node.number] = number + 1
        run = Run(node, number, ready, caused_by)
        if self.shares:
            run.share = self.shares.pop(node.number, None)
        return run
