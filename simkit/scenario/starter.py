"""A first scenario file to edit, with every line explained."""

from __future__ import annotations

import re
from pathlib import Path

from simkit.scenario.overlay import choices
from simkit.scenario.sources import preset_names

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")

_HEAD = """\
# A simkit scenario. Check it with `simkit validate {file}`, run it with `simkit run {file}`,
# see every number and where it comes from with `simkit explain {file} --sources`.
question: Pods or hierarchy for our load, and how many contacts a week?
"""
_EXTENDS = """\
extends: {preset}                  # the preset that everything below changes
"""
_COMMON = """\
currency: USD
start: 2026-01-04                  # the first measured day
horizon: 26 weeks
replications: 10                   # runs with different luck; more make the intervals narrower
"""
_WORLD = """\
market:
  customers: 5_000                 # simulated persons
  represents: 120                  # each stands for as many
  # purchases: fits/orders.yaml    # how your customers buy: `simkit fit ORDERS.csv --out fits/orders.yaml`
  segments:                        # shares must sum to 1
    regular: {share: 0.6}
    occasional: {share: 0.4}
channels: [email, sms, push, paid_social, search, web]
contact_policy:
  at_most: 3 per rolling week      # also: 1 sms per calendar day, or a list of such caps
  gap: 1 day                       # least time between two messages to a person
  quiet: "21:00-09:00"             # no message at night
  control_group: 5%                # persons who never get a message
teams:
  structure: hierarchy             # or pods, hub-and-spoke
  headcount: {strategy: 3, copy: 5, design: 5, build: 4, data: 3, crm: 4}
  approvals: {board: every 5 days, legal: on demand}
work: {campaigns_per_week: 10, urgent_per_month: 4}
"""
_CHANGES = """\
# Write only what differs from the preset. A value may be relative: -20%, x1.5, +2.
contact_policy:
  control_group: 5%                # persons who never get a message
"""
_TAIL = """\
goals: {retention_rate: ">= 60%"}
alternatives:                      # each is compared with the scenario above, under the same luck
  pods: {teams.structure: pods}
  pods_calm: {teams.structure: pods, contact_policy.at_most: 2 per rolling week}
"""


def starter_text(file: str, preset: str | None = None) -> str:
    """The text of a new scenario file; ValueError for a preset that there is not."""
    if preset is not None and preset not in preset_names():
        raise ValueError(f"there is no preset {preset!r}{choices(preset, preset_names(), 'presets')}")
    middle = _WORLD if preset is None else _CHANGES
    extends = "" if preset is None else _EXTENDS.format(preset=preset)
    return _HEAD.format(file=file) + extends + _COMMON + middle + _TAIL


def write_starter(name: str, preset: str | None = None, folder: Path | None = None) -> Path:
    """Write NAME.yaml and return its path.

    Raises ValueError for a name or preset that will not do, FileExistsError rather than overwrite, and
    OSError when the folder cannot be written.
    """
    stem = name.removesuffix(".yaml")
    if not _NAME.fullmatch(stem):
        raise ValueError(f"the name {name!r}: allowed are up to 60 letters, digits, '_' and '-'")
    path = (folder or Path()) / f"{stem}.yaml"
    text = starter_text(path.name, preset)
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    return path
