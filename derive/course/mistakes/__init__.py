"""Mistakes that people really make, as data: where each is made, what it writes, why it is wrong.

A mistake is a small transformation of the right line.  It is offered as a choice only when numbers
show it wrong at that line, and nothing it writes is ever accepted: the checker refuses each one.
"""

from __future__ import annotations

from derive.course.mistakes import algebra, calculus, definitions, derivatives, integrals, logarithms
from derive.course.mistakes.mistake import Mistake, exchange

MISTAKES: tuple[Mistake, ...] = tuple(
    mistake
    for topic in (definitions, logarithms, integrals, algebra, calculus, derivatives)
    for mistake in topic.BOOK.mistakes
)
BY_ID = {mistake.id: mistake for mistake in MISTAKES}

__all__ = ["BY_ID", "MISTAKES", "Mistake", "exchange"]
