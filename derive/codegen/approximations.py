"""What the polynomials of generated code stand for, and which of them a result's code uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol

from derive.approximation import Polynomial, encode
from derive.catalogue import Result
from derive.codegen.evaluation import evaluation_forms
from derive.codegen.function import functions
from derive.codegen.primitives import (
    EXPONENTIAL,
    LOGARITHMIC,
    OF_SOFTPLUS,
    SOFTPLUS_EXCESS,
    SOFTPLUS_RATIO_EXCESS,
    Primitive,
    polynomials,
)
from derive.derivation import certificate
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


def _exp_excess() -> Expr:
    return Times(HALF, Plus(Exp(T), Minus(ONE), Minus(T)))


def _atanh() -> Expr:
    atanh = Times(HALF, Log(Quotient(Plus(ONE, V), Plus(ONE, Minus(V)))))
    return Plus(atanh, Minus(V))


def _softplus() -> Expr:
    return Plus(Times(HALF, Plus(Power(SIGMA, TWO), Minus(ONE))), Minus(Log(SIGMA)))


def _softplus_slope() -> Expr:
    return Quotient(Plus(SIGMA, Minus(Quotient(ONE, SIGMA))), Plus(ONE, Exp(Minus(RHO))))


def _log_softplus_slope() -> Expr:
    """(log σ)′ = σ′/σ with σ′ = 1/(1 + e^(−ρ)), and (11/2 − ρ)/8 put apart, which is near it."""
    slope = Quotient(ONE, Times(Plus(ONE, Exp(Minus(RHO))), SIGMA))
    near = Quotient(Plus(Quotient(as_term(11), TWO), Minus(RHO)), as_term(8))
    return Plus(slope, Minus(near))


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
    "exp_excess": (_exp_excess(), Power(T, TWO), T, ()),
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
        names += ["coth", "exp_excess"]
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


def whole_certificate(result: Result) -> dict[str, Any]:
    """What ``certificate.json`` holds: the derivation, its other forms, those that code computes, and the
    polynomials that the code of the result uses."""
    others = [f.derivation for f in result.forms] + list(evaluation_forms(result).values())
    return with_polynomials(certificate(result.derivation, *others), result)


def with_polynomials(data: dict[str, Any], *results: Result) -> dict[str, Any]:
    """A certificate with the polynomials that the code of results uses, each once; a study has no code."""
    found = [a for r in results if not r.is_study for a in approximations(r)]
    used = {(p.name, p.dtype): encode(p) for a in found for p in a.polynomials}
    return data | ({"approximations": list(used.values())} if used else {})


def polynomials_in(code: str) -> set[tuple[str, str]]:
    """Name and dtype of the polynomials whose coefficients stand in a text of code."""
    return {key for key, p in polynomials().items() if all(c in code for c in p.coefficients)}
