"""Every rule the kernel may be asked to apply, joined by one explicit table."""

from __future__ import annotations

from collections.abc import Mapping

from derive.kernel import Rule
from derive.rules import algebra, definitions, derivatives, integrals, logarithms

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
        *definitions.RULES,
        *logarithms.RULES,
        *algebra.RULES,
        *integrals.RULES,
        *derivatives.RULES,
    )
}
