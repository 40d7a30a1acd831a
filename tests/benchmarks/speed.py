"""Speed, as ratios taken in one run: ``python tests/benchmarks/speed.py``.

Deriving and checking ``kl-normal`` from nothing is compared with SymPy's own integration of the same
divergence; the cost of a certificate is given for each step.  Absolute times move with the machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import sympy

from derive import catalogue
from derive.catalogue import DIVERGENCES
from derive.checker import check
from derive.codec import text
from derive.derivation import certificate, dumps
from derive.evidence.enclosure import enclose
from derive.evidence.points import points
from derive.strategies import kl, lemmas
from derive.terms import free_symbols

RUNS = 5


def cpu(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median CPU seconds of a piece of work."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def in_turn(*works: Callable[[], object], rounds: int) -> list[float]:
    """Median CPU seconds of each piece of work, then the median ratio of the last to each of the others.

    The pieces are run in turn, and a ratio is taken within a round: a machine that changes its speed
    changes both sides.
    """
    times = [[cpu(work, 1) for work in works] for _ in range(rounds)]
    ratios = ([row[-1] / row[i] for row in times] for i in range(len(works) - 1))
    return [statistics.median(column) for column in (*zip(*times, strict=True), *ratios)]


def forget() -> None:
    """Drop every cached derivation, and what was remembered of single terms."""
    catalogue.result.cache_clear()
    kl._GENERIC.clear()
    for function in (lemmas.prove, lemmas._scope, lemmas.gaussian_integral, lemmas.gaussian_integral_squared):
        function.cache_clear()
    free_symbols.cache_clear()
    text.cache_clear()
    sympy.core.cache.clear_cache()


def derive() -> None:
    """kl-normal with its lemmas; a step exists only when the kernel has checked it."""
    forget()
    kl.generic("Normal", "Normal")


def derive_and_check() -> None:
    """kl-normal with its lemmas, derived through the kernel and re-proved from its certificate."""
    forget()
    check(certificate(kl.generic("Normal", "Normal")))


x, m1, m2 = sympy.symbols("x mu_1 mu_2", real=True)
s1, s2 = sympy.symbols("sigma_1 sigma_2", positive=True)


def density(mean: sympy.Expr, std: sympy.Expr) -> sympy.Expr:
    """The normal density in SymPy."""
    return sympy.exp(-((x - mean) ** 2) / (2 * std**2)) / (std * sympy.sqrt(2 * sympy.pi))


def sympy_whole() -> None:
    """SymPy integrates p log(p/q) and simplifies."""
    sympy.core.cache.clear_cache()
    p, q = density(m1, s1), density(m2, s2)
    sympy.simplify(sympy.integrate(p * sympy.log(p / q), (x, -sympy.oo, sympy.oo)))


def sympy_by_terms() -> None:
    """SymPy integrates the expanded log-ratio term by term."""
    sympy.core.cache.clear_cache()
    ratio = sympy.log(s2 / s1) - (x - m1) ** 2 / (2 * s1**2) + (x - m2) ** 2 / (2 * s2**2)
    p = density(m1, s1)
    for term in sympy.Add.make_args(sympy.expand(ratio)):
        sympy.integrate(p * term, (x, -sympy.oo, sympy.oo))


def help_seconds() -> float:
    """Wall seconds of ``derive --help`` as a process of its own."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "derive.cli", "--help"], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    derive_and_check()  # imports and first-use costs are not counted for either side
    print("CPU time for kl-normal, and how many times longer SymPy takes than deriving it with the kernel")
    print("checking every step, and than deriving it and re-proving it from its certificate")
    for name, work, rounds in (
        ("SymPy, term by term", sympy_by_terms, 2 * RUNS + 1),
        ("SymPy, integrate(p*log(p/q)) + simplify", sympy_whole, 3),
    ):
        derived, proved, theirs, *ratios = in_turn(derive, derive_and_check, work, rounds=rounds)
        print(f"{name:<42}{theirs * 1e3:9.1f} ms {derived * 1e3:6.1f} ms {ratios[0]:6.1f} times", end="")
        print(f"{proved * 1e3:7.1f} ms {ratios[1]:6.1f} times")
    for id in DIVERGENCES:
        data = json.loads(dumps(certificate(catalogue.result(id).derivation)))
        steps = sum(len(d["steps"]) for d in data["derivations"])
        seconds = cpu(lambda data=data: check(data))  # type: ignore[misc]
        print(
            f"check {id:<34} {seconds * 1e3:9.1f} ms CPU   {seconds / steps * 1e3:7.2f} ms a step ({steps})"
        )
    slowest = max(
        enclose(catalogue.result(id).derivation, at).seconds for id in DIVERGENCES for at in points(id)
    )
    print(f"slowest enclosure of 20 points a result                  {slowest * 1e3:9.1f} ms wall")
    print(f"derive --help                            {help_seconds() * 1e3:9.1f} ms wall")


if __name__ == "__main__":
    main()
