"""Long measurements, spread over processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Job = TypeVar("Job")
Found = TypeVar("Found")


def each(work: Callable[[Job], Found], jobs: Iterable[Job], workers: int = 1) -> Iterator[Found]:
    """What ``work`` finds of each job, in their order; one worker is this process itself."""
    if workers == 1:
        yield from map(work, jobs)
        return
    # JAX forbids to fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_with_one_thread) as pool:
        yield from pool.map(work, jobs)


def _with_one_thread() -> None:
    """Read by PyTorch when it is imported: the other cores have workers of their own."""
    os.environ["OMP_NUM_THREADS"] = "1"
