"""What the literature says, written by hand, to hold the engine against: it proves nothing and is never
part of a derivation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flint import arb


def normal_normal(m: arb, s: arb, n: arb, t: arb) -> arb:
    """KL(N(m, s²) ‖ N(n, t²)), e.g. Kullback, Information Theory and Statistics (1959), chapter 9."""
    return (t / s).log() + (s * s + (m - n) * (m - n)) / (2 * t * t) - arb(1) / 2


def exponential_exponential(a: arb, b: arb) -> arb:
    """KL(Exp(a) ‖ Exp(b)) for rates a and b."""
    return (a / b).log() + b / a - 1


DIVERGENCES: Mapping[tuple[str, str], Callable[..., arb]] = {
    ("Normal", "Normal"): normal_normal,
    ("Exponential", "Exponential"): exponential_exponential,
}
"""(family of p, family of q) → KL(p ‖ q) as a function of both laws' parameters."""
