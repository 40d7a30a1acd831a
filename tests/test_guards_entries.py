"""What each name of the catalogue states, written down by hand.

Found by changing the source and seeing that nothing noticed (``attack.mutate_checker``).
"""

from __future__ import annotations

import pytest
from sympy import Expr, Symbol

from derive.entries import ENTRIES, IDS, UnknownResult, entry, parameterisations, statements
from derive.scope import Declaration, Domain
from derive.terms import (
    KL,
    ONE,
    TWO,
    ZERO,
    Component,
    Exp,
    Law,
    Log,
    Minus,
    Plus,
    ProductLaw,
    Quotient,
    Root,
    symbol,
)

j, d = symbol("j"), symbol("d")
STANDARD = Law(Symbol("Normal"), ZERO, ONE)
Statement = tuple[tuple[Declaration, ...], Expr]


def scale(form: str, of: Expr) -> Expr:
    """The standard deviation in terms of the parameter that a form is written in."""
    written = {
        "": of,
        "-var": Root(of),
        "-logvar": Exp(Quotient(of, TWO)),
        "-logstd": Exp(of),
        "-softplus": Log(Plus(ONE, Exp(of))),
    }
    return written[form]


PARAMETERS: dict[str, tuple[str, Domain]] = {
    "": ("sigma", "positive"),
    "-var": ("v", "positive"),
    "-logvar": ("s", "real"),
    "-logstd": ("ell", "real"),
    "-softplus": ("rho", "real"),
}


def about(form: str, *, diagonal: bool, standard: bool) -> Statement:
    name, domain = PARAMETERS[form]
    declared: list[Declaration] = []
    laws: list[Expr] = []
    for suffix in ("",) if standard else ("_1", "_2"):
        declared += [
            Declaration(f"mu{suffix}", "real", diagonal),
            Declaration(f"{name}{suffix}", domain, diagonal),
        ]
        mean, of = symbol(f"mu{suffix}"), symbol(f"{name}{suffix}")
        if diagonal:
            mean, of = Component(mean, j), Component(of, j)
        laws.append(Law(Symbol("Normal"), mean, scale(form, of)))
    laws += [STANDARD] * standard
    if diagonal:
        declared.append(Declaration("d", "natural"))
        laws = [ProductLaw(law, j, d) for law in laws]
    return tuple(declared), KL(*laws)


def by_hand() -> dict[str, Statement]:
    """Every name with what it states."""
    found: dict[str, Statement] = {}
    for diagonal in (False, True):
        for standard in (False, True):
            id = "kl" + "-diagonal" * diagonal + "-normal" + "-standard" * standard
            for form in PARAMETERS:
                stated = about(form, diagonal=diagonal, standard=standard)
                found[id + form] = found[f"{id}{form}-evaluation"] = stated
    declared, left = found["kl-diagonal-normal-standard"]
    found["kl-diagonal-normal-standard-negative"] = declared, Minus(left)
    rates = tuple(Declaration(f"lambda_{i}", "positive") for i in (1, 2))
    both = KL(*(Law(Symbol("Exponential"), symbol(f"lambda_{i}")) for i in (1, 2)))
    found["kl-exponential"] = found["kl-exponential-evaluation"] = rates, both
    return found


def test_every_name_of_the_catalogue_states_what_it_says() -> None:
    assert statements() == by_hand()
    assert statements() is statements()


def test_an_entry_is_found_by_its_id() -> None:
    assert [entry(id).id for id in IDS] == [e.id for e in ENTRIES] == list(IDS)
    for id in ("kl-normal", "kl-normal-standard"):
        assert [p.name for p in parameterisations(entry(id))] == ["var", "logvar", "logstd", "softplus"]


@pytest.mark.parametrize(
    ("id", "near"),
    [
        ("kl-norml", "kl-normal, kl-normal-standard, kl-diagonal-normal"),
        ("zzz", ", ".join(IDS)),
        ("kl-exponentials", "kl-exponential, kl-normal, kl-normal-standard"),
    ],
)
def test_a_name_that_is_not_known_is_met_with_the_nearest(id: str, near: str) -> None:
    with pytest.raises(UnknownResult) as error:
        entry(id)
    assert str(error.value) == f"no result is called {id!r}; did you mean {near}?"
