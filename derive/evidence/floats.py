"""Binary floating-point formats: rounding to one, and the size of its last place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Format:
    """An IEEE-like binary format whose numbers are all float64 numbers too.

    ``precision`` counts the leading bit; normal numbers are 1.… · 2^e with ``lowest`` ≤ e ≤ ``highest``.
    """

    name: str
    precision: int
    lowest: int
    highest: int

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float(np.ldexp(2.0 - 2.0 ** (1 - self.precision), self.highest))

    @property
    def least_normal(self) -> float:
        """The smallest positive normal number."""
        return float(np.ldexp(1.0, self.lowest))

    @property
    def least(self) -> float:
        """The smallest positive number, a subnormal one."""
        return float(np.ldexp(1.0, self.lowest - self.precision + 1))

    def ulp(self, values: Floats) -> Floats:
        """The unit in the last place of numbers of this size.

        >>> float(FORMATS["float32"].ulp(np.array([1.5]))[0]) == 2.0**-23
        True
        """
        _, exponents = np.frexp(values)
        return np.ldexp(1.0, np.maximum(exponents - 1, self.lowest) - self.precision + 1)

    def round(self, values: Floats) -> Floats:
        """The nearest numbers of this format, ties to even; too large ones become infinite."""
        with np.errstate(over="ignore", invalid="ignore"):
            unit = self.ulp(values)
            # the quotient by a power of two is exact unless float64 itself underflows
            rounded = values if self.name == "float64" else np.rint(values / unit) * unit
            out = np.where(np.isfinite(values), rounded, values)
            return np.where(np.abs(out) > self.largest, np.copysign(np.inf, out), out)


FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("float16", 11, -14, 15),
        Format("bfloat16", 8, -126, 127),
        Format("float32", 24, -126, 127),
        Format("float64", 53, -1022, 1023),
    )
}
