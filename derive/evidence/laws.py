"""Laws that every divergence must satisfy, checked on each closed form.

Most are decided exactly, by the normal form; what speaks of the integral itself is decided by
enclosure.  A law that fails is reported with ``holds=False``; none is assumed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flint import ctx
from sympy import Expr, Symbol

from derive.catalogue import DIVERGENCES, Result
from derive.catalogue import result as catalogue_result
from derive.derivation import Derivation
from derive.evidence.ball import bits_for
from derive.evidence.enclosure import Enclosure, coordinates, covers, double_integral
from derive.evidence.enclosure import compare as compare_ball
from derive.evidence.points import as_text, laws_of, points, slots
from derive.field import Undetermined
from derive.normal_form import NormalForm
from derive.scope import Declaration, Domain, Family, Scope, ScopeError
from derive.terms import (
    KL,
    ONE,
    ZERO,
    Component,
    Density,
    Law,
    Minus,
    Plus,
    ProductLaw,
    Quotient,
    SumOver,
    TermError,
    Times,
    free_symbols,
    rebuild,
    substitute,
    symbol,
    walk,
)

Grade = Literal["PROVED", "ENCLOSED"]
Replacement = Callable[[Expr | None], Expr]
"""What a parameter becomes; the argument is its index, None for a parameter without one."""


@dataclass(frozen=True)
class LawRow:
    """One law on one derivation.  ``grade`` says how it was decided, ``detail`` what was compared."""

    law: str
    derivation: str
    grade: Grade
    holds: bool
    detail: str


@dataclass(frozen=True)
class AffineMap:
    """x ↦ slope·x + offset, and what it makes of a family's parameters."""

    text: str
    slope: Expr
    offset: Expr
    parameters: Mapping[str, Expr]


_a, _b = symbol("slope_of_the_map"), symbol("offset_of_the_map")
EXTRA: Mapping[str, Domain] = {_a.name: "positive", _b.name: "real"}
MAPS: Mapping[str, tuple[AffineMap, ...]] = {
    "Normal": (
        AffineMap(
            "x ↦ a x + b with a > 0", _a, _b,
            {"mu": Plus(Times(_a, symbol("mu")), _b), "sigma": Times(_a, symbol("sigma"))},
        ),
        AffineMap("x ↦ −x", Minus(ONE), ZERO, {"mu": Minus(symbol("mu")), "sigma": symbol("sigma")}),
    ),
    "Exponential": (
        AffineMap("x ↦ a x with a > 0", _a, ZERO, {"lambda": Quotient(symbol("lambda"), _a)}),
    ),
}  # fmt: skip
"""Claims about images of laws; each is proved from the density before it is used."""


def laws(result: Result, enclosures: Sequence[Enclosure] = ()) -> tuple[LawRow, ...]:
    """Every law that applies to a result and its other forms.

    ``enclosures`` are those of the main derivation; none leaves out the law KL ≥ 0.
    """
    rows: list[LawRow] = []
    main = result.derivation
    if enclosures:
        rows.append(non_negative(main, enclosures))
    for derivation in result.derivations():
        zero = zero_when_equal(derivation)
        rows += [zero] if zero else []
        rows.append(regular(derivation))
    rows.extend(invariant(result, m) for m in MAPS.get(result.entry.family, ()) if _applies(result, m))
    rows += [row] if (row := additive(result)) else []
    for form in result.forms:
        rows.append(agrees(form.derivation, main, f"agrees with {main.id}"))
    if result.divergence.standard and result.id in DIVERGENCES:
        general = catalogue_result(result.id.removesuffix("-standard")).derivation
        rows.append(agrees(main, general, f"agrees with the general {general.id}"))
    return tuple(rows)


# -- terms ---------------------------------------------------------------------------------------


def put(term: Expr, replacements: Mapping[str, Replacement]) -> Expr:
    """``term`` with parameters replaced, components of vectors by their index."""
    if isinstance(term, Component) and isinstance(term.args[0], Symbol):
        make = replacements.get(term.args[0].name)
        return term if make is None else make(term.args[1])
    if isinstance(term, Symbol):
        make = replacements.get(term.name)
        return term if make is None else make(None)
    return rebuild(term, tuple(put(a, replacements) for a in term.args))


def _own(derivation: Derivation, name: str) -> Replacement:
    """The derivation's own parameter of that name, as a replacement."""
    return lambda index: symbol(name) if index is None else Component(symbol(name), index)


def _index(derivation: Derivation) -> Symbol | None:
    """The index of the derivation's product laws, if it is about product laws."""
    for _, term in walk(derivation.left):
        if isinstance(term, ProductLaw):
            index = term.args[1]
            assert isinstance(index, Symbol)
            return index
    return None


def _at(term: Expr, index: Symbol | None) -> Replacement:
    """A term in an index, as a replacement."""
    return lambda at: term if at is None or index is None else substitute(term, {index: at})


def _parameter_name(argument: Expr) -> str:
    """The name of the parameter that a law's argument is, as is or as a component."""
    name = argument.args[0] if isinstance(argument, Component) else argument
    if not isinstance(name, Symbol):
        raise TermError(f"{argument} is not a parameter")
    return name.name


def _onto(general: Derivation, special: Derivation) -> dict[str, Replacement]:
    """Each parameter of the general statement as it stands in the special one."""
    out: dict[str, Replacement] = {}
    for wide, narrow in zip(laws_of(general), laws_of(special), strict=True):
        for argument, value in zip(wide.args[1:], narrow.args[1:], strict=True):
            if argument == value and not argument.free_symbols:
                continue  # a standard member's fixed value
            out[_parameter_name(argument)] = _at(value, _index(special))
    return out


def _equal(scope: Scope, left: Expr, right: Expr) -> bool:
    """Whether two terms have the same exact normal form; what it cannot decide is not equal."""
    try:
        return NormalForm(scope).equal(left, right)
    except (Undetermined, ScopeError, TermError):
        return False


def _row(law: str, derivation: Derivation, holds: bool, detail: str) -> LawRow:
    return LawRow(law, derivation.id, "PROVED", holds, detail)


# -- the laws ------------------------------------------------------------------------------------


def non_negative(derivation: Derivation, enclosures: Sequence[Enclosure]) -> LawRow:
    """KL ≥ 0 (Gibbs): every enclosure is positive, or contains 0 where p = q."""
    low = [e for e in enclosures if not (e.ball > 0 or e.ball.contains(0))]
    where = f"; not at {as_text(low[0].point)}" if low else ""
    return LawRow(
        "KL ≥ 0", derivation.id, "ENCLOSED", not low,
        f"the integral is enclosed above 0, or around it where p = q, at {len(enclosures)} points{where}",
    )  # fmt: skip


def zero_when_equal(derivation: Derivation) -> LawRow | None:
    """KL(p, p) = 0: the closed form with both laws the same has normal form 0.

    None where the parameters cannot make p and q the same law.
    """
    same = _identify(derivation)
    if same is None:
        return None
    replacements, detail = same
    holds = _equal(derivation.scope, put(derivation.right, replacements), ZERO)
    return _row("KL(p, p) = 0", derivation, holds, f"normal form of the closed form with {detail}")


def _identify(derivation: Derivation) -> tuple[dict[str, Replacement], str] | None:
    """Replacements that make p and q the same law, and how to say so.

    A parameter of q becomes that of p in the same position; one that stands against a fixed value
    becomes 0 or 1.  Whether the laws are then the same is decided by the normal form.
    """
    p_law, q_law = laws_of(derivation)
    if p_law.family != q_law.family:
        return None
    domains = {s.name: s.declaration.domain for s in slots(derivation)}
    pairs = tuple(zip(p_law.args[1:], q_law.args[1:], strict=True))
    fixed: list[str] = []
    replacements: dict[str, Replacement] = {}
    text: list[str] = []
    for pair in pairs:
        p, q = ([s.name for s in free_symbols(a) if s.name in domains] for a in pair)
        if len(p) == len(q) == 1:
            replacements[q[0]] = _own(derivation, p[0])
            text.append(f"{q[0]} = {p[0]}")
        else:
            fixed += p + q
    index = _index(derivation)
    scope = derivation.scope if index is None else derivation.scope.bind(index, None)
    choices = [(ONE,) if domains[name] == "positive" else (ZERO, ONE) for name in fixed]
    for values in itertools.product(*choices):
        trial = replacements | {n: _at(v, None) for n, v in zip(fixed, values, strict=True)}
        if all(_equal(scope, put(a, trial), put(b, trial)) for a, b in pairs):
            shown = [f"{n} = {v}" for n, v in zip(fixed, values, strict=True)]
            return trial, ", ".join(text + shown)
    return None


def regular(derivation: Derivation) -> LawRow:
    """The closed form has no singularity in the parameters' domain, equal and zero means included.

    The denominator of its normal form (of the summand's, for a sum) is certified of one sign, and the
    normal form takes no logarithm but of what is certified positive.
    """
    law = "regular in the whole domain, equal and zero means included"
    scope, body = derivation.scope, derivation.right
    for _, term in walk(derivation.right):
        if isinstance(term, SumOver):
            body, index, _ = term.args
            scope = scope.bind(index, None)
    form = NormalForm(scope)
    try:
        certified = form.sign(form(body).denominator) in (1, -1)
        for replacements in _special_means(derivation):
            form(put(body, replacements))
    except (Undetermined, ScopeError, TermError) as error:
        return _row(law, derivation, False, str(error))
    return _row(law, derivation, certified, "the denominator of the normal form is certified of one sign")


def _special_means(derivation: Derivation) -> list[dict[str, Replacement]]:
    """All locations equal, and all of them zero."""
    names = [s.name for s in slots(derivation) if s.role == "location"]
    if not names:
        return []
    equal = {name: _own(derivation, names[0]) for name in names}
    return [equal, {name: _at(ZERO, None) for name in names}]


def _applies(result: Result, image: AffineMap) -> bool:
    """Whether the map leaves every fixed parameter (of a standard member, say) as it is: only then
    are the images of the laws of the kind that the result is about."""
    family, scope = result.distribution.family, _with_extra(result.derivation.scope)
    for law in laws_of(result.derivation):
        if law.family != family.name:
            return False
        values = {Symbol(d.name): v for d, v in zip(family.parameters, law.args[1:], strict=True)}
        for d in family.parameters:
            value = values[Symbol(d.name)]
            if free_symbols(value):
                continue
            if not _equal(scope, substitute(image.parameters[d.name], values), value):
                return False
    return True


def _with_extra(scope: Scope, indexed: bool = False) -> Scope:
    extra = tuple(Declaration(name, domain, indexed) for name, domain in EXTRA.items())
    return Scope((*scope.declarations, *extra), scope.families)


def invariant(result: Result, image: AffineMap) -> LawRow:
    """The divergence does not change when both laws are pushed forward by an invertible affine map
    (one map for each coordinate of a product law)."""
    main, family = result.derivation, result.distribution.family
    law = f"invariant under {image.text}"
    if not is_image(family, image, main.scope):
        return _row(law, main, False, "the image's density does not follow from the family's definition")
    indexed = _index(main) is not None

    def pushed(argument: Expr, of_family: str) -> Replacement:
        def make(index: Expr | None) -> Expr:
            own = symbol(_parameter_name(argument))
            whole: dict[Symbol, Expr] = {symbol(of_family): own}
            parts = {name: _own(main, name) for name in (own.name, *EXTRA)}
            moved = substitute(image.parameters[of_family], whole)
            return moved if index is None else put(moved, {k: _at(f(index), None) for k, f in parts.items()})

        return make

    replacements: dict[str, Replacement] = {}
    for member in laws_of(main):
        for argument, declared in zip(member.args[1:], family.parameters, strict=True):
            if isinstance(argument, Symbol | Component):
                replacements[_parameter_name(argument)] = pushed(argument, declared.name)
    holds = _equal(_with_extra(main.scope, indexed), put(main.right, replacements), main.right)
    return _row(law, main, holds, "normal forms before and after; the image's density is proved")


def is_image(family: Family, image: AffineMap, scope: Scope) -> bool:
    """Whether |slope| p′(slope·x + offset) = p(x), with p the family's density and p′ its image's."""
    declared = Scope(
        (*family.parameters, *(Declaration(n, d) for n, d in EXTRA.items())),
        scope.families,
    ).bind(family.variable, family.support)
    generic = Law(Symbol(family.name), *(Symbol(p.name) for p in family.parameters))
    moved = Law(Symbol(family.name), *(image.parameters[p.name] for p in family.parameters))
    size = image.slope.args[0] if isinstance(image.slope, Minus) else image.slope
    after = family.density_at(moved, Plus(Times(image.slope, family.variable), image.offset))
    before = declared.open_density(Density(generic, family.variable))
    return _equal(declared, Times(size, after), before)


def additive(result: Result) -> LawRow | None:
    """KL of independent products is the sum.

    For a product law: the closed form is, for every d, the sum over j of the result on the line
    (exact).  On the line: the double integral of the product of two members is enclosed and contains
    the sum of the two closed forms.  None for a product law whose result on the line is not catalogued.
    """
    law, main = "additive over independent products", result.derivation
    index = _index(main)
    if index is not None:
        if result.id not in DIVERGENCES:
            return None
        line = catalogue_result(result.id.replace("-diagonal", "", 1)).derivation
        dimension = next(d for d in main.scope.declarations if d.domain == "natural")
        total = SumOver(put(line.right, _onto(line, main)), index, symbol(dimension.name))
        holds = _equal(main.scope, main.right, total)
        detail = f"normal form of the sum over {index} of {line.id}, for every {dimension.name}"
        return _row(law, main, holds, detail)
    digits, where = 12, points(main, 6)
    pair = (where[0], where[5])
    if not all(
        covers(coordinate)
        for at in pair
        for coordinate in coordinates(main.left.args[0], main.left.args[1], at, main.scope)
    ):
        return None  # the integral of this pair of families cannot be enclosed
    p, q = main.left.args
    assert isinstance(main.left, KL)
    with ctx.workprec(bits_for(2 * digits)):
        first, second = (coordinates(p, q, at, main.scope)[0] for at in pair)
        joint = double_integral(first, second, digits)
        names = {s.name: s.declaration.domain for s in slots(main)}
        renamed = put(main.right, {n: _at(symbol(f"{n}_other"), None) for n in names})
        at = {**pair[0], **{f"{n}_other": pair[1][n] for n in names}}
        holds, _ = compare_ball(joint, Plus(main.right, renamed), at)
    return LawRow(
        law, main.id, "ENCLOSED", holds,
        f"the double integral of two independent members, to {digits} digits, contains the sum",
    )  # fmt: skip


def agrees(special: Derivation, general: Derivation, law: str) -> LawRow:
    """The special closed form is the general one at the special parameters (and sign)."""
    expected = put(general.right, _onto(general, special))
    if isinstance(special.left, Minus) != isinstance(general.left, Minus):
        expected = Minus(expected)
    holds = _equal(special.scope, special.right, expected)
    return _row(law, special, holds, f"normal forms, with the parameters of {special.id} put in")
