"""Mutation testing of the checker: ``python -m tests.attack.mutate_checker [MODULE…] [--write]``.

Every module that the checker trusts is changed in one place at a time (``source_operators``), and a forked
child has to notice: it checks the shipped certificates, which come back byte for byte, and then runs the
tests that attack the checker until one fails.  A mutant that nothing notices has to be explained in
``survivors``; one that is not is printed, and the exit code is 1.  Needs ``cosmic-ray`` and a system that can
fork.
"""

from __future__ import annotations

import argparse
import gc
import importlib.abc
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib.machinery import ModuleSpec
from itertools import zip_longest
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import pytest

from .source_operators import SourceMutant, outside_functions, source_mutants
from .survivors import explanation

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("MUTATION.md")
SHIPPED = sorted(ROOT.glob("generated/*/certificate.json"), key=lambda p: (p.stat().st_size, p.name))
MODULES = (
    "checker", "approximation", "kernel", "derivation", "wellformed", "codec", "scope", "rules.identity",
    "rules.algebra", "rules.definitions", "rules.logarithms", "rules.integrals", "rules.derivatives",
    "calculus", "derivative", "conclusions", "normal_form", "function_field", "field", "terms", "entries",
    "stated",
)  # fmt: skip
"""What is trusted, the smallest circle first; families of distributions are data, and no code."""
TESTS = (
    "tests/test_guards_approximation.py", "tests/test_guards.py", "tests/test_guards_rules.py",
    "tests/test_guards_derivatives.py", "tests/test_guards_calculus.py", "tests/test_guards_normal_form.py",
    "tests/test_guards_supports.py", "tests/test_guards_field.py", "tests/test_guards_conclusions.py",
    "tests/test_guards_terms.py", "tests/test_guards_entries.py", "tests/test_guards_files.py",
    "tests/test_kernel.py", "tests/test_checker.py", "tests/test_attack.py", "tests/test_certificate.py",
    "tests/test_normal_form.py", "tests/test_studies.py",
)  # fmt: skip
LEFT_OUT = (
    "command_itself", "runs_alone", "would_be_noticed", "same_every_time", "any_json", "any_bytes",
    "hurt_lines", "never_crash", "replaced_by", "equal_terms_have", "defined_everywhere", "laws_that_hold",
    "used_before", "equal_integrals", "byte_for_byte", "hurt_conclusion", "agree_with_a_textbook",
)  # fmt: skip
"""Tests that start a process, where the mutant is not, plant faults of their own, or draw many examples."""
OPTIONS = (
    "-x", "-p", "no:cacheprovider", "-p", "no:terminal", "-o", "addopts=",
    "-k", " and ".join(f"not {name}" for name in LEFT_OUT),
)  # fmt: skip
SECONDS = 120
"""Of processor time, so that a busy machine stops no mutant that is only waiting."""
MEMORY = 4 * 1024**3
"""Bytes of address space: a mutant that never stops may grow fast."""


class Outcome(IntEnum):
    """How a mutant was noticed; the exit code of the child."""

    SURVIVED = 0
    CERTIFICATES = 1
    TESTS = 2
    STOPPED = 3
    """It ran too long, or crashed the interpreter."""
    NOT_RUN = 4


@dataclass(frozen=True)
class Verdict:
    """A mutant and what became of it."""

    mutant: SourceMutant
    outcome: Outcome


# -- a mutant in its place -------------------------------------------------------------------------------


def source_path(module: str) -> Path:
    """The file of a module of the package."""
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def functions(namespace: Mapping[str, Any], file: str) -> Iterator[FunctionType]:
    """Every function that a file defines, methods included."""
    for value in list(namespace.values()):
        if isinstance(value, type) and value.__module__ == namespace.get("__name__"):
            yield from functions({**vars(value), "__name__": value.__module__}, file)
        if hasattr(value, "cache_clear"):
            value.cache_clear()
        value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        value = inspect.unwrap(value) if callable(value) else value
        if isinstance(value, FunctionType) and value.__code__.co_filename == file:
            yield value


def exchange_functions(mutant: SourceMutant) -> None:
    """Give the functions that are there the mutant's code, so that whoever holds one runs it."""
    file, module = str(source_path(mutant.module)), sys.modules[mutant.module]
    changed: dict[str, Any] = {"__name__": mutant.module}
    exec(compile(mutant.source, file, "exec"), changed)
    new = {f.__qualname__: f for f in functions(changed, file)}
    for function in functions(vars(module), file):
        function.__code__ = new[function.__qualname__].__code__


def in_a_closure(mutant: SourceMutant) -> bool:
    """Whether the mutant stands in a function that another one makes: one that was made keeps its code."""
    holder: object = sys.modules[mutant.module]
    for name in mutant.where.split(".")[:-1]:
        holder = getattr(holder, name)
    return callable(holder) and not isinstance(holder, type)


class _OneModule(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in the place of its module."""

    def __init__(self, mutant: SourceMutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self.mutant.module else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(source_path(self.mutant.module))
        exec(compile(self.mutant.source, module.__file__, "exec"), module.__dict__)


def import_afresh(mutant: SourceMutant) -> None:
    """Forget everything that was imported of the package, and import it with the mutant."""
    for name in list(sys.modules):
        if name.split(".")[0] in ("derive", "attack", "conftest") or name.startswith("test_"):
            del sys.modules[name]
    sys.meta_path.insert(0, _OneModule(mutant))


# -- noticing --------------------------------------------------------------------------------------------


def certificates_come_back() -> bool:
    """The checker accepts what is shipped, and what it rebuilt is what stands there, to the letter."""
    from derive.approximation import encode, prove_all
    from derive.checker import check_file
    from derive.derivation import certificate, dumps

    for path in SHIPPED:
        text = path.read_text(encoding="utf-8")
        proved, data = check_file(path), json.loads(text)
        again = certificate(proved[data["id"]], *proved.values())
        if claims := prove_all(data.get("approximations", [])):
            again["approximations"] = [encode(claim) for claim in claims]
        if dumps(again) != text:
            return False
    return True


def run_tests(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Run tests that were collected; each is yielded when it is done."""
    for item, following in zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item


def notices(mutant: SourceMutant, session: pytest.Session, concerned: list[pytest.Item]) -> Outcome:
    """Whether anything fails with the mutant in place; runs in a process of its own."""
    original = source_path(mutant.module).read_text(encoding="utf-8")
    afresh = outside_functions(mutant.source) != outside_functions(original) or in_a_closure(mutant)
    try:
        (import_afresh if afresh else exchange_functions)(mutant)
        from attack.operators import remembered

        with remembered():
            if not certificates_come_back():
                return Outcome.CERTIFICATES
            if afresh:
                return Outcome.TESTS if pytest.main([*OPTIONS, *TESTS]) else Outcome.SURVIVED
            if any(session.testsfailed for _ in run_tests(concerned)):
                return Outcome.TESTS
    except BaseException:
        return Outcome.CERTIFICATES
    return Outcome.SURVIVED


def forget(modules: Iterable[str]) -> None:
    """Empty the caches of modules: what is remembered is not run, and no test would be seen to reach it."""
    for module in modules:
        for value in vars(sys.modules[module]).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


class Reach:
    """Which tests run which lines and which functions of the trusted modules."""

    def __init__(self, modules: Iterable[str]) -> None:
        self.files = {str(source_path(f"derive.{m}")): f"derive.{m}" for m in modules}
        self.lines: dict[tuple[str, int], list[pytest.Item]] = defaultdict(list)
        self.functions: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)

    def of(self, session: pytest.Session) -> Reach:
        """Run every test once and look."""
        seen: set[tuple[str, Any]] = set()

        def inside(frame: FrameType, event: str, _: Any) -> Any:
            seen.add((frame.f_code.co_filename, frame.f_lineno))
            return inside

        def calls(frame: FrameType, event: str, _: Any) -> Any:
            if frame.f_code.co_filename not in self.files:
                return None
            seen.add((frame.f_code.co_filename, frame.f_code.co_qualname))
            return inside

        forget(self.files.values())
        sys.settrace(calls)
        for item in run_tests(session.items):
            sys.settrace(None)
            for file, what in seen:
                known = self.lines if isinstance(what, int) else self.functions
                known[self.files[file], what].append(item)  # type: ignore[index]
            seen.clear()
            forget(self.files.values())
            sys.settrace(calls)  # anew each time: a test that recurses too deep ends it
        sys.settrace(None)
        return self

    def tests(self, mutant: SourceMutant) -> list[pytest.Item]:
        """The tests that run the line, or else the function that it stands in."""
        found = self.lines.get((mutant.module, mutant.number))
        return found or self.functions.get((mutant.module, mutant.where), [])


def all_mutants(modules: Iterable[str]) -> Iterator[SourceMutant]:
    """The mutants of some modules."""
    for module in modules:
        name = f"derive.{module}"
        yield from source_mutants(name, source_path(name).read_text(encoding="utf-8"))


def noticed_before(known: Path | None) -> dict[str, Outcome]:
    """What earlier runs found, by the digest of the mutant's source; the last one counts."""
    if known is None or not known.exists():
        return {}
    lines = known.read_text(encoding="utf-8").splitlines()
    return {digest: Outcome[name] for digest, name in map(json.loads, lines)}


class Campaign:
    """Runs mutants in the place of the tests that pytest has collected."""

    def __init__(
        self, modules: Iterable[str], workers: int, operators: Iterable[str], known: Path | None
    ) -> None:
        self.modules, self.workers, self.operators, self.known = modules, workers, set(operators), known
        self.verdicts: list[Verdict] = []
        self.sound = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The source as it is has to pass; then each mutant."""
        reach = Reach(self.modules).of(session)
        self.sound = not session.testsfailed and certificates_come_back()
        waiting, running, before = self._mutants(), {}, noticed_before(self.known)
        gc.freeze()  # a child that collects garbage would copy all of the memory that it shares
        while self.sound:
            while len(running) < self.workers and (mutant := next(waiting, None)) is not None:
                if before.get(mutant.digest) in (Outcome.CERTIFICATES, Outcome.TESTS):
                    self.verdicts.append(Verdict(mutant, before[mutant.digest]))
                else:
                    running[self._start(mutant, session, reach.tests(mutant))] = mutant
            if not running:
                break
            mutant, code = self._wait(running)
            verdict = Verdict(mutant, Outcome(code) if code in tuple(Outcome) else Outcome.STOPPED)
            self.verdicts.append(verdict)
            self._tell(verdict)
        return True

    def _mutants(self) -> Iterator[SourceMutant]:
        wanted = all_mutants(self.modules)
        return (m for m in wanted if not self.operators or m.operator in self.operators)

    def _tell(self, verdict: Verdict) -> None:
        if self.known is not None:
            with self.known.open("a", encoding="utf-8") as file:
                print(json.dumps([verdict.mutant.digest, verdict.outcome.name]), file=file)
        if verdict.outcome == Outcome.SURVIVED and not explanation(verdict.mutant.key):
            m = verdict.mutant
            print(f"SURVIVED {m.operator}, line {m.number}: {m.key}", file=sys.stderr, flush=True)
        if len(self.verdicts) % 100 == 0:
            print(f"{len(self.verdicts)} mutants, {verdict.mutant.module}", file=sys.stderr, flush=True)

    @staticmethod
    def _start(mutant: SourceMutant, session: pytest.Session, concerned: list[pytest.Item]) -> int:
        if (child := os.fork()) != 0:
            return child
        code = Outcome.STOPPED
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            code = notices(mutant, session, concerned)
        finally:
            os._exit(code)

    @staticmethod
    def _wait(running: dict[int, Any]) -> tuple[Any, int]:
        child, status = os.wait()
        return running.pop(child), os.waitstatus_to_exitcode(status)


# -- figures ---------------------------------------------------------------------------------------------


def table(verdicts: list[Verdict]) -> str:
    """The figures as Markdown."""
    by_module: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, list[str]] = defaultdict(list)
    for v in verdicts:
        column = v.outcome.name
        if v.outcome == Outcome.SURVIVED:
            reason = explanation(v.mutant.key)
            column = "explained" if reason else "unexplained"
            reasons[reason or "NOT EXPLAINED"].append(v.mutant.key)
        by_module[v.mutant.module.removeprefix("derive.")][column] += 1
    lines = [
        "# Mutation testing of the checker",
        "",
        "Made by `python -m tests.attack.mutate_checker --write`; do not edit.  A mutant is a trusted",
        "module with one fault in its source.  It is noticed when a shipped certificate is no longer",
        "accepted or comes back changed, when a test fails that attacks the checker, or when it runs too",
        "long or crashes.  Each one that survives is explained below.",
        "",
        "| module | mutants | by certificates | by tests | stopped | explained | unexplained | not run |",
        "|---|" + "---:|" * 7,
    ]
    columns = ("CERTIFICATES", "TESTS", "STOPPED", "explained", "unexplained", "NOT_RUN")
    rows = [(name, by_module[name]) for name in MODULES if name in by_module]
    total = sum((counts for _, counts in rows), Counter[str]())
    for name, counts in [*rows, ("**all**", total)]:
        cells = (counts.total(), *(counts[c] for c in columns))
        lines.append(f"| {name} | " + " | ".join(f"{c:,}" for c in cells) + " |")
    lines += ["", "## Survivors, and why they are harmless", ""]
    for reason, keys in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += [f"**{reason}** ({len(keys)})", "", *(f"- `{key}`" for key in sorted(keys)), ""]
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Run the mutants of the named modules; 1 when one survives without an explanation."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.mutate_checker")
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--operators", nargs="+", default=(), help="operators by name; all by default")
    parser.add_argument("--known", type=Path, help="file of outcomes: read first, then added to")
    parser.add_argument("--table", action="store_true", help="run nothing: say what the known outcomes are")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    campaign, start = (
        Campaign(options.modules, options.workers, options.operators, options.known),
        time.monotonic(),
    )
    if options.table:
        made = list(all_mutants(options.modules))
        known = noticed_before(options.known)
        found = [Verdict(m, known.get(m.digest, Outcome.NOT_RUN)) for m in made]
    else:
        os.chdir(ROOT)
        pytest.main([*OPTIONS, *TESTS], plugins=[campaign])
        if not campaign.sound:
            print("the suite fails without any mutant", file=sys.stderr)
            return 2
        found = campaign.verdicts
    verdicts = sorted(found, key=lambda v: (v.mutant.module, v.mutant.number, v.mutant.key))
    survived = [v for v in verdicts if v.outcome == Outcome.SURVIVED]
    unexplained = sum(not explanation(v.mutant.key) for v in survived)
    print(
        f"{len(verdicts):,} mutants in {time.monotonic() - start:.0f} s: {len(survived)} survive, "
        f"{unexplained} unexplained"
    )
    if options.write:
        RESULTS.write_text(table(verdicts), encoding="utf-8")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
