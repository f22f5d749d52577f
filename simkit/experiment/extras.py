"""Packages that only some experiments need: an extra of the installation, imported where it is used."""

from __future__ import annotations

import importlib
from typing import Any


class MissingExtraError(OSError):
    """A package is not installed; the message says which extra to install (exit code 7)."""


def optional(module: str, extra: str = "experiments") -> Any:
    """The imported module.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0]
        if (error.name or "").split(".")[0] != package:
            raise
        raise MissingExtraError(f"{package} is not installed; it comes with: pip install 'simkit[{extra}]'") from None
