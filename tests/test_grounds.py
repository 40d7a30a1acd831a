"""On what a conclusion rests: a line, conditions, and how each was discharged, in every format."""

from __future__ import annotations

import pytest

from derive import catalogue
from derive.document import grounds, render
from derive.document.compose import Composer
from derive.document.html_page import prose as html_prose
from derive.document.latex_page import prose as latex_prose
from derive.document.layout import Identifier, Number
from derive.document.markdown_page import prose as markdown_prose
from derive.document.notation import Notation
from derive.document.terminal_page import prose as terminal_prose
from derive.document.view import Passage, page
from derive.field import Undetermined
from derive.kernel import Detail
from derive.studies import STUDIES
from derive.terms import ONE, TWO, ZERO, Exp, Log, Minus, Plus, Power, Quotient, oo, symbol
from tests.test_document import CHECKS

IDS = [study.id for study in STUDIES]
mu, sigma, t = symbol("mu"), symbol("sigma"), symbol("t")


def concluded(id: str) -> list[tuple[Passage, grounds.Concluded]]:
    shown = page(catalogue.result(id), None, Detail.STANDARD)
    return [(p, c) for p in (shown.main, *shown.forms, *shown.lemmas) for c in p.conclusions]


def test_every_conclusion_names_its_line_and_what_it_needs() -> None:
    kinds = set()
    for id in IDS:
        for derivation in catalogue.result(id).derivations():
            kinds |= {c.condition.kind for c in derivation.conclusions}
        for passage, c in concluded(id):
            said = str(terminal_prose(c.why))
            assert said.startswith(f"It rests on line ({passage.lines[-1].number})."), said
            assert c.needs or isinstance(passage.lines[-1].formula, Number), said
    assert kinds == {"everywhere positive", "least", "convex", "negative at", "sign of", "tends to"}


@pytest.mark.parametrize("id", IDS)
def test_every_format_says_it_and_brief_ones_do_not(id: str) -> None:
    result = catalogue.result(id)
    said = [c.why for _, c in concluded(id)]
    article = render.article(result, CHECKS)
    markdown, made = render.markdown(result, CHECKS), render.html(result, CHECKS)
    text = render.text(result, CHECKS, Detail.STANDARD, 10_000)
    for why in said:
        assert latex_prose(why) in article
        assert markdown_prose(why) in markdown
        assert html_prose(why) in made
        assert terminal_prose(why) in text
    for make in (render.markdown, render.html):
        assert "It rests on line" not in make(result, CHECKS, Detail.BRIEF)


def test_what_a_least_value_needs() -> None:
    (_, first), *_ = concluded("kl-normal-standard-minimum")
    assert str(terminal_prose(first.why)) == (
        "It rests on line (1). Needs ∂/∂μ KL(p‖q) to have the sign of μ; ∂/∂σ [KL(p‖q)]_(μ=0) to "
        "have the sign of σ − 1: the derivative of the line, divided by that difference, is certified "
        "positive for all values in the declared domains. Needs [KL(p‖q)]_(μ=0,σ=1) = 0: both sides have the "
        "same exact "
        "normal form."
    )


STANDARD = Quotient(Plus(Power(mu, TWO), Power(sigma, TWO), Minus(ONE), Minus(Log(Power(sigma, TWO)))), TWO)


@pytest.mark.parametrize(
    "plant",
    [
        lambda n: n.of_a_least_value(ONE, [mu, ZERO, sigma, ONE]),
        lambda n: n.of_a_least_value(ZERO, [mu, ONE, sigma, ONE]),
        lambda n: n.of_a_sign(mu, ZERO, TWO),
        lambda n: n.of_a_sign(mu, ONE, mu),
        lambda n: n.of_a_limit(sigma, ZERO, oo, Quotient(Power(sigma, TWO), TWO)),
        lambda n: n.of_a_limit(sigma, oo, oo, Minus(Log(sigma))),
        lambda n: [n.of_a_value([mu, ONE, sigma, ONE])],
    ],
)
def test_a_need_that_does_not_hold_is_not_printed(plant) -> None:
    derivation = catalogue.result("kl-normal-standard").derivation
    needs = grounds._Needs(derivation, STANDARD, Identifier("f"), Composer(Notation()))
    with pytest.raises(Undetermined):
        list(plant(needs))


def test_a_function_that_is_not_convex_is_not_called_so() -> None:
    derivation = catalogue.result("kl-normal-standard").derivation
    for function in (Log(sigma), Minus(Power(sigma, TWO)), Plus(Power(sigma, TWO), Minus(Exp(sigma)))):
        needs = grounds._Needs(derivation, function, Identifier("f"), Composer(Notation()))
        with pytest.raises(Undetermined):
            list(needs.of_convexity([sigma]))
