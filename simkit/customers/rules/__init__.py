"""The rulebook: what one customer does in one day, in the order of `day.py`.

Every rule is ``rule(c, w, s)``: `c` the customer, `w` the world (`tables.py`), `s` the scratch (`state.py`).
Rules are plain Python that Numba can compile: Mesa runs them as they stand, the compiled driver runs the same
functions over a million customers, and the two agree to the bit. So only ``math.exp`` and ``math.log``, no
NumPy and no powers. Times are days or minutes since the first simulated midnight.

A file per part of the day; what starts with a rule's name in `day.py` is looked up here.
"""

from simkit.customers.rules.buying import age, buy, convert
from simkit.customers.rules.calls import admit, queue_for_calls
from simkit.customers.rules.contact import arbitrate
from simkit.customers.rules.evening import account, forget
from simkit.customers.rules.journeys import follow_journeys, walk_journeys
from simkit.customers.rules.leads import score_leads
from simkit.customers.rules.media import search_and_visit, see_ads
from simkit.customers.rules.messages import deliver, feel, opt_out, respond, tire
from simkit.customers.rules.morning import arrive, demand, fall_due, propose, recover, screen

__all__ = [
    "account",
    "admit",
    "age",
    "arbitrate",
    "arrive",
    "buy",
    "convert",
    "deliver",
    "demand",
    "fall_due",
    "feel",
    "follow_journeys",
    "forget",
    "opt_out",
    "propose",
    "queue_for_calls",
    "recover",
    "respond",
    "score_leads",
    "screen",
    "search_and_visit",
    "see_ads",
    "tire",
    "walk_journeys",
]  # fmt: skip
