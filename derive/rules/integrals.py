"""Rules for integrals and sums: linearity, substitution, antiderivatives, parts, coordinates."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.calculus import coordinate_to_scalar, joint_density_times, only_coordinate
from derive.field import Undetermined
from derive.kernel import Bindings, Condition, Lemmas, Rewrite, Rule, RuleError, Statement
from derive.rules.algebra import term_binding
from derive.scope import Family, Scope
from derive.terms import (
    INFINITY,
    ONE,
    PI,
    REALS,
    TWO,
    ZERO,
    Between,
    Density,
    Exp,
    IntegralOver,
    Law,
    Minus,
    OpenInterval,
    Plus,
    Power,
    ProductSpace,
    Quotient,
    SumOver,
    Times,
    addends,
    factors,
    free_symbols,
    plus,
    substitute,
    times,
)


def variable_binding(bindings: Bindings, name: str) -> Symbol:
    """A binding that has to be a variable."""
    value = term_binding(bindings, name)
    if not isinstance(value, Symbol):
        raise RuleError(f"the binding {name} has to be a variable")
    return value


# -- linearity ------------------------------------------------------------------------------------


def split_constant(term: Expr, variable: Symbol) -> tuple[int, list[Expr], list[Expr], Expr]:
    """sign, constant factors, variable factors, constant denominator of one addend."""
    sign = 1
    while isinstance(term, Minus):
        sign, term = -sign, term.args[0]
    denominator: Expr = ONE
    if isinstance(term, Quotient) and variable not in free_symbols(term.args[1]):
        term, denominator = term.args
        while isinstance(term, Minus):
            sign, term = -sign, term.args[0]
    constant = [f for f in factors(term) if variable not in free_symbols(f)]
    varying = [f for f in factors(term) if variable in free_symbols(f)]
    return sign, constant, varying, denominator


def _linear(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∫ w·(Σ c_i t_i) = Σ c_i ∫ w·t_i; the same for a finite sum."""
    if not isinstance(term, (IntegralOver, SumOver)):
        raise RuleError("it expects an integral or a sum")
    body, variable, where = term.args
    parts = factors(body)
    spread = next((i for i, f in enumerate(parts) if isinstance(f, Plus)), None)
    weight = list(parts if spread is None else parts[:spread] + parts[spread + 1 :])
    if spread is None:
        pieces, weight = (body,), []
    else:
        pieces = addends(parts[spread])
    outer = [w for w in weight if variable not in free_symbols(w)]
    weight = [w for w in weight if variable in free_symbols(w)]
    out: list[Expr] = []
    conditions: list[Condition] = []
    for piece in pieces:
        sign, constant, varying, denominator = split_constant(piece, variable)
        inside = times(*weight, *varying)
        if isinstance(term, IntegralOver):
            conditions.append(Condition("integrable", (inside, variable, where)))
        done = type(term)(inside, variable, where)
        constant = outer + constant
        if denominator != ONE:
            constant = [Quotient(times(*constant), denominator)]
        result = times(*constant, done) if constant else done
        out.append(result if sign == 1 else Minus(result))
    return Rewrite(plus(*out), tuple(conditions), equality="field")


def _constant_factor(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∫ c·f = c ∫ f; the same for a finite sum."""
    if not isinstance(term, (IntegralOver, SumOver)):
        raise RuleError("it expects an integral or a sum")
    body, variable, where = term.args
    sign, constant, varying, denominator = split_constant(body, variable)
    inside = times(*varying)
    if denominator != ONE:
        constant = [Quotient(times(*constant), denominator)]
    if not constant and sign == 1:
        raise RuleError("there is no constant factor")
    result = times(*constant, type(term)(inside, variable, where))
    conditions = (
        (Condition("integrable", (inside, variable, where)),) if isinstance(term, IntegralOver) else ()
    )
    return Rewrite(result if sign == 1 else Minus(result), conditions, equality="field")


def _sum_through(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∫ w·Σ_j t_j = Σ_j ∫ w·t_j."""
    if not isinstance(term, IntegralOver):
        raise RuleError("it expects an integral")
    body, variable, space = term.args
    parts = factors(body)
    where = next((i for i, f in enumerate(parts) if isinstance(f, SumOver)), None)
    if where is None:
        raise RuleError("it expects a sum over an index under the integral")
    inner, index, dimension = parts[where].args
    if any(index in free_symbols(f) for f in (*parts[:where], *parts[where + 1 :], space)):
        raise RuleError(f"the index {index} occurs outside the sum")
    moved = times(*parts[:where], inner, *parts[where + 1 :])
    after = SumOver(IntegralOver(moved, variable, space), index, dimension)
    return Rewrite(after, (Condition("integrable", (body, variable, space)),), equality="field")


def _merge_sums(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """Σ_j a_j ± Σ_j b_j = Σ_j (a_j ± b_j)."""
    pieces: list[Expr] = []
    shared: tuple[Expr, ...] | None = None
    for part in addends(term):
        inner = part.args[0] if isinstance(part, Minus) else part
        if not isinstance(inner, SumOver) or (shared is not None and inner.args[1:] != shared):
            raise RuleError("it expects sums over one index and one range")
        shared = inner.args[1:]
        pieces.append(Minus(inner.args[0]) if isinstance(part, Minus) else inner.args[0])
    if shared is None or len(pieces) < 2:
        raise RuleError("it expects at least two sums")
    return Rewrite(SumOver(plus(*pieces), *shared), equality="field")


# -- calculus on the line ---------------------------------------------------------------------------


def _interval_integral(term: Expr) -> tuple[Expr, Symbol, OpenInterval]:
    if not isinstance(term, IntegralOver) or not isinstance(term.args[2], OpenInterval):
        raise RuleError("it expects an integral over an interval")
    return term.args


def _substitution(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∫ f(x) dx with x = g(u), g increasing from the line onto the line: ∫ f(g(u))·g′(u) du."""
    f, x, space = _interval_integral(term)
    u, g = variable_binding(bindings, "u"), term_binding(bindings, "g")
    slope = term_binding(bindings, "slope")
    if space != REALS:
        raise RuleError("the substitution is stated for integrals over the whole line")
    inside = scope.bind(u, REALS)
    after = IntegralOver(Times(substitute(f, {x: g}), slope), u, REALS)
    # The slope is required positive everywhere, so g is injective; its limits make it onto.
    if inside.is_bound(x):
        raise RuleError(f"the variable {x} is still in use")
    return Rewrite(
        after,
        (
            Condition("derivative", (g, u, REALS, slope)),
            Condition("positive", (slope,)),
            Condition("diverges", (g, u, REALS, INFINITY, INFINITY)),
            Condition("diverges", (g, u, REALS, Minus(INFINITY), Minus(INFINITY))),
            Condition("integrable", (f, x, space)),
        ),
        equality="conditions",
    )


def _antiderivative(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∫_a^b f = [F] from a to b when F′ = f."""
    f, x, space = _interval_integral(term)
    primitive = term_binding(bindings, "F")
    return Rewrite(
        Between(primitive, x, *space.args),
        (
            Condition("derivative", (primitive, x, space, f)),
            Condition("integrable", (f, x, space)),
        ),
        equality="conditions",
    )


def _limits(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """[F] from a to b is the limit at b minus the limit at a."""
    if not isinstance(term, Between):
        raise RuleError("it expects a boundary difference [F]")
    f, x, low, high = term.args
    lower, upper = term_binding(bindings, "lower"), term_binding(bindings, "upper")
    space = OpenInterval(low, high)
    return Rewrite(
        Plus(upper, Minus(lower)),
        (
            Condition("limit", (f, x, space, high, upper)),
            Condition("limit", (f, x, space, low, lower)),
        ),
        equality="conditions",
    )


def _parts(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∫ u·v′ = [u·v] − ∫ v·u′; the binding ``rest`` is v·u′ as it is to be written."""
    f, x, space = _interval_integral(term)
    u, v, du, dv, rest = (term_binding(bindings, n) for n in ("u", "v", "du", "dv", "rest"))
    return Rewrite(
        Plus(Between(Times(u, v), x, *space.args), Minus(IntegralOver(rest, x, space))),
        (
            Condition("equal on", (x, space, f, Times(u, dv))),
            Condition("derivative", (u, x, space, du)),
            Condition("derivative", (v, x, space, dv)),
            Condition("equal on", (x, space, rest, Times(v, du))),
            Condition("integrable", (f, x, space)),
            Condition("integrable", (rest, x, space)),
        ),
        equality="conditions",
    )


# -- the plane and product spaces -----------------------------------------------------------------


def _square_as_double(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """(∫ f(x) dx)² = ∫∫ f(x)·f(y) dy dx, for integrable f (Fubini)."""
    if not isinstance(term, Power) or term.args[1] != TWO:
        raise RuleError("it expects the square of an integral")
    f, x, space = _interval_integral(term.args[0])
    y = variable_binding(bindings, "y")
    if y == x or y in free_symbols(f):
        raise RuleError(f"the variable {y} is already in use")
    product = Times(f, substitute(f, {x: y}))
    after = IntegralOver(IntegralOver(product, y, space), x, space)
    return Rewrite(after, (Condition("integrable", (f, x, space)),), equality="conditions")


def _polar(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∬ e^{−(x² + y²)} dy dx over the plane = ∫_0^{2π} ∫_0^∞ e^{−r²}·r dr dθ.

    Stated for any profile e^{−k(x² + y²)} with k > 0: the binding ``k``.
    """
    ok = (
        isinstance(term, IntegralOver)
        and isinstance(term.args[0], IntegralOver)
        and term.args[2] == REALS
        and term.args[0].args[2] == REALS
    )
    if not ok:
        raise RuleError("it expects a double integral over the plane")
    inner, x, _ = term.args
    body, y, _ = inner.args
    r, angle = variable_binding(bindings, "r"), variable_binding(bindings, "angle")
    k = term_binding(bindings, "k")
    if free_symbols(k) & {x, y, r, angle}:
        raise RuleError("the rate k has to be a constant")
    square = Plus(Power(x, TWO), Power(y, TWO))
    expected = Exp(Minus(square if k == ONE else Times(k, square)))
    if body != expected:
        raise RuleError("it expects an integrand that depends on x² + y² alone, as e^{-k(x²+y²)}")
    radial = Exp(Minus(Power(r, TWO) if k == ONE else Times(k, Power(r, TWO))))
    after = IntegralOver(
        IntegralOver(Times(radial, r), r, OpenInterval(ZERO, INFINITY)),
        angle,
        OpenInterval(ZERO, Times(TWO, PI)),
    )
    return Rewrite(after, (Condition("positive", (k,)),), equality="conditions")


def is_total_mass(lemma: Statement, family: Family) -> bool:
    """Whether a lemma says that every member of the family has total mass 1: its parameters are
    different symbols that range over the family's own domains."""
    mass = lemma.left
    if not (isinstance(mass, IntegralOver) and isinstance(mass.args[0], Density) and lemma.right == ONE):
        return False
    law, point = mass.args[0].args
    if not isinstance(law, Law) or law.family != family.name or point != mass.args[1]:
        return False
    domains = {Symbol(d.name): d.domain for d in lemma.declarations if not d.indexed}
    return (
        len(set(law.args[1:])) == len(family.parameters)
        and [domains.get(a) for a in law.args[1:]] == [p.domain for p in family.parameters]
        and mass.args[2] == family.support_of(law)
    )


def _marginalise(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """∫ p(x)·g(x_k) dx = ∫ p_k(t)·g(t) dt for a joint density p = Π p_j: the rest integrates to 1."""
    if not isinstance(term, IntegralOver) or not isinstance(term.args[2], ProductSpace):
        raise RuleError("it expects an integral over a product space")
    body, x, space = term.args
    t = variable_binding(bindings, "t")
    lemma = lemmas.get(str(bindings.get("lemma")))
    try:
        law, function = joint_density_times(body, x)
        index = only_coordinate(function, x)
        if t in free_symbols(function):
            raise RuleError(f"the variable {t} is already in use")
        scalar = coordinate_to_scalar(function, x, index, t)
    except Undetermined as error:
        raise RuleError(str(error)) from error
    if law.args[2] != space.args[2]:
        raise RuleError("the law and the space have different dimensions")
    factor = substitute(law.args[0], {law.args[1]: index})
    support = scope.support(factor)
    if space.args[0] != scope.support(law.args[0]):
        raise RuleError("the space is not the product of the supports")
    if lemma is None or not is_total_mass(lemma, scope.family(factor)):
        raise RuleError("it needs the lemma that the factor's density integrates to 1")
    after = IntegralOver(Times(Density(factor, t), scalar), t, support)
    return Rewrite(after, (Condition("integrable", (body, x, space)),), equality="conditions")


RULES = (
    Rule(
        "linearity",
        "linearity",
        "The integral (or sum) of a sum of integrable parts is the sum of their integrals, and "
        "constants come out.",
        _linear,
    ),
    Rule(
        "constant-factor",
        "constants come out",
        "A constant factor of an integral or a sum may stand in front of it.",
        _constant_factor,
    ),
    Rule(
        "sum-through-integral",
        "the sum comes out of the integral",
        "A finite sum of integrable functions may be integrated term by term.",
        _sum_through,
    ),
    Rule(
        "merge-sums",
        "one sum",
        "Sums over the same index are added term by term.",
        _merge_sums,
    ),
    Rule(
        "substitution",
        "substitution",
        "An increasing differentiable change of variable from the line onto the line multiplies "
        "the integrand by its slope.",
        _substitution,
        ("u", "g", "slope"),
    ),
    Rule(
        "antiderivative",
        "fundamental theorem of calculus",
        "The integral of a function is the difference of the limits of an antiderivative at the ends.",
        _antiderivative,
        ("F",),
    ),
    Rule(
        "boundary-limits",
        "limits at the ends",
        "Each boundary term is replaced by its limit.",
        _limits,
        ("lower", "upper"),
    ),
    Rule(
        "integration-by-parts",
        "integration by parts",
        "The integral of u·v′ is the boundary term of u·v minus the integral of v·u′.",
        _parts,
        ("u", "v", "du", "dv", "rest"),
    ),
    Rule(
        "square-as-double-integral",
        "the square as a double integral",
        "By Fubini's theorem the product of two integrals is one integral over the plane.",
        _square_as_double,
        ("y",),
    ),
    Rule(
        "polar-coordinates",
        "polar coordinates",
        "In polar coordinates x² + y² = r², and the area element is r dr dθ.",
        _polar,
        ("r", "angle", "k"),
    ),
    Rule(
        "marginalisation",
        "the other coordinates integrate to 1",
        "By Fubini's theorem the other factors of the product density integrate to 1, and one "
        "coordinate is left.",
        _marginalise,
        ("t", "lemma"),
    ),
)
