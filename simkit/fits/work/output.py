"""What a fit of work says: a scenario snippet, one JSON document, tables for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from simkit.fits.work.fit import KindFit, WorkFit
from simkit.fits.work.graph import RELATIONS
from simkit.fits.work.steps import EffortFit, GateFit
from simkit.scenario.explain import as_yaml
from simkit.scenario.work_kinds import LIVE

if TYPE_CHECKING:
    from rich.console import Console

TOP = "company"
APPROVER_HOURS = 0.25
"""Of a gate on demand about whose approver's hours the log says nothing; told as a doubt."""
ONE_APPROVER = 0.9
"""Share of a gate's decisions from which on one person is its approver."""
DIGITS = 3


def snippet(fit: WorkFit) -> str:
    """What stands under `teams:` of a scenario, or in a file named there; what was not identifiable as comments."""
    head = [
        f"# simkit fit-work {fit.source}: {fit.events:,} events from {fit.first} to {fit.last}.",
        "# Stands under `teams:` of a scenario, or in a file of its own (`teams: FILE.yaml`). Wages are defaults;",
        "# campaigns of the scenario name the kinds of work below (campaigns.NAME.work).",
        *(f"# {doubt}" for doubt in fit.doubts),
    ]
    return "\n".join(head) + "\n" + as_yaml(teams(fit))


def teams(fit: WorkFit) -> dict[str, Any]:
    """The `teams` section as plain values.

    Without a kind of work whose efforts are known there are no people either: simkit's own work asks for its skills.
    """
    week = fit.hours.week
    approvers = {gate: _approver(fit, gate, one) for gate, one in fit.gates.items()}
    extra = {f"approve_{gate}" for gate, text in approvers.items() if text == f"skill:approve_{gate}"}
    people = []
    for person, unit in fit.units.items():
        skills = dict(fit.skills[person])
        skills |= {
            f"approve_{gate}": 1.0
            for gate, one in fit.gates.items()
            if f"approve_{gate}" in extra and person in one.approvers
        }
        people.append({"id": person, "unit": unit, "skills": skills or {"deciding": 1.0}})
    people += _stand_ins(fit)
    found: dict[str, Any] = {
        "calendars": {"office": {"days": list(week.days), "hours": [list(one) for one in week.hours]}}
    }
    kinds = {kind.kind: table for kind in fit.kinds if (table := _work(kind))}
    if kinds:
        found["people"] = people
        found["structure"] = {"units": _units(fit, people), "assign": [{"scope": "company"}]}
        found["primary_share"] = _round(fit.primary_share)
        found["errors"] = {"caught": 1, "rework_share": _round(fit.rework_share)}
    found |= _distance(fit)
    if kinds:
        used = {step["gate"] for kind in kinds.values() for step in kind["steps"] if "gate" in step}
        found["gates"] = {gate: _gate(one, approvers[gate]) for gate, one in fit.gates.items() if gate in used}
        found["work"] = kinds
    return {name: value for name, value in found.items() if value != {}}


def _units(fit: WorkFit, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    deciders: Counter[str] = Counter()
    for gate in fit.gates.values():
        deciders.update({p: n for p, n in gate.approvers.items() if p in fit.units})
    lead = deciders.most_common(1)[0][0] if deciders else people[0]["id"]
    names = list(dict.fromkeys(one["unit"] for one in people))
    top = TOP if TOP not in names else f"{TOP} (top)"
    return [{"id": top, "lead": lead}, *({"id": name, "parent": top} for name in names)]


def _stand_ins(fit: WorkFit) -> list[dict[str, Any]]:
    """A person for each skill of a log that names nobody."""
    if fit.units:
        return []
    skills = dict.fromkeys(step.skill for kind in fit.kinds for step in kind.steps.values())
    return [{"id": f"{skill}-1", "unit": "team", "skills": {skill: 1.0}} for skill in skills or ("work",)]


def _distance(fit: WorkFit) -> dict[str, Any]:
    """The lines that were seen; the last one always holds, so the farthest that was seen stands for it."""
    lines = {one.relation: one for one in fit.hand_offs}
    seen = [relation for relation in RELATIONS if relation in lines]
    found: dict[str, Any] = {}
    if seen:
        told = seen if seen[-1] == RELATIONS[-1] else [*seen, RELATIONS[-1]]
        found["distance"] = [{"when": relation, **_line(lines.get(relation, lines[seen[-1]]))} for relation in told]
    if "intake" in lines:
        found["intake"] = _line(lines["intake"])
    return found


def _line(one: Any) -> dict[str, float]:
    return {"latency_hours": _round(one.latency_hours), "effort_hours": _round(one.effort_hours)}


def _work(kind: KindFit) -> dict[str, Any] | None:
    """The steps of a kind; None where an effort is unknown. A gate before any worked step is left out."""
    if not kind.steps or any(one.effort is None for one in kind.steps.values()):
        return None
    rows: list[dict[str, Any]] = []
    known: set[str] = set()
    for name in kind.order:
        waits = kind.gates[name] if name in kind.gates else kind.steps[name].after
        after = [one for one in waits if one in known or one == LIVE]
        row: dict[str, Any] = {"id": name}
        if name in kind.gates:
            if not after:
                continue
            row |= {"gate": name, "after": after}
            if name in kind.return_to:
                row["return_to"] = kind.return_to[name]
        else:
            step = kind.steps[name]
            assert step.effort is not None
            row |= {
                "skill": step.skill,
                "after": after,
                "effort": _effort(step.effort),
                "internal_error": _round(min(step.redo_share, 0.95)),
            }
        if not after:
            del row["after"]
        rows.append(row)
        known.add(name)
    return {"steps": rows}


def _effort(fit: EffortFit) -> dict[str, Any]:
    if fit.cv < 0.001:
        return {"fixed": {"hours": _round(fit.mean_hours)}}
    return {"lognormal": {"mean_hours": _round(fit.mean_hours), "cv": _round(min(fit.cv, 10.0))}}


def _gate(gate: GateFit, approver: str) -> dict[str, Any]:
    reject: dict[str, float] = {"first": _round(min(gate.rejection.first, 1.0))}
    if gate.rejection.decay is not None:
        reject["decay"] = _round(gate.rejection.decay if gate.rejection.first < 1 else min(gate.rejection.decay, 0.99))
    shared = {"approver": approver, "reject": reject, "finds": 0}
    if gate.mode == "cadence":
        return {"mode": "cadence", **shared, "every_days": gate.every_days or 1, "at": gate.at_hour}
    effort = _effort(gate.effort) if gate.effort else {"fixed": {"hours": APPROVER_HOURS}}
    return {"mode": "on_demand", **shared, "effort": effort}


def _approver(fit: WorkFit, name: str, gate: GateFit) -> str:
    """The one who decides, the skill whose people do, or a skill of their own."""
    if not gate.approvers:
        return "head"
    person, most = next(iter(gate.approvers.items()))
    if most >= ONE_APPROVER * sum(gate.approvers.values()):
        return f"person:{person}"
    skills: Counter[str] = Counter()
    for who, count in gate.approvers.items():
        skills.update(dict.fromkeys(fit.skills.get(who, {}), count))
    if skills:
        skill, covered = skills.most_common(1)[0]
        if covered >= ONE_APPROVER * sum(gate.approvers.values()):
            return f"skill:{skill}"
    return f"skill:approve_{name}"


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


# --- for programs and people -----------------------------------------------------------------------------------


def to_json(fit: WorkFit) -> dict[str, Any]:
    """The one JSON document of ``simkit fit-work --json``."""
    return {
        "source": fit.source, "events": fit.events, "first": fit.first, "last": fit.last,
        "primary_share": {"value": fit.primary_share, "is": fit.share_is},
        "rework_share": fit.rework_share,
        "hours": {"days": list(fit.hours.week.days), "hours": [list(one) for one in fit.hours.week.hours],
                  "inside_share": fit.hours.inside, "quiet_days": fit.hours.quiet_days},
        "steps": [row for kind in fit.kinds for row in _step_rows(kind)],
        "gates": [_gate_row(name, gate) for name, gate in fit.gates.items()],
        "hand_offs": [vars(one) for one in fit.hand_offs],
        "people": [
            {"person": person, "unit": unit, "skills": fit.skills[person], "passes": fit.passes_of.get(person, 0)}
            for person, unit in fit.units.items()
        ],
        "doubts": list(fit.doubts),
        "teams": teams(fit),
    }  # fmt: skip


def _step_rows(kind: KindFit) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind.kind, "step": one.step, "skill": one.skill, "after": list(one.after), "passes": one.n,
            "mean_hours": one.effort and one.effort.mean_hours, "standard_error": one.effort and one.effort.mean_error,
            "cv": one.effort and one.effort.cv, "efforts": one.effort.n if one.effort else 0,
            "distance": one.effort and one.effort.distance, "lognormal": one.effort and one.effort.fits,
            "redo_share": one.redo_share, "redone_by_pass": [list(pair) for pair in one.redone],
        }
        for one in kind.steps.values()
    ]  # fmt: skip


def _gate_row(name: str, gate: GateFit) -> dict[str, Any]:
    rejection = gate.rejection
    return {
        "gate": name,
        "mode": gate.mode,
        "every_days": gate.every_days,
        "at_hour": gate.at_hour,
        "meetings": gate.meetings,
        "decided_by_round": list(rejection.decided),
        "rejected_by_round": list(rejection.rejected),
        "first": rejection.first,
        "first_error": _finite(rejection.first_error),
        "decay": rejection.decay,
        "decay_error": _finite(rejection.decay_error),
        "mean_hours": gate.effort and gate.effort.mean_hours,
        "approvers": gate.approvers,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value else value


def render(fit: WorkFit, console: Console) -> None:
    """Tables of what was found, and what to know about it."""
    console.print(_table(f"{fit.source}: efforts of first passes, hours", _step_rows_shown(fit), _STEP_HEAD))
    if fit.gates:
        console.print(_table("Gates", _gate_rows_shown(fit), _GATE_HEAD))
    if fit.hand_offs:
        rows = [
            [one.relation.replace("_", " "), f"{one.n:,}", f"{one.latency_hours:.2f}", f"{one.effort_hours:.2f}"]
            for one in fit.hand_offs
        ]
        console.print(_table("Hand-offs", rows, ("from", "n", "working hours of latency", "hours of taking over")))
    week = fit.hours.week
    shifts = ", ".join(f"{_clock(a)}-{_clock(b)}" for a, b in week.hours)
    inside = f"{fit.hours.inside:.1%} of {fit.hours.events:,} moments"
    console.print(f"Working hours: {' '.join(week.days)}, {shifts} ({inside})", markup=False)
    share = f"Work on steps is {fit.primary_share:.0%} of on-shift time ({fit.share_is})"
    console.print(f"{share}; a later pass takes {fit.rework_share:.0%} of a first one", markup=False)
    for doubt in fit.doubts:
        console.print(f"- {doubt}", markup=False)


_STEP_HEAD = ("kind", "step", "skill", "n", "mean", "s.e.", "cv", "lognormal", "passes done again")
_GATE_HEAD = ("gate", "mode", "decided", "rejected by round", "first", "decay")


def _step_rows_shown(fit: WorkFit) -> list[list[str]]:
    rows = []
    for kind in fit.kinds:
        for one in kind.steps.values():
            told = ["0", "", "", "", "unknown"]
            if one.effort is not None:
                e = one.effort
                told = [
                    f"{e.n:,}",
                    f"{e.mean_hours:.2f}",
                    f"{e.mean_error:.2f}",
                    f"{e.cv:.2f}",
                    f"{'yes' if e.fits else 'no'} (D {e.distance:.2f})",
                ]
            rows.append([kind.kind, one.step, one.skill, *told, f"{one.redo_share:.1%} of {one.n:,}"])
    return rows


def _gate_rows_shown(fit: WorkFit) -> list[list[str]]:
    rows = []
    for name, gate in fit.gates.items():
        mode = (
            f"every {gate.every_days} working days at {_clock(gate.at_hour or 0)}"
            if gate.mode == "cadence"
            else "on demand"
        )
        r = gate.rejection
        shares = ", ".join(f"{no}/{n}" for no, n in zip(r.rejected, r.decided, strict=True))
        decay = "unknown" if r.decay is None else f"{r.decay:.2f} (s.e. {r.decay_error:.2f})"
        rows.append([name, mode, f"{sum(r.decided):,}", shares, f"{r.first:.2f} (s.e. {r.first_error:.2f})", decay])
    return rows


def _clock(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _table(title: str, rows: list[list[str]], head: tuple[str, ...]) -> Any:
    from rich.table import Table
    from rich.text import Text

    made = Table(title=Text(title), title_justify="left")
    for name in head:
        made.add_column(name)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made
