"""Terms as they are built, searched and substituted in, guard by guard.

Found by changing the source and seeing that nothing noticed (``attack.mutate_checker``).
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from sympy import Expr, Float, Integer, Rational, Symbol, nan, oo, pi, zoo

from derive.terms import (
    HALF,
    HEADS,
    INFINITY,
    KL,
    NAME,
    ONE,
    PI,
    REALS,
    TWO,
    ZERO,
    Between,
    Component,
    Density,
    DerivativeIn,
    Exp,
    Inert,
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
    TermError,
    Times,
    ValueAt,
    addends,
    as_term,
    at,
    binder_scope,
    contains,
    factors,
    free_symbols,
    is_infinite,
    plus,
    rebuild,
    replace_at,
    substitute,
    symbol,
    times,
    walk,
)

x, y, z, j, k, d, v, w = map(symbol, "xyzjkdvw")
NORMAL = Law(Symbol("Normal"), x, y)
UNIT = OpenInterval(ZERO, ONE)
V_J, V_K = Component(v, j), Component(v, k)
ARITIES = {
    "Plus": (2, None), "Times": (2, None), "Minus": (1, 1), "Quotient": (2, 2), "Power": (2, 2),
    "Root": (1, 1), "Log": (1, 1), "Exp": (1, 1), "Component": (2, 2), "OpenInterval": (2, 2),
    "ProductSpace": (3, 3), "IntegralOver": (3, 3), "SumOver": (3, 3), "ProductOver": (3, 3),
    "Between": (4, 4), "DerivativeIn": (2, 2), "ValueAt": (4, 4), "Law": (1, None), "ProductLaw": (3, 3),
    "Density": (2, 2), "KL": (2, 2),
}  # fmt: skip
BINDERS = {"ProductSpace", "IntegralOver", "SumOver", "ProductOver", "Between", "ValueAt", "ProductLaw"}


def test_the_constants_are_what_they_are_called() -> None:
    assert (0, 1, 2, Rational(1, 2)) == (ZERO, ONE, TWO, HALF)
    assert PI is pi
    assert INFINITY is oo
    assert OpenInterval(Minus(oo), oo) == REALS
    assert NAME.match("a" * 32)
    assert not NAME.match("a" * 33)


@pytest.mark.parametrize("name", ARITIES)
def test_a_head_takes_so_many_arguments_and_binds_the_second_or_none(name: str) -> None:
    head, (least, most) = HEADS[name], ARITIES[name]
    assert head.arity == (least, most)
    assert head.binds == (1 if name in BINDERS else None)
    assert head(*[x] * least).args == (x,) * least
    with pytest.raises(TermError, match=f"{name} takes {least}"):
        head(*[x] * (least - 1))
    if most is None:
        assert len(head(*[x] * 9).args) == 9
    else:
        with pytest.raises(TermError, match=f"{name} takes {least}"):
            head(*[x] * (most + 1))
    if name in BINDERS:
        with pytest.raises(TermError, match=f"{name} binds a symbol"):
            head(x, ONE, *[x] * (least - 2))


def test_no_other_heads_are_known() -> None:
    assert set(HEADS) == set(ARITIES)


def test_a_derivative_is_taken_in_a_symbol() -> None:
    for other in (ONE, 1, Minus(x), Plus(x, y)):
        with pytest.raises(TermError, match="a derivative is taken in a symbol"):
            DerivativeIn(x, other)


def test_what_is_a_term() -> None:
    for given, made in ((1, ONE), (Fraction(1, 2), HALF), (Fraction(-4, 2), Integer(-2)), (HALF, HALF)):
        assert as_term(given) == made
    for term in (x, pi, oo, Minus(x), NORMAL):
        assert as_term(term) is term
    assert symbol("x") is symbol("x")
    for foreign in (True, False, 0.5, Float(1), "x", None, nan, zoo, -oo, x + 1, Integer, 1j):
        with pytest.raises(TermError, match="is not a term"):
            as_term(foreign)
    for assumed in (Symbol("x", positive=True), Symbol("x", real=True)):
        with pytest.raises(TermError, match="carries assumptions"):
            as_term(assumed)


class Named(Symbol):
    """A symbol of another class."""


def test_a_symbol_of_another_class_is_no_name() -> None:
    with pytest.raises(TermError, match="carries assumptions"):
        as_term(Named("x"))


def test_sums_and_products_of_few() -> None:
    assert (plus(), plus(x), plus(x, y)) == (ZERO, x, Plus(x, y))
    assert (times(), times(x), times(x, y)) == (ONE, x, Times(x, y))
    assert (addends(x), addends(Plus(x, y)), addends(Times(x, y))) == ((x,), (x, y), (Times(x, y),))
    assert (factors(x), factors(Times(x, y)), factors(Plus(x, y))) == ((x,), (x, y), (Plus(x, y),))


def test_a_term_is_shared_when_nothing_changes() -> None:
    whole = Plus(x, y)
    assert rebuild(whole, (x, y)) is whole
    assert rebuild(whole, (y, x)) == Plus(y, x)
    assert substitute(whole, {z: ONE}) is whole


def test_where_a_binder_binds() -> None:
    assert binder_scope(SumOver(V_J, j, d)) == (0,)
    for term in (x, ONE, Plus(x, y), DerivativeIn(x, x), NORMAL):
        assert binder_scope(term) == ()


@pytest.mark.parametrize(
    ("term", "free"),
    [
        (ONE, ""), (pi, ""), (x, "x"), (Plus(x, Times(y, x)), "xy"), (NORMAL, "xy"),
        (Density(NORMAL, z), "xyz"),
        (SumOver(Times(V_J, x), j, d), "vxd"), (SumOver(x, j, d), "xd"), (Plus(j, SumOver(V_J, j, d)), "jvd"),
        (IntegralOver(Times(x, y), x, OpenInterval(x, z)), "xyz"), (IntegralOver(x, x, UNIT), ""),
        (Between(x, x, ZERO, x), "x"), (ValueAt(x, x, y, REALS), "y"), (ValueAt(y, x, x, REALS), "xy"),
        (DerivativeIn(y, x), "xy"), (ProductLaw(Law(Symbol("Normal"), V_J, ONE), j, d), "vd"),
        (IntegralOver(x, x, ProductSpace(OpenInterval(ZERO, j), j, d)), "d"), (IntegralOver(j, x, x), "jx"),
        (SumOver(j, j, j), "j"),
    ],
    ids=str,
)  # fmt: skip
def test_free_symbols(term: Expr, free: str) -> None:
    assert free_symbols(term) == set(map(symbol, free))


@pytest.mark.parametrize(
    ("term", "replacements", "made"),
    [
        (x, {x: y}, y), (y, {x: y}, y), (ONE, {x: y}, ONE), (Plus(x, y), {x: y, y: x}, Plus(y, x)),
        (NORMAL, {x: z, Symbol("Normal"): ONE}, Law(Symbol("Normal"), z, y)),
        (SumOver(Times(x, j), j, d), {x: y, j: z}, SumOver(Times(y, j), j, d)),
        (SumOver(j, j, d), {d: k, j: x}, SumOver(j, j, k)),
        (IntegralOver(x, x, OpenInterval(ZERO, x)), {x: y}, IntegralOver(x, x, OpenInterval(ZERO, y))),
        (IntegralOver(y, x, OpenInterval(ZERO, z)), {z: x}, IntegralOver(y, x, OpenInterval(ZERO, x))),
        (ValueAt(Times(x, y), x, x, REALS), {x: z}, ValueAt(Times(x, y), x, z, REALS)),
        (Between(Times(x, y), x, x, z), {x: ONE, z: TWO}, Between(Times(x, y), x, ONE, TWO)),
        (DerivativeIn(Times(x, y), x), {x: z}, DerivativeIn(Times(z, y), z)),
        (DerivativeIn(Times(x, y), x), {y: ONE}, DerivativeIn(Times(x, ONE), x)),
        (DerivativeIn(Times(x, y), x), {x: y, y: x}, DerivativeIn(Times(y, x), y)),
        (DerivativeIn(x, x), {y: x}, DerivativeIn(x, x)),
    ],
    ids=str,
)  # fmt: skip
def test_a_symbol_is_replaced_where_it_is_free(
    term: Expr, replacements: dict[Symbol, Expr], made: Expr
) -> None:
    assert substitute(term, replacements) == made


@pytest.mark.parametrize(
    ("term", "replacements", "why"),
    [
        (SumOver(Times(x, j), j, d), {x: j}, "would capture the variable j"),
        (SumOver(Times(x, j), j, d), {x: Plus(y, j)}, "would capture the variable j"),
        (IntegralOver(Times(x, y), x, UNIT), {y: x}, "would capture the variable x"),
        (DerivativeIn(Times(x, y), x), {x: ONE}, "put a value in afterwards"),
        (DerivativeIn(Times(x, y), x), {x: Times(TWO, x)}, "put a value in afterwards"),
        (DerivativeIn(Times(x, y), x), {y: x}, "y may not come to depend"),
        (DerivativeIn(Times(x, y), x), {x: y}, "y may not come to depend"),
        (DerivativeIn(Times(x, y), x), {y: Power(x, TWO)}, "y may not come to depend"),
    ],
    ids=str,
)
def test_a_replacement_captures_nothing(term: Expr, replacements: dict[Symbol, Expr], why: str) -> None:
    with pytest.raises(TermError, match=why):
        substitute(term, replacements)


SQUARE = {v: (k, Power(Component(w, k), TWO))}
RENAMED = {v: (k, Component(w, k))}


def test_the_components_of_a_vector_are_replaced() -> None:
    assert substitute(V_J, {}, SQUARE) == Power(Component(w, j), TWO)
    assert substitute(V_J, {j: d}, SQUARE) == Power(Component(w, d), TWO)
    assert substitute(Component(w, j), {}, SQUARE) == Component(w, j)
    assert substitute(SumOver(Times(V_J, x), j, d), {x: y}, SQUARE) == SumOver(
        Times(Power(Component(w, j), TWO), y), j, d
    )
    assert substitute(Law(Symbol("Normal"), V_J, ONE), {}, SQUARE) == Law(
        Symbol("Normal"), Power(Component(w, j), TWO), ONE
    )
    assert substitute(v, {}, RENAMED) == w
    assert substitute(IntegralOver(V_J, v, UNIT), {}, SQUARE) == IntegralOver(V_J, v, UNIT)
    assert substitute(DerivativeIn(Times(x, V_J), x), {}, SQUARE) == DerivativeIn(
        Times(x, Power(Component(w, j), TWO)), x
    )


@pytest.mark.parametrize(
    ("term", "vectors", "why"),
    [
        (v, SQUARE, "v stands alone"),
        (v, {v: (k, x)}, "v stands alone"),
        (v, {v: (k, Component(w, j))}, "v stands alone"),
        (Density(x, v), SQUARE, "v stands alone"),
        (Minus(v), SQUARE, "v stands alone"),
        (Quotient(v, j), SQUARE, "v stands alone"),
        (SumOver(V_J, j, d), {v: (k, Times(j, Component(w, k)))}, "would capture the variable j"),
        (DerivativeIn(V_J, v), SQUARE, "put a value in afterwards"),
        (DerivativeIn(V_J, v), RENAMED, "put a value in afterwards"),
        (DerivativeIn(Times(x, V_J), x), {v: (k, Times(x, Component(w, k)))}, "v may not come to depend"),
    ],
    ids=str,
)
def test_a_vector_is_not_left_behind(
    term: Expr, vectors: dict[Symbol, tuple[Symbol, Expr]], why: str
) -> None:
    with pytest.raises(TermError, match=why):
        substitute(term, {}, vectors)


def test_an_index_that_is_filled_in_is_not_captured() -> None:
    """The index of the replacement itself is a name for a place, not a symbol outside."""
    assert substitute(SumOver(V_K, k, d), {}, SQUARE) == SumOver(Power(Component(w, k), TWO), k, d)
    assert substitute(DerivativeIn(Times(k, V_J), k), {}, SQUARE) == DerivativeIn(
        Times(k, Power(Component(w, j), TWO)), k
    )


def test_places() -> None:
    line = Plus(x, Times(y, Minus(z)))
    assert at(line, ()) is line
    assert at(line, (1, 1, 0)) == z
    assert replace_at(line, (1, 0), ONE) == Plus(x, Times(ONE, Minus(z)))
    assert replace_at(line, (), ONE) == ONE
    for place in ((2,), (-1,), (1, 2), (0, 0), (1, 1, 1), (1, -1)):
        with pytest.raises(TermError, match="no place"):
            at(line, place)
        with pytest.raises(TermError, match="no place"):
            replace_at(line, place, ONE)


def test_every_sub_term_with_its_place() -> None:
    line = Plus(Density(NORMAL, z), ONE)
    assert list(walk(line)) == [
        ((), line), ((0,), line.args[0]), ((0, 0), NORMAL), ((0, 0, 1), x), ((0, 0, 2), y), ((0, 1), z),
        ((1,), ONE),
    ]  # fmt: skip
    assert list(walk(Minus(x), (3,))) == [((3,), Minus(x)), ((3, 0), x)]


def test_infinite_ends_and_heads_inside() -> None:
    assert all(map(is_infinite, (oo, Minus(oo))))
    assert not any(map(is_infinite, (ZERO, Minus(ONE), Exp(oo), Minus(Minus(oo)), x)))
    line = Plus(x, KL(NORMAL, NORMAL))
    assert contains(line, KL)
    assert contains(line, Law)
    assert contains(line, Plus)
    assert not contains(line, Log)
    assert not contains(Root(Quotient(x, ProductOver(x, j, d))), Between)


def test_a_head_needs_terms() -> None:
    assert issubclass(Log, Inert)
    with pytest.raises(TermError, match="is not a term"):
        Log("x")
