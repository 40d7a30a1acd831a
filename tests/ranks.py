"""What each of two processes runs to compare sharded with whole results (see ``test_torch_use.py``).

Imports nothing of derive, so that a rank starts fast and uses the generated module as a user does.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor, init_device_mesh

RANKS = 2


class Case(NamedTuple):
    """A function of a module, its arguments, and the value and slopes that one process found."""

    module: str
    function: str
    inputs: list[Any]
    expected: list[Any]
    exact: bool
    """Whether the value's bits are compared; a sum that ranks share may be added up in another order."""


def compare(rank: int, store: str, cases: str, found: str) -> None:
    """Join the other rank; the first one writes down which cases differ, a line each."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=RANKS)
    try:
        mesh = init_device_mesh("cpu", (RANKS,))
        complaints = []
        for case in torch.load(cases, weights_only=False):
            function = getattr(_load(Path(case.module)), case.function)
            for place in (Shard(0), Shard(1), Replicate()):
                complaints += _complaints(case, function, mesh, place)
    finally:
        torch.distributed.destroy_process_group()
    if rank == 0:
        Path(found).write_text("\n".join(complaints), encoding="utf-8")


def _complaints(case: Case, function: Any, mesh: Any, place: Any) -> list[str]:
    """A row that is shared by all is on every rank whole, as the parameters of a prior are."""
    sharded = [
        distribute_tensor(t, mesh, [place if t.dim() == 2 else Replicate()]).requires_grad_()
        for t in case.inputs
    ]
    value = function(*sharded)
    assert isinstance(value, DTensor)
    complaints = []
    slopes = torch.autograd.grad(value.sum(), sharded)
    for k, (ours, theirs) in enumerate(zip((value, *slopes), case.expected, strict=True)):
        whole = ours.full_tensor()
        if k == 0 and case.exact:
            same = torch.equal(whole, theirs)
        else:
            close = 4 * torch.finfo(theirs.dtype).eps
            same = torch.allclose(whole, theirs, rtol=close, atol=close * float(theirs.detach().abs().max()))
        if not same or whole.dtype != theirs.dtype:
            what = f"slope {k}" if k else "value"
            complaints.append(f"{Path(case.module).stem} {case.function} {theirs.dtype} {place} {what}")
    return complaints


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
