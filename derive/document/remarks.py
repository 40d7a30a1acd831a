"""What a step did here, where its rule's sentence alone would leave a reader looking for it."""

from __future__ import annotations

from sympy import Expr

from derive.document.compose import Composer
from derive.document.prose import Prose, joined, prose
from derive.kernel import Step
from derive.rules.algebra import signed_addends
from derive.terms import at


def remark(step: Step, composer: Composer) -> Prose:
    """“Here ½ log(2π) cancels.”: empty for a rule that shows plainly what it does."""
    return _cancelled(step, composer) if step.rule == "cancel" else prose()


def _cancelled(step: Step, composer: Composer) -> Prose:
    kept = [t for _, t in signed_addends(at(step.after, step.place))]
    gone: list[Expr] = []
    for _, term in signed_addends(at(step.before, step.place)):
        if term in kept:
            kept.remove(term)
        elif term not in gone:
            gone.append(term)
    if not gone:
        return prose()
    named = joined((prose(composer.compose(t)) for t in gone), last=" and ")
    return prose(" Here ") + named + prose(" stands in both brackets and cancels.")


__all__ = ["remark"]
