"""The public names: `simkit.__all__`, the README and reality say the same."""

import re
from pathlib import Path

import simkit

README = (Path(simkit.__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_public_name_exists():
    """About twenty names, each importable, none forgotten."""
    assert 10 <= len(simkit.__all__) <= 24
    assert simkit.__all__ == sorted(simkit.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
    for name in simkit.__all__:
        assert getattr(simkit, name).__doc__ or name.isupper()


def test_the_readme_uses_public_names_only():
    """Whatever the README calls on `simkit` is public."""
    used = set(re.findall(r"\bsimkit\.([a-z_]+)\(", README))
    assert used
    assert used <= set(simkit.__all__)


def test_the_readme_names_every_command():
    """The README's table of commands is the command line's."""
    from typer.main import get_command

    from simkit.cli import app

    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"`simkit ([a-z-]+)", README))
    assert commands <= named
    assert named <= commands | {"COMMAND"}
