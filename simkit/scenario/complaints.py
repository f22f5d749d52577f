"""What the schema refuses, said to the author: where it stands, what was found, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from simkit.scenario.errors import Problem, SenseError
from simkit.scenario.extending import SECTION
from simkit.scenario.node import Node, Place, follow, leaves, steps_of
from simkit.scenario.overlay import DEFAULTS, TAGS, UNKNOWN_KEY, choices, did_you_mean
from simkit.scenario.relative import is_relative
from simkit.scenario.scalars import shortened

BYTES_PER_CUSTOMER = 384
SHIPPED = ("campaigns", "occasions", "monitors")
"""Sections in which simkit has entries of its own where a scenario has none."""
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text",
    "date": "a date such as 2026-01-31",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "dict": "a table",
    "mapping": "a table",
    "model": "a table",
    "dataclass": "a table",
}
_BOUND = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "finite_number": "a finite number",
    "too_short": "at least {min_length} items",
    "too_long": "at most {max_length} items",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
}


@dataclass(frozen=True)
class Complaint:
    """One refusal: the written steps to it, and either what was expected there or a whole sentence."""

    steps: tuple[str | int, ...]
    place: Place
    expected: str = ""
    found: str = ""
    sentence: str = ""
    missing: str = ""
    """A key that the table needs."""
    advice: str = ""
    """How what was probably meant is written."""

    @property
    def path(self) -> str:
        """Dotted, as a reader would write it."""
        return dotted(self.steps)


def dotted(steps: Sequence[str | int]) -> str:
    """``("teams", "people", 0, "fte")`` -> ``teams.people[0].fte``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def problems_of(error: ValidationError, tree: Node, model: type[BaseModel]) -> list[Problem]:
    """Every refusal of the schema as a problem at the place where the value was written."""
    complaints = [_complaint(details, tree, model) for details in error.errors(include_url=False)]
    return [_problem(group) for group in _grouped(complaints)]


def problem_at(path: str, message: str, tree: Node) -> Problem:
    """A mistake that a check found at a dotted path."""
    node = _written(tree, steps_of(path))
    if isinstance(node.value, list):
        node = next((item for item in node.value if item.text and repr(item.value) in message), node)
    return place_of(node).problem(f"{path}: {message}{_shipped(tree, path)}")


def _shipped(tree: Node, path: str) -> str:
    """How to be without what simkit puts there, when nobody wrote the entry."""
    section, *entry = steps_of(path)[:2]
    if section not in SHIPPED or not entry:
        return ""
    node, taken = follow(tree, [section, *entry])
    if len(taken) == 2 and any(leaf.place.file != DEFAULTS for _, leaf in leaves(node)):
        return ""
    return f" (`{entry[0]}` is simkit's own; a file that writes `{section}`, be it `{section}: {{}}`, has its own only)"


def _written(tree: Node, steps: Sequence[str | int]) -> Node:
    """The deepest node along the steps that somebody wrote, and not simkit's defaults."""
    node, taken = follow(tree, steps)
    while taken and node.place.file == DEFAULTS:
        taken = taken[:-1]
        node, _ = follow(tree, taken)
    return node


def place_of(node: Node) -> Place:
    """Where a reader should look: a table is found by its key, a scalar by itself."""
    return node.key if node.key and (node.is_mapping or node.is_list) else node.place


# --- one refusal ----------------------------------------------------------------------------------------


def _complaint(details: Any, tree: Node, model: type[BaseModel]) -> Complaint:
    kind, where = details["type"], details["loc"]
    if where and where[-1] == "[key]":
        return _unknown_key(where[:-1], tree, re.findall(r"'([^']*)'", details.get("ctx", {}).get("expected", "")))
    if kind == "extra_forbidden":
        return _unknown_key(where, tree, _fields(model, where[:-1]))
    node, steps = follow(tree, where)
    place = place_of(_written(tree, where))
    if kind == "missing":
        return Complaint(tuple(steps), place, missing=str(where[-1]))
    if kind.startswith("union_tag"):
        return _unknown_kind(details["ctx"], node, steps)
    if kind in ("value_error", "assertion_error"):
        return _said(details, tree, node, tuple(steps))
    expected, found = _expected(kind, details, steps), _found(node, details["input"])
    advice = "" if is_relative(node) and not isinstance(node.value, str) else _advice(kind, details, node.value)
    return Complaint(tuple(steps), place, expected, found, advice=advice)


def _said(details: Any, tree: Node, node: Node, steps: tuple[str | int, ...]) -> Complaint:
    """A validator of ours spoke."""
    cause = details["ctx"]["error"]
    if isinstance(cause, SenseError):
        target = _written(tree, steps_of(cause.path))
        return Complaint(
            tuple(steps_of(cause.path)),
            place_of(node if target is tree else target),
            sentence=f"{cause.path}: {cause.message}",
        )
    path = dotted(steps)
    return Complaint(steps, place_of(node), sentence=f"{path}: {cause}" if path else str(cause))


def _unknown_key(where: Sequence[Any], tree: Node, allowed: list[str]) -> Complaint:
    node, steps = follow(tree, where)
    name = str(where[-1])
    table = dotted(steps[:-1]) or "the scenario"
    if len(steps) == 1:
        allowed = [*allowed, "alternatives", "extends"]  # taken out of the file before it gets here
    place = node.key or node.place
    if place.file == DEFAULTS:
        place = place_of(_written(tree, where))
    hint = choices(name, allowed)
    if list(where) == [SECTION]:
        hint = ": these are parameters of an extension; name the file that has them, --extend FILE.py"
    return Complaint(tuple(steps), place, sentence=f"{UNKNOWN_KEY}{name!r} in {table}{hint}")


def _unknown_kind(context: Any, node: Node, steps: list[str | int]) -> Complaint:
    """A table that says to be of a kind there is not; short forms say it by a single word."""
    key = re.sub(r"\W|^_+", "", context["discriminator"])
    if node.is_mapping and key in node.value:
        node, steps = node.value[key], [*steps, key]
    if "tag" not in context and not node.is_mapping:
        wanted = f"a table with its `{key}`, or a YAML file that holds one"
        return Complaint(tuple(steps), place_of(node), wanted, shortened(node.value))
    if "tag" not in context:
        return Complaint(tuple(steps), place_of(node), missing=key)
    return Complaint(tuple(steps), place_of(node), _or(context["expected_tags"]), repr(context["tag"]))


def _or(words: str) -> str:
    """``'a', 'b', 'c'`` -> ``'a', 'b' or 'c'``."""
    return " or ".join(words.rsplit(", ", 1))


def _expected(kind: str, details: Any, steps: Sequence[Any]) -> str:
    context = details.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return str(context["expected"])
    if kind == "int_from_float":
        return "a whole number"
    if kind == "string_pattern_mismatch" and (words := _alternatives(str(context["pattern"]))):
        return words
    if kind in _BOUND:
        return _BOUND[kind].format(**{key: _grouped_digits(bound) for key, bound in context.items()}) + _memory(
            details, steps
        )
    return _WANTED.get(kind.split("_")[0], str(details["msg"]))


def _alternatives(pattern: str) -> str:
    """``^(home|company|unit:.+)$`` -> ``'home', 'company' or 'unit:...'``; nothing for a pattern of another form."""
    written = re.fullmatch(r"\^\(([\w:.+|-]+)\)\$", pattern)
    return _or(", ".join(repr(word.replace(".+", "...")) for word in written[1].split("|"))) if written else ""


def _grouped_digits(bound: Any) -> str:
    """50000000 -> ``50,000,000``, 500.0 -> ``500``."""
    whole = isinstance(bound, (int, float)) and float(bound).is_integer()
    return f"{int(bound):,}" if whole else str(bound)


def _memory(details: Any, steps: Sequence[Any]) -> str:
    if list(steps) != ["market", "customers"] or not details["type"].startswith("less"):
        return ""
    gigabytes = details["input"] * BYTES_PER_CUSTOMER / 1e9
    persons = f"{details['input']:,} would take about {gigabytes:,.0f} GB of memory"
    return f" ({persons}; let each stand for more by `market.represents`)"


def _found(node: Node, given: Any) -> str:
    if node.is_mapping or node.is_list or node.value != given:
        return shortened(given)
    changed = is_relative(node) and not isinstance(node.value, str)
    return f"{shortened(node.value)} (from {node.text})" if changed else shortened(node.value)


def _advice(kind: str, details: Any, written: Any) -> str:
    """How numbers are written: with a point, without separators but `_`, shares up to 1 or 100%; and tables' files."""
    if kind.startswith(("int_", "float_")) and isinstance(written, str):
        if re.fullmatch(r"[+-]?\d{1,3}(?:[.,'  ]\d{3})+", written):
            return "; write " + re.sub(r"[.,'  ]", "_", written)
        if re.fullmatch(r"[+-]?\d+,\d+", written):
            return "; write " + written.replace(",", ".")
        if re.fullmatch(r"[$€£¥] ?[\d.,]+|[\d.,]+ ?(?:[$€£¥]|[A-Z]{3})", written):
            return "; write the number alone, it counts in `currency`"
    if kind.startswith(("model_", "dict_")) and isinstance(written, str):
        return "; a table in a file is named with its .yaml"
    if kind == "less_than_equal" and details["ctx"]["le"] == 1:
        if isinstance(written, str):
            return "; 100% is the most"
        if isinstance(written, (int, float)) and 2 <= written <= 100:
            return f"; write {written}% or {written / 100:g}"
    return ""


# --- branches of unions -----------------------------------------------------------------------------------


def _grouped(complaints: list[Complaint]) -> Iterator[list[Complaint]]:
    """Refusals of the branches of one union together; a branch that fitted further in speaks for all."""
    groups: dict[tuple[Any, ...], list[Complaint]] = {}
    for complaint in complaints:
        deeper = any(
            len(c.steps) > len(complaint.steps) and c.steps[: len(complaint.steps)] == complaint.steps
            for c in complaints
        )
        if complaint.missing:
            groups.setdefault((complaint.steps, "missing"), []).append(complaint)
        elif complaint.sentence:
            groups.setdefault((complaint.steps, complaint.sentence), []).append(complaint)
        elif not deeper:
            groups.setdefault((complaint.steps,), []).append(complaint)
    for group in groups.values():
        beside = [c for (steps, *said), other in groups.items() if not said and steps == group[0].steps for c in other]
        if group[0].sentence and beside:  # one branch of a union speaks in a sentence, the others join in
            wanted = " or ".join(dict.fromkeys(c.expected for c in beside))
            yield [replace(group[0], sentence=group[0].sentence.replace("expected ", f"expected {wanted} or ", 1))]
        elif not any(c.sentence and c.steps == group[0].steps for c in complaints) or group[0].sentence:
            yield group


def _problem(group: list[Complaint]) -> Problem:
    first = group[0]
    if first.sentence:
        return first.place.problem(first.sentence)
    if first.missing:
        names = ", ".join(repr(complaint.missing) for complaint in group)
        noun, verb = ("key", "is") if len(group) == 1 else ("keys", "are")
        return first.place.problem(f"the {noun} {names} {verb} missing in {first.path or 'the scenario'}")
    wanted = list(dict.fromkeys(c.expected for c in group))
    words = re.findall(r"'([^']*)'", wanted[0])
    near = did_you_mean(first.found.strip("'"), words)
    subject = f"{first.path}: " if first.path else ""
    return first.place.problem(f"{subject}expected {' or '.join(wanted)}, found {first.found}{near or first.advice}")


# --- which keys a table has -------------------------------------------------------------------------------


def _fields(model: type[BaseModel], where: Sequence[Any]) -> list[str]:
    """The keys of the table at a location of the schema."""
    return sorted({name for table in _types_at(model, where) for name in getattr(table, "model_fields", {})})


def _types_at(model: Any, where: Sequence[Any]) -> list[Any]:
    candidates = [model]
    for step in where:
        below = [part for candidate in candidates for part in _below(candidate, step)]
        candidates = below or [c for c in candidates if _is_branch(c, step)] or candidates
    return candidates


def _below(candidate: Any, step: Any) -> list[Any]:
    if isinstance(candidate, type) and issubclass(candidate, BaseModel):
        found = candidate.model_fields.get(step) if isinstance(step, str) else None
        return _plain_types(found.annotation) if found else []
    origin, arguments = get_origin(candidate), get_args(candidate)
    if origin is dict:
        return _plain_types(arguments[1])
    if origin in (list, tuple, set, frozenset) and isinstance(step, int):
        return [part for argument in arguments if argument is not Ellipsis for part in _plain_types(argument)]
    return []


def _plain_types(annotation: Any) -> list[Any]:
    """An annotation without Annotated, its unions spread out."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain_types(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [part for argument in get_args(annotation) for part in _plain_types(argument)]
    return [] if origin is Literal else [annotation]


def _is_branch(candidate: Any, step: Any) -> bool:
    """Whether a step names a branch of a union: the class, or the kind its table declares."""
    if getattr(candidate, "__name__", None) == step:
        return True
    fields = getattr(candidate, "model_fields", {})
    return any(key in fields and fields[key].default == step for key in TAGS)
