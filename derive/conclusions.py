"""Facts about a function that are no equations: signs, least values, convexity, behaviour at the ends.

Each is a condition of the kernel.  Its first term is the function, a finished formula in symbols that are
declared real or positive; the domain of a symbol is the line or (0, ∞).  What decides is exact: derivatives
of the normal form and certificates of sign.  A question outside the class raises ``Undetermined``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from sympy import Expr, Symbol, oo

from derive.calculus import Monomial, growth, monomials
from derive.derivative import derivative
from derive.field import Element, Undetermined
from derive.normal_form import NormalForm
from derive.scope import Scope
from derive.terms import (
    ZERO,
    Minus,
    Plus,
    Power,
    Quotient,
    Times,
    addends,
    free_symbols,
    is_infinite,
    substitute,
)


def _form(scope: Scope) -> NormalForm:
    if scope.bound:
        raise Undetermined("a conclusion is about a whole line")
    return NormalForm.of(scope)


def _variable(scope: Scope, x: Expr) -> Symbol:
    """A declared number that moves in an open interval."""
    declaration = scope.declared(x) if isinstance(x, Symbol) else None
    if declaration is None or declaration.indexed or declaration.domain == "natural":
        raise Undetermined(f"{x} is not declared as a real or a positive number")
    return x


def _in_domain(scope: Scope, form: NormalForm, x: Symbol, point: Expr) -> None:
    declaration = scope.declared(x)
    value = form(point)
    if declaration is not None and declaration.domain == "positive" and form.element_sign(value) != 1:
        raise Undetermined(f"{point} is not certified to lie in the domain of {x}")


def _pairs(terms: tuple[Expr, ...]) -> list[tuple[Expr, Expr]]:
    if not terms or len(terms) % 2:
        raise Undetermined("it takes variables, each with a value")
    return list(pairwise(terms))[::2]


def _has_sign_of(form: NormalForm, value: Element, x: Symbol, point: Expr) -> int | None:
    """+1 when ``value`` = (x − point)·g with g certified positive, −1 when g is negative, else None."""
    gap = form.add(form(x), form.negative(form(point)))
    ratio = form.make(value[0] * gap[1], value[1] * gap[0])
    sign = form.element_sign(ratio)
    return sign if sign in (1, -1) else None


def _least(scope: Scope, f: Expr, value: Expr, *where: Expr) -> str:
    """f has the value at the point and a larger one everywhere else.

    One variable after the other is moved to its place: on the way there f falls, whatever the variables
    that are still to be moved, because its derivative in x has the sign of x − a.
    """
    form = _form(scope)
    moved = {_variable(scope, x) for x, _ in _pairs(where)}
    if len(moved) < len(_pairs(where)):
        raise Undetermined("a variable is named twice")
    for x, point in _pairs(where):
        assert isinstance(x, Symbol)
        if free_symbols(point) & moved:
            raise Undetermined("the point may not move with the variables")
        _in_domain(scope, form, x, point)
        slope = derivative(form, form(f), form.marker(x))
        if _has_sign_of(form, slope, x, point) != 1:
            raise Undetermined(f"the derivative in {x} is not certified to have the sign of {x} − {point}")
        f = substitute(f, {x: point})
    if not form.equal(f, value):
        raise Undetermined("the value at the point is another one")
    return (
        "one variable after the other is moved to its place, in this order, and on the way the function "
        "falls: its derivative there has the sign of the distance from the place"
    )


def _determinant(form: NormalForm, rows: list[list[Element]]) -> Element:
    """By expansion along the first row."""
    if not rows:
        return form.one
    total, sign = form.zero, form.one
    for i, entry in enumerate(rows[0]):
        rest = [row[:i] + row[i + 1 :] for row in rows[1:]]
        total = form.add(total, form.multiply(sign, form.multiply(entry, _determinant(form, rest))))
        sign = form.negative(sign)
    return total


LARGEST_HESSIAN = 4


def _convex(scope: Scope, f: Expr, *variables: Expr) -> str:
    """f is strictly convex in the variables jointly: its Hessian is positive definite everywhere."""
    form = _form(scope)
    names = [_variable(scope, x) for x in variables]
    if not names or len(names) > LARGEST_HESSIAN or len(set(names)) < len(names):
        raise Undetermined(f"it takes one to {LARGEST_HESSIAN} different variables")
    markers = [form.marker(x) for x in names]
    slopes = [derivative(form, form(f), m) for m in markers]
    hessian = [[derivative(form, slope, m) for m in markers] for slope in slopes]
    for size in range(1, len(names) + 1):
        minor = _determinant(form, [row[:size] for row in hessian[:size]])
        if form.element_sign(minor) != 1:
            raise Undetermined(f"the leading minor of order {size} is not certified positive")
    return "every leading principal minor of the matrix of second derivatives is certified positive"


def _negative_at(scope: Scope, f: Expr, *where: Expr) -> str:
    """f is negative at a point with rational coordinates."""
    form = _form(scope)
    point: dict[Symbol, Expr] = {}
    for x, value in _pairs(where):
        if not value.is_Rational or _variable(scope, x) in point:
            raise Undetermined("each coordinate is a rational number, given once")
        _in_domain(scope, form, _variable(scope, x), value)
        point[_variable(scope, x)] = value
    if form.element_sign(form(substitute(f, point))) != -1:
        raise Undetermined("its value there is not certified negative")
    return "its exact value there is negative"


def _nonnegative(form: NormalForm, term: Expr) -> bool:
    """Whether a term is written as a sum of squares over, and times, what is certified positive."""
    if form.element_sign(form(term)) in (0, 1):
        return True
    if isinstance(term, Power):
        return bool(term.args[1].is_Integer and term.args[1] > 0 and term.args[1] % 2 == 0)
    if isinstance(term, Quotient):
        return _nonnegative(form, term.args[0]) and form.element_sign(form(term.args[1])) == 1
    return isinstance(term, (Plus, Times)) and all(_nonnegative(form, a) for a in term.args)


def _positive_off(form: NormalForm, term: Expr, x: Symbol, point: Expr) -> bool:
    """Whether a term is certified positive wherever x ≠ point."""
    if form.element_sign(form(term)) == 1:
        return True
    if isinstance(term, Power):
        return _nonnegative(form, term) and _has_sign_of(form, form(term.args[0]), x, point) is not None
    if isinstance(term, Quotient):
        return _positive_off(form, term.args[0], x, point) and form.element_sign(form(term.args[1])) == 1
    return isinstance(term, Times) and all(_positive_off(form, a, x, point) for a in term.args)


def _positive_everywhere(scope: Scope, f: Expr) -> str:
    """f is written as a sum of squares, and of what is certified positive, over what is positive."""
    form = _form(scope)

    def positive(term: Expr) -> bool:
        if form.element_sign(form(term)) == 1:
            return True
        if isinstance(term, Plus):
            return all(_nonnegative(form, a) for a in term.args) and any(positive(a) for a in term.args)
        return isinstance(term, (Times, Quotient)) and all(positive(a) for a in term.args)

    if not positive(f):
        raise Undetermined("it is not written as a sum of squares and of what is certified positive")
    return "it is a sum of squares and of what is certified positive from the declared domains"


def _same_sign(scope: Scope, f: Expr, x: Expr, point: Expr, slope: Expr) -> str:
    """f has the sign of x − point: it is 0 there, and increases in x since its derivative, the slope, is
    written as a sum of squares of which one is positive wherever x ≠ point."""
    form = _form(scope)
    moving = _variable(scope, x)
    if moving in free_symbols(point):
        raise Undetermined("the point may not move with the variable")
    _in_domain(scope, form, moving, point)
    if not form.equal(substitute(f, {moving: point}), ZERO):
        raise Undetermined("it is not 0 at the point")
    found = derivative(form, form(f), form.marker(moving))
    if form.add(found, form.negative(form(slope)))[0] != 0:
        raise Undetermined("its derivative is not the stated slope")
    parts = addends(slope)
    if not all(_nonnegative(form, p) for p in parts) or not any(
        _positive_off(form, p, moving, point) for p in parts
    ):
        raise Undetermined("the slope is not written as a sum of squares that vanishes at the point alone")
    return "it is 0 there, and its derivative is a sum of squares and positive everywhere else"


# -- behaviour at the ends --------------------------------------------------------------------------------


class _End:
    """An end of a variable's domain, and how monomials in the variable compare there."""

    def __init__(self, scope: Scope, form: NormalForm, x: Symbol, end: Expr) -> None:
        declaration = scope.declared(x)
        assert declaration is not None
        line = declaration.domain == "real"
        if end not in ((Minus(oo), oo) if line else (ZERO, oo)):
            raise Undetermined(f"{end} is no end of the domain of {x}")
        self.form, self.marker = form, form.marker(x)
        self.side = 0 if end == ZERO else 1 if end == oo else -1

    def _growth(self, up: Monomial, down: Monomial) -> int:
        """Growth of the quotient of the exponentials of two monomials."""
        powers = dict(up.exponentials)
        for i, k in down.exponentials:
            powers[i] = powers.get(i, 0) - k
        left = tuple((i, k) for i, k in sorted(powers.items()) if k)
        if left and self.side == 0:
            raise Undetermined("an exponential at a finite end")
        return growth(self.form, left, self.marker, self.side) if left else 0

    def compare(self, up: Monomial, down: Monomial) -> int:
        """−1 when up/down → 0, +1 when it grows without bound, 0 when they are of one order."""
        found = self._growth(up, down)
        if found:
            return found
        power = up.power - down.power
        if power != 0:
            return (1 if power > 0 else -1) * (1 if self.side else -1)
        return (up.logs > down.logs) - (up.logs < down.logs)

    def sign(self, parts: list[Monomial]) -> int:
        """The sign, near the end, of monomials that differ in their coefficients alone."""
        total = self.form.zero
        for part in parts:
            total = self.form.add(total, part.coefficient(self.form))
        sign = self.form.element_sign(total)
        if sign in (None, 0):
            raise Undetermined("the sign of the leading term is not certified")
        if self.side < 0:
            if parts[0].power.q != 1:
                raise Undetermined("a fractional power on the negative axis")
            sign *= (-1) ** int(parts[0].power.p)
        return int(sign) * ((-1) ** parts[0].logs if self.side == 0 else 1)


def _tends_to(scope: Scope, f: Expr, x: Expr, end: Expr, to: Expr, lead: Expr) -> str:
    """f → ``to`` as x tends to an end of its domain, driven by one term: (f − lead)/lead → 0 for an infinite
    limit, and f − to ~ lead → 0 for a finite one."""
    form = _form(scope)
    moving = _variable(scope, x)
    if not isinstance(to, Minus | Symbol) and not to.is_Rational and to != oo:
        raise Undetermined("the limit is ±∞, a number or a symbol")
    at_end = _End(scope, form, moving, end)
    parts = monomials(form, form(lead), at_end.marker)
    if len({(p.power, p.logs, p.exponentials) for p in parts}) != 1:
        raise Undetermined("the leading term is a constant times one monomial in the variable")
    leading = parts[0]
    value = form(f)
    if not is_infinite(to):
        if moving in free_symbols(to):
            raise Undetermined("the limit may not mention the variable")
        value = form.add(value, form.negative(form(to)))
    rest = form.add(value, form.negative(form(lead)))
    constant = Monomial(leading.number, leading.rest, leading.free, leading.power * 0, 0, ())
    if any(at_end.compare(part, leading) >= 0 for part in monomials(form, rest, at_end.marker)):
        raise Undetermined("another term is of the same order or larger")
    size = at_end.compare(leading, constant)
    if not is_infinite(to):
        if size >= 0:
            raise Undetermined("what is left does not tend to 0")
        return "that term tends to 0, and every other term is negligible beside it"
    if size <= 0 or at_end.sign(parts) != (1 if to == oo else -1):
        raise Undetermined(f"the leading term does not tend to {to}")
    return "that term grows without bound, and every other term is negligible beside it"


CONCLUSIONS: Mapping[str, Callable[..., str]] = {
    "everywhere positive": _positive_everywhere,
    "least": _least,
    "convex": _convex,
    "negative at": _negative_at,
    "sign of": _same_sign,
    "tends to": _tends_to,
}
"""Kind → how it is decided; the first term is the function."""
