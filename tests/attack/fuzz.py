"""The fuzzing campaign: ``python -m tests.attack.fuzz [--inputs N] [--seed S] [ID]``.

Certificates are broken at random, as bytes, as text and as JSON data, and given to the checker.  What it
accepts has to prove a statement that the original proves, or one that holds in ball arithmetic, and what it
accepts of a polynomial has to hold of the closed form; anything else than an acceptance or a
``CertificateError`` is a crash.  Each input gets two seconds and half a gigabyte.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from derive.approximation import decode
from derive.catalogue import result
from derive.checker import check, check_file
from derive.codegen.approximations import with_polynomials
from derive.derivation import CertificateError, Derivation, certificate, dumps
from derive.terms import HEADS

from .campaign import holds
from .claims import is_true
from .operators import remembered

Data = Any
Path_ = tuple[str | int, ...]
SECONDS = 2.0
"""Of processor time, so that a busy machine fails no input."""
MEGABYTES = 512
REMEMBERED = 5_000
"""Inputs between which the fuzzer remembers what the kernel accepted; all of them would fill the memory."""
JUNK: tuple[Any, ...] = (
    None,
    0,
    -1,
    1,
    2,
    3,
    10**39,
    10**50,
    1.5,
    True,
    False,
    "",
    "x",
    "sigma_1",
    "mu_2",
    "x" * 40,
    "\ud800",
    [],
    {},
    [[]],
    ["pi"],
    ["infinity"],
    ["Plus", 1],
    ["Minus", "x"],
    ["Rational", 1, 2],
    ["Rational", 1, 0],
    ["Minus", ["infinity"]],
    ["Quotient", 1, 0],
    ["Log", -1],
    ["Root", -1],
    ["Power", 2, ["Power", 64, 64]],
    ["Power", ["Plus", "x", "mu_1", "sigma_1", "sigma_2", 1], 64],
    ["Exp", ["Exp", ["Exp", "x"]]],
    ["SumOver", 1, "j", "d"],
    ["IntegralOver", "x", "x", "x"],
    ["Law", "Normal", 0, 1],
    ["Component", "x", "j"],
    {"text": "normal-mean"},
    {"term": 1},
    {"text": "kl-normal"},
)
NUMBERS = (*range(-3, 10), 2**64, 10**20, -(10**20))


@dataclass
class Tally:
    """What became of the inputs."""

    inputs: int = 0
    refused: int = 0
    unreadable: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def line(self) -> str:
        """The figures in one line."""
        return (
            f"{self.inputs:,} inputs: {self.refused:,} refused, of these {self.unreadable:,} no JSON; "
            f"accepted {dict(sorted(self.accepted.items()))}; {len(self.failures)} failures; "
            f"slowest {self.slowest:.2f} s; peak {peak_megabytes():.0f} MB"
        )


def peak_megabytes() -> float:
    """The largest memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def paths(value: Data, path: Path_ = ()) -> Iterator[Path_]:
    """The path of every value in JSON data."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


def put(data: Data, path: Path_, value: Data) -> Data:
    """JSON data with one value replaced; the rest is shared."""
    if not path:
        return value
    out = copy.copy(data)
    out[path[0]] = put(out[path[0]], path[1:], value)
    return out


def get(data: Data, path: Path_) -> Data:
    """The value at a path."""
    for key in path:
        data = data[key]
    return data


class Fuzzer:
    """Breaks one certificate in many ways, the same ways for the same seed."""

    def __init__(self, id: str = "kl-normal", seed: int = 1) -> None:
        self.data = with_polynomials(certificate(result(id).derivation), result(id))
        self.text = dumps(self.data)
        self.paths = list(paths(self.data))
        self.steps = [p for p in self.paths if len(p) == 4 and p[2] == "steps"]
        self.terms = [p for p in self.paths if isinstance(get(self.data, p), list) and self._is_term(p)]
        self.proved = {d.id: d.statement for d in result(id).derivation.tree()}
        self.draw = random.Random(f"{id} {seed}")

    def _is_term(self, path: Path_) -> bool:
        value = get(self.data, path)
        return (
            bool(value)
            and isinstance(value[0], str)
            and (value[0] in HEADS or value[0] in ("pi", "Rational"))
        )

    def input(self) -> Data | bytes:
        """One broken certificate: bytes of a file, or JSON data."""
        return self.draw.choice(self.WAYS)(self)

    def _bytes(self) -> bytes:
        raw = bytearray(self.text.encode())
        for _ in range(self.draw.randint(1, 4)):
            raw[self.draw.randrange(len(raw))] = self.draw.randrange(256)
        return bytes(raw)

    def _characters(self) -> bytes:
        text = list(self.text)
        for _ in range(self.draw.randint(1, 3)):
            text[self.draw.randrange(len(text))] = self.draw.choice('0123456789,[]{}":-_ abpqxlmu')
        return "".join(text).encode()

    def _digit(self) -> bytes:
        """A digit of the file is another digit: it stays JSON."""
        at = [i for i, c in enumerate(self.text) if c.isdigit()]
        i = self.draw.choice(at)
        return (self.text[:i] + self.draw.choice("0123456789") + self.text[i + 1 :]).encode()

    def _cut(self) -> bytes:
        a, b = sorted(self.draw.randrange(len(self.text)) for _ in range(2))
        return (self.text[:a] + self.text[min(b, a + 200) :]).encode()

    def _junk(self) -> Data:
        return put(self.data, self.draw.choice(self.paths), self.draw.choice(JUNK))

    def _other_part(self) -> Data:
        return put(self.data, self.draw.choice(self.paths), get(self.data, self.draw.choice(self.paths)))

    def _other_term(self) -> Data:
        return put(self.data, self.draw.choice(self.terms), get(self.data, self.draw.choice(self.terms)))

    def _number(self) -> Data:
        numbers = [p for p in self.paths if type(get(self.data, p)) is int]
        return put(self.data, self.draw.choice(numbers), self.draw.choice(NUMBERS))

    def _head(self) -> Data:
        path = self.draw.choice(self.terms)
        return put(self.data, (*path, 0), self.draw.choice(sorted(HEADS)))

    def _arguments(self) -> Data:
        path = self.draw.choice(self.terms)
        head, *rest = get(self.data, path)
        self.draw.shuffle(rest)
        if rest and self.draw.random() < 0.5:
            rest = rest[:-1] if self.draw.random() < 0.5 else [*rest, self.draw.choice(rest)]
        return put(self.data, path, [head, *rest])

    def _step(self) -> Data:
        return put(self.data, self.draw.choice(self.steps), get(self.data, self.draw.choice(self.steps)))

    def _everywhere(self) -> Data:
        """A part of a derivation is another one, wherever it stands: a lie that is consistent."""
        path = self.draw.choice([p for p in self.terms if len(p) > 2])
        old, new = get(self.data, path), get(self.data, self.draw.choice(self.terms))
        which = path[:2]
        return put(self.data, which, _replaced(get(self.data, which), old, new))

    def _renamed(self) -> Data:
        names = sorted({get(self.data, p) for p in self.paths if isinstance(get(self.data, p), str)}, key=str)
        which = self.draw.choice(range(len(self.data["derivations"])))
        old, new = self.draw.choice(names), self.draw.choice(names)
        path: Path_ = ("derivations", which)
        return put(self.data, path, _replaced(get(self.data, path), old, new))

    WAYS: tuple[Callable[[Fuzzer], Data | bytes], ...] = (
        _bytes, _characters, _digit, _cut, _junk, _other_part, _other_term, _number, _head, _arguments, _step,
        _everywhere, _renamed,
    )  # fmt: skip

    def judge(self, proved: dict[str, Derivation], made: Data) -> str:
        """Why what was accepted may be accepted; "" when it is false."""
        new = [d for d in proved.values() if self.proved.get(d.id) != d.statement]
        claims = [e for e in made.get("approximations", []) if e not in self.data["approximations"]]
        if not new and not claims:
            return "the same statements"
        if not all(is_true(decode(entry)) for entry in claims):
            return ""
        return "other true statements" if all(holds(d) for d in new) else ""


def _replaced(value: Data, old: Data, new: Data) -> Data:
    if type(value) is type(old) and value == old:
        return new
    if isinstance(value, list):
        return [_replaced(v, old, new) for v in value]
    return {k: _replaced(v, old, new) for k, v in value.items()} if isinstance(value, dict) else value


def fuzz(id: str, inputs: int, seed: int) -> Tally:
    """Give so many broken certificates to the checker."""
    fuzzer, tally = Fuzzer(id, seed), Tally()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.json"
        while tally.inputs < inputs:
            with remembered():
                for _ in range(min(REMEMBERED, inputs - tally.inputs)):
                    _try(fuzzer, tally, file)
    return tally


def _try(fuzzer: Fuzzer, tally: Tally, file: Path) -> None:
    """Give one broken certificate to the checker, and tally what comes of it."""
    made = fuzzer.input()
    tally.inputs += 1
    start = time.process_time()
    try:
        if isinstance(made, bytes):
            file.write_bytes(made)
            start = time.process_time()
            proved = check_file(file)
        else:
            proved = check(made)
    except CertificateError as error:
        tally.refused += 1
        tally.unreadable += "cannot read" in str(error)
        proved = None
    except BaseException as error:
        tally.failures.append(f"crash {type(error).__name__}: {error}: {_shown(made)}")
        if isinstance(error, KeyboardInterrupt):
            raise
        return
    seconds = time.process_time() - start
    tally.slowest = max(tally.slowest, seconds)
    if seconds > SECONDS:
        tally.failures.append(f"{seconds:.1f} s: {_shown(made)}")
    if proved is None:
        return
    why = fuzzer.judge(proved, json.loads(made) if isinstance(made, bytes) else made)
    if why:
        tally.accepted[why] += 1
    else:
        tally.failures.append(f"accepted and not seen to be true: {_shown(made)}")


def _shown(made: Data | bytes) -> str:
    return repr(made) if isinstance(made, bytes) else json.dumps(made, default=repr)


def main(arguments: list[str]) -> int:
    """Fuzz, and report; 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.fuzz")
    parser.add_argument("id", nargs="?", default="kl-normal")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unlimited", action="store_true", help="without the cap on memory")
    options = parser.parse_args(arguments)
    if not options.unlimited:
        size = (MEGABYTES + 1024) * 1024 * 1024  # address space: what is mapped is more than what is held
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    tally = fuzz(options.id, options.inputs, options.seed)
    print(tally.line())
    for failure in tally.failures:
        print(failure[:4000], file=sys.stderr)
    over = peak_megabytes() > MEGABYTES
    if over:
        print(f"more than {MEGABYTES} MB were held", file=sys.stderr)
    return 1 if tally.failures or over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
