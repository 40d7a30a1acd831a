"""What sampling says of every rule, small enough for a report: how often, how exactly, which conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from derive.evidence.sampling import Report, explained, sample_rule
from derive.rules import RULES


def sampled_rules(ids: Iterable[str] | None = None, seed: int = 1) -> list[dict[str, Any]]:
    """One row for each rule of the kernel's table, or for those asked for, in that order.

    ``digits`` is the least number of decimal digits to which both sides are shown to agree at a sample.
    ``needed`` lists conditions with a counterexample outside them, ``flagged`` those without one, with the
    reason why each is asked for all the same.  ``holds`` is true when every sample agrees and every flagged
    condition has a reason.
    """
    return [row(sample_rule(id, seed)) for id in (RULES if ids is None else ids)]


def row(report: Report) -> dict[str, Any]:
    """One rule's part of the summary."""
    return {
        "rule": report.rule,
        "samples": len(report.samples),
        "agreeing": sum(s.agrees for s in report.samples),
        "skipped": report.skipped,
        "digits": min((s.digits for s in report.samples), default=0),
        "needed": [{"condition": n.condition, "counterexample": n.by} for n in report.needs if n.needed],
        "flagged": [{"condition": n.condition, "reason": n.by} for n in report.flagged],
        "holds": report.sound and all(explained(n) for n in report.flagged),
    }


def figures(rows: list[dict[str, Any]]) -> str:
    """The rows in one line, for a table."""
    samples = sum(r["samples"] for r in rows)
    needed, flagged = (sum(len(r[key]) for r in rows) for key in ("needed", "flagged"))
    failing = [r["rule"] for r in rows if not r["holds"]]
    digits = min((r["digits"] for r in rows), default=0)
    return (
        f"{len(rows)} rules sampled {samples} times, at least {digits} digits agree; {needed} conditions "
        f"shown to be needed, {flagged} flagged; failing: {', '.join(failing) or 'none'}"
    )
