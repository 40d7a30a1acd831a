"""What each derivation of a study states: declarations, left side, and conclusions about the last line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from sympy import Expr

from derive.distributions import DISTRIBUTIONS
from derive.entries import declarations, divergence, entry
from derive.scope import Declaration
from derive.terms import (
    HALF,
    INFINITY,
    KL,
    ONE,
    REALS,
    TWO,
    ZERO,
    DerivativeIn,
    Exp,
    Law,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    Quotient,
    Times,
    ValueAt,
    as_term,
    symbol,
)

POSITIVE = OpenInterval(ZERO, INFINITY)
NORMAL = DISTRIBUTIONS["Normal"]
mu, sigma, s, v, t, c, m, w = (symbol(n) for n in ("mu", "sigma", "s", "v", "t", "c", "m", "w"))
mu_0, lambda_0 = symbol("mu_0"), symbol("lambda_0")
mu_1, sigma_1, mu_2, sigma_2 = (symbol(n) for n in ("mu_1", "sigma_1", "mu_2", "sigma_2"))


@dataclass(frozen=True)
class Stated:
    """A statement about a divergence.

    ``conclusions``: kind and terms of facts about the last line, which is their first term.  ``written``
    proposes how the last line is written, where that matters to a conclusion; the kernel decides.
    """

    declarations: tuple[Declaration, ...]
    left: Expr
    conclusions: tuple[tuple[str, tuple[Expr, ...]], ...] = ()
    names: tuple[tuple[str, Expr], ...] = ()
    written: Expr | None = None


def _about(id: str, form: str = "") -> Stated:
    """The divergence of an entry, by its own parameters or in another form."""
    swap = next((p for p in NORMAL.parameterisations if p.name == form), None)
    left = divergence(entry(id), swap)
    return Stated(declarations(entry(id), swap), left, (), (("p", left.args[0]), ("q", left.args[1])))


def _slope(about: Stated, *variables: Expr) -> Stated:
    """Its derivative in the variables, the first one taken first."""
    left = about.left
    for x in variables:
        left = DerivativeIn(left, x)
    return replace(about, left=left)


def _determinant(about: Stated, x: Expr, y: Expr) -> Stated:
    """The determinant of its matrix of second derivatives in two variables, which is positive."""
    xx, yy, xy = (_slope(about, *pair).left for pair in ((x, x), (y, y), (x, y)))
    whole = replace(about, left=Plus(Times(xx, yy), Minus(Power(xy, TWO))))
    return _so(whole, ("everywhere positive",))


def _so(about: Stated, *conclusions: tuple[object, ...]) -> Stated:
    """With conclusions, each a kind and terms."""
    made = tuple((str(kind), tuple(as_term(x) for x in terms)) for kind, *terms in conclusions)
    return replace(about, conclusions=made)


def _standard() -> Mapping[str, Stated]:
    own, by_s, by_v = (_about("kl-normal-standard", form) for form in ("", "logvar", "var"))
    pair = _about("kl-normal")
    down = Minus(INFINITY)
    least_p = ("least", 0, mu_1, mu_2, sigma_1, sigma_2)
    least_q = ("least", 0, mu_2, mu_1, sigma_2, sigma_1)
    mean_drives = Quotient(Power(mu, TWO), TWO)
    positive = ("everywhere positive",)
    base = "kl-normal-standard"
    return {
        f"{base}-terms": own,
        f"{base}-terms-pair": pair,
        f"{base}-gradient": _slope(own, mu),
        f"{base}-gradient-sigma": _slope(own, sigma),
        f"{base}-gradient-logvar": _slope(by_s, s),
        f"{base}-gradient-logvar-mu": _slope(by_s, mu),
        f"{base}-gradient-var": _slope(by_v, v),
        f"{base}-hessian": _so(_slope(own, sigma, sigma), positive),
        f"{base}-hessian-mu": _so(_slope(own, mu, mu), positive),
        f"{base}-hessian-mu-sigma": _slope(own, mu, sigma),
        f"{base}-hessian-logvar": _so(_slope(by_s, s, s), positive),
        f"{base}-hessian-logvar-mu": _slope(by_s, mu, s),
        f"{base}-hessian-var": _so(_slope(by_v, v, v), positive),
        f"{base}-minimum": _so(own, ("least", 0, mu, 0, sigma, 1)),
        f"{base}-minimum-slope-mu": _so(_slope(own, mu), ("sign of", mu, 0, 1)),
        f"{base}-minimum-slope-sigma": _so(
            _slope(own, sigma), ("sign of", sigma, 1, Plus(ONE, Quotient(ONE, Power(sigma, TWO))))
        ),
        f"{base}-minimum-of-p": _so(pair, least_p),
        f"{base}-minimum-of-q": _so(pair, least_q),
        f"{base}-convexity": _so(own, ("convex", mu, sigma)),
        f"{base}-convexity-determinant": _determinant(own, mu, sigma),
        f"{base}-convexity-logvar-determinant": _determinant(by_s, mu, s),
        f"{base}-convexity-var-determinant": _determinant(by_v, mu, v),
        f"{base}-convexity-logvar": _so(by_s, ("convex", mu, s)),
        f"{base}-convexity-var": _so(by_v, ("convex", mu, v)),
        f"{base}-limits": _so(
            own,
            ("tends to", sigma, 0, INFINITY, Minus(Log(sigma))),
            ("tends to", sigma, INFINITY, INFINITY, Quotient(Power(sigma, TWO), TWO)),
            ("tends to", mu, down, INFINITY, mean_drives),
            ("tends to", mu, INFINITY, INFINITY, mean_drives),
        ),
        f"{base}-limits-logvar": _so(
            by_s,
            ("tends to", s, down, INFINITY, Minus(Quotient(s, TWO))),
            ("tends to", s, INFINITY, INFINITY, Quotient(Exp(s), TWO)),
        ),
    }


def _flow() -> Mapping[str, Stated]:
    """Solutions of dμ/dt = −∂KL/∂μ and ds/dt = −∂KL/∂s, put into these equations."""
    own, by_s = (_about("kl-normal-standard", form) for form in ("", "logvar"))
    time, start = Declaration("t", "real"), Declaration("mu_0", "real")
    mean = Times(mu_0, Exp(Minus(t)))
    fading = Exp(Minus(Quotient(t, TWO)))
    precision = Plus(ONE, Times(Plus(symbol("lambda_0"), Minus(ONE)), fading))
    log_variance = Minus(Log(Plus(ONE, Times(c, fading))))
    of_sigma = Declaration("sigma", "positive")
    whole = (time, Declaration("lambda_0", "real"))
    unit = NORMAL.law(mu, ONE)
    target = NORMAL.law(*NORMAL.standard)
    left_over = Times(HALF, Power(mu_0, TWO), Exp(Minus(Times(TWO, t))))
    gap = Times(Plus(lambda_0, Minus(ONE)), fading)
    base = "kl-normal-standard-flow"
    return {
        base: Stated(
            (start, of_sigma, time),
            Plus(DerivativeIn(mean, t), ValueAt(DerivativeIn(own.left, mu), mu, mean, REALS)),
            names=own.names,
        ),
        f"{base}-mean-start": Stated((start,), ValueAt(mean, t, ZERO, REALS)),
        f"{base}-mean-kl": _so(
            Stated(
                (start, time),
                ValueAt(KL(unit, target), mu, mean, REALS),
                names=(("p", unit), ("q", target)),
                written=left_over,
            ),
            ("tends to", t, INFINITY, 0, left_over),
        ),
        f"{base}-velocity": Stated(
            by_s.declarations,
            Times(DerivativeIn(Exp(Minus(s)), s), Minus(DerivativeIn(by_s.left, s))),
            names=by_s.names,
            written=Times(HALF, Plus(ONE, Minus(Exp(Minus(s))))),
        ),
        f"{base}-precision": Stated(
            whole,
            Plus(DerivativeIn(precision, t), Minus(Times(HALF, Plus(ONE, Minus(precision))))),
        ),
        f"{base}-precision-start": Stated(
            (Declaration("lambda_0", "real"),), ValueAt(precision, t, ZERO, REALS)
        ),
        f"{base}-precision-rate": _so(
            Stated(whole, Plus(precision, Minus(ONE)), written=gap),
            ("tends to", t, INFINITY, 0, gap),
        ),
        f"{base}-logvar": Stated(
            (Declaration("c", "positive"), Declaration("mu", "real"), time),
            Plus(
                DerivativeIn(log_variance, t),
                ValueAt(DerivativeIn(by_s.left, s), s, log_variance, REALS),
            ),
            names=by_s.names,
        ),
    }


def _pair() -> Mapping[str, Stated]:
    pair = _about("kl-normal")
    p, q = NORMAL.law(mu, sigma), NORMAL.law(m, w)
    near = Stated((Declaration("mu", "real"), Declaration("sigma", "positive")), KL(p, q))
    back = KL(*reversed(pair.left.args))
    difference = replace(pair, left=Plus(pair.left, Minus(back)))
    gap = Power(Plus(mu_1, Minus(mu_2)), TWO)
    wide, narrow = Power(sigma_1, TWO), Power(sigma_2, TWO)
    steepness = Plus(
        Quotient(Power(Plus(wide, Minus(narrow)), TWO), Times(Power(sigma_1, as_term(3)), narrow)),
        Quotient(gap, Power(sigma_1, as_term(3))),
    )
    slope = _slope(difference, sigma_1)
    wide_q = ("negative at", mu_1, 0, sigma_1, 1, mu_2, 0, sigma_2, 2)
    return {
        "kl-normal-gradient": _slope(pair, sigma_2),
        "kl-normal-gradient-mu-2": _slope(pair, mu_2),
        "kl-normal-gradient-sigma-1": _slope(pair, sigma_1),
        "kl-normal-gradient-mu-1": _slope(pair, mu_1),
        "kl-normal-hessian": _so(_slope(pair, sigma_2, sigma_2), wide_q),
        "kl-normal-hessian-mu-2": _so(_slope(pair, mu_2, mu_2), ("everywhere positive",)),
        "kl-normal-hessian-mu-2-sigma-2": _slope(pair, mu_2, sigma_2),
        "kl-normal-hessian-of-p": _so(pair, ("convex", mu_1, sigma_1)),
        "kl-normal-fisher": _at_equality(_slope(near, w, w), p, q),
        "kl-normal-fisher-mean": _at_equality(_slope(near, m, m), p, q),
        "kl-normal-fisher-mixed": _at_equality(_slope(near, m, w), p, q),
        "kl-normal-fisher-slope-mean": _at_equality(_slope(near, m), p, q),
        "kl-normal-fisher-slope-deviation": _at_equality(_slope(near, w), p, q),
        "kl-normal-asymmetry": _so(difference, ("sign of", sigma_1, sigma_2, steepness)),
        "kl-normal-asymmetry-slope": replace(slope, written=steepness),
    }


def _at_equality(about: Stated, p: Law, q: Law) -> Stated:
    """A function of the parameters of q, where they are those of p."""
    left = ValueAt(ValueAt(about.left, m, mu, REALS), w, sigma, POSITIVE)
    return replace(about, left=left, names=(("p", p), ("q", q)))


@cache
def stated() -> Mapping[str, Stated]:
    """Id of a derivation → what it states."""
    return {**_standard(), **_flow(), **_pair()}
