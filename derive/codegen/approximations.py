"""What the polynomials of generated code stand for, which of them a result's code uses, and their proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flint import ctx
from sympy import Expr, Symbol

from derive.catalogue import Result
from derive.codegen.coefficients import FUNCTIONS, WORKING_BITS, prove
from derive.codegen.function import functions
from derive.codegen.primitives import (
    EXPONENTIAL,
    LOGARITHMIC,
    OF_SOFTPLUS,
    SOFTPLUS_EXCESS,
    SOFTPLUS_RATIO_EXCESS,
    Polynomial,
    Primitive,
    polynomials,
)
from derive.terms import HALF, ONE, TWO, Exp, Log, Minus, Plus, Power, Quotient, Times, as_term, symbol

Given = tuple[tuple[Symbol, Expr], ...]
DTYPES = ("float32", "float64")
T, V, X, Y, RHO, SIGMA = (symbol(name) for name in ("t", "v", "x", "y", "rho", "sigma"))
SOFTPLUS: Given = (
    (SIGMA, Log(Plus(ONE, Exp(RHO)))),
    (RHO, Plus(X, Log(Plus(Exp(ONE), Minus(ONE))))),
)
"""What σ and ρ are, in x: the distance from where σ is 1."""
FROM_HALF: Given = ((SIGMA, Log(Plus(ONE, Exp(RHO)))), (RHO, Plus(X, HALF)))


def _coth() -> Expr:
    coth = Quotient(Plus(Exp(T), ONE), Plus(Exp(T), Minus(ONE)))
    return Plus(Times(T, coth), Minus(TWO))


def _atanh() -> Expr:
    atanh = Times(HALF, Log(Quotient(Plus(ONE, V), Plus(ONE, Minus(V)))))
    return Plus(atanh, Minus(V))


def _softplus() -> Expr:
    return Plus(Times(HALF, Plus(Power(SIGMA, TWO), Minus(ONE))), Minus(Log(SIGMA)))


def _softplus_slope() -> Expr:
    return Quotient(Plus(SIGMA, Minus(Quotient(ONE, SIGMA))), Plus(ONE, Exp(Minus(RHO))))


def _log_softplus_slope() -> Expr:
    """(log σ)′ = σ′/σ with σ′ = 1/(1 + e^(−ρ)), and 5/8 put apart."""
    slope = Quotient(ONE, Times(Plus(ONE, Exp(Minus(RHO))), SIGMA))
    return Plus(slope, Minus(Quotient(as_term(5), as_term(8))))


def _small_softplus_slope() -> Expr:
    """(log(log(1 + y)/y))′."""
    log = Log(Plus(ONE, Y))
    return Plus(Quotient(ONE, Times(Plus(ONE, Y), log)), Minus(Quotient(ONE, Y)))


def _softplus_even() -> Expr:
    """log cosh(ρ/2)."""
    half = Quotient(RHO, TWO)
    return Log(Quotient(Plus(Exp(half), Exp(Minus(half))), TWO))


STANDS_FOR: Mapping[str, tuple[Expr, Expr, Expr, Given]] = {
    "coth": (_coth(), Power(T, TWO), Power(T, TWO), ()),
    "coth_wide": (_coth(), Power(T, TWO), Power(T, TWO), ()),
    "atanh": (_atanh(), Power(V, as_term(3)), Power(V, TWO), ()),
    "softplus": (_softplus(), Power(X, TWO), X, SOFTPLUS),
    "softplus_slope": (_softplus_slope(), X, X, SOFTPLUS),
    "log_softplus_slope": (_log_softplus_slope(), ONE, X, FROM_HALF),
    "small_softplus_slope": (_small_softplus_slope(), ONE, Y, ()),
    "softplus_even": (_softplus_even(), Power(RHO, TWO), Power(RHO, TWO), ()),
}
"""Name of a polynomial → the function that code computes, the factor of the polynomial in it, what it is a
polynomial of, and what symbols mean."""


@dataclass(frozen=True)
class Approximation:
    """A function that code computes as a factor times a polynomial, with the bounds that were proved."""

    name: str
    function: Expr
    factor: Expr
    variable: Expr
    given: Given
    polynomials: tuple[Polynomial, ...]


def names_of(primitives: frozenset[Primitive]) -> tuple[str, ...]:
    """The polynomials that primitives are computed with."""
    names: list[str] = []
    if primitives & (EXPONENTIAL | {SOFTPLUS_RATIO_EXCESS}):
        names += ["coth", "coth_wide"]
    if primitives & LOGARITHMIC:
        names.append("atanh")
    if SOFTPLUS_EXCESS in primitives:
        names += ["softplus", "softplus_slope"]
    if SOFTPLUS_RATIO_EXCESS in primitives:
        names.append("small_softplus_slope")
    if primitives & OF_SOFTPLUS:
        names += ["log_softplus_slope", "softplus_even"]
    return tuple(names)


def approximations(result: Result) -> tuple[Approximation, ...]:
    """Those that the code of a result uses."""
    used = frozenset[Primitive]().union(*(f.primitives for f in functions(result)))
    return tuple(
        Approximation(name, *STANDS_FOR[name], tuple(polynomials()[name, dtype] for dtype in DTYPES))
        for name in names_of(used)
    )


def is_proved(polynomial: Polynomial) -> bool:
    """Whether the stored bound of a polynomial is proved once more, in ball arithmetic."""
    function = next(f for f in FUNCTIONS if f.name == polynomial.name)
    with ctx.workprec(WORKING_BITS):
        bound = prove([float(c) for c in polynomial.coefficients], function)
    return float(bound) <= float(polynomial.bound)
