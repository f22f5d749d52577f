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


class Audiences:
    """The masks of one run; whom the launches of a campaign are for is worked out once."""

    def __init__(self, segments: dict[str, int], world: World):
        """`segments` by name, with their places in the world's table."""
        self._segments, self._world = segments, world
        self._meant: dict[tuple[str, tuple[str, ...] | None], tuple[list[int], list[int]]] = {}
        """By campaign and segments of the launch: segments whose customers, and whose prospects, it is for."""

    def mark(self, messages: Iterable[tuple[int, Live]], ads: Iterable[Live], day: int, unpaid: Container[str]) -> None:
        """Today's masks. What cannot be paid is for nobody, and what stands by only goes in another's place."""
        masks = {name: [0] * len(self._segments) for names in (_NOW, _COMING, _ADS) for name in names}
        for slot, live in messages:
            if live.channel not in unpaid and not live.stands_by:
                self._set(masks, live, _NOW if live.first_day <= day else _COMING, 1 << slot)
        for j, ad in enumerate(ads):
            self._set(masks, ad, _ADS, 1 << j)
        for name, mask in masks.items():
            self._world.segment[name][: len(mask)] = mask

    def _set(self, masks: dict[str, list[int]], live: Live, names: tuple[str, str], bit: int) -> None:
        key = live.program, live.segments
        if key not in self._meant:
            self._meant[key] = self._work_out(live)
        for name, segments in zip(names, self._meant[key], strict=True):
            mask = masks[name]
            for i in segments:
                mask[i] |= bit

    def _work_out(self, live: Live) -> tuple[list[int], list[int]]:
        audience = live.campaign.audience
        wanted = audience.segments if live.segments is None else live.segments
        meant = [i for name, i in self._segments.items() if not isinstance(wanted, tuple) or name in wanted]
        return meant if audience.who != "prospects" else [], meant if audience.who != "customers" else []
