"""Do the 95 % intervals of `simkit fit-contacts` hold the truth in 95 % of logs? Seeds 0, 1, 2, ..., none left out.

    PYTHONPATH=. python experiments/fit_contacts_coverage/study.py --seeds 50 --design waves

One line per seed is kept in `--folder`, so that a run that was stopped goes on where it was. Prints, by parameter: the
truth, the mean estimate, its bias with standard error, the spread between seeds, the mean standard error, the share of
intervals that hold the truth, how many lay below and above it, and how often the fit declined to say.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from send_log import send_log

from simkit.fits.contacts.fit import fit_contacts

DESIGNS = {
    "waves": {},
    "compared": {},
    "slow": {"half_life": 11.0, "delta": 0.12, "kappa": 0.15, "open_rate": 0.22, "opt_out": 0.003},
    "hyperbolic": {"wear_out": "hyperbolic", "delta": 0.4},
    "linear": {"wear_out": "linear", "delta": 0.12},
    "impatient": {"patience": 0.8},
}
"""What differs from the defaults of `send_log`; the fit takes patience_spread as 0.5 in all of them."""
COMPARED = ("compared", "hyperbolic", "linear")
"""Designs in which the fit chooses the form of wear-out; in the others it is told: exponential."""
TRUTHS = {"half_life": 7.0, "delta": 0.25, "kappa": 0.3, "affinity": 0.5, "open_rate": 0.35, "opt_out": 0.002,
          "click": 0.13}  # fmt: skip


def one(seed, design):
    """Estimates, ends of the intervals and standard errors of one log, and what the forms of wear-out were worth."""
    began = time.process_time()
    wear_out = None if design in COMPARED else "exponential"
    fit = fit_contacts(send_log(seed, **DESIGNS[design]), wear_out=wear_out)
    rates = fit.channels["email"]
    found = (fit.half_life_days, fit.delta, fit.opt_out_growth, fit.affinity_spread, rates.open_rate, rates.opt_out,
             rates.click_given_open)  # fmt: skip
    values = {
        name: [e.value, e.low, e.high, e.standard_error] for name, e in zip(TRUTHS, found, strict=True) if not e.why_not
    }
    return {"seed": seed, "cpu_seconds": time.process_time() - began, "wear_out": fit.wear_out,
            "aic": dict(fit.wear_out_aic), **values}  # fmt: skip


def table(rows, truths):
    """One row per parameter."""
    for name, truth in truths.items():
        known = [row[name] for row in rows if name in row]
        if len(known) < 2:
            continue
        values, errors = [k[0] for k in known], [k[3] for k in known]
        spread, mean = statistics.stdev(values), statistics.fmean(values)
        below, above = sum(k[2] < truth for k in known), sum(k[1] > truth for k in known)
        bias = f"{mean / truth - 1:+.1%} ± {spread / len(values) ** 0.5 / truth:.1%}"
        share = f"{1 - (below + above) / len(known):.0%}"
        error = f"{statistics.fmean(errors):.3g}"
        cells = (f"`{name}`", f"{truth:g}", f"{mean:.4g}", bias, f"{spread:.3g}", error, share, below, above)
        yield f"| {' | '.join(map(str, cells))} | {len(rows) - len(known)} |"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=50)
    options.add_argument("--design", choices=DESIGNS, default="waves")
    options.add_argument("--folder", type=Path, default=Path("coverage"))
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    kept = asked.folder / f"{asked.design}.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    for seed in range(len(rows), asked.seeds):
        rows.append(one(seed, asked.design))
        with kept.open("a") as out:
            out.write(json.dumps(rows[-1]) + "\n")
    changed = DESIGNS[asked.design]
    print(
        f"{asked.design}: {len(rows)} logs, {statistics.fmean(row['cpu_seconds'] for row in rows):.1f} CPU seconds each"
    )
    chosen = [row["wear_out"] for row in rows]
    print("wear-out chosen:", ", ".join(f"{form} {chosen.count(form)}" for form in sorted(set(chosen))))
    print("| parameter | truth | mean | bias | spread | mean s.e. | coverage | below | above | declined |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print(*table(rows, {name: changed.get(name, truth) for name, truth in TRUTHS.items()}), sep="\n")


if __name__ == "__main__":
    main()
