"""The teaching picture: the divergence as an average of the log-ratio over draws from p.

A Monte Carlo estimate is no evidence, only a way to see what the number means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from flint import ctx
from sympy import Expr, Symbol

from derive.derivation import Derivation
from derive.evidence.ball import Arithmetic, Compiler, Frame, Point, bits_for, evaluate
from derive.evidence.enclosure import Coordinate, EnclosureError, coordinates
from derive.evidence.floats import Floats
from derive.scope import Family
from derive.terms import Minus

FLOATS = Arithmetic(
    number=lambda n, d: n / d,
    pi=lambda: math.pi,
    exp=np.exp,
    log=lambda x, analytic: np.log(x),
    root=lambda x, analytic: np.sqrt(x),
)
"""float64 numbers and arrays: for a picture, never for evidence."""

Sampler = Callable[[np.random.Generator, int, tuple[float, ...]], Floats]
SAMPLERS: Mapping[str, Sampler] = {
    "Normal": lambda rng, n, at: at[0] + at[1] * rng.standard_normal(n),
    "Exponential": lambda rng, n, at: rng.standard_exponential(n) / at[0],
}


@dataclass(frozen=True)
class Estimate:
    """mean ± standard_error of log p(x) − log q(x) over draws from p, beside the closed form."""

    mean: float
    standard_error: float
    closed_form: float
    samples: int
    seed: int


def monte_carlo(derivation: Derivation, point: Point, samples: int = 10_000, seed: int = 0) -> Estimate:
    """Estimate a divergence by sampling from p.

    Raises:
        EnclosureError: when the left side is no divergence, or p has no sampler.
    """
    left: Expr = derivation.left
    sign = 1.0
    if isinstance(left, Minus):
        left, sign = left.args[0], -1.0
    p, q = left.args
    rng = np.random.default_rng(seed)
    total = np.zeros(samples)
    with ctx.workprec(bits_for(30)):
        for c in coordinates(p, q, point, derivation.scope):
            total += sign * _log_ratio(c, rng, samples)
    error = float(total.std(ddof=1)) / math.sqrt(samples)
    closed = float(evaluate(derivation.right, point))
    return Estimate(float(total.mean()), error, closed, samples, seed)


def _log_ratio(c: Coordinate, rng: np.random.Generator, samples: int) -> Floats:
    if c.p.name not in SAMPLERS:
        raise EnclosureError(f"there is no sampler for {c.p.name}: add one to derive.evidence.montecarlo")
    p_at, q_at = (tuple(float(v) for v in at) for at in (c.p_at, c.q_at))
    x = SAMPLERS[c.p.name](rng, samples, p_at)
    return _log_density(c.p, p_at, x) - _log_density(c.q, q_at, x)


def _log_density(family: Family, at: tuple[float, ...], x: Floats) -> Floats:
    known = {d.name: value for d, value in zip(family.parameters, at, strict=True)}
    program = Compiler(FLOATS, known=known).log_of(family.density)
    variable: Symbol = family.variable
    return np.asarray(program(Frame({variable.name: x})))
