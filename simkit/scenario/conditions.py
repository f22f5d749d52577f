"""Conditions: one small language over what is known of a customer, such as ``bought_within 90 and fatigue < 2``.

Audiences, adaptive caps and triggers share it. A condition is a text in the scenario; :func:`parse` turns it into
steps in postfix order, which the customers' rules carry out (`customers/rules/conditions.py`). Nothing is ever
executed.

Grammar: comparisons joined by ``and``, ``or``, ``not`` and parentheses (`not` binds closest, then `and`). A
comparison is ``field < number`` (``<`` ``<=`` ``>`` ``>=`` ``=`` ``!=``), ``field is word``, ``field is not word``,
or one of the short ones: ``bought_within 90``, ``not_bought_within 90``, ``contacted_within 7``,
``consents_to email``. Spans may have units (``90 days``, ``2 weeks``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from simkit.scenario.overlay import choices
from simkit.scenario.quantity import parse_days

LONGEST = 24
"""Steps a condition may have: comparisons and the words that join them."""
MOST = 32
"""Different conditions a scenario may have."""

Kind = Literal["number", "days", "word", "segment", "channel", "kind"]
STAGES = ("unaware", "aware", "considering", "intent", "customer", "repeat", "advocate")
ROLES = ("alone", "payer", "user", "blocker")
SECOND_ROLES = ("none", "candidate", "holder")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Known:
    """Something a condition may ask about."""

    kind: Kind
    does: str
    words: tuple[str, ...] = ()
    """The words it may be, in order, so that ``stage >= intent`` makes sense."""


FIELDS: dict[str, Known] = {
    "fatigue": Known("number", "contacts remembered, weighted by channel; before today's"),
    "days_since_purchase": Known("days", "days since the last purchase; endless before the first"),
    "days_since_contact": Known("days", "days since the last contact; endless before the first"),
    "tenure_days": Known("days", "days since the first purchase; 0 before it"),
    "purchases": Known("number", "purchases so far"),
    "revenue": Known("number", "money spent so far, in the scenario's currency"),
    "stage": Known("word", "stage as the firm sees it: who has left still looks like a customer", STAGES),
    "relation": Known("word", "customers are persons, or users of accounts, who ever bought", ("prospect", "customer")),
    "segment": Known("segment", "the person's segment"),
    "consent": Known("channel", "channel with consent; use `consents_to`"),
    "linked": Known("word", "whether identities on all channels are known to be one person's", ("no", "yes")),
    "weekday": Known("word", "day of the week today", WEEKDAYS),
    "month": Known("number", "month of the year today, 1 to 12"),
    "role": Known("word", "in an account that buys together; blockers are users with a veto", ROLES),
    "favoring": Known("number", "share of the own account's users in favor as of yesterday; 0 without users"),
    "deciding": Known(
        "word", "whether a purchase is decided on and pending, by the person or the own payer", ("no", "yes")
    ),
    "second_role": Known("word", "the second role: no part in it, a candidate, or one who holds it", SECOND_ROLES),
    "categories": Known("number", "product categories the person has bought in"),
    "categories_left": Known("number", "product categories the person has not bought in yet"),
}
"""All that a condition can ask about; `customers/rules/conditions.py` reads each (a test compares)."""


class _Short(NamedTuple):
    field: str
    operator: str


SHORT: dict[str, _Short] = {
    "bought_within": _Short("days_since_purchase", "<="),
    "not_bought_within": _Short("days_since_purchase", ">"),
    "contacted_within": _Short("days_since_contact", "<="),
    "not_contacted_within": _Short("days_since_contact", ">"),
    "consents_to": _Short("consent", "="),
}
"""Words that stand for a field and its comparison."""
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")
JOINING = ("and", "or", "not")


class Step(NamedTuple):
    """One step in postfix order: a comparison leaves true or false, a joining word takes what stands before it."""

    operator: str
    """One of COMPARISONS or JOINING."""
    field: str = ""
    value: float = 0.0
    name: str = ""
    """Name of a segment, channel or kind of work, which only the scenario knows."""


class Vocabulary(NamedTuple):
    """What the conditions of one part of a scenario may ask about."""

    name: str
    fields: tuple[tuple[str, Known], ...]

    @property
    def known(self) -> dict[str, Known]:
        """By name."""
        return dict(self.fields)


_WAITING = "working days of work waiting, by expected effort, in the queue of those who would otherwise do it"
WORK = Vocabulary(
    "work",
    (
        ("queue_days", Known("days", _WAITING)),
        ("queue_length", Known("number", "pieces of work waiting there")),
        ("priority", Known("number", "of the order, 1 the most urgent to 9")),
    ),
)
"""What an assign line may ask about; `teams/overflow.py` reads each."""


@lru_cache(maxsize=1024)
def parse(text: str, vocabulary: Vocabulary | None = None) -> tuple[Step, ...]:
    """A condition's steps in postfix order; about customers unless another vocabulary is given.

    Raises ValueError, with a sentence for the author: what was found, what is allowed.

    >>> [step.operator for step in parse("bought_within 90 and not stage is intent")]
    ['<=', '=', 'not', 'and']
    """
    reader = _Reader(text, vocabulary)
    reader.either()
    if reader.next:
        raise ValueError(f"expected 'and' or 'or' before {reader.next!r} in condition {text!r}")
    if len(reader.steps) > LONGEST:
        raise ValueError(f"a condition has at most {LONGEST} comparisons and joining words, found {len(reader.steps)}")
    return tuple(reader.steps)


def names(text: str) -> list[tuple[Kind, str]]:
    """The segments and channels a condition names, which only the scenario can check."""
    return [(FIELDS[step.field].kind, step.name) for step in parse(text) if step.name]


def _checked(text: str) -> str:
    parse(text)
    return " ".join(text.split())


Condition = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_checked)]
"""A field of a scenario table that holds a condition, checked when read and kept as text."""

_TOKEN = re.compile(r"\s*(<=|>=|==|!=|<|>|=|\(|\)|[0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+|[^\W\d][\w-]*|\S)")
_UNITS = ("minute", "hour", "day", "week", "month", "quarter", "year")


class _Reader:
    """Recursive descent over the words of one condition."""

    def __init__(self, text: str, vocabulary: Vocabulary | None = None):
        self.text, self.steps = text, list[Step]()
        self._fields = FIELDS if vocabulary is None else vocabulary.known
        self._short = SHORT if vocabulary is None else {}
        self._tokens = _TOKEN.findall(text)
        self._at = self._open = 0

    @property
    def next(self) -> str:
        """The next word, or nothing."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, *wanted: str) -> bool:
        """Pass over the next word when it is one of these."""
        if self.next in wanted and self.next:
            self._at += 1
            return True
        return False

    def either(self) -> None:
        """a or b or ..."""
        self._joined("or", self._both)

    def _both(self) -> None:
        self._joined("and", self._single)

    def _joined(self, word: str, part: Callable[[], None]) -> None:
        part()
        while self.take(word):
            part()
            self.steps.append(Step(word))

    def _single(self) -> None:
        negated = False
        while self.take("not"):
            negated = not negated
        if self.take("("):
            self._open += 1
            if self._open > LONGEST:
                raise ValueError(f"at most {LONGEST} parentheses stand inside each other in a condition")
            self.either()
            self._open -= 1
            if not self.take(")"):
                raise ValueError(f"a parenthesis is not closed in condition {self.text!r}")
        else:
            self._comparison()
        if negated:
            self.steps.append(Step("not"))

    def _comparison(self) -> None:
        word = self.next
        self._at += 1
        if word in self._short:
            short = self._short[word]
            self._compare(short.field, short.operator)
        elif word in self._fields:
            self._compare(word, self._operator(word))
        elif not word:
            raise ValueError(f"the condition {self.text!r} ends where a comparison is expected")
        elif word[0].isdigit() or word[0] == ".":
            raise ValueError(f"a comparison begins with what it asks about and not with a number, found {word!r}")
        else:
            raise ValueError(f"a condition cannot ask about {word!r}{choices(word, [*self._fields, *self._short])}")

    def _operator(self, field: str) -> str:
        if self.take("is"):
            return "!=" if self.take("not") else "="
        found = self.next
        self._at += 1
        if found == "==":
            return "="
        if found not in COMPARISONS:
            wanted = "one of < <= > >= = != is"
            raise ValueError(f"after {field!r} a condition expects {wanted}, found {found or 'nothing'!r}")
        return found

    def _compare(self, field: str, operator: str) -> None:
        known, found = self._fields[field], self.next
        self._at += 1
        if found in ("'", '"'):
            raise ValueError(f"names stand without quotation marks in a condition, found {self.text!r}")
        if not found or found in JOINING or found in "()":
            raise ValueError(f"{field!r} is compared with nothing in condition {self.text!r}")
        if known.kind in ("number", "days"):
            self.steps.append(Step(operator, field, self._number(field, known.kind, found)))
        elif known.words:
            if found not in known.words:
                raise ValueError(f"{field!r} cannot be {found!r}{choices(found, known.words)}")
            self.steps.append(Step(operator, field, float(known.words.index(found))))
        else:
            if operator not in ("=", "!="):
                raise ValueError(f"a {known.kind} has no order: use `is` or `is not`, found {operator!r}")
            self.steps.append(Step(operator, field, name=found))

    def _number(self, field: str, kind: Kind, found: str) -> float:
        try:
            number = float(found.replace("_", ""))
        except ValueError:
            raise ValueError(f"{field!r} is compared with a number, found {found!r}") from None
        if kind == "days" and self.next.rstrip("s") in _UNITS:
            unit = self.next
            self._at += 1
            return float(parse_days(f"{found.replace('_', '')} {unit}"))
        return number
