"""A second role that customers may take: guests who become hosts, buyers who become sellers."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from simkit.scenario.quantity import DAYS_PER_YEAR, Days, Share, Table, default

_OURS = "simkit, no published estimate"


class SecondRole(Table):
    """The funnel of the second role: customer -> candidate -> holder, moved by campaigns whose goal is `second_role`.

    Candidates forget and holders give the role up. Holding it does not hang on buying: who leaves as a customer may
    go on as a host.
    """

    income_per_day: Annotated[float, Field(gt=0, le=1e9)]
    """What one holder brings a day, in `currency`, after what the role costs: commissions, fees."""
    eligible: Annotated[Share, Field(gt=0)] = default(
        0.2, unit="share of persons", source=_OURS, grade="assumption", low=0.05, high=0.5
    )
    """Who could ever take the role."""
    interest: Annotated[Share, Field(gt=0)] = default(
        0.5, unit="probability per click", source=_OURS, grade="assumption", low=0.2, high=0.9
    )
    """A click on such a campaign makes an eligible customer a candidate, x relevance / reference."""
    take_up: Annotated[Share, Field(gt=0)] = default(
        0.3, unit="probability per click", source=_OURS, grade="assumption", low=0.1, high=0.6
    )
    """A click makes a candidate take the role, x relevance / reference."""
    forgetting_half_life_days: Days = default(60, unit="days", source=_OURS, grade="assumption", low=20, high=180, gt=0)
    """A candidate loses interest with this half-life."""
    drop_per_year: Annotated[Share, Field(lt=1)] = default(
        0.3, unit="share of holders a year", source=_OURS, grade="assumption", low=0.1, high=0.6
    )
    """Holders who give the role up within a year."""

    @property
    def forgets_per_day(self) -> float:
        """Hazard of a candidate."""
        return math.log(2) / self.forgetting_half_life_days

    @property
    def drops_per_day(self) -> float:
        """Hazard of a holder."""
        return -math.log1p(-self.drop_per_year) / DAYS_PER_YEAR
