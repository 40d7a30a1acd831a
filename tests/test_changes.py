"""What is marked as new in a line: everything that is new, and no more than that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from derive import catalogue
from derive.course.changes import changed
from derive.document import view
from derive.document.compose import Composer
from derive.document.layout import (
    Identifier,
    Large,
    LawName,
    Marked,
    Node,
    Number,
    Product,
    Radical,
    Script,
    Sign,
    Sum,
)
from derive.document.notation import Notation
from derive.document.text import spell
from derive.document.view import Passage, page
from derive.kernel import Detail
from derive.terms import REALS, Exp, IntegralOver, Log, Minus, Plus, Power, Quotient, Times, ValueAt, symbol

x, y, z, c = (symbol(n) for n in "xyzc")


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        (Plus(x, y), Plus(x, z), {(1,)}),
        (Plus(x, y, z), Plus(x, z), set()),
        (Plus(x, z), Plus(x, y, z), {(1,)}),
        (Plus(x, Minus(y)), Plus(x, y), {(1,)}),
        (Plus(x, Minus(y)), Plus(x, Minus(Log(y))), {(1,)}),
        (Plus(Times(x, c), y), Plus(x, y), {(0,)}),
        (Plus(Times(x, c), y), Plus(x, z), {(1,)}),
        (Plus(Plus(x, y), Minus(Plus(z, c))), Plus(x, Exp(y), Minus(z), Minus(c)), {(1,)}),
        (Log(x), Log(y), {(0,)}),
        (Quotient(x, y), Quotient(x, z), {(1,)}),
        (Quotient(x, y), Quotient(z, c), set()),
        (IntegralOver(Times(c, x), x, REALS), Times(c, IntegralOver(x, x, REALS)), {(0,)}),
        (IntegralOver(x, x, REALS), IntegralOver(y, y, REALS), set()),
        (ValueAt(Plus(Power(x, c), y), x, z, REALS), Plus(Power(z, c), y), {(0, 0)}),
        (Times(x, y), Times(x, Exp(y)), {(1,)}),
        (Exp(x), Plus(Exp(x), y), {(1,)}),
        (Log(Times(x, y)), Plus(Log(x), Log(y)), set()),
    ],
)  # fmt: skip
def test_places(before, after, places):
    assert changed(before, after) == places


def test_two_terms_that_look_alike_are_the_same_to_a_reader():
    integral = IntegralOver(x, x, REALS)
    before, after = Plus(Quotient(integral, c), y), Plus(Times(Quotient(1, c), integral), z)
    look = Composer(Notation()).compose
    assert look(before.args[0]) == look(after.args[0])
    assert changed(before, after, look) == {(1,)}
    assert changed(before, after) == frozenset(), "told apart by how they are written down, all of it is new"


# -- every line of every result ------------------------------------------------------------------------


def _passages(id: str, detail: Detail) -> tuple[Passage, ...]:
    shown = page(catalogue.result(id), None, detail)
    return shown.main, *shown.forms, *shown.lemmas


def _lines(id: str) -> Iterator[tuple[str, Node, Node]]:
    """Number and layout of each line of a result at every detail, after that of the line before it."""
    for detail in Detail:
        for passage in _passages(id, detail):
            before = passage.left
            for line in passage.lines:
                yield f"{passage.anchor} {line.number} {detail.name}", _unmarked(before), line.formula
                before = line.formula


def _children(node: Node) -> Iterator[Node]:
    for f in fields(node):
        yield from _nodes(getattr(node, f.name))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for v in value:
            yield from _nodes(v)


def _inside(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _inside(child)


def _unmarked(node: Node) -> Node:
    def strip(value: Any) -> Any:
        if isinstance(value, Marked):
            return strip(value.body)
        if isinstance(value, Node):
            return type(value)(*(strip(getattr(value, f.name)) for f in fields(value)))
        return tuple(strip(v) for v in value) if isinstance(value, tuple) else value

    made = strip(node)
    assert isinstance(made, Node)
    return made


def _ink(node: Node, *, marked: bool = True) -> Counter[Node]:
    """The letters, digits and signs of a formula; those in a mark too unless told otherwise."""
    if isinstance(node, Marked) and not marked:
        return Counter()
    here: list[Node] = []
    if isinstance(node, (Identifier, LawName, Number, Sign)) and node != Sign("·"):
        here = [node]
    elif isinstance(node, Large):
        here = [Sign(node.symbol)]
    elif isinstance(node, Radical):
        here = [Sign("√")]
    return sum((_ink(child, marked=marked) for child in _children(node)), Counter(here))


def unmarked_news(before: Node, after: Node) -> Counter[Node]:
    """What stands outside the marks of a line and did not stand in the line before it."""
    return _ink(after, marked=False) - _ink(before)


def _parts(node: Node) -> set[tuple[str, Any]]:
    """The terms of a formula that is a sum, the factors of one that is a product."""
    if isinstance(node, Sum):
        return {("term", part) for part in node.parts}
    return {("factor", f) for f in node.factors} if isinstance(node, Product) else set()


def why_whole(before: Node, after: Node, number: str) -> str:
    """Why nothing of a line stands out."""
    if re.match(r"(.*\.)?1 ", number.partition(" ")[2]):
        return "it puts in what the left side stands for"
    if after in _inside(before):
        return "it is a part of the line before"
    if isinstance(before, Script) and isinstance(after, Script) and before.base == after.base:
        return "it is a part of the line before"
    if isinstance(before, Large) and isinstance(after, Large):
        same = (before.symbol, before.variable, before.low) == (after.symbol, after.variable, after.low)
        return "?" if same else "it is another integral or sum"
    return "?" if _parts(before) & _parts(after) else "none of its parts stood in the line before"


@pytest.mark.parametrize("id", catalogue.IDS)
def test_nothing_new_stands_outside_a_mark(id: str) -> None:
    for number, before, after in _lines(id):
        if any(isinstance(n, Marked) for n in _inside(after)):
            assert not unmarked_news(before, after), number


def _whole() -> dict[tuple[Node, Node], str]:
    return {
        (before, after): why_whole(before, after, number)
        for id in catalogue.IDS
        for number, before, after in _lines(id)
        if not any(isinstance(n, Marked) for n in _inside(after))
    }


def test_lines_without_a_mark_are_counted_and_each_has_its_reason() -> None:
    whole = _whole()
    unexplained = [(spell(b), spell(a)) for (b, a), why in whole.items() if why == "?"]
    assert unexplained == []
    assert Counter(whole.values()) == {
        "it puts in what the left side stands for": 81,
        "none of its parts stood in the line before": 71,
        "it is a part of the line before": 22,
        "it is another integral or sum": 4,
    }


def _marks_of_line_7() -> list[str]:
    (line,) = [n for n in _passages("kl-normal", Detail.STANDARD)[0].lines if n.number == "7"]
    return [spell(n) for n in _inside(line.formula) if isinstance(n, Marked)]


def test_the_lesson_marks_one_half_where_the_variance_is_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _marks_of_line_7() == ["½"]
    monkeypatch.setattr(view, "changed", lambda before, after, look: changed(before, after))
    assert _marks_of_line_7() != ["½"], "told apart by how it is written down, what looks alike is marked too"


def test_a_mark_that_is_left_out_has_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "changed", lambda *given: frozenset())
    assert "?" in _whole().values()


def test_a_mark_that_is_too_small_leaves_news_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "changed", lambda *given: frozenset(sorted(changed(*given))[:1]))
    assert any(
        unmarked_news(before, after)
        for _, before, after in _lines("kl-normal")
        if any(isinstance(n, Marked) for n in _inside(after))
    )
