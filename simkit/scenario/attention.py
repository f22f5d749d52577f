"""How full a person's day is: messages of others that compete for attention."""

from __future__ import annotations

from simkit.scenario.quantity import Rate, Table, convention, default

_RADICATI = "Radicati, consumers' messages, by way of trade press, 2021"


class Attention(Table):
    """Share of attention: the chance to notice a message falls with the messages of everybody else.

    A message is noticed with (room + today's) / (room + then's) of the chance it has at `messages_per_day`, at which
    the channels' published rates were measured. So nothing changes while the number of messages does not.
    """

    messages_per_day: float = default(
        75, unit="messages/person/day", source=_RADICATI, grade="survey", low=40, high=120, gt=0, le=10_000
    )
    """At the start, from everybody."""
    growth_per_year: Rate = convention(
        0.0,
        unit="share per year",
        why="off: an unchanged inbox; Radicati expects about 4 % more email a year",
        gt=-1,
        le=2,
    )
    """Change from year to year, compound."""
    room: float = default(
        25,
        unit="messages/person/day",
        source="simkit, no published estimate",
        grade="assumption",
        low=5,
        high=100,
        ge=0,
        le=10_000,
    )
    """Messages a day that cost no attention; 0 makes noticing inversely proportional to the number."""

    def noticed(self, years: float) -> float:
        """The chance to notice, as a share of the one at the start."""
        then = self.messages_per_day * (1 + self.growth_per_year) ** max(0.0, years)
        return (self.room + self.messages_per_day) / (self.room + then)
