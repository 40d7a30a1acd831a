"""The operators on the checker's source make what they are for; the campaign itself is a command."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest
from attack import mutate_checker
from attack.mutate_checker import Outcome, Verdict, exchange_functions, table
from attack.source_operators import SourceMutant, outside_functions, source_mutants, what_runs

SOURCE = '''
LIMIT = 3

def allowed(n: int | None, names: list[str]) -> bool:
    """Whether it is."""
    if n is None or n > LIMIT:
        raise ValueError("too large")
    names.append("seen")
    return all(name for name in names)
'''


def made(operator: str) -> list[SourceMutant]:
    return [m for m in source_mutants("derive.example", SOURCE) if m.operator == operator]


@pytest.mark.parametrize(
    ("operator", "changed"),
    [
        ("GuardDropped", "if False:"),
        ("OperandDropped", "if n is None or False:"),
        ("StatementDropped", "pass"),
        ("DecisionFixed", "return True"),
        ("QuantifierExchanged", "return any(name for name in names)"),
        ("ReplaceComparisonOperator_Gt_GtE", "if n is None or n >= LIMIT:"),
        ("NumberReplacer", "LIMIT = 4"),
    ],
)
def test_an_operator_makes_the_fault_that_it_is_for(operator: str, changed: str) -> None:
    found = made(operator)
    assert changed in [m.changed for m in found]
    assert all(m.where == ("allowed" if "LIMIT =" not in m.changed else "(module)") for m in found)
    assert all(m.key == f"example.{m.where}: {m.line} → {m.changed}" for m in found)


def test_mutants_differ_in_what_is_run_and_from_each_other() -> None:
    found = list(source_mutants("derive.example", SOURCE))
    runs = {what_runs(m.source) for m in found}
    assert len(runs) == len(found) > 10
    assert what_runs(SOURCE) not in runs
    assert what_runs(SOURCE) == what_runs(SOURCE.replace("int | None", "str"))
    assert outside_functions(SOURCE) == outside_functions(SOURCE.replace("raise", "return"))
    assert outside_functions(SOURCE) != outside_functions(SOURCE.replace("LIMIT = 3", "LIMIT = 4"))


def test_a_mutant_is_run_by_whoever_holds_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("derive.example")
    file = str(mutate_checker.source_path("derive.example"))
    exec(compile(SOURCE, file, "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "derive.example", module)
    held = module.allowed
    with pytest.raises(ValueError, match="too large"):
        held(4, [])
    exchange_functions(next(m for m in made("GuardDropped")))
    assert held(4, []) is True


def test_a_closure_is_not_taken_for_a_method() -> None:
    mutant = replace(made("GuardDropped")[0], module="derive.rules.derivatives")
    __import__(mutant.module)
    for where, closure in (("_rule.on_derivative", True), ("_rule", False), ("(module)", False)):
        assert mutate_checker.in_a_closure(replace(mutant, where=where)) is closure
    assert not mutate_checker.in_a_closure(replace(mutant, module="derive.terms", where="Inert.__new__"))


def test_a_survivor_without_a_reason_is_counted() -> None:
    mutant = replace(made("GuardDropped")[0], module="derive.codec")
    text = table([Verdict(mutant, Outcome.SURVIVED), Verdict(mutant, Outcome.TESTS)])
    assert "NOT EXPLAINED" in text
    assert mutant.key in text
    assert "| **all** | 2 | 0 | 1 | 0 | 0 | 1 | 0 |" in text
