"""A researcher's own file beside a scenario: found, imported once, hashed; and the scenario that knows of it.

Only a file that ``--extend`` or ``extend=`` names is ever imported; nothing in a scenario file can name one. What
such a file says is declared with `simkit.extend.Extension`; here stands what a scenario must know of it.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import create_model
from pydantic_core import PydanticUndefined

from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.quantity import Table, provenance_of
from simkit.scenario.schema import Scenario

SECTION = "extension"
"""The scenario's section that holds an extension's parameters."""
_MODULE = "simkit_extension_"


class ExtensionError(ScenarioError):
    """An extension that cannot be used, said to its author: which file, which line, why."""

    def __init__(self, message: str, file: str = "extension", line: int = 0):
        super().__init__([Problem(file, line, 1 if line else 0, message)])
        self.message = message


class Parameters(Table):
    """The parameters of an extension: numbers with a default and its provenance, one scenario section.

    Fields are ``float``, ``int`` or ``bool``, also with limits; each default is a ``default(...)`` or a
    ``convention(...)`` of `simkit.scenario.quantity`. Rules read them as ``w.my.<name>``.
    """


class Declared:
    """What a scenario knows of an extension: where it is, its parameters, its measures."""

    shown: str = "extension"
    """The file as its user named it."""
    path: Path | None = None
    """The file; None for an extension made in a running program, which other processes cannot get."""
    texts: Mapping[str, str] = {}
    """The file and those of its folder that it imports, by name within the folder."""

    def __init__(self, does: str):
        self.does = does
        self.table: type[Parameters] | None = None
        self.measures: dict[str, Any] = {}

    @cached_property
    def sha256(self) -> str:
        """Changes with any byte of its files; empty without a file."""
        return _digest(self.texts) if self.texts else ""

    @cached_property
    def scenario_class(self) -> type[Scenario]:
        """The scenario with the section `extension`, when there are parameters; its instances know their extension."""
        fields: dict[str, Any] = {SECTION: (self.table, self.table())} if self.table else {}
        made = create_model("Scenario", __base__=_Extended, **fields)
        made.__doc__ = Scenario.__doc__
        made.extended_by = self
        return made

    def parameters(self, table: type[Parameters]) -> type[Parameters]:
        """The parameters of the extension; a class decorator.

        Raises ExtensionError for a field that is no number, or without a default that says where it comes from.
        """
        if self.table is not None:
            raise ExtensionError(f"the parameters stand in {self.table.__name__} already; an extension has one table")
        if not (isinstance(table, type) and issubclass(table, Parameters)):
            raise ExtensionError(f"expected a class of simkit.extend.Parameters, found {table!r}")
        for name, field in table.model_fields.items():
            _check_parameter(name, field)
        self.table = table
        return table


def _check_parameter(name: str, field: Any) -> None:
    if field.annotation not in (float, int, bool):
        raise ExtensionError(f"the parameter {name!r}: rules read float, int or bool, found {field.annotation!r}")
    if field.default is PydanticUndefined:
        raise ExtensionError(f"the parameter {name!r} has no default")
    if field.annotation is not bool and provenance_of(field) is None:
        raise ExtensionError(
            f"the parameter {name!r}: its default says not where it comes from; write default(value, unit=..., "
            "source=..., grade=..., low=..., high=...), or convention(value, unit=..., why=...)"
        )


# --- scenarios that know their extension --------------------------------------------------------------------------


class _Extended(Scenario):
    """A scenario that travels to other processes together with the name of its extension's file."""

    def __reduce__(self) -> Any:
        extension: Declared = type(self).extended_by
        if extension.path is None:
            raise ExtensionError("other processes can get an extension only from its file; run with workers=1")
        values = dict(self.__dict__)
        if SECTION in values:
            values[SECTION] = values[SECTION].model_dump()
        return _again, (str(extension.path), extension.shown, extension.sha256, values, self.model_fields_set)


def _again(path: str, shown: str, sha256: str, values: dict[str, Any], written: set[str]) -> Scenario:
    """A scenario on arrival in another process."""
    extension = _load(Path(path), shown)
    if extension.sha256 != sha256:
        raise ExtensionError("the file was edited while it was in use; start again", shown)
    if extension.table is not None:
        values[SECTION] = extension.table.model_validate(values[SECTION])
    return extension.scenario_class.model_construct(written, **values)


def extended(scenario: Scenario, extend: str | Path | Declared | None) -> Scenario:
    """The scenario as one of the extension, its parameters at their defaults unless it has them already.

    Raises ExtensionError when the file is unusable or the scenario has another extension.
    """
    if extend is None:
        return scenario
    extension, known = find(extend), scenario.extended_by
    if extension is None or extension is known:
        return scenario
    if known is not None:
        raise ExtensionError(f"the scenario was loaded with {known.shown} and cannot have another", extension.shown)
    own = {SECTION: extension.table()} if extension.table else {}
    return extension.scenario_class.model_construct(scenario.model_fields_set, **scenario.__dict__, **own)


# --- files ----------------------------------------------------------------------------------------------------


def find(extend: str | Path | Declared | None) -> Declared | None:
    """The extension in a file, imported once for each state of its files; None for none.

    Raises ExtensionError, with file and line where there is one.
    """
    if extend is None or isinstance(extend, Declared):
        return extend
    return _load(Path(extend), str(extend))


def _load(path: Path, shown: str) -> Declared:
    if not path.is_file():
        raise ExtensionError("there is no such file", shown)
    texts = _texts(path.resolve())
    return _import(path.resolve(), shown, _digest(texts))


@lru_cache(maxsize=16)
def _import(path: Path, shown: str, digest: str) -> Declared:
    texts = _texts(path)
    name = f"{_MODULE}{path.stem}_{digest[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ExtensionError("an extension is a Python file and ends in .py", shown)
    module = importlib.util.module_from_spec(spec)
    try:
        with _among(path.parent, texts, name):
            sys.modules[name] = module  # pydantic looks names of annotations up there
            spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ExtensionError(
            f"cannot be imported: {error.msg}", _named(error.filename, path, shown), error.lineno or 0
        ) from error
    except (Exception, SystemExit) as error:
        raise _at_import(error, path, shown) from error
    found = _declared(module, shown)
    found.path, found.shown, found.texts = path, shown, texts
    return found


def _declared(module: ModuleType, shown: str) -> Declared:
    found = {id(value): value for value in vars(module).values() if isinstance(value, Declared)}
    if len(found) != 1:
        raise ExtensionError(
            f"expected one extension = Extension(...) at the top of the file, found {len(found)}", shown
        )
    return next(iter(found.values()))


def _at_import(error: BaseException, path: Path, shown: str) -> ExtensionError:
    """What went wrong while the file was imported, at the last of its own lines that took part."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(path.parent)]
    where = (_named(frames[-1].filename, path, shown), frames[-1].lineno or 0) if frames else (shown, 0)
    if isinstance(error, ExtensionError):
        return ExtensionError(error.message, *where)
    text = " ".join(str(error).split())
    return ExtensionError(f"cannot be imported: {type(error).__name__}{f': {text}' if text else ''}", *where)


def _named(file: str | None, path: Path, shown: str) -> str:
    """A file of the extension's folder as the user would name it."""
    if file is None or Path(file) == path or not Path(file).is_relative_to(path.parent):
        return shown
    return str(Path(shown).parent / Path(file).relative_to(path.parent))


@contextmanager
def _among(folder: Path, texts: Mapping[str, str], prefix: str) -> Iterator[None]:
    """While this lasts, the file may import others of its folder, as they are now.

    They keep names of their own, made with `prefix`, so that another extension may have files of the same names and
    compiled code finds them in every process. So a file imports what it needs at its top.
    """
    own = {_dotted(name): folder / name for name in texts if _dotted(name) not in sys.stdlib_module_names}
    before = {name: sys.modules.pop(name) for name in own if name in sys.modules}
    writing, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # its times are too coarse for quick edits
    finder = _Siblings(own, prefix)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.dont_write_bytecode = writing
        for name in own:
            if (module := sys.modules.pop(name, None)) is not None:
                sys.modules[module.__name__] = module
        sys.modules.update(before)


class _Siblings(MetaPathFinder):
    """Finds the files of an extension's folder."""

    def __init__(self, files: Mapping[str, Path], prefix: str):
        self._files, self._prefix = files, prefix

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        file = self._files.get(fullname)
        if file is None:
            return None
        loader = _Renaming(f"{self._prefix}_{fullname.replace('.', '_')}", str(file))
        inside = [str(file.parent)] if file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inside)


class _Renaming(SourceFileLoader):
    """Gives a module the loader's name before it runs, so that its functions are of that module."""

    def exec_module(self, module: ModuleType) -> None:
        module.__name__ = self.name
        super().exec_module(module)


def _dotted(name: str) -> str:
    """``laws/wear.py`` -> ``laws.wear``."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _texts(path: Path) -> dict[str, str]:
    """The file, and what it imports of its own folder, however deep."""
    texts: dict[str, str] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        name = file.relative_to(path.parent).as_posix()
        if name not in texts:
            texts[name] = file.read_text(encoding="utf-8", errors="replace")
            waiting += _siblings(texts[name], path.parent)
    return dict(sorted(texts.items()))


def _siblings(text: str, folder: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # said when it is imported
        return
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                place = folder.joinpath(*parts[:end])
                yield from (file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file())


def _digest(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in texts.items():
        digest.update(f"{name}\0{text}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
