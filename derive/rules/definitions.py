"""Definitions opened and closed: the divergence, a density, a lemma put to use."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.kernel import Bindings, Condition, Lemmas, Rewrite, Rule, RuleError
from derive.rules.algebra import term_binding
from derive.rules.integrals import variable_binding
from derive.scope import Scope
from derive.terms import (
    INFINITY,
    KL,
    Component,
    Density,
    IntegralOver,
    Log,
    OpenInterval,
    ProductLaw,
    ProductSpace,
    Quotient,
    Times,
    substitute,
)


def support_of(law: Expr, scope: Scope) -> Expr:
    """The space a law lives on: its support, or the product of its factors' supports."""
    if isinstance(law, ProductLaw):
        factor, index, dimension = law.args
        return ProductSpace(support_of(factor, scope.index_of_law(index)), index, dimension)
    return scope.support(law)


def definition_of_kl(p: Expr, q: Expr, x: Symbol, scope: Scope) -> Expr:
    """∫ p(x) log(p(x)/q(x)) dx over the support of p."""
    ratio = Quotient(Density(p, x), Density(q, x))
    return IntegralOver(Times(Density(p, x), Log(ratio)), x, support_of(p, scope))


def _open_kl(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    if not isinstance(term, KL):
        raise RuleError("it expects a divergence KL(p, q)")
    p, q = term.args
    after = definition_of_kl(p, q, variable_binding(bindings, "x"), scope)
    return Rewrite(after, (Condition("absolutely continuous", (p, q)),), equality="conditions")


def _close_kl(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """The definition, read from right to left."""
    p, q = term_binding(bindings, "p"), term_binding(bindings, "q")
    if not isinstance(term, IntegralOver):
        raise RuleError("it expects an integral")
    opened = definition_of_kl(p, q, term.args[1], scope)
    return Rewrite(
        KL(p, q),
        (Condition("absolutely continuous", (p, q)), Condition("equal", (term, opened))),
        equality="conditions",
    )


def _infinite(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """KL(p, q) = ∞ when p gives mass to an interval where q has none."""
    if not isinstance(term, KL):
        raise RuleError("it expects a divergence KL(p, q)")
    low, high = term_binding(bindings, "low"), term_binding(bindings, "high")
    witness = OpenInterval(low, high)
    # ∞ may only be a whole line: the check of the line that comes out sees to that.
    return Rewrite(INFINITY, (Condition("witness", (witness, *term.args)),), equality="conditions")


def _open_density(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    return Rewrite(scope.open_density(term), equality="opened")


def _lemma(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """Replace an instance of a lemma's left side by that of its right side.

    The bindings other than ``lemma`` say what each of the lemma's symbols stands for.  A vector
    stands for its components: its binding is a vector's name, or the j-th component as a term in
    the symbol bound to ``index``.
    """
    name = bindings.get("lemma")
    if not isinstance(name, str) or name not in lemmas:
        raise RuleError(f"there is no lemma {name!r} here")
    lemma = lemmas[name]
    scalars: dict[Symbol, Expr] = {}
    vectors: dict[Symbol, tuple[Symbol, Expr]] = {}
    conditions: list[Condition] = []
    for declaration in lemma.declarations:
        value = term_binding(bindings, declaration.name)
        if declaration.indexed:
            index = variable_binding(bindings, "index")
            if _is_vector(scope, value):
                value = Component(value, index)
            vectors[Symbol(declaration.name)] = (index, value)
            conditions.append(Condition(f"{declaration.domain} for each", (index, value)))
        else:
            scalars[Symbol(declaration.name)] = value
            conditions.append(Condition(declaration.domain, (value,)))
    left, after = (substitute(side, scalars, vectors) for side in (lemma.left, lemma.right))
    conditions.append(Condition("equal", (term, left)))
    return Rewrite(after, tuple(conditions), equality="conditions")


def _is_vector(scope: Scope, value: Expr) -> bool:
    declaration = scope.declared(value) if isinstance(value, Symbol) else None
    return declaration is not None and declaration.indexed


RULES = (
    Rule(
        "definition-of-kl",
        "definition",
        "The divergence is by definition the average of log(p/q) under p: the integral of p log(p/q).",
        _open_kl,
        ("x",),
    ),
    Rule(
        "recognise-kl",
        "definition, read from right to left",
        "The integral of p log(p/q) is a Kullback-Leibler divergence.",
        _close_kl,
        ("p", "q"),
    ),
    Rule(
        "infinite-outside-support",
        "p has mass where q has none",
        "Where q is zero and p is not, log(p/q) is infinite on a set of positive probability.",
        _infinite,
        ("low", "high"),
    ),
    Rule(
        "definition-of-density",
        "definition of the density",
        "The density is written out as its family defines it.",
        _open_density,
    ),
    Rule(
        "lemma",
        "lemma",
        "A result that was derived on its own is put to use.",
        _lemma,
        ("lemma",),
    ),
)
