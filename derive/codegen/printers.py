"""SymPy's code printer, made strict: no function that is unknown to the target, no rounded number.

SymPy's own NumPy printer writes ``math.lgamma`` for a log-gamma of an array and a comment for what
it does not know; here anything that is not in the target's table is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Expr, Mul, Pow, Rational
from sympy.core.function import AppliedUndef, Function
from sympy.printing.pycode import PythonCodePrinter

from derive.codegen.primitives import PRIMITIVES


class UnknownFunction(ValueError):
    """The target has no name for a function; the message says which and where to add it."""


class ArrayPrinter(PythonCodePrinter):
    """Prints elementwise arithmetic for arrays; ``names`` maps SymPy functions to the target's.

    ``extra`` maps a primitive to what the target passes to it besides its arguments.
    """

    def __init__(self, target: str, names: Mapping[str, str], extra: Mapping[str, str]) -> None:
        super().__init__({"order": "none", "fully_qualified_modules": False})
        self.target, self.names, self.extra = target, names, extra

    def code(self, expr: Expr) -> str:
        """The expression as one line of code.

        Raises:
            UnknownFunction: for a function outside the target's table.
        """
        known = {name for p in PRIMITIVES for name in (p.name, f"{p.name}_slopes")}
        for function in sorted(expr.atoms(Function), key=str):
            name = type(function).__name__
            if name not in self.names and not (isinstance(function, AppliedUndef) and name in known):
                raise UnknownFunction(
                    f"the target {self.target} has no name for {name!r}: add it to its table in "
                    "derive/codegen/targets.py"
                )
        return str(self.doprint(expr))

    def _print_Function(self, expr: Expr) -> str:
        name = type(expr).__name__
        arguments = [self._print(a) for a in expr.args]
        if name in self.extra:
            arguments.append(self.extra[name])
        return f"{self.names.get(name, name)}({', '.join(arguments)})"

    _print_exp = _print_Function  # the parent has methods of its own for these
    _print_log = _print_Function

    def _print_Rational(self, expr: Rational) -> str:
        if expr.q & (expr.q - 1):
            raise UnknownFunction(f"{expr} is not a binary fraction: it would be rounded")
        return repr(int(expr.p) / int(expr.q)) if expr.q != 1 else str(int(expr.p))

    _print_Half = _print_Rational  # noqa: N815

    def _print_Mul(self, expr: Mul) -> str:
        """A product from left to right with spaces, divisions last."""
        factors = list(_flat(expr))
        sign = "-" if factors[0] == -1 and len(factors) > 1 else ""
        above, below = [], []
        for factor in factors[1:] if sign else factors:
            if isinstance(factor, Pow) and factor.exp == -1:
                below.append(" / " + self.parenthesize(factor.base, 51))
            else:
                above.append(self.parenthesize(factor, 50))
        return sign + (" * ".join(above) or "1") + "".join(below)


def _flat(expr: Expr) -> Iterator[Expr]:
    for factor in expr.args if isinstance(expr, Mul) else (expr,):
        yield from _flat(factor) if isinstance(factor, Mul) else (factor,)
