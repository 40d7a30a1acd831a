"""Faults of Python source: the operators of ``cosmic-ray``, and a few that a checker needs more than others.

A guard that never fires, an operand of a condition that is gone, a call that is left out, a decision that
is always the same: each lets something through that was refused before.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

import cosmic_ray.plugins
import parso
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from parso.tree import NodeOrLeaf

LIBRARY = (
    "AddNot", "ExceptionReplacer", "NumberReplacer", "RemoveDecorator", "ReplaceAndWithOr",
    "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ReplaceFalseWithTrue",
    "ReplaceTrueWithFalse", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub",
    "ZeroIterationForLoop",
    *(f"ReplaceBinaryOperator_{pair}" for pair in (
        "Add_Sub", "Sub_Add", "Mul_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "Mod_FloorDiv", "FloorDiv_Div",
        "BitOr_BitAnd", "BitAnd_BitOr",
    )),
    *(f"ReplaceComparisonOperator_{pair}" for pair in (
        "Eq_NotEq", "Eq_LtE", "Eq_GtE", "NotEq_Eq", "NotEq_Lt", "NotEq_Gt", "Lt_LtE", "Lt_GtE", "LtE_Lt",
        "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Is_IsNot", "IsNot_Is",
    )),
)  # fmt: skip
"""Operators of the library that are used; the others replace, say, + by ^ and are found out at once."""


class _Replacing(Operator):
    """Replaces a child of a node by other code; a subclass says which children, and by what."""

    def changes(self, node: NodeOrLeaf) -> Iterator[tuple[int, str]]:
        """(number of the child, code) for each way to hurt the node."""
        raise NotImplementedError

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """One position for each way."""
        for child, _ in self.changes(node):
            yield node.children[child].start_pos, node.children[child].end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        """The node with one child replaced, after the same white space."""
        child, code = list(self.changes(node))[index]
        prefix = node.children[child].get_first_leaf().prefix
        node.children[child] = parso.parse(prefix + code)
        return node

    @classmethod
    def examples(cls) -> Iterable[object]:
        """None are needed: the library asks for them in its own tests."""
        return ()


class GuardDropped(_Replacing):
    """What an ``if`` asks for is never found."""

    def changes(self, node: NodeOrLeaf) -> Iterator[tuple[int, str]]:
        if node.type == "if_stmt":
            for i, child in enumerate(node.children):
                if child.type == "keyword" and child.value in ("if", "elif"):
                    yield i + 1, "False"


class OperandDropped(_Replacing):
    """One operand of ``and`` or ``or`` no longer counts."""

    def changes(self, node: NodeOrLeaf) -> Iterator[tuple[int, str]]:
        if node.type in ("and_test", "or_test"):
            for i in range(0, len(node.children), 2):
                yield i, "True" if node.type == "and_test" else "False"


class StatementDropped(_Replacing):
    """A call, a raise, a yield or an assignment that changes something is left out."""

    def changes(self, node: NodeOrLeaf) -> Iterator[tuple[int, str]]:
        if node.type == "simple_stmt":
            statement = node.children[0]
            augmented = statement.type == "expr_stmt" and statement.children[1].type == "operator" and (
                statement.children[1].value != "="
            )  # fmt: skip
            if augmented or statement.type in ("atom_expr", "raise_stmt", "yield_expr"):
                yield 0, "pass"


class DecisionFixed(_Replacing):
    """A function that decides gives the same answer each time."""

    def changes(self, node: NodeOrLeaf) -> Iterator[tuple[int, str]]:
        if node.type == "return_stmt":
            function = parso.python.tree.search_ancestor(node, "funcdef")
            if (
                function is not None
                and function.annotation
                and function.annotation.get_code().strip() == "bool"
            ):
                for code in ("True", "False"):
                    if node.children[1].get_code().strip() != code:
                        yield 1, code


class QuantifierExchanged(_Replacing):
    """``any`` for ``all`` and the other way round."""

    def changes(self, node: NodeOrLeaf) -> Iterator[tuple[int, str]]:
        if node.type == "atom_expr" and node.children[0].type == "name":
            other = {"any": "all", "all": "any"}.get(node.children[0].value)
            if other is not None:
                yield 0, other


OWN = (GuardDropped, OperandDropped, StatementDropped, DecisionFixed, QuantifierExchanged)


@dataclass(frozen=True)
class SourceMutant:
    """A module with one fault in it: ``line`` became ``changed`` in the function ``where``."""

    module: str
    where: str
    operator: str
    number: int
    line: str
    changed: str
    source: str

    @property
    def key(self) -> str:
        """What stays the same when lines move."""
        return f"{self.module.removeprefix('derive.')}.{self.where}: {self.line} → {self.changed}"

    @property
    def digest(self) -> str:
        """A name for the mutated source."""
        return hashlib.blake2b(f"{self.module}\n{self.source}".encode(), digest_size=12).hexdigest()


class _Runs(ast.NodeTransformer):
    """Leaves out what is not run: annotations."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.annotation = ast.Constant(0)
        self.generic_visit(node)
        return node


def what_runs(source: str) -> str:
    """The source as it is run, without positions."""
    return ast.dump(_Runs().visit(ast.parse(source)))


class _Outside(ast.NodeTransformer):
    """Leaves out the bodies of functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = []
        return node


def outside_functions(source: str) -> str:
    """What stands outside the bodies of functions: tables, constants, classes, decorators, defaults."""
    return ast.dump(_Outside().visit(ast.parse(source)))


def source_mutants(module: str, source: str) -> Iterator[SourceMutant]:
    """Every mutant of a module's source, each once, without those that change nothing that is run."""
    seen = {what_runs(source)}
    for operator, name in _operators():
        for occurrence in count():
            changed = mutate_code(source, operator, occurrence)
            if changed is None:
                break
            try:
                runs = what_runs(changed)
            except SyntaxError:
                continue
            if runs not in seen:
                seen.add(runs)
                yield _located(module, name, source, changed)


def _operators() -> Iterator[tuple[Operator, str]]:
    for own in OWN:
        yield own(), own.__name__
    for name in LIBRARY:
        made = cosmic_ray.plugins.get_operator(f"core/{name}")
        arguments = [e.operator_args for e in made.examples() if e.operator_args] if made.arguments() else []
        yield made(**(arguments[0] if arguments else {})), name


def _located(module: str, operator: str, source: str, changed: str) -> SourceMutant:
    before, after = source.splitlines(), changed.splitlines()
    number = next(i for i, line in enumerate(before) if i >= len(after) or line != after[i])
    tail = 0
    while tail < min(len(before), len(after)) - number - 1 and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    left, right = (" ".join(" ".join(lines[number : len(lines) - tail]).split()) for lines in (before, after))
    return SourceMutant(module, _function_at(source, number + 1), operator, number + 1, left, right, changed)


def _function_at(source: str, line: int) -> str:
    """The function or class that holds a line, by its dotted name."""
    found: list[str] = []

    def look(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                if first <= line <= (child.end_lineno or child.lineno):
                    found.append(child.name)
                    look(child)

    look(ast.parse(source))
    return ".".join(found) or "(module)"
