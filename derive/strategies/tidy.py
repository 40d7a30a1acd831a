"""Proposals for how a careful author writes a line.  Nothing here is trusted.

``tidy`` drops ones and zeros, cancels common factors and writes one fraction where two stood; it
expands nothing.  ``order`` puts the terms of a sum in reading order; ``factor_out_half`` writes
½(…) around a sum of halves.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, Rational

from derive.rules.algebra import from_signed, signed_addends
from derive.terms import (
    HALF,
    ZERO,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    as_term,
    contains,
    plus,
    rebuild,
    times,
)

Powers = dict[Expr, Fraction]


def tidy(term: Expr) -> Expr:
    """``term`` without needless ones, zeros, common factors and nested fractions."""
    if isinstance(term, Plus):
        return _tidy_sum(term)
    if isinstance(term, (Times, Quotient, Minus, Power, Root)):
        return from_powers(*powers_of(term))
    return rebuild(term, tuple(tidy(a) for a in term.args))


def _tidy_sum(term: Expr) -> Expr:
    number, where = Fraction(0), 0
    parts: list[tuple[int, Expr]] = []
    for sign, part in signed_addends(plus(*(tidy(a) for a in term.args))):
        if part.is_Rational:
            where = where if number else len(parts)
            number += sign * Fraction(int(part.p), int(part.q))
        elif (-sign, part) in parts:
            parts.remove((-sign, part))
        else:
            parts.append((sign, part))
    if number:
        parts.insert(where, (1 if number > 0 else -1, as_term(abs(number))))
    return from_signed(parts) if parts else ZERO


def powers_of(term: Expr) -> tuple[Fraction, Powers]:
    """A product as a rational number and base → exponent, in reading order."""
    if term.is_Rational:
        return Fraction(int(term.p), int(term.q)), {}
    if isinstance(term, Minus):
        number, powers = powers_of(term.args[0])
        return -number, powers
    if isinstance(term, Times):
        number, powers = Fraction(1), Powers()
        for factor in term.args:
            n, p = powers_of(factor)
            number *= n
            for base, k in p.items():
                powers[base] = powers.get(base, Fraction(0)) + k
        return number, powers
    if isinstance(term, Quotient):
        number, powers = powers_of(term.args[0])
        n, p = powers_of(term.args[1])
        for base, k in p.items():
            powers[base] = powers.get(base, Fraction(0)) - k
        return number / n, powers
    if isinstance(term, (Power, Root)):
        k = Fraction(1, 2)
        if isinstance(term, Power):
            n, nothing = powers_of(tidy(term.args[1]))
            if nothing:
                return Fraction(1), {rebuild(term, tuple(tidy(a) for a in term.args)): Fraction(1)}
            k = n
        number, powers = powers_of(term.args[0])
        if k.denominator == 1:
            return number ** int(k), {base: e * k for base, e in powers.items()}
        if number == 1 and all(e.denominator == 1 for e in powers.values()) and len(powers) == 1:
            return number, {base: e * k for base, e in powers.items()}
        return Fraction(1), {rebuild(term, tuple(tidy(a) for a in term.args)): Fraction(1)}
    done = tidy(term)
    if done.is_Rational or isinstance(done, Minus):
        return powers_of(done)
    return Fraction(1), {done: Fraction(1)}


def from_powers(number: Fraction, powers: Powers) -> Expr:
    """The product that ``powers_of`` takes apart, as one fraction."""
    if number == 0:
        return ZERO
    top = [_power(base, k) for base, k in powers.items() if k > 0]
    bottom = [_power(base, -k) for base, k in powers.items() if k < 0]
    sign, number = (1 if number > 0 else -1), abs(number)
    if not bottom and (not top or (len(top) == 1 and isinstance(top[0], Plus))):
        body = times(*([] if number == 1 and top else [as_term(number)]), *top)
    else:
        if number.numerator != 1:
            top.insert(0, as_term(number.numerator))
        if number.denominator != 1:
            bottom.insert(0, as_term(number.denominator))
        body = Quotient(times(*top), times(*bottom)) if bottom else times(*top)
    return body if sign == 1 else Minus(body)


def _power(base: Expr, k: Fraction) -> Expr:
    if k == 1:
        return base
    if k == Fraction(1, 2):
        return Root(base)
    if k.denominator == 1:
        return Power(base, as_term(k))
    return Times(_power(base, k - Fraction(1, 2)), Root(base))


def order(term: Expr) -> Expr:
    """A sum with its positive terms first: logarithms, the others, numbers; then negative ones."""

    def rank(pair: tuple[int, Expr]) -> tuple[int, int]:
        sign, part = pair
        if part.is_Rational:
            kind = 2 if sign == 1 else 0
        else:
            kind = 0 if contains(part, Log) else 1
            kind += 0 if sign == 1 else 1
        return (0 if sign == 1 else 1, kind)

    if not isinstance(term, Plus):
        return term
    return from_signed(sorted(signed_addends(term), key=rank))


def factor_out_half(term: Expr) -> Expr:
    """½(a + b − …) when every addend of the sum is a half of something without a number in front.

    Only the double of a logarithm may stand inside: it becomes the logarithm of a square.
    A sum without fractions inside is put in order: powers and exponentials by name, then what is
    subtracted, numbers first.
    """
    addends_here = signed_addends(term)
    if not any(_has_number(part) for _, part in addends_here):
        return term
    parts = [(sign * inner_sign, inner) for sign, part in addends_here for inner_sign, inner in _halves(part)]
    if any(_has_number(p) or (powers_of(p)[0] == 2 and not contains(p, Log)) for _, p in parts):
        return term
    if any(isinstance(p, Quotient) for _, p in parts):
        return Times(HALF, from_signed(parts))

    def rank(pair: tuple[int, Expr]) -> tuple[int, int, str]:
        sign, part = pair
        if sign == -1:
            return (1, 0 if part.is_Rational else 2 if contains(part, Log) else 1, str(part))
        kind = 3 if part.is_Rational else 2 if contains(part, Log) else 1 if contains(part, Exp) else 0
        return (0, kind, str(part))

    return Times(HALF, from_signed(sorted(parts, key=rank)))


def _has_number(part: Expr) -> bool:
    """Whether an addend is still written with a fraction of numbers in front or below."""
    number, _ = powers_of(part)
    return number.denominator != 1


def _halves(part: Expr) -> list[tuple[int, Expr]]:
    """Twice an addend, as signed addends, when it is written as a half of a sum."""
    if isinstance(part, Times) and part.args[0] == HALF and len(part.args) == 2:
        return signed_addends(part.args[1])
    if isinstance(part, Quotient) and part.args[1] == 2:
        return signed_addends(part.args[0])
    doubled = tidy(Times(Rational(2), part))
    return signed_addends(doubled)
