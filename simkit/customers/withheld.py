"""What is kept from customers in a counterfactual: a channel, campaign or journey, or all that is for a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from simkit.customers.state import SLOTS
from simkit.rng import Purpose, crc, run_key, uniforms

if TYPE_CHECKING:
    from simkit.customers.live import Live
    from simkit.customers.tables import World
    from simkit.scenario.schema import Scenario


@dataclass(frozen=True)
class Withheld:
    """What customers do not get. Everything else of the run stays, so that a comparison shows this alone.

    A share below 1 is drawn by stable hash: of persons (`by_person`, a holdout), or of contacts, each of a person and
    a message, an advertisement's day or a query.
    """

    kind: Literal["channel", "campaign", "journey", "segment"]
    name: str
    share: float = 1.0
    by_person: bool = False

    def fill(self, w: World, channel_at: dict[str, int], segments: dict[str, int], steps: Sequence[str]) -> None:
        """Write it into the world's tables, once."""
        w.today["withholding"], w.today["by_person"] = 1, self.by_person
        if self.kind == "channel":
            w.channel["withheld"][channel_at[self.name]] = self.share
        elif self.kind == "segment":
            w.segment["withheld"][segments[self.name]] = self.share
        elif self.kind == "journey":
            mine = [SLOTS + n for n, step in enumerate(steps) if step.partition("/")[0] == self.name]
            w.message["withheld"][mine] = self.share

    def mark(self, w: World, messages: Sequence[Live | None], ads: Sequence[Live]) -> None:
        """The same for what is live today."""
        if self.kind == "campaign":
            for table, all_live in ((w.message, messages), (w.ad, ads)):
                for i, live in enumerate(all_live):
                    table["withheld"][i] = self.share if live and live.program == self.name else 0.0

    def saved(self, scenario: Scenario, channel: str, ads: Sequence[Live]) -> float:
        """Share of a channel's planned money of today that is not spent: what would have bought the withheld part.

        For a segment it is its share of the persons whom an advertisement is for.
        """
        mine = [live for live in ads if live.channel == channel]
        if self.kind == "channel":
            return self.share if self.name == channel else 0.0
        if not mine:
            return 0.0
        if self.kind == "journey":
            return 0.0
        if self.kind == "campaign":
            return self.share * sum(live.program == self.name for live in mine) / len(mine)
        return self.share * sum(_part(scenario, live, self.name) for live in mine) / len(mine)

    def relief_left(self, campaign: str) -> float:
        """What is left of the relief that an answer brings: a campaign nobody gets answers nothing."""
        return 1.0 - self.share if self.kind == "campaign" and self.name == campaign and not self.by_person else 1.0


def held_out(scenario: Scenario, replication: int, people: np.ndarray, share: float) -> np.ndarray:
    """Who is in a holdout of this share (bool, in the order of `people`): a stable hash of the person alone."""
    key, out = run_key(scenario.seed, replication), np.zeros(len(people), bool)
    for i, name in enumerate(scenario.market.segments):
        mine = people["segment"] == i
        index = people["index"][mine].astype(np.int64)
        out[mine] = uniforms(key, index, 0, int(Purpose.HOLDOUT), 0, crc(name)) < share
    return out


def _part(scenario: Scenario, live: Live, segment: str) -> float:
    """The segment's share of the persons whom something is for."""
    sizes = scenario.market.sizes()
    wanted = live.segments if live.segments is not None else live.campaign.audience.segments
    meant = {name: size for name, size in sizes.items() if not isinstance(wanted, tuple) or name in wanted}
    return meant.get(segment, 0) / max(1, sum(meant.values()))
