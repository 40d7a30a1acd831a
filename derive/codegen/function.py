"""From an evaluation form to a function: argument names and a sum of primitives, with its gradient.

Nothing here knows a target; a printer of the target turns the SymPy expressions into code.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, Function, Symbol

from derive.catalogue import Result
from derive.codegen.evaluation import evaluation_forms
from derive.codegen.primitives import PRIMITIVES, SQUARE, Primitive
from derive.derivation import Derivation
from derive.distributions.claims import Parameterisation
from derive.evaluate import as_sympy
from derive.terms import (
    HALF,
    ONE,
    TWO,
    ZERO,
    Component,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    ProductLaw,
    Quotient,
    SumOver,
    TermError,
    Times,
)


class NoPrimitive(ValueError):
    """An addend of an evaluation form is none that a primitive computes."""


@dataclass(frozen=True)
class Argument:
    """An argument of a generated function: its name in code, what it is, whether it must be > 0."""

    name: str
    meaning: str
    positive: bool


@dataclass(frozen=True)
class Addend:
    """``coefficient`` times a primitive of arguments that are SymPy expressions."""

    coefficient: Expr
    primitive: Primitive
    arguments: tuple[Expr, ...]

    @property
    def half(self) -> Expr:
        """The primitive of its arguments: half of the bracket."""
        return Function(self.primitive.name)(*self.arguments)

    @property
    def value(self) -> Expr:
        """The addend as an expression."""
        return self.scaled(self.half)

    @property
    def label(self) -> str:
        """A name for the value of the primitive."""
        return self.primitive.name.removeprefix("_")

    def slope(self, name: str) -> Expr:
        """The partial derivative in the argument ``name``, by the chain rule.

        The k-th slope of the primitive is the symbol ``short[k]``: what its function for the slopes
        returns, under the primitive's short name.  The slope of half a square is the argument.
        """
        parts = []
        for k, argument in enumerate(self.arguments):
            inner = sympy.diff(argument, Symbol(name))
            if inner != 0:
                outer = argument if self.primitive is SQUARE else Symbol(f"{self.primitive.short}[{k}]")
                parts.append(outer if inner == 1 else sympy.Mul(inner, outer, evaluate=False))
        return self.scaled(sympy.Add(*parts, evaluate=False)) if parts else sympy.Integer(0)

    def scaled(self, expr: Expr) -> Expr:
        """``coefficient`` times an expression."""
        return expr if self.coefficient == 1 else sympy.Mul(self.coefficient, expr, evaluate=False)


@dataclass(frozen=True)
class GeneratedFunction:
    """One public function: what it computes and how, ready for a target's printer."""

    name: str
    statement: str
    parameters: str
    """Name of the parameterisation: std, var, logvar, rate."""
    arguments: tuple[Argument, ...]
    addends: tuple[Addend, ...]
    diagonal: bool
    formula: str
    computed: str
    derivation_id: str

    @property
    def primitives(self) -> frozenset[Primitive]:
        """The primitives that it needs."""
        return frozenset(a.primitive for a in self.addends)

    @property
    def gradient(self) -> tuple[Expr, ...]:
        """Its partial derivatives in the order of the arguments, in the primitives' slopes."""
        out = []
        for argument in self.arguments:
            slopes = [s for s in (a.slope(argument.name) for a in self.addends) if s != 0]
            out.append(sympy.Add(*slopes, evaluate=False) if len(slopes) > 1 else slopes[0])
        return tuple(out)


def functions(result: Result) -> tuple[GeneratedFunction, ...]:
    """The public functions of a result: the family's own parameters first, then the others."""
    forms = evaluation_forms(result)
    closed = {"": (result.derivation, None)} | {
        f.name: (f.derivation, f.parameterisation) for f in result.forms if f.parameterisation
    }
    return tuple(_function(result, forms[name], *closed[name]) for name in forms)


def code_names(result: Result, swap: Parameterisation | None) -> dict[str, Argument]:
    """Symbol name in the derivation → argument of the function."""
    distribution = result.distribution
    out: dict[str, Argument] = {}
    for suffix in ("",) if result.divergence.standard else ("_1", "_2"):
        of = {"": "", "_1": " of the first distribution", "_2": " of the second distribution"}[suffix]
        for d in distribution.family.parameters:
            if swap is not None and d.name == swap.parameter:
                name, code, meaning, positive = (
                    swap.symbol, swap.code_name, swap.meaning, swap.domain == "positive",
                )  # fmt: skip
            else:
                name, code = d.name, distribution.code_names[d.name]
                meaning, positive = distribution.meanings[d.name], d.domain == "positive"
            out[name + suffix] = Argument(code + suffix, meaning + of, positive)
    return out


def _function(
    result: Result, form: Derivation, closed: Derivation, swap: Parameterisation | None
) -> GeneratedFunction:
    arguments = code_names(result, swap)
    body = form.right.args[0] if isinstance(form.right, SumOver) else form.right
    name = result.id.replace("-", "_") + (f"_from_{swap.name}" if swap else "")
    names = {symbol: a.name for symbol, a in arguments.items()}
    return GeneratedFunction(
        name=name,
        statement=_statement(result, closed, arguments),
        parameters=swap.name
        if swap
        else result.distribution.code_names[result.distribution.family.parameters[-1].name],
        arguments=tuple(arguments.values()),
        addends=tuple(_addend(t, names) for t in _parts(body)),
        diagonal=result.divergence.diagonal,
        formula=formula_text(closed, arguments),
        computed=formula_text(form, arguments),
        derivation_id=closed.id,
    )


def _statement(result: Result, closed: Derivation, arguments: dict[str, Argument]) -> str:
    """KL(p || q) with the laws' parameters by their names in code."""
    names = {symbol: a.name for symbol, a in arguments.items()}
    distribution = result.distribution
    laws = []
    for law in closed.left.args:
        one = law.args[0] if isinstance(law, ProductLaw) else law
        shown = {
            d.name: _text(distribution.shown(d.name, a), names)[0]
            for d, a in zip(distribution.family.parameters, one.args[1:], strict=True)
        }
        laws.append(distribution.plain.format(**shown))
    return f"KL({laws[0]} || {laws[1]})"


def _parts(body: Expr) -> list[Expr]:
    """The addends of a body; two in a row that one primitive computes are put together."""
    if not isinstance(body, Plus) or primitive_of(body) is not None:
        return [body]
    parts: list[Expr] = []
    for addend in body.args:
        pair = Times(TWO, Plus(parts[-1], addend)) if parts else ZERO
        if primitive_of(pair) is not None:
            parts[-1] = Times(HALF, pair)
        else:
            parts.append(addend)
    return parts


def _addend(term: Expr, names: dict[str, str]) -> Addend:
    """An addend of an evaluation form as a coefficient and a primitive.

    Raises:
        NoPrimitive: when no primitive computes the addend.
    """
    coefficient, bracket = ONE, term
    if isinstance(term, Times) and len(term.args) == 2 and term.args[0].is_Rational:
        coefficient, bracket = term.args
    found = primitive_of(bracket)
    if found is None:
        raise NoPrimitive(f"no primitive of derive/codegen/primitives.py computes {bracket}")
    primitive, arguments = found
    plain = tuple(as_sympy(a, names=names, evaluate=False) for a in arguments)
    return Addend(2 * coefficient, primitive, plain)


def primitive_of(bracket: Expr) -> tuple[Primitive, tuple[Expr, ...]] | None:
    """The first primitive that computes half of a bracket, and its arguments."""
    for primitive in PRIMITIVES:
        arguments = primitive.arguments(bracket)
        if arguments is not None:
            return primitive, arguments
    return None


def formula_text(derivation: Derivation, arguments: dict[str, Argument]) -> str:
    """The last line of a derivation in plain text with the function's argument names.

    >>> from derive.catalogue import result
    >>> r = result("kl-normal")
    >>> formula_text(r.derivation, code_names(r, None))
    'log(std_2/std_1) + (std_1**2 + (mean_1 - mean_2)**2)/(2*std_2**2) - 1/2'
    """
    return _text(derivation.right, {symbol: a.name for symbol, a in arguments.items()})[0]


SUM, PRODUCT, POWER, ATOM = range(4)


def _text(term: Expr, names: dict[str, str]) -> tuple[str, int]:
    """Plain text in the term's own order, and how tightly its outermost operation binds."""

    def inside(t: Expr, least: int) -> str:
        text, level = _text(t, names)
        return text if level >= least else f"({text})"

    if isinstance(term, Component):
        return names.get(term.args[0].name, term.args[0].name), ATOM
    if isinstance(term, Symbol):
        return names.get(term.name, term.name), ATOM
    if term.is_Rational:
        return str(term), ATOM if term.q == 1 and term >= 0 else PRODUCT
    if isinstance(term, Plus):
        out = inside(term.args[0], SUM)
        for a in term.args[1:]:
            if isinstance(a, Minus):
                out += " - " + inside(a.args[0], PRODUCT)
            else:
                out += " + " + inside(a, PRODUCT)
        return out, SUM
    if isinstance(term, Minus):
        return "-" + inside(term.args[0], PRODUCT), SUM
    if isinstance(term, Times):
        return "*".join(
            inside(a, PRODUCT) if i == 0 else inside(a, POWER) for i, a in enumerate(term.args)
        ), PRODUCT
    if isinstance(term, Quotient):
        return f"{inside(term.args[0], PRODUCT)}/{inside(term.args[1], POWER)}", PRODUCT
    if isinstance(term, Power):
        return f"{inside(term.args[0], ATOM)}**{inside(term.args[1], ATOM)}", POWER
    if isinstance(term, (Log, Exp)):
        name = "log" if isinstance(term, Log) else "exp"
        return f"{name}({_text(term.args[0], names)[0]})", ATOM
    if isinstance(term, SumOver):
        return f"sum({_text(term.args[0], names)[0]})", ATOM
    raise TermError(f"{type(term).__name__} is not part of a formula in code")
