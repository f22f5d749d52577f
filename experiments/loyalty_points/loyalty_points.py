"""A loyalty program: members collect points, come back sooner as a reward draws near, redeem, or lose what expires."""

from __future__ import annotations

import numpy as np

from simkit.extend import CUSTOMER, MONEY, PURPOSE, Extension, Measure, Parameters, buy_more, default, draw_clock

extension = Extension("a loyalty program whose points expire")
JOINS, COMES_BACK, SPENDS = PURPOSE + 1, PURPOSE + 2, PURPOSE + 3


@extension.parameters
class Program(Parameters):
    """What the firm promises, and how it works."""

    members: float = default(0.5, unit="share of persons", source="no published estimate for this market",
                             grade="assumption", low=0.2, high=0.8, ge=0, le=1)  # fmt: skip
    points_per_unit: float = default(1, unit="points per unit of currency", source="a common tariff",
                                     grade="assumption", low=1, high=2, ge=0)  # fmt: skip
    reward_at: float = default(150, unit="points", source="three to four purchases of the retail preset",
                               grade="assumption", low=50, high=400, gt=0)  # fmt: skip
    reward_cost: float = default(7.5, unit="currency per reward", source="5 % of the money collected on",
                                 grade="assumption", low=1.5, high=15, ge=0)  # fmt: skip
    valid_days: float = default(365, unit="days since points were last earned", source="a common rule of inactivity",
                                grade="assumption", low=180, high=730, gt=0)  # fmt: skip
    pull: float = default(0.2, unit="rise of the purchase rate right before a reward", grade="survey",
                          source="Kivetz, Urminsky & Zheng 2006: purchases came 20 % faster towards the end of a card",
                          low=0, high=0.4, ge=0)  # fmt: skip


extension.field("member", "i1", start=lambda people, draw, my: draw(JOINS) < my.members, does="takes part")
extension.field("points", "f8", does="points on the account")
extension.field("earned_day", "f8", does="when points were last earned")
extension.field("counted", "i8", does="revenue that points were given for, in ledger units")
extension.field("pull_clock", "f8", start=lambda people, draw, my: -np.log(draw(COMES_BACK)), does="to the next visit")
extension.field("pulls", "i4", does="visits for the sake of the reward")

ISSUED = extension.counter("points_issued", scale=100)
EXPIRED = extension.counter("points_expired", scale=100)
REWARDS = extension.counter("rewards")
PULLED = extension.counter("purchases_for_reward")


@extension.stage(after="fall_due")
def expire(c, w, s):
    """Points expire when none were earned for long."""
    if c.points > 0.0 and w.today.day - c.earned_day > w.my.valid_days:
        s.total[EXPIRED] += int(c.points * 100.0 + 0.5)
        c.points = 0.0


@extension.stage(after="buy")
def come_back(c, w, s):
    """The nearer the reward, the sooner a member buys again."""
    if c.points > 0.0 and c.relation == CUSTOMER:
        hazard = c.rate * w.my.pull * min(1.0, c.points / w.my.reward_at)
        c.pull_clock -= hazard
        while c.pull_clock < 0.0:
            c.pulls += 1
            buy_more(c, w, s, c.pulls, SPENDS, w.today.day + 1.0 + c.pull_clock / hazard)
            s.total[PULLED] += 1
            c.pull_clock += draw_clock(c, w, c.pulls, COMES_BACK)


@extension.stage(after="come_back")
def collect(c, w, s):
    """Points for today's purchases, and rewards for points."""
    if c.member == 1 and c.revenue > c.counted:
        earned = (c.revenue - c.counted) / MONEY * w.my.points_per_unit
        c.counted = c.revenue
        c.points += earned
        c.earned_day = w.today.day
        s.total[ISSUED] += int(earned * 100.0 + 0.5)
        while c.points >= w.my.reward_at:
            c.points -= w.my.reward_at
            s.total[REWARDS] += 1


def rewards_cost(run):
    """Money for rewards, a year."""
    return run.sums["rewards"] * run.scenario.extension.reward_cost * 365 / run.scenario.horizon_days


def breakage(run):
    """Share of points issued that expired."""
    issued = run.sums["points_issued"]
    return run.sums["points_expired"] / issued if issued else None


def profit_after_rewards(run):
    """Profit less rewards, a year."""
    return run.sums["profit"] * 365 / run.scenario.horizon_days - rewards_cost(run)


for name, unit, title, formula, better, compute in (
    ("profit_after_rewards", "currency/year", "Profit after rewards", "profit - rewards x cost", "higher",
     profit_after_rewards),
    ("rewards_cost", "currency/year", "Rewards", "rewards x cost", "", rewards_cost),
    ("breakage", "share", "Breakage", "points expired / points issued", "", breakage),
):  # fmt: skip
    extension.measure(Measure(name, unit, title, formula, formula, "measured years", "measured days", better, compute))
