"""Conclusions, and on what each rests: the line it is about, what it needs, how each need was discharged.

Each need is a condition that the kernel discharges again here; where its own words would not say enough, the
need has others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Expr

from derive.derivation import Derivation
from derive.document.compose import Composer
from derive.document.conditions import Conditions, conclusion_in_words, in_words
from derive.document.layout import Node, Number, Relation, Sum
from derive.document.prose import Prose, joined, prose, spoken
from derive.evaluate import as_sympy
from derive.field import Undetermined
from derive.kernel import Conclusion, Condition, discharge
from derive.scope import Scope
from derive.terms import (
    REALS,
    ZERO,
    DerivativeIn,
    Minus,
    Plus,
    Power,
    Times,
    ValueAt,
    addends,
    is_infinite,
    substitute,
)


@dataclass(frozen=True)
class Concluded:
    """A fact about a result that is no equation: the claim, and on what it rests."""

    claim: Prose
    line: str
    needs: tuple[Conditions, ...]

    @property
    def why(self) -> Prose:
        """The line, the needs and how each was discharged, as sentences."""
        about = prose(f"It rests on line ({self.line})." if self.line else "It rests on the right side.")
        sentences = [
            prose(" Needs ") + joined(group.claims, between="; ") + prose(": ") + group.how + prose(".")
            for group in self.needs
        ]
        return about + joined(sentences, between="")


def concluded(derivation: Derivation, composer: Composer, line: str) -> tuple[Concluded, ...]:
    """The conclusions of a derivation; ``line`` is the number of its last line, where it is shown."""
    left = composer.compose(derivation.left)
    return tuple(
        Concluded(
            conclusion_in_words(c.condition, left, composer)
            + prose(", since ")
            + spoken(c.how, composer.notation)
            + prose("."),
            line,
            _grouped(_needs(c, derivation, left, composer)),
        )
        for c in derivation.conclusions
    )


Need = tuple[Prose, str]
"""A claim, and how it was discharged."""


def _grouped(needs: Iterator[Need]) -> tuple[Conditions, ...]:
    groups: dict[str, list[Prose]] = {}
    for claim, how in needs:
        groups.setdefault(how, []).append(claim)
    return tuple(Conditions(tuple(claims), prose(how)) for how, claims in groups.items())


def _needs(c: Conclusion, derivation: Derivation, left: Node, composer: Composer) -> Iterator[Need]:
    function, *terms = c.condition.terms
    needs = _Needs(derivation, function, left, composer)
    match c.condition.kind:
        case "everywhere positive":
            yield from needs.of_signs(addends(function))
        case "least":
            yield from needs.of_a_least_value(terms[0], terms[1:])
        case "convex":
            yield from needs.of_convexity(terms)
        case "negative at":
            yield needs.of_a_value(terms)
        case "sign of":
            yield from needs.of_a_sign(*terms)
        case "tends to":
            yield from needs.of_a_limit(*terms)


_SQUARES = "a sum of squares, over and times what is certified positive, is not negative"


class _Needs:
    """What the conclusions about one line need."""

    def __init__(self, derivation: Derivation, function: Expr, left: Node, composer: Composer) -> None:
        self.scope: Scope = derivation.scope
        self.named = derivation.left
        self.function, self.left, self.composer = function, left, composer

    def discharged(self, kind: str, *terms: Expr, shown: Prose | None = None, how: str = "") -> Need:
        """A condition that the kernel discharges, and how; ``shown`` and ``how`` say it otherwise.

        Raises:
            Undetermined: when it does not hold as far as the kernel can tell.
        """
        condition = Condition(kind, terms)
        said = discharge(condition, self.scope)
        return shown or in_words(condition, self.composer), how or said

    def of_signs(self, parts: tuple[Expr, ...]) -> Iterator[Need]:
        for part in parts:
            if part.is_Rational:
                continue
            try:
                yield self.discharged("positive", part)
            except Undetermined:
                yield prose(Relation(self.composer.compose(part), "≥", Number("0"))), _SQUARES

    def gap(self, x: Expr, point: Expr) -> Node:
        """x − a, and x where a is 0."""
        parts = (1, self.composer.compose(x)), (-1, self.composer.compose(point))
        return parts[0][1] if point == ZERO else Sum(parts)

    def of_a_least_value(self, value: Expr, where: list[Expr]) -> Iterator[Need]:
        shown, reached = self.named, self.function
        for x, point in zip(where[::2], where[1::2], strict=True):
            slope = self.composer.compose(DerivativeIn(shown, x))
            there = substitute(reached, {x: point})
            yield self.discharged(
                "least", reached, there, x, point,
                shown=prose(slope, " to have the sign of ", self.gap(x, point)),
                how="the derivative of the line, divided by that difference, is certified positive for all "
                "values in the declared domains",
            )  # fmt: skip
            shown, reached = ValueAt(shown, x, point, REALS), there
        at = self.composer.compose(shown)
        claim = prose(Relation(at, "=", self.composer.compose(value)))
        yield self.discharged("equal", reached, value, shown=claim)

    def of_convexity(self, variables: list[Expr]) -> Iterator[Need]:
        def second(f: Expr, x: Expr, y: Expr) -> Expr:
            return DerivativeIn(DerivativeIn(f, x), y)

        def determinant(f: Expr, x: Expr, y: Expr) -> Expr:
            return Plus(Times(second(f, x, x), second(f, y, y)), Minus(Power(second(f, x, y), 2)))

        if len(variables) > 2:
            raise ValueError("no words for convexity in more than two variables")
        x, *others = variables
        minors = [(second(f, x, x) for f in (self.named, self.function))]
        minors += [(determinant(f, x, y) for f in (self.named, self.function)) for y in others]
        for shown, minor in minors:
            claim = prose(Relation(self.composer.compose(shown), ">", Number("0")))
            yield self.discharged("positive", minor, shown=claim)

    def of_a_value(self, where: list[Expr]) -> Need:
        put = substitute(self.function, dict(zip(where[::2], where[1::2], strict=True)))
        exact = as_sympy(put)
        shown = [self.composer.compose(t) for t in ((put, exact) if exact.is_Rational else (put,))]
        claim = joined(map(prose, [*shown, Number("0")]), between=" = ", last=" < ")
        return self.discharged(
            "negative at", self.function, *where, shown=claim,
            how="the coordinates are rational, and the sign of the exact value is certified",
        )  # fmt: skip

    def of_a_sign(self, x: Expr, point: Expr, slope: Expr) -> Iterator[Need]:
        here = Relation(self.composer.compose(ValueAt(self.named, x, point, REALS)), "=", Number("0"))
        yield self.discharged("equal", substitute(self.function, {x: point}), ZERO, shown=prose(here))
        rises = self.composer.compose(DerivativeIn(self.named, x)), self.composer.compose(slope)
        claim = prose(Relation(rises[0], "=", rises[1]))
        yield self.discharged("equal", DerivativeIn(self.function, x), slope, shown=claim)
        signs = list(self.of_signs(addends(slope)))
        yield from signs
        if any(how == _SQUARES for _, how in signs):
            away = Relation(self.composer.compose(x), "≠", self.composer.compose(point))
            yield self.discharged(
                "sign of", self.function, x, point, slope,
                shown=prose(Relation(rises[0], ">", Number("0")), " for ", away),
                how="one of these terms is certified to vanish at that point alone",
            )  # fmt: skip

    def of_a_limit(self, x: Expr, end: Expr, to: Expr, lead: Expr) -> Iterator[Need]:
        as_end = Relation(self.composer.compose(x), "→", self.composer.compose(end))
        shown = [self.composer.compose(t) for t in (lead, to)]
        yield self.discharged(
            "tends to", lead, x, end, to, lead,
            shown=prose(Relation(shown[0], "→", shown[1]), " as ", as_end),
            how="it is a constant times a power, a logarithm or an exponential, and its order is certified",
        )  # fmt: skip
        known = [] if is_infinite(to) or to == ZERO else [Minus(to)]
        rest = self.composer.compose(Plus(self.named, *known, Minus(lead)))
        yield self.discharged(
            "tends to", self.function, x, end, to, lead,
            shown=prose("what is left, ", rest, ", to be negligible beside it"),
            how="its terms are compared by their order there: an exponential before a power, a power before "
            "a logarithm",
        )  # fmt: skip


__all__ = ["Concluded", "concluded"]
