"""What a mistake is, and the book that collects those of one topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sympy import Expr, Symbol

from derive.course.transition import TRIVIAL, Change, Transition, rewritten
from derive.terms import Density, IntegralOver, Log, Minus, Plus, Quotient, Times, factors


@dataclass(frozen=True)
class Mistake:
    """One way to go wrong.

    ``rules``: it is made when one of these is used; empty for any.  ``change`` makes the wrong
    sub-term of the right one.  ``anywhere``: it may touch what the step left alone.
    """

    id: str
    title: str
    because: str
    rules: frozenset[str]
    change: Callable[[Transition], Change]
    anywhere: bool = False

    def wrong_lines(self, transition: Transition, *, near: bool = False) -> Iterator[Expr]:
        """The right line with this mistake in it, at each place that is new or ``near`` what is new."""
        if self.rules and not self.rules & transition.rules:
            return
        everywhere = self.anywhere or transition.rules <= set(TRIVIAL)
        within = ((),) if everywhere else transition.near if near else transition.new
        yield from rewritten(transition.after, within, self.change(transition))


class Book:
    """Mistakes in the order in which they were written down."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def mistake(
        self, title: str, because: str, *rules: str, anywhere: bool = False
    ) -> Callable[[Callable[[Expr], Expr | None]], Change]:
        """Keep a change of a sub-term as a mistake; its name, with dashes, is the id."""

        def keep(change: Change) -> Change:
            self.add(change.__name__, title, because, rules, lambda _: change, anywhere)
            return change

        return keep

    def add(
        self,
        name: str,
        title: str,
        because: str,
        rules: tuple[str, ...],
        change: Callable[[Transition], Change],
        anywhere: bool = False,
    ) -> None:
        """Keep a change that depends on the transition as a mistake."""
        id = name.strip("_").replace("_", "-")
        self.mistakes.append(Mistake(id, title, because, frozenset(rules), change, anywhere))


def exchange(term: Expr) -> Expr:
    """The term with every name that ends in _1 written with _2, and the other way round."""
    if isinstance(term, Symbol):
        stem, _, number = term.name.rpartition("_")
        return Symbol(f"{stem}_{3 - int(number)}") if number in ("1", "2") else term
    return term if not term.args else type(term)(*(exchange(a) for a in term.args))


def weighted(t: Expr) -> tuple[Expr, list[Expr]] | None:
    """The density and the other factors of an integrand p(x)·…, None when it is not one."""
    if isinstance(t, IntegralOver) and isinstance(t.args[0], Times):
        first, *rest = factors(t.args[0])
        if isinstance(first, Density):
            return first, rest
    return None


def with_body(t: Expr, body: Expr) -> Expr:
    """An integral or another binder with another body."""
    return type(t)(body, *t.args[1:])


def ratio_of(t: Expr) -> Expr | None:
    """The quotient under a logarithm of densities."""
    if isinstance(t, Log) and isinstance(t.args[0], Quotient) and isinstance(t.args[0].args[0], Density):
        return t.args[0]
    return None


def ends_with_minus(t: Expr) -> bool:
    """Whether a term is a sum whose last part is taken away."""
    return isinstance(t, Plus) and isinstance(t.args[-1], Minus)


def contains_integral(t: Expr) -> bool:
    """Whether an integral stands in a term."""
    return isinstance(t, IntegralOver) or any(contains_integral(a) for a in t.args)
