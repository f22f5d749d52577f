"""Reproduce an experiment: run it, hold its claims and its committed values against what comes out.

Two levels. In the environment in which `expected.csv` was made (package versions, platform, random numbers) every value
must be the same to the bit; in another one the means must agree within standard errors. Claims are judged in both.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from simkit.experiment.definition.cases import design_of
from simkit.experiment.definition.files import Experiment, load_experiment
from simkit.experiment.origin import package_versions
from simkit.experiment.reproduction.claims import KINDS, AnyClaim, Claim, claim_problems
from simkit.experiment.sweep import Swept, sweep
from simkit.rng import RNG_SCHEME
from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.overlay import choices
from simkit.scenario.schema import MEASURE_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from simkit.experiment.cells import Model
    from simkit.experiment.reproduction.claim_figures import Found

EXPERIMENT, EXPECTED, EXTENSION = "experiment.yaml", "expected.csv", "extension.py"
MEANS_APART = 4.0
"""Standard errors by which a mean may differ in another environment: among some hundred means, three would be passed by
chance."""
_ENVIRONMENT, _HASH = "# environment: ", "# sha256: "
KEYS = ["case", "alternative", "replication"]

Level = Literal["bit", "tolerance", "none"]


class NotThereError(ValueError):
    """There is no such experiment; says what there is."""


@dataclass(frozen=True)
class Values:
    """What the committed values say: at which level they were held, whether they agree, and a sentence."""

    level: Level
    agree: bool
    sentence: str


@dataclass(frozen=True)
class Reproduction:
    """An experiment that was run again."""

    experiment: Experiment
    swept: Swept
    claims: tuple[Found, ...]
    values: Values
    changed: bool
    """Whether something was changed to see what follows; nothing then has to be as committed."""

    @property
    def failed_runs(self) -> int:
        """Runs that ended in an error."""
        return int((self.swept.runs["status"] != "ok").sum())

    @property
    def reproduced(self) -> bool:
        """Whether every verdict is the committed one, and the values are."""
        return self.changed or (self.values.agree and all(one.as_committed for one in self.claims))


# --- which experiments there are ----------------------------------------------------------------------------------


def shipped() -> dict[str, Path]:
    """The experiments of this repository by name: folders with an experiment file and expected values."""
    root = Path(__file__).resolve().parents[3] / "experiments"
    folders = sorted(path.parent for path in root.glob(f"*/{EXPERIMENT}"))
    return {folder.name: folder for folder in folders if (folder / EXPECTED).is_file()}


def questions() -> dict[str, str]:
    """The question of each shipped experiment, by name; nothing but the experiment's own file is read."""
    from simkit.scenario.node import plain
    from simkit.scenario.reading import parse, read_text

    found = {}
    for name, folder in shipped().items():
        file = folder / EXPERIMENT
        tree = plain(parse(read_text(file, str(file)), str(file)))
        found[name] = str(tree.get("question", ""))
    return found


def folder_of(name: str) -> Path:
    """The folder that a name or a path stands for.

    Raises NotThereError.
    """
    folder = Path(name)
    if (folder / EXPERIMENT).is_file():
        return folder
    if name in shipped():
        return shipped()[name]
    if folder.is_dir():
        raise NotThereError(f"the folder {name!r} holds no {EXPERIMENT}")
    raise NotThereError(f"there is no experiment {name!r}{choices(name, shipped(), 'shipped are')}")


def extension_of(folder: Path) -> Path | None:
    """The extension beside a shipped experiment, which needs no `--extend`: it is as much ours as simkit is."""
    own = folder / EXTENSION
    ours = {path.resolve() for path in shipped().values()}
    return own if own.is_file() and folder.resolve() in ours else None


def _foreign(extend: Path | None, folder: Path) -> bool:
    """Whether an extension is another one than the experiment's own."""
    return extend is not None and extend.resolve() != (folder / EXTENSION).resolve()


# --- claims -------------------------------------------------------------------------------------------------------


def claims_of(experiment: Experiment, design: pd.DataFrame) -> list[Claim]:
    """The claims of an experiment, checked.

    Raises ScenarioError with every mistake and its line.
    """
    adapter: TypeAdapter[Claim] = TypeAdapter(AnyClaim)
    claims, problems = [], []
    for i, written in enumerate(experiment.claims):
        try:
            claims.append(adapter.validate_python(written))
        except ValidationError as error:
            problems += [_problem(experiment, i, one) for one in error.errors()]
    if not problems:
        extension = experiment.study.extension
        measures = [*MEASURE_NAMES, *(extension.measures if extension else ())]
        for i, field, sentence in claim_problems(claims, measures, experiment.alternatives, design):
            problems.append(
                experiment.problem(("claims", i, *field.split(".")), f"claim {claims[i].name!r}: {sentence}")
            )
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return claims


def _problem(experiment: Experiment, i: int, error: Any) -> Problem:
    """A refusal of the schema, at its line."""
    written = experiment.claims[i]
    name = f"claim {written['name']!r}: " if isinstance(written, dict) and "name" in written else f"claim {i + 1}: "
    steps = [step for step in error["loc"] if step not in KINDS]
    where = ".".join(str(step) for step in steps)
    text = error["msg"].removeprefix("Value error, ")
    message = f"{where + ': ' if where else ''}{text[0].lower()}{text[1:]}"
    if error["type"] == "extra_forbidden":
        message = f"unknown key {where!r}"
    elif error["type"].startswith("union_tag"):
        found = str(error["ctx"].get("tag", "none"))
        steps, message = ["kind"], f"kind: unknown kind {found!r}{choices(found, KINDS)}"
    return experiment.problem(("claims", i, *steps), name + message)


# --- running ------------------------------------------------------------------------------------------------------


def reproduce(
    name: str | Path,
    *,
    sets: Sequence[str] = (),
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    extend: Path | None = None,
    progress: bool = False,
    tell: Callable[[str], None] = lambda text: None,
    model: Model | None = None,
) -> Reproduction:
    """Run an experiment again and judge it; with `sets`, other `replications`, `seed` or `extend` only to see.

    An experiment of your own has its own extension in `extension.py` beside it: to name that one changes nothing.

    `name` is that of a shipped one, or a folder. `tell` is called with warnings, before anything runs. Raises
    NotThereError when there is none, and ScenarioError for mistakes in the experiment, its scenario or its claims,
    before anything runs.

    >>> simkit.reproduce("five_points_of_retention").reproduced  # doctest: +SKIP
    """
    from simkit.experiment.reproduction.claim_figures import evaluate

    folder = folder_of(str(name))
    changed = bool(sets) or replications is not None or seed is not None or _foreign(extend, folder)
    experiment = load_experiment(folder / EXPERIMENT, sets, extend or extension_of(folder))
    for warning in experiment.warnings:
        tell(f"warning: {warning}")
    design = design_of(experiment)
    claims = claims_of(experiment, design)
    swept = sweep(
        experiment, replications=replications, seed=seed, workers=workers, progress=progress, model=model, design=design
    )
    found = evaluate(claims, swept.runs, swept.design)
    values = Values("none", True, "changed, to see: not held against expected.csv")
    if not changed:
        values = compare(folder / EXPECTED, kept(experiment, claims, swept.runs))
    return Reproduction(experiment, swept, tuple(found), values, changed)


def renewed(folder: Path, found: Reproduction) -> None:
    """Write the values of a reproduction as the expected ones."""
    claims = [one.claim for one in found.claims]
    write_expected(folder / EXPECTED, kept(found.experiment, claims, found.swept.runs))


def kept(experiment: Experiment, claims: Sequence[Claim], runs: pd.DataFrame) -> pd.DataFrame:
    """What `expected.csv` holds: a row per cell, a column per outcome and per measure that a claim is about."""
    measures = dict.fromkeys([*experiment.outcomes, *(claim.measure for claim in claims)])
    return runs[[*KEYS, *measures]].reset_index(drop=True).astype(dict.fromkeys(measures, float))


# --- committed values ---------------------------------------------------------------------------------------------


def environment() -> dict[str, Any]:
    """What the same bits need: versions, platform and the scheme of random numbers."""
    return {
        "rng": RNG_SCHEME,
        "packages": {name: version for name, version in package_versions().items() if name in _NUMERIC},
        "python": ".".join(platform.python_version_tuple()[:2]),
        "platform": f"{platform.system()}-{platform.machine()}",
    }


_NUMERIC = ("simkit", "numpy", "numba", "scipy", "pandas", "simpy")


def digest(values: pd.DataFrame) -> str:
    """A hash of every value to the last bit, whatever the order in which text shows them."""
    lines = [",".join([str(name) for name in values.columns])]
    lines += [",".join(_exact(value) for value in row) for row in values.itertuples(index=False)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _exact(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else value.hex()
    return str(value)


def write_expected(path: Path, values: pd.DataFrame) -> None:
    """Commit values: their environment and hash, then a row per cell; every number as short as it can be exact."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(values.columns)
    rows.writerows([_shortest(value) for value in row] for row in values.itertuples(index=False))
    head = f"{_ENVIRONMENT}{json.dumps(environment(), sort_keys=True)}\n{_HASH}{digest(values)}\n"
    path.write_bytes((head + text.getvalue()).encode())


def _shortest(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    return str(value)


def read_expected(path: Path) -> tuple[dict[str, Any], str, pd.DataFrame]:
    """Environment, hash and values of an `expected.csv`.

    Raises ValueError when it is none.
    """
    import pandas as pd

    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) < 3 or not lines[0].startswith(_ENVIRONMENT) or not lines[1].startswith(_HASH):
        raise ValueError(f"{path}: no expected values: the first two lines name the environment and the hash")
    names, *rows = csv.reader(lines[2:])
    table = pd.DataFrame(rows, columns=names)
    for name in table.columns:
        if name in ("case", "replication"):
            table[name] = table[name].astype(int)
        elif name not in KEYS:
            table[name] = [float(cell) if cell else math.nan for cell in table[name]]
    return json.loads(lines[0].removeprefix(_ENVIRONMENT)), lines[1].removeprefix(_HASH).strip(), table


def compare(path: Path, values: pd.DataFrame) -> Values:
    """Hold values against the committed ones: to the bit in their environment, else the means by standard errors."""
    if not path.is_file():
        return Values("none", True, f"there is no {path.name} to hold the values against")
    try:
        made_in, committed, expected = read_expected(path)
    except ValueError as error:
        return Values("none", False, f"{path.name} cannot be read: {error}")
    if list(expected.columns) != list(values.columns) or not expected[KEYS].equals(values[KEYS]):
        return Values(
            "tolerance", False, f"{path.name} is of other cells or measures; the experiment has changed since"
        )
    if digest(expected) != committed:
        return Values("none", False, f"{path.name} does not fit its own hash: it was changed by hand")
    here = environment()
    if made_in == here:
        return _to_the_bit(committed, expected, values)
    other = ", ".join(_differences(made_in, here))
    return _by_tolerance(expected, values, f"another environment than {path.name} ({other})")


def _to_the_bit(committed: str, expected: pd.DataFrame, values: pd.DataFrame) -> Values:
    if digest(values) == committed:
        return Values("bit", True, f"all {_count(values)} values are those of {EXPECTED}, to the bit")
    measures = [name for name in values.columns if name not in KEYS]
    different = [(row, name) for name in measures for row in range(len(values))
                 if _exact(float(values[name][row])) != _exact(float(expected[name][row]))]  # fmt: skip
    row, name = min(different)
    cell = f"case {values['case'][row]}, {values['alternative'][row]}, replication {values['replication'][row]}"
    return Values(
        "bit",
        False,
        f"{len(different)} of {_count(values)} values differ from {EXPECTED} in the environment it was made in; the "
        f"first: {name} of {cell}: expected {expected[name][row]!r}, got {values[name][row]!r}",
    )


def _by_tolerance(expected: pd.DataFrame, values: pd.DataFrame, why: str) -> Values:
    """The mean of every measure in every case and alternative, by the standard errors of both."""
    measures = [name for name in values.columns if name not in KEYS]
    groups = ["case", "alternative"]
    old, new = (table.groupby(groups, sort=False)[measures] for table in (expected, values))
    gap = (new.mean() - old.mean()).abs()
    error = ((old.sem() ** 2 + new.sem() ** 2) ** 0.5).fillna(0.0)
    rounding = 1e-9 * old.mean().abs()
    apart = (gap > MEANS_APART * error + rounding) | (old.mean().isna() != new.mean().isna())
    count = int(apart.to_numpy().sum())
    told = f"{apart.size} means held at {MEANS_APART:g} standard errors: {why}"
    if not count:
        return Values("tolerance", True, told)
    (case, alternative), name = next((at, name) for name in measures for at in apart.index[apart[name]])
    first = f"{name} of case {case}, {alternative}: expected {old.mean()[name][case, alternative]:.6g}, got " \
            f"{new.mean()[name][case, alternative]:.6g}"  # fmt: skip
    return Values("tolerance", False, f"{told}; {count} differ, the first: {first}")


def _differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    flat = lambda made: {**made.get("packages", {}), **{k: v for k, v in made.items() if k != "packages"}}  # noqa: E731
    old, new = flat(there), flat(here)
    return [
        f"{name} {old.get(name)} there, {new.get(name)} here"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]


def _count(values: pd.DataFrame) -> int:
    return len(values) * (len(values.columns) - len(KEYS))
