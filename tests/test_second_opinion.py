"""The algebra once more in Coq, where there is one; and the list of what the checker trusts."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from derive.catalogue import IDS, result
from derive.evidence import second_opinion as module
from derive.evidence.second_opinion import (
    ALGEBRA,
    Equation,
    axioms,
    equations,
    opinion_on,
    second_opinion,
)
from derive.evidence.trusted import kernel_modules, lines, trusted
from derive.rules import RULES
from derive.rules.identity import Identity

REQUIRED = os.environ.get("DERIVE_REQUIRE_COQ") == "1"
ABSENT = shutil.which("coqc") is None
needs_coq = pytest.mark.skipif(ABSENT and not REQUIRED, reason="coqc is not installed")

LINE = Equation("wrong_or_right", "arithmetic", ("v_x",), ("v_x",), "(v_x / v_x)", "(1)")


def algebra_of(id: str) -> list[Equation]:
    """The equations of every form of a result, each once."""
    found = {s: None for d in result(id).derivations() for s in equations(d) if isinstance(s, Equation)}
    return list({s.name: s for s in found}.values())


@needs_coq
@pytest.mark.parametrize("id", IDS)
def test_coq_proves_the_algebra_of_every_form(id: str) -> None:
    found = algebra_of(id)
    opinion = opinion_on(found)
    assert opinion.status == "agrees", opinion.detail
    assert opinion.steps_checked == len(found) >= 8
    assert "axioms: " in opinion.detail


@needs_coq
def test_a_derivation_gets_an_opinion() -> None:
    opinion = second_opinion(result("kl-exponential").derivation)
    assert (opinion.tool, opinion.status) == ("coq", "agrees"), opinion.detail
    assert opinion.version[0].isdigit()
    assert opinion.steps_checked > 0
    total = sum(len(d.steps) for d in result("kl-exponential").derivation.tree())
    assert opinion.steps_checked + opinion.steps_skipped == total


@needs_coq
@pytest.mark.parametrize(
    "wrong",
    [
        replace(LINE, right="(2)"),
        replace(LINE, right="(1 + 1 / 100000000000000000000)"),
        replace(LINE, positive=()),
        Equation("log_square", "log-square", ("v_x",), (), "(ln (v_x ^ 2))", "((2) * (ln v_x))"),
        Equation("root_square", "root-of-square", ("v_x",), (), "v_x", "(sqrt (v_x ^ 2))"),
        Equation(
            "bad_square", "expand-square", ("v_x", "v_y"), (), "((v_x + v_y) ^ 2)", "(v_x ^ 2 + v_y ^ 2)"
        ),
        Equation("log_sum", "log-product", ("v_x",), ("v_x",), "(ln (v_x + v_x))", "((ln v_x) + (ln v_x))"),
    ],
    ids=lambda e: f"{e.name} {e.right}",
)
def test_a_planted_wrong_line_is_not_proved(wrong: Equation) -> None:
    """Also where only a hypothesis is missing: x/x = 1 and √(x²) = x for real x."""
    opinion = opinion_on([LINE, replace(wrong, name="planted")])
    assert opinion.status == "disagrees"
    assert "planted is not proved" in opinion.detail


@needs_coq
@pytest.mark.parametrize("number", [0, 3, 7])
def test_a_wrong_line_of_a_derivation_is_not_proved(number: int) -> None:
    """A line of the shipped chain, off by 1e-20."""
    found = algebra_of("kl-normal")
    wrong = replace(found[number], right=f"({found[number].right} + 1 / 100000000000000000000)")
    opinion = opinion_on([*found[:number], wrong, *found[number + 1 :]])
    assert opinion.status == "disagrees"
    assert f"{wrong.name} is not proved" in opinion.detail


@needs_coq
def test_an_axiom_that_is_not_allowed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALLOWED_AXIOMS", frozenset())
    opinion = opinion_on([LINE])
    assert opinion.status == "disagrees"
    assert "axioms that are not allowed: " in opinion.detail


@needs_coq
def test_an_axiom_of_ones_own_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PREAMBLE", module.PREAMBLE + "\nAxiom trick : (0 : R) = 1.\n")
    monkeypatch.setitem(ALGEBRA, "arithmetic", "exfalso; apply R1_neq_R0; symmetry; exact trick")  # type: ignore[arg-type]
    opinion = opinion_on([LINE])
    assert opinion.status == "disagrees"
    assert "trick" in opinion.detail


def test_without_coq_the_opinion_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    opinion = second_opinion(result("kl-exponential").derivation)
    assert (opinion.status, opinion.steps_checked) == ("absent", 0)
    assert "not installed" in opinion.detail


def test_what_coq_prints_is_read() -> None:
    assert axioms("Closed under the global context\n") == frozenset()
    printed = "Axioms:\nA.sig_not_dec : forall P : Prop, {~ ~ P} + {~ P}\nB.ext\n  : forall x,\n    x = x\n"
    assert axioms(printed) == {"A.sig_not_dec", "B.ext"}
    assert axioms("something else") is None


def test_every_identity_has_a_tactic() -> None:
    identities = {
        id for id, rule in RULES.items() if isinstance(getattr(rule.apply, "__self__", None), Identity)
    }
    assert identities <= set(ALGEBRA) <= set(RULES)


# -- what is trusted -------------------------------------------------------------------------------------


def test_the_trusted_list_is_read_from_the_code() -> None:
    modules = kernel_modules()
    assert {"derive.checker", "derive.kernel", "derive.normal_form", "derive.rules.integrals"} <= set(modules)
    assert not any(".strategies" in m or ".document" in m or ".evidence" in m for m in modules)
    names = {(t.package, t.name) for t in trusted()}
    assert {("flint", "flint.fmpq_mpoly_ctx"), ("flint", "factor"), ("sympy", "sympy.Expr")} <= names
    balls = {t.name for t in trusted() if t.modules == ("derive.approximation",)}
    assert {"flint.arb", "flint.acb", "flint.arb_series", "flint.ctx", "exp", "log", "cos", "sin"} <= balls
    assert len(lines()) == len(trusted())


def test_the_checker_uses_no_heuristics() -> None:
    """Nothing that decides by trying: no simplifier, no solver, no parser, no evaluation to floats."""
    forbidden = {
        "simplify",
        "sympify",
        "parse_expr",
        "solve",
        "integrate",
        "limit",
        "nsimplify",
        "lambdify",
        "S",
    }
    assert forbidden.isdisjoint({t.name.split(".")[-1] for t in trusted() if t.sort == "import"})
