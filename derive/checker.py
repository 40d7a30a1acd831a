"""Re-proves a certificate from the file alone: ``python -m derive.checker FILE``.

No strategy, search or document code is imported: only the kernel, the rules' tables and the families'
definitions.  Exit code 0 when everything holds, 1 with one sentence that names the step, the rule and
the reason when not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from derive.derivation import CertificateError, Derivation, replay_all
from derive.distributions import FAMILIES
from derive.rules import RULES

LARGEST_FILE = 16 * 1024 * 1024


def check(data: Any) -> dict[str, Derivation]:
    """Every derivation of a certificate, rebuilt through the kernel.

    Raises:
        CertificateError: when a step, a lemma, a statement or a family does not hold.
    """
    return replay_all(data, RULES, FAMILIES)


def check_file(path: Path) -> dict[str, Derivation]:
    """:func:`check` for a file, with a cap on its size.

    Raises:
        CertificateError: also when the file cannot be read as JSON.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CertificateError(f"{path} is larger than {LARGEST_FILE} bytes")
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CertificateError(f"cannot read {path}: {error}") from error
    return check(data)


def main(arguments: list[str]) -> int:
    """Check the files named on the command line."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m derive.checker CERTIFICATE...", file=sys.stderr)
        return 2
    for name in arguments:
        try:
            proved = check_file(Path(name))
        except CertificateError as error:
            print(f"{name}: refused: {error}", file=sys.stderr)
            return 1
        steps = sum(len(d.steps) for d in proved.values())
        print(f"{name}: {len(proved)} derivations, {steps} steps, all accepted")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
