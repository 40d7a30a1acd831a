"""Re-proves a certificate from the file alone: ``python -m derive.checker FILE``.

No strategy, search or document code is imported: only the kernel, the rules' tables, the families'
definitions, and the functions that polynomials stand for.  Exit code 0 when everything holds, 1 with one
sentence that names the step, the rule and the reason when not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from derive.approximation import Unproved, prove_all
from derive.derivation import CertificateError, Derivation, replay_all, require_keys
from derive.distributions import FAMILIES
from derive.entries import statements
from derive.rules import RULES
from derive.stated import stated
from derive.terms import KL, Between, Density, DerivativeIn, Inert, IntegralOver, ValueAt, contains

UNDONE: tuple[type[Inert], ...] = (KL, IntegralOver, Between, Density, DerivativeIn, ValueAt)
"""Heads that a closed form may not hold."""
APPROXIMATIONS = "approximations"
"""The key of the polynomials in a certificate; those of studies have none."""
LARGEST_FILE = 16 * 1024 * 1024


def check(data: Any) -> dict[str, Derivation]:
    """Every derivation of a certificate, rebuilt through the kernel.

    A derivation that has a name of the catalogue also has to state what the catalogue says, and to end in
    a closed form: a chain that stops half-way proves something true, but not the result.  The bounds of
    the polynomials that it lists are proved too; that some code uses no other one is not what it says.

    Raises:
        CertificateError: when a step, a lemma, a statement, a family or an approximation does not hold.
    """
    proved = replay_all(data, RULES, FAMILIES)
    require_keys(
        "the certificate", data, {"format", "id", "families", "derivations"}, optional={APPROXIMATIONS}
    )
    expected = statements() | {id: (s.declarations, s.left) for id, s in stated().items()}
    for name, derivation in proved.items():
        if name in expected and expected[name] != (derivation.scope.declarations, derivation.left):
            raise CertificateError(
                f"{name}: it proves something about {derivation.left}, but the catalogue's {name} is "
                f"about {expected[name][1]}"
            )
        if name in expected and any(contains(derivation.right, head) for head in UNDONE):
            raise CertificateError(f"{name}: its last line is no closed form: {derivation.right}")
        drawn = tuple((c.condition.kind, c.condition.terms[1:]) for c in derivation.conclusions)
        if name in expected and drawn != (stated()[name].conclusions if name in stated() else ()):
            raise CertificateError(f"{name}: its conclusions are not those of the catalogue's {name}")
    try:
        prove_all(data.get(APPROXIMATIONS, []))
    except Unproved as error:
        raise CertificateError(str(error)) from error
    return proved


def check_file(path: Path) -> dict[str, Derivation]:
    """:func:`check` for a file, with a cap on its size.

    Raises:
        CertificateError: also when the file cannot be read as JSON.
    """
    return check(_read(path))


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CertificateError(f"{path} is larger than {LARGEST_FILE} bytes")
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_duplicates)
    except (OSError, ValueError, RecursionError) as error:
        raise CertificateError(f"cannot read {path}: {error}") from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which no key stands twice: readers differ in which of the two they keep."""
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return out


def main(arguments: list[str]) -> int:
    """Check the files named on the command line."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m derive.checker CERTIFICATE...", file=sys.stderr)
        return 2
    for name in arguments:
        try:
            data = _read(Path(name))
            proved = check(data)
        except CertificateError as error:
            print(f"{name}: refused: {error}", file=sys.stderr)
            return 1
        steps = sum(len(d.steps) for d in proved.values())
        approximations = len(data.get(APPROXIMATIONS, []))
        print(
            f"{name}: {len(proved)} derivations, {steps} steps, {approximations} approximations, all accepted"
        )
        for d in proved.values():
            print(f"  {d.id}: {d.left} = {d.right}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
