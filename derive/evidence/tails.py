"""Proved tail bounds: Arb integrates over finite intervals, so each pair of families needs one entry.

An entry gives the coordinate x = shift + scale·z in which p is of unit size, an interval of z, and
rigorous bounds of what it leaves out.  Adding a family is adding its entry to ``TAILS`` with the
proof of the bound in its docstring.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flint import arb


@dataclass(frozen=True)
class Window:
    """Integrate over low ≤ z ≤ high, where x = shift + scale·z.

    Bounds, all proved: ``tail`` ≥ ∫ |p (log p − log q)| dx and ``mass_tail`` ≥ ∫ p dx over the part
    of the support outside the window; ``inside`` ≥ ∫ |p (log p − log q)| dx over the window (crude).
    """

    shift: arb
    scale: arb
    low: int
    high: int
    tail: arb
    mass_tail: arb
    inside: arb


Parameters = tuple[arb, ...]
Tail = Callable[[Parameters, Parameters, int], Window]


def _log_of_size(size: arb) -> float:
    """A float near log(1 + size), for choosing a cut-off (any cut-off ≥ 1 is valid)."""
    return float((1 + size.upper()).log())


def normal_normal(p: Parameters, q: Parameters, digits: int) -> Window:
    """p = N(m, s²), q = N(n, t²); cut at |z| ≤ T with x = m + s z.

    Proof.  p dx = φ(z) dz with φ(z) = exp(−z²/2)/√(2π).  With D = m − n the densities give
    log p − log q = log(t/s) − z²/2 + (s z + D)²/(2t²) = c₀ + c₁ z + c₂ z², where
    c₀ = log(t/s) + D²/(2t²), c₁ = s D/t², c₂ = s²/(2t²) − 1/2.  Put K = |c₀| + |c₁| + |c₂|.
    For |z| ≥ T ≥ 1 each of 1, |z|, z² is at most z², hence |log p − log q| ≤ K z².  By parts,
    ∫_T^∞ z² e^{−z²/2} dz = T e^{−T²/2} + ∫_T^∞ e^{−z²/2} dz, and
    ∫_T^∞ e^{−z²/2} dz ≤ ∫_T^∞ (z/T) e^{−z²/2} dz = e^{−T²/2}/T.  Both sides together:
    tail ≤ 2K (T + 1/T) e^{−T²/2}/√(2π) and mass tail ≤ 2 e^{−T²/2}/(T √(2π)).
    Inside, |log p − log q| ≤ K T² (as T ≥ 1) and φ ≤ 1/√(2π) on a length 2T: at most 2K T³/√(2π).
    """
    (m, s), (n, t) = p, q
    gap, ratio = m - n, s / t
    c_0 = gap * gap / (2 * t * t) - ratio.log()
    c_1 = ratio * gap / t
    c_2 = (ratio * ratio - 1) / 2
    size = abs(c_0) + abs(c_1) + abs(c_2)
    cut = math.isqrt(math.ceil(2 * (digits * math.log(10) + _log_of_size(size)))) + 2
    edge = 2 * (-(arb(cut) ** 2) / 2).exp() / (2 * arb.pi()).sqrt()
    return Window(
        shift=m, scale=s, low=-cut, high=cut,
        tail=edge * size * (cut + arb(1) / cut),
        mass_tail=edge / cut,
        inside=2 * size * arb(cut) ** 3 / (2 * arb.pi()).sqrt(),
    )  # fmt: skip


def exponential_exponential(p: Parameters, q: Parameters, digits: int) -> Window:
    """p = Exp(a), q = Exp(b) with rates a, b; cut at 0 ≤ z ≤ T with x = z/a.

    Proof.  p dx = e^{−z} dz, and log p − log q = log(a/b) − z + (b/a) z.  With
    K = |log(a/b)| + |b/a − 1| and z ≥ T ≥ 1 this is at most K z in absolute value, and
    ∫_T^∞ z e^{−z} dz = (T + 1) e^{−T}, ∫_T^∞ e^{−z} dz = e^{−T}.  Hence tail ≤ K (T + 1) e^{−T} and
    mass tail ≤ e^{−T}.  Nothing is left out at the lower end, which is the end of the support.
    Inside, |log p − log q| ≤ K T (as T ≥ 1) and e^{−z} ≤ 1 on a length T: at most K T².
    """
    (a,), (b,) = p, q
    ratio = b / a
    size = abs(ratio.log()) + abs(ratio - 1)
    cut = math.ceil(digits * math.log(10) + _log_of_size(size))
    cut += math.ceil(math.log(cut + 1)) + 1
    edge = (-arb(cut)).exp()
    return Window(
        shift=arb(0), scale=1 / a, low=0, high=cut,
        tail=size * (cut + 1) * edge,
        mass_tail=edge,
        inside=size * arb(cut) ** 2,
    )  # fmt: skip


TAILS: Mapping[tuple[str, str], Tail] = {
    ("Normal", "Normal"): normal_normal,
    ("Exponential", "Exponential"): exponential_exponential,
}
"""(family of p, family of q) → its window."""
