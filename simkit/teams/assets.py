"""Shared means that work builds and later work reuses: templates and automation."""

from __future__ import annotations

from simkit.scenario.workforce import Asset
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.people import Person
from simkit.teams.tasks import Task


class Assets:
    """Which assets exist where, since when, and who is building one."""

    def __init__(self, assets: tuple[Asset, ...]):
        self._assets = assets
        self._for_step: dict[tuple[str, str], list[Asset]] = {}
        self._good_until: dict[tuple[str, str], float] = {}
        self._builders: dict[tuple[str, str], Task] = {}

    def of(self, task: Task) -> list[Asset]:
        """Those that help with a step of a kind of work."""
        key = (task.of_case.order.kind, task.run.node.id)
        if key not in self._for_step:
            kind, step = key
            self._for_step[key] = [
                asset for asset in self._assets if step in asset.steps and (asset.kinds is None or kind in asset.kinds)
            ]
        return self._for_step[key]

    def effort_factor(self, task: Task, person: Person, now: int) -> float:
        """What those that are there leave of the effort."""
        factor = 1.0
        for asset in self.of(task):
            if self._good_until.get(_place(asset, person), -1) > now:
                factor *= 1 - asset.saves
        return factor

    def error_factor(self, task: Task, person: Person) -> float:
        """What those that were there when the pass began leave of internal errors."""
        factor = 1.0
        for asset in self.of(task):
            if self._good_until.get(_place(asset, person), -1) > task.started:
                factor *= 1 - asset.fewer_errors
        return factor

    def building_seconds(self, task: Task, person: Person, now: int) -> int:
        """Effort of building what is not there and nobody is at; the person builds it with this pass."""
        seconds = 0
        for asset in self.of(task):
            place = _place(asset, person)
            if self._good_until.get(place, -1) <= now and place not in self._builders:
                self._builders[place] = task
                seconds += round(asset.build_hours * 3600)
        return seconds

    def done(self, task: Task, person: Person, now: int) -> None:
        """What was built with a pass is there for all from now on."""
        for asset in self.of(task):
            place = _place(asset, person)
            if self._builders.get(place) is task:
                del self._builders[place]
                lasts = float("inf") if asset.lasts_days is None else asset.lasts_days * DAY_SECONDS
                self._good_until[place] = now + lasts

    def given_up(self, task: Task) -> None:
        """What was to be built with a pass that its doer gives up is still to be built."""
        self._builders = {place: other for place, other in self._builders.items() if other is not task}


def _place(asset: Asset, person: Person) -> tuple[str, str]:
    return asset.id, person.unit if asset.reach == "unit" else ""
