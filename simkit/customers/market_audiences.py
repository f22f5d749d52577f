"""Whom what is live is for, as masks of each segment: a bit per message's slot, and per advertisement."""

from __future__ import annotations

from collections.abc import Container, Iterable

from simkit.customers.live import Live
from simkit.customers.tables import World

_NOW, _COMING, _ADS = (
    ("for_customers", "for_prospects"), ("coming_for_customers", "coming_for_prospects"),
    ("ads_for_customers", "ads_for_prospects"),
)  # fmt: skip
"""What is live, what only announces itself, and advertisements: the masks for customers and for prospects."""

_Audience = tuple[str, tuple[str, ...] | None]
"""The name of a campaign, and the segments of a launch."""


class Audiences:
    """The masks of one run; whom the launches of a campaign are for is worked out once."""

    def __init__(self, segments: dict[str, int], world: World):
        """`segments` by name, with their places in the world's table."""
        self._segments = segments
        self._column = {name: world.segment[name] for names in (_NOW, _COMING, _ADS) for name in names}
        self._meant: dict[_Audience, tuple[list[int], list[int]]] = {}
        """Segments whose customers, and whose prospects, something is for."""

    def mark(self, messages: Iterable[tuple[int, Live]], ads: Iterable[Live], day: int, unpaid: Container[str]) -> None:
        """Today's masks. What cannot be paid is for nobody, and what stands by only goes in another's place."""
        bits: dict[tuple[_Audience, tuple[str, str]], int] = {}
        for slot, live in messages:
            if live.channel not in unpaid and not live.stands_by:
                self._add(bits, live, _NOW if live.first_day <= day else _COMING, 1 << slot)
        for j, ad in enumerate(ads):
            self._add(bits, ad, _ADS, 1 << j)
        masks = {name: [0] * len(self._segments) for name in self._column}
        for (audience, names), mine in bits.items():
            for name, segments in zip(names, self._meant[audience], strict=True):
                mask = masks[name]
                for i in segments:
                    mask[i] |= mine
        for name, mask in masks.items():
            self._column[name][: len(mask)] = mask

    def _add(
        self, bits: dict[tuple[_Audience, tuple[str, str]], int], live: Live, names: tuple[str, str], bit: int
    ) -> None:
        audience = live.program, live.segments
        if audience not in self._meant:
            self._meant[audience] = self._work_out(live)
        bits[audience, names] = bits.get((audience, names), 0) | bit

    def _work_out(self, live: Live) -> tuple[list[int], list[int]]:
        audience = live.campaign.audience
        wanted = audience.segments if live.segments is None else live.segments
        meant = [i for name, i in self._segments.items() if not isinstance(wanted, tuple) or name in wanted]
        return meant if audience.who != "prospects" else [], meant if audience.who != "customers" else []
