"""SymPy's code printers, made strict: one spelling for a square, and no function unknown to the target.

SymPy's own NumPy printer writes ``math.lgamma`` for a log-gamma of an array and a comment for what
it does not know; here anything that is not in the target's table is an error.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Mul, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef, Function
from sympy.printing.pycode import PythonCodePrinter

from derive.codegen.primitives import PRIMITIVES


class UnknownFunction(ValueError):
    """The target has no name for a function; the message says which and where to add it."""


class ArrayPrinter(PythonCodePrinter):
    """Prints elementwise arithmetic for arrays; ``names`` maps SymPy functions to the target's."""

    def __init__(self, target: str, names: Mapping[str, str]) -> None:
        super().__init__({"order": "none", "fully_qualified_modules": False})
        self.target, self.names = target, names

    def code(self, expr: Expr) -> str:
        """The expression as one line of code.

        Raises:
            UnknownFunction: for a function outside the target's table.
        """
        known = {p.name for p in PRIMITIVES}
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
        arguments = ", ".join(self._print(a) for a in expr.args)
        return f"{self.names.get(name, name)}({arguments})"

    _print_exp = _print_Function  # the parent has methods of its own for these
    _print_log = _print_Function

    def _print_Rational(self, expr: Rational) -> str:
        if expr.q & (expr.q - 1):
            raise UnknownFunction(f"{expr} is not a binary fraction: it would be rounded")
        return repr(int(expr.p) / int(expr.q)) if expr.q != 1 else str(int(expr.p))

    _print_Half = _print_Rational  # noqa: N815

    def _print_Pow(self, expr: Pow, rational: bool = False) -> str:
        if expr.exp == 2 and isinstance(expr.base, Symbol):
            name = self._print(expr.base)
            return f"{name} * {name}"
        return str(super()._print_Pow(expr, rational=rational))

    def _print_Mul(self, expr: Mul) -> str:
        """Products left to right, one half of a square on each side of a division.

        ``0.5 * x / v * x`` overflows only when the value itself does.
        """
        first: list[str] = []
        below: list[str] = []
        last: list[str] = []
        numbers: list[str] = []
        for factor in _flat(expr):
            if factor.is_Rational:
                numbers.append(self._print(factor))
            elif isinstance(factor, Pow) and factor.exp == -1:
                below.append(self.parenthesize(factor.base, 50))
            elif isinstance(factor, Pow) and factor.exp == 2 and isinstance(factor.base, Symbol):
                first.append(self._print(factor.base))
                last.append(self._print(factor.base))
            else:
                first.append(self.parenthesize(factor, 50))
        if numbers[:1] == ["-1"]:
            numbers[:1] = []
            sign = "-"
        else:
            sign = ""
        out = " * ".join(numbers + first) or "1"
        for name in below:
            out += f" / {name}"
        for name in last:
            out += f" * {name}"
        return sign + out


def _flat(expr: Expr) -> list[Expr]:
    if isinstance(expr, Mul):
        return [f for a in expr.args for f in _flat(a)]
    return [expr]
