"""The files a scenario is made of: what it extends, and the tables it keeps in files of their own.

Every file is YAML or CSV in the scenario's folder or below; presets ship with simkit. Nothing else is opened.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath, PureWindowsPath

from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.node import Node, Place
from simkit.scenario.overlay import choices, did_you_mean
from simkit.scenario.reading import MAX_VALUES, decode, parse, read_text
from simkit.scenario.scalars import resolve, shortened

MAX_FILES = 50
PRESET_SUFFIX = " (preset)"
_TABLE_FILE = re.compile(r"[^\n]*\.(ya?ml|csv)", re.IGNORECASE)
_TEXT_KEYS = ("name", "question", "source", "extends")
_WEIGHTS = re.compile(r"\s*[A-Za-z_]\w*\s*:\s*[0-9.]+\s*(;\s*[A-Za-z_]\w*\s*:\s*[0-9.]+\s*)*;?\s*")


def preset_folder() -> Traversable:
    """Where the shipped scenarios are."""
    return resources.files("simkit.scenario") / "presets"


def preset_names() -> list[str]:
    """Names that `extends:` and `simkit new --from` know."""
    return sorted(item.name.removesuffix(".yaml") for item in preset_folder().iterdir() if item.name.endswith(".yaml"))


def preset_text(name: str) -> str:
    """The text of a preset."""
    return decode((preset_folder() / f"{name}.yaml").read_bytes(), name + PRESET_SUFFIX)


@dataclass
class Sources:
    """Reads the scenario's files and remembers their texts."""

    root: Path
    """The folder of the scenario: nothing outside is read."""
    shown_root: Path
    """The same as the user named it."""
    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """What is wrong in a file and left a tree to go on with."""

    def chain(self, path: Path, shown: str) -> list[Node]:
        """The tree of a scenario file after those it extends, the furthest first."""
        return self._extended(self._read(path, shown), [shown], path.parent)

    def place_tables(self, node: Node, folder: Path, reading: tuple[str, ...] = ()) -> Node:
        """The tree with every value that names a YAML or CSV file replaced by the table in that file."""
        if isinstance(node.value, dict):
            table = {
                key: child if key in _TEXT_KEYS else self.place_tables(child, folder, reading)
                for key, child in node.value.items()
            }
            return replace(node, value=table)
        if isinstance(node.value, list):
            return replace(node, value=[self.place_tables(child, folder, reading) for child in node.value])
        if isinstance(node.value, str) and node.key and _TABLE_FILE.fullmatch(node.value):
            return self._table(node, folder, reading)
        return node

    def _extended(self, tree: Node, seen: list[str], folder: Path | None) -> list[Node]:
        extends = tree.value.pop("extends", None)
        if folder is not None:
            tree = self.place_tables(tree, folder)
        if extends is None:
            return [tree]
        if not isinstance(extends.value, str):
            raise _error(extends.place, f"extends: expected a preset or a YAML file, found {shortened(extends.value)}")
        if _TABLE_FILE.fullmatch(extends.value):
            if folder is None:
                raise _error(extends.place, "extends: a preset extends presets only")
            path, shown = self._locate(extends, folder)
            below, inside = (lambda: self._read(path, shown)), path.parent
        else:
            shown = self._preset(extends)
            below, inside = (lambda: parse(self._text_of_preset(extends.value), shown)), None
        if shown in seen:
            raise _error(extends.place, f"extends goes in a circle: {' -> '.join([*seen, shown])}")
        return [*self._extended(below(), [*seen, shown], inside), tree]

    def _preset(self, extends: Node) -> str:
        known = preset_names()
        if extends.value not in known:
            hint = choices(extends.value, known, "presets")
            raise _error(extends.place, f"extends: there is no preset {extends.value!r}{hint} (a file needs its .yaml)")
        return extends.value + PRESET_SUFFIX

    def _text_of_preset(self, name: str) -> str:
        text = preset_text(name)
        self.texts[name + PRESET_SUFFIX] = text
        return text

    def _read(self, path: Path, shown: str) -> Node:
        return parse(self._text(path, shown), shown, self.problems)

    def _text(self, path: Path, shown: str) -> str:
        if shown not in self.texts:
            if len(self.texts) >= MAX_FILES:
                raise _error(Place(shown, 1, 1), f"a scenario may consist of at most {MAX_FILES} files")
            self.texts[shown] = read_text(path, shown)
        return self.texts[shown]

    def _table(self, node: Node, folder: Path, reading: tuple[str, ...]) -> Node:
        path, shown = self._locate(node, folder)
        if shown in reading:
            raise _error(node.place, f"{node.value} contains itself: {' -> '.join([*reading, shown])}")
        text = self._text(path, shown)
        if path.suffix.lower() == ".csv":
            read = rows(text, shown)
        else:
            read = self.place_tables(parse(text, shown, self.problems), path.parent, (*reading, shown))
        return replace(read, key=node.key, whole=True)

    def _locate(self, node: Node, folder: Path) -> tuple[Path, str]:
        """The file a value names, seen from the folder of the file that names it."""
        name = node.value
        absolute = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or name.startswith(("\\", "~"))
        path = (folder / name).resolve()
        if absolute or not path.is_relative_to(self.root):
            raise _error(node.place, f"{name!r} leaves the scenario's folder; files must lie in it or below")
        if path.is_dir():
            raise _error(node.place, f"{name!r} is a folder, and a table is read from a file")
        if not path.is_file():
            there = (
                sorted(p.name for p in path.parent.glob("*") if p.suffix == path.suffix) if path.parent.is_dir() else []
            )
            raise _error(node.place, f"there is no file {name!r}{did_you_mean(path.name, there)}")
        return path, str(self.shown_root / path.relative_to(self.root))


def rows(text: str, shown: str) -> Node:
    """A CSV file as a list of tables: the first line names the keys, an empty cell is a key not written.

    A cell such as ``copy:1.0;design:0.4`` is a table of numbers. The column of a place is the cell's number.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise _error(Place(shown, reader.line_num, 1), f"is not valid CSV: {error}") from None
    if not lines:
        raise _error(Place(shown, 1, 1), "the table is empty; its first line names the columns")
    (_, header), *body = lines
    names = [name.strip() for name in header]
    if len(body) * len(names) > MAX_VALUES:
        raise _error(Place(shown, 1, 1), f"more than {MAX_VALUES:,} cells")
    problems = [Place(shown, 1, i).problem("the column has no name") for i, name in enumerate(names, 1) if not name]
    problems += [
        Place(shown, 1, i).problem(f"the column {n!r} stands twice")
        for i, n in enumerate(names, 1)
        if n in names[: i - 1]
    ]
    items = [_row(names, cells, Place(shown, line, 1), problems) for line, cells in lines[1:]]
    if problems:
        raise ScenarioError(problems)
    return Node(items, Place(shown, 1, 1))


def _row(names: list[str], cells: list[str], start: Place, problems: list[Problem]) -> Node:
    if len(cells) > len(names):
        problems.append(start.problem(f"{len(cells)} cells, but {len(names)} columns"))
    table: dict[str, Node] = {}
    for i, (name, cell) in enumerate(zip(names, cells, strict=False), 1):
        place = replace(start, column=i)
        try:
            if cell.strip():
                table[name] = replace(_cell(cell.strip(), place), key=Place(start.file, 1, i))
        except ValueError as error:
            problems.append(place.problem(str(error)))
    return Node(table, start)


def _cell(text: str, place: Place) -> Node:
    if not _WEIGHTS.fullmatch(text):
        return Node(resolve(text), place, text=text)
    table: dict[str, Node] = {}
    for name, weight in (pair.split(":") for pair in text.split(";") if pair.strip()):
        if name.strip() in table:
            raise ValueError(f"{name.strip()!r} stands twice in {shortened(text)}")
        table[name.strip()] = Node(resolve(weight.strip()), place, key=place, text=weight)
    return Node(table, place)


def _error(place: Place, message: str) -> ScenarioError:
    return ScenarioError([place.problem(message)])
