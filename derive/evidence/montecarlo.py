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
from derive.terms import KL, Minus

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


DRAWS = (100, 1_000, 10_000, 100_000)
FAR = 6
"""Standard errors between an average and the closed form that chance does not explain."""


@dataclass(frozen=True)
class Estimate:
    """mean ± standard_error (nats) of log p(x) − log q(x) over draws from p, beside the closed form."""

    draws: int
    mean: float
    standard_error: float
    closed_form: float
    seed: int

    @property
    def is_near(self) -> bool:
        """Whether chance explains the distance to the closed form."""
        return abs(self.mean - self.closed_form) <= FAR * self.standard_error

    @property
    def decimals(self) -> int:
        """Places after the point that two digits of the standard error need."""
        return max(0, 1 - math.floor(math.log10(self.standard_error))) if self.standard_error > 0 else 6


def monte_carlo(
    derivation: Derivation, point: Point, draws: tuple[int, ...] = DRAWS, seed: int = 0
) -> tuple[Estimate, ...]:
    """Averages of the log-ratio over more and more of the same draws from p.

    Raises:
        EnclosureError: when the left side is no divergence, or p has no sampler.
    """
    left: Expr = derivation.left
    sign = 1.0
    if isinstance(left, Minus):
        left, sign = left.args[0], -1.0
    if not isinstance(left, KL):
        raise EnclosureError(f"{derivation.id} is no divergence: there is no log-ratio to average")
    p, q = left.args
    rng = np.random.default_rng(seed)
    ratio = np.zeros(max(draws))
    with ctx.workprec(bits_for(30)):
        for c in coordinates(p, q, point, derivation.scope):
            ratio += sign * _log_ratio(c, rng, len(ratio))
    closed = float(evaluate(derivation.right, point))
    return tuple(
        Estimate(n, float(ratio[:n].mean()), float(ratio[:n].std(ddof=1)) / math.sqrt(n), closed, seed)
        for n in draws
    )


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
