"""The reader's notation: a preset, or a TOML file that names laws, parameters and the logarithm.

Only names change.  A choice that would print two different things alike is refused when it is used.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from derive.document.notation import Notation, NotationError, name_node

LOGARITHMS = ("log", "ln")
LAWS = ("p", "q")
LARGEST_FILE = 64 * 1024

_VAE_NAMES = {
    f"{name}_{i}": f"{name}_{law}"
    for i, law in ((1, "q"), (2, "p"))
    for name in ("mu", "sigma", "v", "s", "lambda")
}

PRESETS: Mapping[str, Notation] = {
    "vae": Notation(roles={"p": "q_phi", "q": "p"}, symbols={**_VAE_NAMES, "x": "z"}),
    "statistics": Notation(roles={"p": "f", "q": "g"}),
    "bishop": Notation(
        symbols={"mu_1": "mu", "sigma_1": "sigma", "mu_2": "m", "sigma_2": "s"}, logarithm="ln"
    ),
}
"""vae: q_φ against the prior p, over z.  statistics: densities f and g.  bishop: N(μ, σ²) against
N(m, s²), with ln, as in Pattern Recognition and Machine Learning."""


def load_notation(source: str | Path) -> Notation:
    """A preset by its name, or the notation that a TOML file describes.

    The file may hold ``log = "ln"``, a table ``[laws]`` with names for p and q, and a table
    ``[names]`` with names for parameters and variables: ``mu_1 = "mu_q"``.

    Raises:
        NotationError: unknown preset, unreadable file, unknown key, or a name that cannot be printed.
    """
    if isinstance(source, str) and source in PRESETS:
        return PRESETS[source]
    path = Path(source)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise NotationError(f"{path} is larger than {LARGEST_FILE} bytes")
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(PRESETS))
        raise NotationError(f"{source} is neither a preset ({known}) nor a file") from None
    except (OSError, ValueError) as error:
        if isinstance(error, NotationError):
            raise
        raise NotationError(f"cannot read {path}: {error}") from error
    return from_table(data)


def from_table(data: Mapping[str, Any]) -> Notation:
    """The notation of a TOML file's contents.

    >>> from_table({"log": "ln", "laws": {"p": "f"}}).logarithm
    'ln'
    >>> from_table({"logarithm": "ln"})
    Traceback (most recent call last):
    ...
    derive.document.notation.NotationError: a notation has no 'logarithm': it has log, laws and names
    """
    for key in data:
        if key not in ("log", "laws", "names"):
            raise NotationError(f"a notation has no {key!r}: it has log, laws and names")
    logarithm = data.get("log", "log")
    if logarithm not in LOGARITHMS:
        raise NotationError(f"log is written {' or '.join(LOGARITHMS)}, not {logarithm!r}")
    roles = _names(data.get("laws", {}), "laws")
    for law in roles:
        if law not in LAWS:
            raise NotationError(f"[laws] names p and q, not {law!r}")
    return Notation(roles=roles, symbols=_names(data.get("names", {}), "names"), logarithm=logarithm)


def _names(table: Any, where: str) -> dict[str, str]:
    if not isinstance(table, Mapping):
        raise NotationError(f"{where} is a table: write [{where}] and a name on each line")
    for name, shown in table.items():
        if not isinstance(shown, str):
            raise NotationError(f"{where}: {name} has to be a name in quotes, not {shown!r}")
        name_node(name)
        name_node(shown)
    return dict(table)


__all__ = ["PRESETS", "from_table", "load_notation"]
