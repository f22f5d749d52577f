"""What a change of structure costs, and what units repeat because nobody tells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simkit.scenario.quantity import Days, Rate, Share, Table, convention, default

_OURS = "simkit, no published estimate"
_NONE = "a structure that is there already; state it for one that would be new"
Money = Annotated[float, Field(ge=0, le=1e12)]


class Transition(Table):
    """The change to a structure, on the first measured day. Nothing unless stated: then the structure is there already.

    Money is due on that day and enters profit. The department is slower from then on and recovers.
    """

    one_off_cost: Money = convention(0.0, unit="currency", why=_NONE)
    """Tools, moving, advisers."""
    training_cost: Money = convention(0.0, unit="currency per person trained", why=_NONE)
    trained: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """People trained; all own people when left out."""
    hiring_cost: Money = convention(0.0, unit="currency per person hired", why=_NONE)
    hired: Annotated[int, Field(ge=0, le=100_000)] = convention(0, unit="people", why=_NONE)
    """People who leave because of the change and are replaced."""
    productivity_dip: Annotated[Share, Field(lt=1)] = convention(0.0, unit="share of productivity", why=_NONE)
    """Share of everybody's speed that is lost on the first day."""
    recovery_days: Annotated[Days, Field(gt=0, le=3650)] = default(
        120.0, unit="days", source=_OURS, grade="assumption", low=30, high=365
    )
    """Until speed is what it was; it comes back in equal steps."""

    def cost(self, own_people: int) -> float:
        """Currency due on the first measured day."""
        trained = own_people if self.trained is None else self.trained
        return self.one_off_cost + trained * self.training_cost + self.hired * self.hiring_cost


class SetUp(Table):
    """What a unit sets up when it meets something for the first time. Spokes and their center have it in common."""

    effort: Annotated[Rate, Field(ge=0, le=10)] = default(
        0.5, unit="share of effort", source=_OURS, grade="assumption", low=0.1, high=1
    )
    """Extra effort of a step whose like the unit has not done before."""
    of: Literal["campaign", "kind"] = "campaign"
    """What is alike: work for the same campaign program, or of the same kind."""
    forgotten_after: Annotated[Days, Field(gt=0, le=3650)] | None = None
    """When the unit has not done it for so long, it sets up again; never when left out."""
