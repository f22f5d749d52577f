"""Another law of wear-out: response first rises with repetition and then falls (two-factor theory)."""

from __future__ import annotations

import math

from simkit.extend import Extension, Parameters, default

extension = Extension("response to messages is an inverted U of fatigue (Berlyne 1970)")


@extension.parameters
class TwoFactors(Parameters):
    """How fast people get used to a sender, beside how fast they tire (`market.fatigue.delta`)."""

    wear_in: float = default(0.4, unit="rise per remembered contact", grade="assumption", low=0, high=1, ge=0,
                             source="form: Berlyne 1970, Perception & Psychophysics 8; size: no published estimate for "
                             "messages")  # fmt: skip


@extension.rule("feel")
def feel(c, w, s):
    """Response x (1 + g F s) exp(-delta F s): habituation, then tedium."""
    if s.sent > 0:
        segment = w.segment[c.segment]
        tiredness = c.fatigue * c.sensitivity
        s.wear_out = (1.0 + w.my.wear_in * tiredness) * math.exp(-segment.delta * tiredness)
        s.opt_out = segment.opt_out * math.exp(segment.opt_out_growth * tiredness)
