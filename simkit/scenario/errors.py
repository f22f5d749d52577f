"""What is wrong with a scenario, said to the person who wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: where it stands, what is wrong, what was found, what is allowed."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        if self.line == 0:  # an option on the command line has no lines
            return f"{self.file}: {self.message}"
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ScenarioError(ValueError):
    """A scenario that cannot be run; carries every problem found, in file order."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SenseError(ValueError):
    """A value that is well formed and makes no sense; raised inside validators and expansions.

    `path` is the dotted path inside the scenario (``teams.work.email.steps``), so that the loader can find
    the line.
    """

    others: tuple[SenseError, ...] = ()
    """What was found wrong beside it."""

    def __init__(self, path: str, message: str):
        self.path, self.message = path, message
        super().__init__(f"{path}: {message}")


def all_found(checks: Iterable[Callable[[], object]]) -> list[SenseError]:
    """What checks of things that have nothing to do with each other refuse, in their order."""
    found = []
    for check in checks:
        try:
            check()
        except SenseError as error:
            found += [error, *error.others]
    return found


def refuse(found: Sequence[SenseError]) -> None:
    """Raise the first of them, which carries the others; nothing where there is none."""
    if found:
        first, *others = found
        first.others = tuple(others)
        raise first
