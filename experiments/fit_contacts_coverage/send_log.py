"""A log of sends under the equations of simkit's fatigue, by code that shares nothing with simkit."""

import numpy as np
import pandas as pd

START = pd.Timestamp("2025-01-01")
LEFT = {
    "exponential": lambda z: np.exp(-z),
    "hyperbolic": lambda z: 1 / (1 + z),
    "linear": lambda z: np.maximum(0, 1 - z),
}


def waves(day, rng, people):
    """Three weeks of many messages, six of few, for everyone, on days of each one's own."""
    return rng.random(people) < (0.5 if (day // 21) % 3 == 0 else 0.06)


def weekly(day, rng, people):
    """Every seventh day for everyone."""
    return np.full(people, day % 7 == 3)


def send_log(seed, people=260, days=220, half_life=7.0, delta=0.25, kappa=0.3, open_rate=0.35, opt_out=0.002,
             affinity=0.5, patience=0.5, favor=0.0, bounce=0.02, sent=waves, wear_out="exponential"):  # fmt: skip
    """One row per send. `favor` sends more to those who like the channel more."""
    rng = np.random.default_rng(seed)
    like = np.exp(affinity * rng.standard_normal(people) - affinity**2 / 2)
    sensitive = np.exp(patience**2 / 2 - patience * rng.standard_normal(people))
    tired, here, parts = np.zeros(people), np.ones(people, bool), []
    for day in range(days):
        tired *= 0.5 ** (1 / half_life)
        chosen = here & sent(day, rng, people) & (rng.random(people) < np.minimum(1, like**favor))
        arrived = chosen & (rng.random(people) >= bounce)
        chance = np.minimum(1, open_rate * like * LEFT[wear_out](delta * sensitive * tired))
        opened = arrived & (rng.random(people) < chance)
        clicked = opened & (rng.random(people) < 0.13)
        gone = arrived & (rng.random(people) < np.minimum(1, opt_out * np.exp(kappa * sensitive * tired)))
        here &= ~gone
        tired += arrived
        who = np.flatnonzero(chosen)
        flags = [flag[who] for flag in (arrived, opened, clicked, gone)]
        parts.append(np.column_stack([who, np.full(len(who), day), *flags]))
    who, day, *flags = np.concatenate(parts).T
    log = {
        "customer": [f"c{i}" for i in who],
        "time": START + pd.to_timedelta(day * 24 + 10, unit="h"),
        "channel": "email",
    }
    return pd.DataFrame({**log, **dict(zip(("delivered", "opened", "clicked", "opted_out"), flags, strict=True))})
