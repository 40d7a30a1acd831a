"""The normal form and its field, guard by guard: what is equal, what is not, and what has to stay undecided.

The random terms of ``test_normal_form`` find a wrong answer; these say what each line of the source is for
(``attack.mutate_checker``).
"""

from __future__ import annotations

import pytest
from sympy import Expr, Integer, Rational, Symbol, oo, pi

from derive.distributions import FAMILIES
from derive.field import Undetermined
from derive.normal_form import NormalForm
from derive.scope import Declaration, Scope
from derive.terms import (
    HALF,
    KL,
    ONE,
    REALS,
    TWO,
    ZERO,
    Between,
    Component,
    Density,
    DerivativeIn,
    Exp,
    IntegralOver,
    Law,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    ProductLaw,
    ProductOver,
    ProductSpace,
    Quotient,
    Root,
    SumOver,
    Times,
    ValueAt,
    as_term,
    symbol,
)

x, y, a, b, d, j, k, t, u, v, w = map(symbol, "xyabdjktuvw")
THREE, SIX = Integer(3), Integer(6)
HALF_LINE, UNIT, TAIL = OpenInterval(ZERO, oo), OpenInterval(ZERO, ONE), OpenInterval(ONE, oo)
V_J, W_J = Component(v, j), Component(w, j)
NORMAL = Law(Symbol("Normal"), x, a)
JOINT = ProductLaw(Law(Symbol("Normal"), V_J, W_J), j, d)
RENAMED = ProductLaw(Law(Symbol("Normal"), Component(v, k), Component(w, k)), k, d)
PLANE = ProductSpace(REALS, j, d)
ONE_MORE = Plus(ONE, Power(x, TWO))
BELL = Exp(Minus(Power(t, TWO)))
WHOLE = IntegralOver(BELL, t, REALS)


def scope() -> Scope:
    """A scope that has found nothing out yet."""
    return Scope(
        (
            *(Declaration(name, "real") for name in "xy"),
            *(Declaration(name, "positive") for name in "abc"),
            Declaration("v", "real", True),
            Declaration("w", "positive", True),
            Declaration("d", "natural"),
        ),
        FAMILIES,
    )


def sum_of(term: Expr, index: Symbol = j) -> Expr:
    return SumOver(term, index, d)


def product_of(term: Expr, index: Symbol = j) -> Expr:
    return ProductOver(term, index, d)


def over(function: Expr, space: Expr = REALS, variable: Symbol = t) -> Expr:
    return IntegralOver(function, variable, space)


W_1, W_2 = Plus(W_J, ONE), Plus(W_J, TWO)
WIDE, WIDER = (sum_of(Exp(Minus(Times(rate, Power(t, TWO))))) for rate in (W_J, Power(W_J, TWO)))
EQUAL: tuple[tuple[Expr, Expr], ...] = (
    (Times(Root(TWO), Root(TWO)), TWO),
    (Power(Root(TWO), THREE), Times(TWO, Root(TWO))),
    (Root(SIX), Times(Root(TWO), Root(THREE))),
    (Quotient(ONE, Root(TWO)), Quotient(Root(TWO), TWO)),
    (Root(Rational(9, 4)), Rational(3, 2)),
    (Root(Rational(1, 12)), Quotient(Root(THREE), SIX)),
    (Root(ZERO), ZERO),
    (Root(Power(a, TWO)), a),
    (Root(Quotient(Power(a, TWO), Times(as_term(4), Power(b, as_term(4))))),
     Quotient(a, Times(TWO, Power(b, TWO)))),
    (Root(Power(Plus(a, ONE), TWO)), Plus(a, ONE)),
    (Root(Power(Minus(a), TWO)), a),
    (Root(Power(Minus(Plus(a, b)), TWO)), Plus(a, b)),
    (Power(Root(a), TWO), a),
    (Power(a, Rational(3, 2)), Times(a, Root(a))),
    (Power(a, -HALF), Quotient(ONE, Root(a))),
    (Power(a, -TWO), Quotient(ONE, Times(a, a))),
    (Power(a, ZERO), ONE),
    (Power(a, ONE), a),
    (Power(a, -ONE), Quotient(ONE, a)),
    (Power(Exp(x), Rational(1, 3)), Exp(Quotient(x, THREE))),
    (Power(Minus(a), ZERO), ONE),
    (Power(Root(pi), TWO), pi),
    (Power(a, b), Exp(Times(b, Log(a)))),
    (Quotient(Plus(Power(x, TWO), Minus(Power(y, TWO))), ONE_MORE),
     Quotient(Times(Plus(x, y), Plus(x, Minus(y))), Plus(Power(x, TWO), ONE))),
    (Plus(Quotient(ONE, a), Quotient(ONE, b)), Quotient(Plus(a, b), Times(a, b))),
    (Plus(Quotient(x, a), Quotient(y, a)), Quotient(Plus(x, y), a)),
    (Log(Times(a, b)), Plus(Log(a), Log(b))),
    (Log(Quotient(a, Power(b, THREE))), Plus(Log(a), Minus(Times(THREE, Log(b))))),
    (Log(Root(a)), Quotient(Log(a), TWO)),
    (Log(Rational(9, 2)), Plus(Times(TWO, Log(THREE)), Minus(Log(TWO)))),
    (Log(Root(TWO)), Quotient(Log(TWO), TWO)),
    (Log(Times(Root(TWO), a)), Plus(Quotient(Log(TWO), TWO), Log(a))),
    (Log(ONE), ZERO),
    (Log(Quotient(ONE, Plus(Times(TWO, a), ONE))), Minus(Log(Plus(Times(TWO, a), ONE)))),
    (Root(Quotient(ONE, Power(Plus(Times(TWO, a), ONE), TWO))), Quotient(ONE, Plus(Times(TWO, a), ONE))),
    (Log(Exp(x)), x),
    (Log(Power(Exp(x), TWO)), Times(TWO, x)),
    (Log(Quotient(a, Exp(x))), Plus(Log(a), Minus(x))),
    (Log(Times(TWO, ONE_MORE)), Plus(Log(TWO), Log(ONE_MORE))),
    (Log(Times(Plus(Minus(ONE), Minus(Power(x, TWO))), Minus(TWO))), Plus(Log(TWO), Log(ONE_MORE))),
    (Log(Power(ONE_MORE, TWO)), Times(TWO, Log(ONE_MORE))),
    (Log(product_of(W_J)), sum_of(Log(W_J))),
    (Log(Power(product_of(W_J), TWO)), Times(TWO, sum_of(Log(W_J)))),
    (Log(Power(pi, TWO)), Times(TWO, Log(pi))),
    (Exp(ZERO), ONE),
    (Exp(ONE), Power(Exp(HALF), TWO)),
    (Exp(Plus(x, y)), Times(Exp(x), Exp(y))),
    (Exp(Minus(x)), Quotient(ONE, Exp(x))),
    (Exp(Times(TWO, x)), Power(Exp(x), TWO)),
    (Exp(x), Power(Exp(Quotient(x, TWO)), TWO)),
    (Exp(x), Power(Exp(Quotient(x, as_term(4))), as_term(4))),
    (Exp(Log(a)), a),
    (Exp(Times(TWO, Log(a))), Power(a, TWO)),
    (Exp(Quotient(Log(a), TWO)), Root(a)),
    (Exp(Minus(Log(a))), Quotient(ONE, a)),
    (Exp(Plus(Log(a), x)), Times(a, Exp(x))),
    (Exp(Quotient(x, a)), Exp(Times(Quotient(ONE, a), x))),
    (Exp(Log(TWO)), TWO),
    (sum_of(Plus(V_J, W_J)), Plus(sum_of(V_J), sum_of(Component(w, k), k))),
    (sum_of(Times(x, V_J)), Times(x, sum_of(V_J))),
    (sum_of(ONE), d),
    (sum_of(x), Times(d, x)),
    (sum_of(Quotient(Plus(W_J, ONE), W_J)), Plus(d, sum_of(Quotient(ONE, W_J)))),
    (sum_of(Quotient(V_J, ONE_MORE)), Quotient(sum_of(V_J), ONE_MORE)),
    (sum_of(Quotient(ONE, Times(W_J, a))), Quotient(sum_of(Quotient(ONE, W_J)), a)),
    (sum_of(Quotient(V_J, Plus(W_J, ONE))), sum_of(Quotient(Component(v, k), Plus(ONE, Component(w, k))), k)),
    (over(Plus(BELL, Times(x, BELL))), Plus(WHOLE, Times(x, WHOLE))),
    (over(Quotient(BELL, ONE_MORE)), Quotient(WHOLE, ONE_MORE)),
    (over(ONE, OpenInterval(ONE, THREE)), TWO),
    (over(x, OpenInterval(ZERO, a)), Times(a, x)),
    (over(Times(BELL, sum_of(V_J))), Times(WHOLE, sum_of(V_J))),
    (over(Times(BELL, sum_of(Times(V_J, t)))), sum_of(Times(V_J, over(Times(t, BELL))))),
    (over(sum_of(Exp(Minus(Times(W_J, Power(t, TWO)))))),
     sum_of(over(Exp(Minus(Times(W_J, Power(t, TWO))))))),
    (over(Times(t, WIDE)), sum_of(over(Times(t, Exp(Minus(Times(W_J, Power(t, TWO)))))))),
    (over(BELL), IntegralOver(Exp(Minus(Power(u, TWO))), u, REALS)),
    (Between(Times(x, t), t, ZERO, ONE), Times(x, Between(t, t, ZERO, ONE))),
    (Between(x, t, ZERO, ONE), ZERO),
    (Between(t, t, ZERO, oo), Between(u, u, ZERO, oo)),
    (DerivativeIn(Power(x, THREE), x), Times(THREE, Power(x, TWO))),
    (DerivativeIn(Root(a), a), Quotient(ONE, Times(TWO, Root(a)))),
    (DerivativeIn(Times(x, y), y), x),
    (DerivativeIn(Quotient(x, a), a), Minus(Quotient(x, Power(a, TWO)))),
    (DerivativeIn(Log(ONE_MORE), x), Quotient(Times(TWO, x), ONE_MORE)),
    (DerivativeIn(Exp(Times(x, y)), x), Times(y, Exp(Times(x, y)))),
    (DerivativeIn(Exp(y), x), ZERO),
    (ValueAt(Power(t, TWO), t, x, REALS), Power(x, TWO)),
    (Density(NORMAL, y), Density(Law(Symbol("Normal"), Plus(ZERO, x), a), y)),
    (over(Density(JOINT, t), PLANE), over(Density(RENAMED, u), PLANE, u)),
)  # fmt: skip

DIFFERENT: tuple[tuple[Expr, Expr], ...] = (
    (x, y),
    (ONE, TWO),
    (x, ZERO),
    (Root(TWO), Root(THREE)),
    (Root(a), Root(b)),
    (Log(a), Log(b)),
    (Log(TWO), Log(THREE)),
    (Log(ONE_MORE), Log(Plus(TWO, Power(x, TWO)))),
    (Exp(x), Exp(y)),
    (Exp(x), Exp(Times(TWO, x))),
    (Exp(Quotient(x, a)), Exp(Quotient(x, b))),
    (Exp(Quotient(x, THREE)), Exp(x)),
    (Exp(Quotient(x, THREE)), Exp(Quotient(x, as_term(4)))),
    (Exp(Power(Log(a), TWO)), a),
    (Exp(Times(Log(a), Log(b))), Exp(Log(a))),
    (Log(sum_of(W_J)), sum_of(Log(W_J))),
    (over(Power(WIDE, TWO)), over(WIDE)),
    (over(Quotient(ONE, WIDE)), over(WIDE)),
    (over(Times(WIDE, WIDER)), over(WIDE)),
    (over(Times(WIDE, WIDER)), over(WIDER)),
    (sum_of(Quotient(ONE, Times(Power(W_1, TWO), W_2))), sum_of(Quotient(ONE, Times(W_1, Power(W_2, TWO))))),
    (sum_of(sum_of(Times(V_J, Component(v, k)), k)), sum_of(sum_of(Times(V_J, V_J), k))),
    (product_of(Quotient(ONE, W_J)), product_of(Quotient(ONE, Plus(W_J, ONE)))),
    (Density(Law(Symbol("Normal"), x, Quotient(ONE, a)), y),
     Density(Law(Symbol("Normal"), x, Quotient(ONE, b)), y)),
    (Density(NORMAL, Quotient(y, a)), Density(NORMAL, Quotient(y, b))),
    (Exp(Quotient(Log(a), b)), a),
    (Power(a, Quotient(ONE, b)), a),
    (Power(a, Quotient(TWO, b)), Power(a, TWO)),
    (over(BELL, OpenInterval(ZERO, Quotient(ONE, a))), over(BELL, OpenInterval(ZERO, Quotient(ONE, b)))),
    (over(Quotient(WIDE, Plus(ONE, Power(t, TWO)))), over(WIDE)),
    (sum_of(Quotient(ONE, W_J)), sum_of(W_J)),
    (sum_of(Power(W_J, -TWO)), sum_of(Power(W_J, TWO))),
    (sum_of(Quotient(V_J, W_J)), sum_of(Times(V_J, W_J))),
    (sum_of(V_J), sum_of(W_J)),
    (sum_of(Times(V_J, V_J)), Power(sum_of(V_J), TWO)),
    (sum_of(V_J), product_of(V_J)),
    (product_of(V_J), product_of(W_J)),
    (product_of(Quotient(ONE, W_J)), product_of(W_J)),
    (over(BELL), over(BELL, HALF_LINE)),
    (over(BELL, UNIT), over(BELL, HALF_LINE)),
    (over(BELL, UNIT), over(BELL, OpenInterval(ZERO, a))),
    (over(BELL, UNIT), over(BELL, OpenInterval(Minus(oo), ONE))),
    (over(BELL, TAIL), over(BELL, OpenInterval(TWO, oo))),
    (over(BELL, TAIL), over(BELL, OpenInterval(Minus(ONE), oo))),
    (over(Times(t, BELL)), over(BELL)),
    (over(Quotient(BELL, Plus(ONE, Power(t, TWO)))), over(Quotient(BELL, Plus(TWO, Power(t, TWO))))),
    (Between(t, t, ZERO, ONE), over(t, UNIT)),
    (Between(t, t, ZERO, ONE), Between(t, t, ZERO, TWO)),
    (Between(t, t, ZERO, ONE), Between(Power(t, TWO), t, ZERO, ONE)),
    (Density(NORMAL, y), Density(NORMAL, x)),
    (Density(NORMAL, y), Density(Law(Symbol("Normal"), y, a), y)),
    (Density(NORMAL, y), Density(Law(Symbol("Normal"), x, b), y)),
    (Density(Law(Symbol("Exponential"), a), b), Density(Law(Symbol("Exponential"), b), b)),
    (over(Density(JOINT, t), PLANE), over(Density(ProductLaw(NORMAL, j, d), t), PLANE)),
    (over(Density(JOINT, t), PLANE), over(Density(JOINT, t), ProductSpace(HALF_LINE, j, d))),
)  # fmt: skip

UNDECIDED: tuple[tuple[Expr, str], ...] = (
    (Quotient(ONE, x), "not certified nonzero"),
    (Quotient(ONE, ZERO), "division by zero"),
    (Quotient(ONE, Plus(a, Minus(a))), "division by zero"),
    (Quotient(ONE, Plus(a, Minus(ONE))), "not certified nonzero"),
    (Quotient(ONE, Times(a, x)), "not certified nonzero"),
    (Power(x, -TWO), "not certified nonzero"),
    (Power(x, ZERO), "the power zero"),
    (Power(x, Integer(65)), "larger than 64"),
    (Power(a, Integer(-65)), "larger than 64"),
    (Log(x), "not certified positive"),
    (Log(Power(x, TWO)), "not certified positive"),
    (Log(Minus(a)), "not certified positive"),
    (Log(ZERO), "not certified positive"),
    (Log(Minus(TWO)), "not certified positive"),
    (Log(Plus(Power(x, as_term(4)), as_term(4))), "the logarithm of a factor of unknown sign"),
    (Root(x), "not certified non-negative"),
    (Root(Minus(a)), "not certified non-negative"),
    (Root(Plus(a, b)), "the square root of"),
    (Root(ONE_MORE), "the square root of"),
    (Root(Power(Plus(Power(x, as_term(4)), as_term(4)), TWO)), "the square root of"),
    (Root(Power(x, TWO)), "not certified non-negative"),
    (Power(x, HALF), "not certified non-negative"),
    (Power(x, Rational(1, 3)), "not certified positive"),
    (Power(x, y), "not certified positive"),
    (symbol("nobody"), "not declared"),
    (v, "is a vector"),
    (Power(a, Rational(1, 3)), "a root of order 3"),
    (Component(x, x), "is not a vector"),
    (Component(v, ONE), "written v_j with symbols"),
    (Component(ONE, j), "written v_j with symbols"),
    (KL(NORMAL, NORMAL), "KL has no normal form"),
    (NORMAL, "Law has no normal form"),
    (over(ONE), "a constant over an unbounded space"),
    (over(ONE, HALF_LINE), "a constant over an unbounded space"),
    (over(ONE, PLANE), "a constant over an unbounded space"),
    (over(BELL, x), "is not a space"),
    (over(BELL, ProductSpace(x, j, d)), "other than intervals"),
    (over(BELL, ProductSpace(OpenInterval(ZERO, W_J), j, d)), "whose factors differ"),
    (DerivativeIn(over(Exp(Minus(Times(a, Power(t, TWO))))), a), "kind integral is not known"),
    (Log(Integer(2**64)), "more than 64 bits"),
    (Log(Rational(1, 2**64)), "more than 64 bits"),
    (Root(Integer(2**64)), "more than 64 bits"),
    (ValueAt(DerivativeIn(t, t), t, ONE, REALS), "put a value in afterwards"),
)  # fmt: skip


@pytest.mark.parametrize(("left", "right"), EQUAL, ids=str)
def test_both_sides_have_one_normal_form(left: Expr, right: Expr) -> None:
    form = NormalForm.of(scope())
    assert form.equal(left, right)
    assert NormalForm.of(scope()).equal(right, left)
    assert not form.equal(left, Plus(right, ONE))
    assert not form.equal(Plus(left, x), Plus(right, y))


@pytest.mark.parametrize(("left", "right"), DIFFERENT, ids=str)
def test_what_differs_has_different_normal_forms(left: Expr, right: Expr) -> None:
    assert not NormalForm.of(scope()).equal(left, right)
    assert not NormalForm.of(scope()).equal(right, left)
    assert NormalForm.of(scope()).equal(left, left)


@pytest.mark.parametrize(("term", "why"), UNDECIDED, ids=str)
def test_what_cannot_be_decided_is_undetermined(term: Expr, why: str) -> None:
    with pytest.raises(Undetermined, match=why):
        NormalForm.of(scope())(term)
