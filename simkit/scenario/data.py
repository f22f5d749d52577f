"""What the firm knows about its customers: how well its records are put together and kept."""

from __future__ import annotations

from typing import Literal

from simkit.scenario.quantity import Rate, Share, Table, convention, default

_OURS = "simkit, no published estimate"


class Data(Table):
    """The firm's customer data."""

    identity_resolution: Share = convention(
        1.0, unit="share of persons", why="every channel's address belongs to a known person unless stated"
    )
    """Persons whose addresses on all channels are known to be one person's. For the others each channel is a person
    of its own: caps and gap see that channel's contacts only."""
    offline_linked: Share = convention(
        1.0, unit="share of persons", why="letters and calls belong to known persons unless stated"
    )
    """Persons whose contacts on offline channels (letters, calls) are known to belong to the same person as those
    online. For the others caps, gap and counts see one side only."""
    quality: Share = convention(1.0, unit="share of profiles", why="audience fit was judged with the data as they are")
    """Profiles that are right. Who is behind a wrong one gets, in effect, a random message."""
    personalization: Share = convention(0.0, unit="share of content", why="nothing is personalized unless stated")
    """Content that follows the profile."""
    targeting: Literal["segment", "individual"] = "segment"
    """segment: everyone in a segment gets what fits its shared traits. individual: what fits the person, for those
    who consent to profiling; the others are targeted by segment."""
    random_relevance: Share = default(0.25, unit="share", source=_OURS, grade="assumption", low=0.1, high=0.4)
    """Relevance of a message that was meant for somebody else."""
    personalization_lift: Rate = default(
        0.03, unit="share of relevance", grade="survey", low=0.015, high=0.05, ge=0, le=5,
        source="set so that revenue of messages rises about 9 % (open x click x convert); McKinsey reports 5-15 % of "
        "revenue, all channels",
    )  # fmt: skip
    """What personalized content adds to relevance."""
    individual_lift: Rate = default(
        0.1, unit="share of relevance", source=_OURS, grade="assumption", low=0.0, high=0.3, ge=0, le=5
    )
    """What targeting the person instead of the segment adds to relevance, for who consents to profiling."""
    profiling_consent: Share = default(
        0.5, unit="share of persons", grade="assumption", low=0.2, high=0.9,
        source=_OURS + "; it depends on the law and on how one asks",
    )  # fmt: skip
    """Persons who let the firm target them by their own behavior."""

    def fit(self, relevance: float) -> float:
        """Relevance that a campaign has with these data, from its audience fit.

        quality x fit x (1 + personalization x lift) + (1 - quality) x random relevance; a random message is no better
        than the meant one.
        """
        meant = relevance * (1 + self.personalization * self.personalization_lift)
        return self.quality * meant + (1 - self.quality) * min(relevance, self.random_relevance)

    def impersonal(self, relevance: float) -> float:
        """Relevance without personalization over that with it."""
        with_it = self.fit(relevance)
        return self.model_copy(update={"personalization": 0.0}).fit(relevance) / with_it if with_it else 1.0

    @property
    def profiled(self) -> float:
        """Share of persons whom messages are meant for one by one."""
        return self.profiling_consent if self.targeting == "individual" else 0.0

    @property
    def own_fit(self) -> float:
        """Factor on a message's relevance for them; a wrong profile gains nothing."""
        return 1 + self.quality * self.individual_lift
