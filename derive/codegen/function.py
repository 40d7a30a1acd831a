"""From an evaluation form to a function: argument names, named intermediate values, one expression.

Nothing here knows a target; a printer of the target turns the SymPy expressions into code.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, Function, Symbol

from derive.catalogue import Result
from derive.codegen.evaluation import evaluation_forms
from derive.codegen.primitives import PRIMITIVES, Primitive
from derive.derivation import Derivation
from derive.distributions.claims import Parameterisation
from derive.evaluate import as_sympy
from derive.scope import Declaration
from derive.terms import (
    HALF,
    TWO,
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
    free_symbols,
)


@dataclass(frozen=True)
class Argument:
    """An argument of a generated function: its name in code, what it is, whether it must be > 0."""

    name: str
    meaning: str
    positive: bool


@dataclass(frozen=True)
class Local:
    """A named intermediate value."""

    name: str
    value: Expr


@dataclass(frozen=True)
class GeneratedFunction:
    """One public function: what it computes and how, ready for a target's printer."""

    name: str
    statement: str
    parameters: str
    """Name of the parameterisation: std, var, logvar, rate."""
    arguments: tuple[Argument, ...]
    locals: tuple[Local, ...]
    expression: Expr
    primitives: tuple[Primitive, ...]
    diagonal: bool
    formula: str
    computed: str
    derivation_id: str


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
    for suffix in ("",) if result.entry.standard else ("_1", "_2"):
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
    name = result.id.replace("-", "_") + (f"_from_{swap.code_name}" if swap else "")
    rewriter = _Rewriter(arguments, form.scope.declarations)
    expression = rewriter.expression(body)
    return GeneratedFunction(
        name=name,
        statement=_statement(result, closed, arguments),
        parameters=swap.name
        if swap
        else result.distribution.code_names[result.distribution.family.parameters[-1].name],
        arguments=tuple(arguments.values()),
        locals=tuple(rewriter.locals),
        expression=expression,
        primitives=tuple(p for p in PRIMITIVES if p in rewriter.used),
        diagonal=result.entry.diagonal,
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


class _Rewriter:
    """Turns a body into a SymPy expression of arguments, named values and primitives."""

    def __init__(self, arguments: dict[str, Argument], declarations: tuple[Declaration, ...]) -> None:
        self.names = {symbol: a.name for symbol, a in arguments.items()}
        self.located = {d.name for d in declarations if d.domain == "real"}
        self.locals: list[Local] = []
        self.used: list[Primitive] = []

    def expression(self, body: Expr) -> Expr:
        return as_sympy(body, names=self.names, replace=self._replace, evaluate=False)

    def _plain(self, term: Expr) -> Expr:
        return as_sympy(term, names=self.names, evaluate=False)

    def _replace(self, term: Expr) -> Expr | None:
        for primitive in PRIMITIVES:
            halved = isinstance(term, Times) and len(term.args) == 2 and term.args[0] == HALF
            found = primitive.arguments(term.args[1] if halved else term)
            if found is not None:
                self.used.append(primitive)
                half = Function(primitive.name)(*(self._plain(a) for a in found))
                return half if halved else sympy.Mul(2, half, evaluate=False)
        if isinstance(term, Power) and term.args[1] == TWO and not _is_argument(term.args[0]):
            return sympy.Pow(self._named(term.args[0]), 2, evaluate=False)
        return None

    def _named(self, term: Expr) -> Symbol:
        value = self._plain(term)
        for local in self.locals:
            if local.value == value:
                return Symbol(local.name)
        located = any(s.name in self.located for s in free_symbols(term))
        plain = isinstance(term, Plus)
        if located:
            name = "difference" if plain else "scaled_difference"
        else:
            name = "excess" if plain else "relative_difference"
        self.locals.append(Local(name, value))
        return Symbol(name)


def _is_argument(term: Expr) -> bool:
    return isinstance(term, (Symbol, Component))


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
