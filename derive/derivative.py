"""Derivatives of elements of the fraction field, exact, by the quotient rule and a table of generators."""

from __future__ import annotations

from derive.field import Element, Polynomial, Undetermined
from derive.function_field import FunctionField


def derivative(form: FunctionField, value: Element, marker: object) -> Element:
    """d(value)/d(marker) in the fraction field, by the quotient rule and a table of generators."""

    def of_polynomial(p: Polynomial) -> Element:
        total = form.zero
        for i in form.used(p):
            if marker in form.generators[i].depends:
                partial = Element(p.derivative(i), form.one[0])
                total = form.add(total, form.multiply(partial, of_generator(i)))
        return total

    def of_generator(i: int) -> Element:
        generator = form.generators[i]
        itself = Element(form.ring.gen(i), form.one[0])
        if generator.kind == "symbol":
            return form.one
        if generator.kind == "root":  # itself² is the variable
            return form.inverse(form.multiply(form.constant(2), itself))
        if generator.kind == "exp":
            return form.multiply(itself, derivative(form, generator.payload, marker))
        if generator.kind == "log":
            inner = derivative(form, generator.payload, marker)
            return form.multiply(inner, form.inverse(generator.payload))
        raise Undetermined(f"the derivative of a term of kind {generator.kind} is not known")

    numerator, denominator = (Element(p, form.one[0]) for p in value)
    if marker not in form.depends(*value):
        return form.zero
    change = form.add(
        form.multiply(of_polynomial(value[0]), denominator),
        form.negative(form.multiply(numerator, of_polynomial(value[1]))),
    )
    return form.multiply(change, form.inverse(form.multiply(denominator, denominator)))
