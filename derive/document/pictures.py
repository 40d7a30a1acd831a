"""What the pictures of the studies show: curves computed from derived formulas, with no format in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import sympy
from sympy import Expr, Symbol

from derive.catalogue import result
from derive.derivation import Derivation
from derive.document.compose import Composer
from derive.document.layout import Node, Relation
from derive.document.notation import Notation
from derive.document.prose import Prose, spoken
from derive.evaluate import as_sympy
from derive.terms import (
    KL,
    ONE,
    TWO,
    ZERO,
    DerivativeIn,
    Minus,
    Plus,
    Power,
    Times,
    ValueAt,
    addends,
    as_term,
    substitute,
    symbol,
)

POINTS = 81
DIGITS = 5
"""Significant digits of a coordinate: more than a page shows, fewer than two platforms differ in."""
NORMAL, STANDARD = "kl-normal", "kl-normal-standard"


@dataclass(frozen=True)
class Curve:
    """One curve and what it is called."""

    label: Node
    xs: tuple[float, ...]
    ys: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """Curves over one axis.  ``log`` draws the heights on a logarithmic scale, ``between`` cuts them."""

    name: str
    caption: Prose
    across: Node
    curves: tuple[Curve, ...]
    log: bool = False
    between: tuple[float, float] | None = None


@dataclass(frozen=True)
class Sheet:
    """What the curves of a picture share: the variable, its ends, the values of the other parameters."""

    notation: Notation
    x: str
    low: float
    high: float
    fixed: Mapping[str, Expr] = field(default_factory=dict)

    def curve(self, of: Derivation, term: Expr | None = None, label: Expr | Node | None = None) -> Curve:
        """The curve of a derived term, by default of the right side named by the left one.

        Raises:
            ValueError: when a parameter of the term has no value.
        """
        term = of.right if term is None else term
        shown = of.left if label is None else label
        if isinstance(shown, Expr):
            shown = Composer(self.notation.of(of.names)).compose(shown)
        put = substitute(term, {symbol(name): value for name, value in self.fixed.items()})
        expression = as_sympy(put, of.scope.declarations)
        left = sorted({s.name for s in expression.free_symbols} - {self.x})
        if left:
            raise ValueError(f"a curve over {self.x} leaves {', '.join(left)} without a value")
        variable = next(iter(expression.free_symbols), Symbol(self.x))
        xs = np.linspace(self.low, self.high, POINTS)
        ys = np.broadcast_to(sympy.lambdify(variable, expression, "numpy")(xs), xs.shape)
        return Curve(shown, _rounded(xs), _rounded(ys))

    def picture(
        self,
        name: str,
        caption: str,
        *curves: Curve,
        log: bool = False,
        between: tuple[float, float] | None = None,
    ) -> Picture:
        """The curves with their caption; p and q in it are called as the reader calls them."""
        across = self.notation.symbol(self.x)
        return Picture(name, spoken(caption, self.notation), across, curves, log, between)


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{v:.{DIGITS}g}") for v in values)


def _parts(id: str) -> dict[str, Derivation]:
    """A study's or a divergence's derivations by what follows its id."""
    return {d.id.removeprefix(id).lstrip("-"): d for d in result(id).derivations()}


def _terms(notation: Notation) -> Picture:
    whole = _parts(f"{STANDARD}-terms")[""]
    sheet = Sheet(notation, "sigma", 0.1, 2.6, {"mu": ONE})
    curves = [sheet.curve(whole), *(sheet.curve(whole, term, term) for term in addends(whole.right))]
    caption = (
        "The divergence from the standard normal and its three terms over the standard deviation, for "
        "the mean 1. The logarithm pushes a narrow p away from 0, the square pulls a wide one back; "
        "the mean adds a constant."
    )
    return sheet.picture("terms", caption, *curves, between=(-1.2, 4.0))


def _gradient(notation: Notation) -> Picture:
    divergence = _parts(STANDARD)["logvar"]
    slope = _parts(f"{STANDARD}-gradient")["logvar"]
    sheet = Sheet(notation, "s", -6.0, 1.6, {"mu": ZERO})
    caption = (
        "The divergence and its slope over the log-variance, for the mean 0. To the left the slope "
        "tends to −½: a very narrow p is widened at a constant speed. To the right it grows like the "
        "variance."
    )
    return sheet.picture("gradient", caption, sheet.curve(divergence), sheet.curve(slope))


def _hessian(notation: Notation) -> Picture:
    hessian = _parts(f"{STANDARD}-hessian")
    slope = _parts(f"{STANDARD}-gradient")["sigma"]
    sheet = Sheet(notation, "sigma", 0.3, 3.0, {"mu": ZERO})
    caption = (
        "Slope and second derivative over the standard deviation. The second derivative is positive "
        "everywhere and tends to 1: far out the divergence is a parabola."
    )
    curves = (sheet.curve(slope), sheet.curve(hessian[""]))
    return sheet.picture("hessian", caption, *curves, between=(-3.5, 8.0))


def _for_means(notation: Notation, divergence: Derivation, x: str, low: float, high: float) -> list[Curve]:
    """The divergence over a parameter, for three values of the mean, each named by its value."""
    curves = []
    for value in (ZERO, ONE, TWO):
        sheet = Sheet(notation, x, low, high, {"mu": value})
        composer = Composer(notation.of(()))
        label = Relation(composer.compose(symbol("mu")), "=", composer.compose(value))
        curves.append(sheet.curve(divergence, label=label))
    return curves


def _minimum(notation: Notation) -> Picture:
    curves = _for_means(notation, _parts(STANDARD)[""], "sigma", 0.08, 2.6)
    caption = (
        "The divergence from the standard normal over the standard deviation, for three means: "
        "whatever the mean, the best standard deviation is 1, and 0 is reached for the mean 0 alone."
    )
    return Sheet(notation, "sigma", 0, 1).picture("minimum", caption, *curves, between=(-0.2, 5.0))


def _convexity(notation: Notation) -> Picture:
    curves = _for_means(notation, _parts(STANDARD)["logvar"], "s", -6.0, 2.0)
    caption = "The divergence over the log-variance, for three means: every chord lies above its curve."
    return Sheet(notation, "s", 0, 1).picture("convexity", caption, *curves)


def _limits(notation: Notation) -> Picture:
    study = _parts(f"{STANDARD}-limits")["logvar"]
    drivers = [c.condition.terms[-1] for c in study.conclusions]
    sheet = Sheet(notation, "s", -8.0, 2.8, {"mu": ZERO})
    caption = (
        "The divergence over the log-variance, and the term that drives it at each end: on the left "
        "the logarithm, on the right the variance."
    )
    curves = (sheet.curve(study), *(sheet.curve(study, term, term) for term in drivers))
    return sheet.picture("limits", caption, *curves, between=(-1.5, 8.0))


def _flow(notation: Notation) -> Picture:
    parts = _parts(f"{STANDARD}-flow")
    path = parts["mean-start"].left
    assert isinstance(path, ValueAt)
    start = {"mu_0": ONE, "lambda_0": TWO}
    sheet = Sheet(notation, "t", 0.0, 8.0, start)
    caption = (
        "An unused latent collapses: the mean, the distance of the precision from 1, and the "
        "divergence that the mean leaves, from the start 1 of the mean and 2 of the precision. On a "
        "logarithmic scale they are straight lines of slopes −1, −½ and −2."
    )
    rate = parts["precision-rate"]
    curves = (
        sheet.curve(parts["mean-start"], path.args[0], path.args[0]),
        sheet.curve(rate, label=rate.right),
        sheet.curve(parts["mean-kl"], label=parts["mean-kl"].right),
    )
    return sheet.picture("flow", caption, *curves, log=True)


SAME_MEANS: Mapping[str, Expr] = {"mu_1": ZERO, "mu_2": ZERO}


def _gradient_of_q(notation: Notation) -> Picture:
    divergence, slope = _parts(NORMAL)[""], _parts(f"{NORMAL}-gradient")[""]
    sheet = Sheet(notation, "sigma_2", 0.4, 4.0, {**SAME_MEANS, "sigma_1": ONE})
    caption = (
        "The divergence and its slope over the standard deviation of q, for equal means and the "
        "standard deviation 1 of p. A q that is too narrow is punished steeply, one that is too wide "
        "hardly."
    )
    return sheet.picture(
        "gradient", caption, sheet.curve(divergence), sheet.curve(slope), between=(-4.0, 3.0)
    )


def _hessian_of_q(notation: Notation) -> Picture:
    divergence, hessian = _parts(NORMAL)[""], _parts(f"{NORMAL}-hessian")[""]
    sheet = Sheet(notation, "sigma_2", 0.5, 4.0, {**SAME_MEANS, "sigma_1": ONE})
    caption = (
        "The divergence over the standard deviation of q, and its second derivative, which turns "
        "negative where q is wide: there the divergence is concave."
    )
    curves = (sheet.curve(divergence), sheet.curve(hessian))
    return sheet.picture("hessian", caption, *curves, between=(-1.0, 3.0))


def _fisher(notation: Notation) -> Picture:
    study, fisher = _parts(f"{NORMAL}-fisher")[""], _parts(f"{NORMAL}-fisher")[""].right
    kl = next(t for t in _walk_left(study.left) if isinstance(t, KL))
    gap = Plus(symbol("w"), Minus(symbol("sigma")))
    parabola = Times(as_term(1) / TWO, fisher, Power(gap, TWO))
    divergence = _parts(NORMAL)[""]
    put = {"mu_1": symbol("mu"), "sigma_1": symbol("sigma"), "mu_2": symbol("m"), "sigma_2": symbol("w")}
    term = substitute(divergence.right, {symbol(name): value for name, value in put.items()})
    sheet = Sheet(notation, "w", 0.5, 1.7, {"mu": ZERO, "m": ZERO, "sigma": ONE})
    caption = (
        "The divergence over the standard deviation of q near that of p, and half the Fisher "
        "information times the square of the difference."
    )
    curves = (sheet.curve(study, term, kl), sheet.curve(study, parabola, parabola))
    return sheet.picture("fisher", caption, *curves)


def _walk_left(term: Expr) -> list[Expr]:
    """The first arguments, one inside the other."""
    out = [term]
    while isinstance(out[-1], (ValueAt, DerivativeIn)):
        out.append(out[-1].args[0])
    return out


def _asymmetry(notation: Notation) -> Picture:
    forward, study = _parts(NORMAL)[""], _parts(f"{NORMAL}-asymmetry")[""]
    p, q = forward.left.args
    exchange = {"mu_1": "mu_2", "mu_2": "mu_1", "sigma_1": "sigma_2", "sigma_2": "sigma_1"}
    reverse = substitute(forward.right, {symbol(a): symbol(b) for a, b in exchange.items()})
    sheet = Sheet(notation, "sigma_1", 0.25, 3.0, {**SAME_MEANS, "sigma_2": ONE})
    caption = (
        "Forward and reverse divergence over the standard deviation of p, for equal means and the "
        "standard deviation 1 of q, and their difference, which changes its sign with σ₁ − σ₂."
    )
    curves = (sheet.curve(forward), sheet.curve(forward, reverse, KL(q, p)), sheet.curve(study))
    return sheet.picture("asymmetry", caption, *curves, between=(-3.0, 4.0))


PICTURES: Mapping[str, Callable[[Notation], Picture]] = {
    f"{STANDARD}-terms": _terms,
    f"{STANDARD}-gradient": _gradient,
    f"{STANDARD}-hessian": _hessian,
    f"{STANDARD}-minimum": _minimum,
    f"{STANDARD}-convexity": _convexity,
    f"{STANDARD}-limits": _limits,
    f"{STANDARD}-flow": _flow,
    f"{NORMAL}-gradient": _gradient_of_q,
    f"{NORMAL}-hessian": _hessian_of_q,
    f"{NORMAL}-fisher": _fisher,
    f"{NORMAL}-asymmetry": _asymmetry,
}
"""The picture of each study, by its id."""
