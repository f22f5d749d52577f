"""What the firm knows about its customers: how well its records are put together and kept."""

from __future__ import annotations

from simkit.scenario.quantity import Share, Table, convention


class Data(Table):
    """The firm's customer data."""

    identity_resolution: Share = convention(
        1.0, unit="share of persons", why="every channel's address belongs to a known person unless stated"
    )
    """Persons whose addresses on all channels are known to be one person's. For the others each channel is a person
    of its own: caps and gap see that channel's contacts only."""
