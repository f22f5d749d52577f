"""A reproduction as shown: claim by claim what was expected, what came out, by which tolerance, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from simkit.experiment.reproduction.claim_figures import Found
    from simkit.experiment.reproduction.reproduce import Reproduction


def document(found: Reproduction) -> dict[str, Any]:
    """Everything as one JSON document."""
    return {
        "name": found.experiment.name,
        "question": found.experiment.question,
        "runs": len(found.swept.runs),
        "failed": found.failed_runs,
        "changed": found.changed,
        "claims": [row(one) for one in found.claims],
        "values": {"level": found.values.level, "agree": found.values.agree, "says": found.values.sentence},
        "reproduced": found.reproduced,
    }


def row(one: Found) -> dict[str, Any]:
    """One claim."""
    figure = one.figure
    return {
        "claim": one.claim.name,
        "says": one.claim.says,
        "source": one.claim.source,
        "expected": one.expected,
        "got": one.got,
        "value": None if figure is None else figure.value,
        "standard_error": None if figure is None else figure.error,
        "tolerance": str(one.claim.tolerance),
        "verdict": one.verdict,
        "committed": one.claim.verdict,
        "as_committed": one.as_committed,
        "note": one.note,
    }


def show(found: Reproduction, console: Console) -> None:
    """Print it: the question, each claim in words with its figures, the values, and the sum of it."""
    told = document(found)
    say = lambda text="": console.print(text, markup=False, highlight=False, soft_wrap=True)  # noqa: E731
    say(told["question"] or told["name"])
    cases = len(found.swept.design)
    say(f"{cases} case{'s' * (cases != 1)}, {told['runs']} runs, {told['failed']} failed")
    for claim in told["claims"]:
        say()
        say(f"{claim['claim']}: {claim['says']}")
        say(f"  source     {claim['source']}")
        say(f"  expected   {claim['expected']}")
        say(f"  got        {claim['got']}" + (f"; {claim['note']}" if claim["note"] else ""))
        say(f"  tolerance  {claim['tolerance']}")
        say(f"  verdict    {claim['verdict']}{_beside(claim, found.changed)}")
    say()
    say(f"values: {told['values']['says']}")
    say(sentence(found))


def _beside(claim: dict[str, Any], changed: bool) -> str:
    if claim["as_committed"]:
        return "" if claim["verdict"] == "held" else ", as committed (the README says why)"
    return f" (unchanged: {claim['committed']})" if changed else f", but it was committed as {claim['committed']}"


def sentence(found: Reproduction) -> str:
    """What it comes to, in a sentence."""
    counts = {word: sum(one.verdict == word for one in found.claims) for word in ("held", "not held", "undecided")}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "none"
    claims = f"{len(found.claims)} claims: {told}"
    if found.changed:
        return f"{claims}; something was changed, so nothing had to be as committed"
    other = [one.claim.name for one in found.claims if not one.as_committed]
    if found.reproduced:
        return f"{claims}; every verdict is the committed one: reproduced"
    what = [f"another verdict than committed: {', '.join(other)}"] if other else []
    what += [] if found.values.agree else ["other values than committed"]
    return f"{claims}; not reproduced: {'; '.join(what)}"
