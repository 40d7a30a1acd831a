"""Renders a target's template: a whole module for a result, or one self-contained function."""

from __future__ import annotations

import hashlib
import textwrap
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sympy import Add, Expr, Function, Symbol

from derive._version import __version__
from derive.catalogue import Result
from derive.codegen.approximations import whole_certificate
from derive.codegen.function import Argument, GeneratedFunction, functions
from derive.codegen.primitives import (
    EXPONENTIAL,
    LOGARITHMIC,
    OF_SOFTPLUS,
    PRIMITIVES,
    SOFTPLUS_RATIO_EXCESS,
    SQUARE,
    WITHOUT_SPARE,
    Primitive,
    logarithm_of_two,
    polynomials,
    where_softplus_is_one,
)
from derive.codegen.printers import ArrayPrinter
from derive.codegen.targets import TARGETS, Target
from derive.derivation import dumps
from derive.templates import template_folder

WIDTH = 100
LINE = 110


@dataclass(frozen=True)
class Together:
    """Lines that name the values of the primitives and their slopes, and the sum of the values."""

    lines: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class Printed:
    """A function as its template needs it: everything a string in the target's language."""

    name: str
    arguments: tuple[Argument, ...]
    positive: tuple[str, ...]
    lines: tuple[str, ...]
    """The addends as named values, when their sum would not fit on a line."""
    value: str
    slopes: tuple[str, ...]
    """Lines that compute the slopes of the primitives."""
    gradient: tuple[str, ...]
    docstring: str
    diagonal: bool
    together: Together | None
    """The value and the slopes at once, where they share most of the work."""


@dataclass(frozen=True)
class DropIn:
    """How a module takes over its divergence in the target's own library."""

    law: str
    """The library's class of both laws."""
    function: str
    call: str
    """The function of the parameters of the laws ``p`` and ``q``."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(template_folder() / "codegen"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Python source, not markup; names are checked by the grammar of names
    )


def module_name(result: Result, target: Target) -> str:
    """File name of the module: ``kl_normal_numpy.py``."""
    return f"{result.id.replace('-', '_')}_{target.name}.py"


@cache
def fingerprint(result: Result) -> str:
    """First half of the SHA-256 of the result's certificate: says which derivation code came from."""
    text = dumps(whole_certificate(result))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def module_text(result: Result, target: Target) -> str:
    """The module with every parameterisation of a result."""
    found = functions(result)
    return _render(result, target, found, gradients=target.gradients, drop_in=_drop_in(result, target))


def snippet(result: Result, target_name: str, parameters: str) -> str:
    """One function with what it needs and nothing else, no gradient either.

    Raises:
        ValueError: for an unknown target or parameterisation; names those that there are.
    """
    if target_name not in TARGETS:
        raise ValueError(f"no target is called {target_name!r}: there are {', '.join(sorted(TARGETS))}")
    found = functions(result)
    chosen = [f for f in found if f.parameters == parameters]
    if not chosen and len(found) == 1:
        chosen = list(found)
    if not chosen:
        names = ", ".join(f.parameters for f in found)
        raise ValueError(f"{result.id} has no parameterisation {parameters!r}: there are {names}")
    return _render(result, TARGETS[target_name], tuple(chosen), gradients=False, drop_in=None)


def _drop_in(result: Result, target: Target) -> DropIn | None:
    """The drop-in of a result between two laws that the target has, in the family's own parameters."""
    entry = result.divergence
    law = target.laws.get(entry.family)
    if law is None or entry.standard or entry.diagonal:
        return None
    own = functions(result)[0]
    attributes = [law.attributes[d.name] for d in result.distribution.family.parameters]
    return DropIn(
        law.name, own.name, f"{own.name}({', '.join(f'{x}.{a}' for x in 'pq' for a in attributes)})"
    )


def _render(
    result: Result,
    target: Target,
    chosen: tuple[GeneratedFunction, ...],
    *,
    gradients: bool,
    drop_in: DropIn | None,
) -> str:
    extra = {p.name: target.extra for p in PRIMITIVES if target.extra and p not in WITHOUT_SPARE}
    extra |= {f"{name}_slopes": text for name, text in extra.items()}
    printer = ArrayPrinter(target.name, target.functions, extra)
    primitives = frozenset[Primitive]().union(*(f.primitives for f in chosen))
    used = {p.short for p in primitives}
    exponential = not primitives.isdisjoint(EXPONENTIAL | {SOFTPLUS_RATIO_EXCESS})
    return (
        _environment()
        .get_template(target.template)
        .render(
            title=result.entry.title,
            id=result.id,
            version=__version__,
            fingerprint=fingerprint(result),
            functions=[_printed(f, target, printer, result) for f in chosen],
            gradients=gradients,
            drop_in=drop_in,
            module=module_name(result, target).removesuffix(".py"),
            names=_public_names(chosen, gradients=gradients) + (["register"] if drop_in else []),
            diagonal=any(f.diagonal for f in chosen),
            used=used,
            logarithm=not primitives.isdisjoint(LOGARITHMIC),
            of_softplus=not primitives.isdisjoint(OF_SOFTPLUS),
            exponential=exponential,
            differences=exponential
            or any(name.startswith("square_by_") for name in used)
            or not used.isdisjoint(("log_excess_of_square", "softplus_excess", "softplus_ratio_excess")),
            positive=any(a.positive for f in chosen for a in f.arguments),
            polynomials={
                name: {dtype: polynomials()[name, dtype] for dtype in ("float32", "float64")}
                for name in dict.fromkeys(name for name, _ in polynomials())
            },
            two={dtype: logarithm_of_two(dtype) for dtype in ("float32", "float64")},
            one={dtype: where_softplus_is_one(dtype) for dtype in ("float32", "float64")},
        )
    )


def _printed(function: GeneratedFunction, target: Target, printer: ArrayPrinter, result: Result) -> Printed:
    value = printer.code(_sum([a.value for a in function.addends]))
    lines: tuple[str, ...] = ()
    if len(f"    value = {value}") > LINE:
        lines = tuple(f"{a.label} = {printer.code(a.half)}" for a in function.addends)
        value = printer.code(_sum([a.scaled(Symbol(a.label)) for a in function.addends]))
    return Printed(
        name=function.name,
        arguments=function.arguments,
        positive=tuple(a.name for a in function.arguments if a.positive),
        lines=lines,
        value=value,
        slopes=tuple(
            f"{a.primitive.short} = {printer.code(Function(f'{a.primitive.name}_slopes')(*a.arguments))}"
            for a in function.addends
            if a.primitive is not SQUARE
        ),
        gradient=tuple(printer.code(g) for g in function.gradient),
        docstring=_docstring(function, target, result),
        diagonal=function.diagonal,
        together=_together(function, printer) if function.primitives & EXPONENTIAL else None,
    )


def _together(function: GeneratedFunction, printer: ArrayPrinter) -> Together:
    lines, values = [], []
    for a in function.addends:
        if a.primitive is SQUARE:
            values.append(a.value)
            continue
        arguments = printer.code(a.half).removeprefix(a.primitive.name)
        if a.primitive in EXPONENTIAL:
            line = f"{a.label}, {a.primitive.short} = {a.primitive.name}_and_slopes{arguments}"
            if len(f"    {line}") > LINE:
                line = line.replace(arguments, f"(\n        {arguments[1:-1]}\n    )")
            lines.append(line)
        else:
            lines.append(f"{a.label} = {a.primitive.name}{arguments}")
            lines.append(f"{a.primitive.short} = {a.primitive.name}_slopes{arguments}")
        values.append(a.scaled(Symbol(a.label)))
    return Together(tuple(lines), printer.code(_sum(values)))


def _sum(addends: list[Expr]) -> Expr:
    return Add(*addends, evaluate=False) if len(addends) > 1 else addends[0]


def _docstring(function: GeneratedFunction, target: Target, result: Result) -> str:
    """Formula, arguments, shapes, units, errors and provenance, indented for a function body."""
    how = f"summed over `{target.axis}`" if function.diagonal else "elementwise"
    parts = [f"{function.statement} in nats, {how}.", "", *_formula("", function.formula)]
    if function.computed != function.formula:
        parts += [
            "",
            "computed, so that nothing cancels near equality, as",
            "",
            *_formula("", function.computed),
        ]
    parts += ["", "Args:"]
    for a in function.arguments:
        domain = "positive" if a.positive else "any real number"
        parts += _wrap(f"{a.name}: {a.meaning}, {domain}.", "    ", "        ")
    if function.diagonal:
        parts += _wrap(f"{target.axis}: the dimension that holds the coordinates.", "    ", "        ")
    shape = "the broadcast shape" + (f" without `{target.axis}`" if function.diagonal else "")
    checked = " (checked on the CPU, outside compiled code and transforms)" if target.name == "torch" else ""
    parts += ["", "Returns:"]
    parts += _wrap(
        f"An array of {shape}, at least 0, in the dtype that the arguments promote to. "
        "NaN in gives NaN out.".replace("An array", "A tensor" if target.name == "torch" else "An array"),
        "    ", "    ",
    )  # fmt: skip
    parts += ["", "Raises:", "    TypeError: for arguments that are not floating point."]
    positive = [a.name for a in function.arguments if a.positive]
    also = f", or {' or '.join(positive)} that is not positive{checked}" if positive else ""
    parts += _wrap(f"ValueError: for shapes that do not broadcast{also}.", "    ", "        ")
    parts += ["", *_wrap(
        f"Derived from the integral definition: {function.derivation_id}, derive {__version__}, "
        f"certificate {fingerprint(result)[:16]}.", "", "",
    )]  # fmt: skip
    return "\n".join("    " + line if line else "" for line in parts).lstrip()


def _formula(head: str, text: str) -> list[str]:
    return _wrap(text, "    " + head, "        ")


def _wrap(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _public_names(chosen: tuple[GeneratedFunction, ...], *, gradients: bool) -> list[str]:
    """What the module exports, in order."""
    suffixes = ("", "_gradient") if gradients else ("",)
    return sorted(f.name + suffix for f in chosen for suffix in suffixes)
