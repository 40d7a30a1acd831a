"""The algebra of a derivation, proved again by an unrelated system: Coq, over its own real numbers.

A step that is settled by arithmetic or by a law of the logarithm, the exponential or the root becomes a lemma
about real numbers.  What is not algebra is opaque: an integral, a sum or a density that has not been opened
is a variable; a density, and an integral of one, is positive by hypothesis.  Steps of calculus and cited
lemmas are counted as skipped.  Nothing of the kernel's normal form is used, and every axiom that the proofs
rest on is read back from Coq and held against the axioms of its real numbers.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sympy import Expr, Rational, Symbol
from sympy import pi as symbolic_pi

from derive.derivation import Derivation
from derive.scope import Scope, is_positive_line
from derive.terms import (
    Component,
    Density,
    Exp,
    IntegralOver,
    Log,
    Minus,
    Plus,
    Power,
    ProductSpace,
    Quotient,
    Root,
    Times,
    at,
)

TOOL = "coqc"
SECONDS = 600
ALGEBRA: Mapping[str, str] = {
    "arithmetic": "algebra",
    "collect": "algebra",
    "cancel": "algebra",
    "add-and-subtract": "algebra",
    "expand-square": "algebra",
    "log-quotient": "logarithms",
    "log-reciprocal": "logarithms",
    "log-exp": "logarithms",
    "log-root": "logarithms",
    "log-as-log-square": "logarithms",
    "log-square": "logarithms",
    "log-inverse": "logarithms",
    "log-one": "logarithms",
    "log-product": "logarithms",
    "combine-logs": "logarithms",
    "root-square": "roots",
    "root-of-square": "roots",
    "exp-product": "exponents",
    "exp-half-squared": "exponents",
    "exp-squared": "exponents",
    "exp-zero": "exponents",
    "exp-minus-log": "exponents",
    "laws-of-exponents": "exponents",
}
"""Rule → the tactic that proves its lines."""

ALLOWED_AXIOMS = frozenset(
    {
        "ClassicalDedekindReals.sig_not_dec",
        "ClassicalDedekindReals.sig_forall_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
        "functional_extensionality_dep",
        "Classical_Prop.classic",
    }
)
"""What Coq's own library of real numbers assumes; nothing else may appear."""

PREAMBLE = """\
Require Import Reals Lra.
Open Scope R_scope.

Ltac positive := repeat first
  [ assumption | lra | apply PI_RGT_0 | apply exp_pos | apply Rmult_lt_0_compat | apply Rdiv_lt_0_compat
  | apply sqrt_lt_R0 | apply pow_lt | apply Rinv_0_lt_compat | apply Rplus_lt_0_compat ].

Ltac nonzero := repeat split; first [ lra | apply Rgt_not_eq; unfold Rgt; positive ].

Lemma ln_quotient : forall a b, 0 < a -> 0 < b -> ln (a / b) = ln a - ln b.
Proof.
  intros a b Ha Hb. unfold Rdiv.
  rewrite ln_mult; [ | assumption | apply Rinv_0_lt_compat; assumption ].
  rewrite ln_Rinv; [ ring | assumption ].
Qed.

Lemma ln_square : forall a, 0 < a -> ln (a ^ 2) = 2 * ln a.
Proof.
  intros a Ha. replace (a ^ 2) with (a * a) by ring. rewrite ln_mult; [ ring | assumption | assumption ].
Qed.

Lemma ln_root : forall a, 0 < a -> ln (sqrt a) = 1 / 2 * ln a.
Proof.
  intros a Ha.
  assert (H : ln a = ln (sqrt a) + ln (sqrt a)).
  { rewrite <- ln_mult; [ | apply sqrt_lt_R0; assumption | apply sqrt_lt_R0; assumption ].
    rewrite sqrt_sqrt; [ reflexivity | lra ]. }
  lra.
Qed.

Lemma exp_half : forall a, exp a = exp (a / 2) * exp (a / 2).
Proof. intros a. rewrite <- exp_plus. f_equal. field. Qed.

Lemma exp_square : forall a, exp a ^ 2 = exp (2 * a).
Proof. intros a. replace (2 * a) with (a + a) by ring. rewrite exp_plus. ring. Qed.

Lemma exp_twice : forall a, exp (- (2 * a)) = exp (- a) * exp (- a).
Proof. intros a. rewrite <- exp_plus. f_equal. ring. Qed.

Ltac split_logs := repeat first
  [ rewrite ln_exp | rewrite ln_1
  | rewrite ln_quotient by positive | rewrite ln_mult by positive | rewrite ln_Rinv by positive
  | rewrite ln_square by positive | rewrite ln_root by positive ].

Ltac know_roots := repeat match goal with
  | |- context [ sqrt ?a ] =>
    lazymatch goal with
    | H : sqrt a * sqrt a = a |- _ => fail
    | _ => assert (sqrt a * sqrt a = a) by (apply sqrt_sqrt; apply Rlt_le; positive)
    end
  end.

Ltac use_roots := match goal with
  | H1 : sqrt ?a * sqrt ?a = ?a, H2 : sqrt ?b * sqrt ?b = ?b |- _ => field [H1 H2]
  | H1 : sqrt ?a * sqrt ?a = ?a |- _ => field [H1]
  end.

Ltac split_roots := repeat first
  [ rewrite pow2_sqrt by (apply Rlt_le; positive) | rewrite sqrt_mult by (apply Rlt_le; positive) ].

Ltac plain := first [ solve [ ring ] | solve [ field; nonzero ] | solve [ know_roots; use_roots; nonzero ] ].

(* Arguments of ln and exp that are equal by arithmetic are written in one way. *)
Ltac same_arguments := repeat match goal with
  | |- context [ ln ?a ] => match goal with |- context [ ln ?b ] =>
      lazymatch a with b => fail | _ => replace b with a by plain end end
  | |- context [ exp ?a ] => match goal with |- context [ exp ?b ] =>
      lazymatch a with b => fail | _ => replace b with a by plain end end
  end.

Ltac close := first [ reflexivity | plain | split_roots; plain ].
Ltac algebra := first [ solve [ close ] | solve [ same_arguments; close ] ].
Ltac logarithms := first [ solve [ split_logs; algebra ] | algebra ].
Ltac roots := first
  [ solve [ rewrite sqrt_pow2 by (apply Rlt_le; positive); reflexivity ]
  | solve [ symmetry; rewrite sqrt_pow2 by (apply Rlt_le; positive); reflexivity ]
  | algebra ].
Ltac exponents := first
  [ algebra
  | solve [ repeat rewrite <- exp_plus; f_equal; field ]
  | solve [ unfold Rdiv; repeat rewrite <- exp_Ropp; repeat rewrite <- exp_plus; f_equal; field ]
  | solve [ symmetry; rewrite exp_half; ring ]
  | solve [ rewrite exp_square; reflexivity ]
  | solve [ rewrite exp_twice; field ]
  | solve [ apply exp_0 ]
  | solve [ rewrite exp_Ropp; rewrite exp_ln by positive; unfold Rdiv; ring ]
  | solve [ rewrite exp_Ropp; field; apply Rgt_not_eq; apply exp_pos ] ].
"""

Status = Literal["agrees", "absent", "disagrees"]


class Untranslated(ValueError):
    """A term that has no counterpart; the message says which."""


@dataclass(frozen=True)
class Equation:
    """One line of algebra: ``left = right`` for all reals that meet the hypotheses."""

    name: str
    rule: str
    variables: tuple[str, ...]
    positive: tuple[str, ...]
    left: str
    right: str

    def lemma(self) -> str:
        """The equation as a Coq lemma with its proof."""
        quantified = f"forall {' '.join(self.variables)} : R, " if self.variables else ""
        hypotheses = "".join(f"0 < {name} -> " for name in self.positive)
        return (
            f"Lemma {self.name} : {quantified}{hypotheses}\n  {self.left}\n  = {self.right}.\n"
            f"Proof. intros. {ALGEBRA[self.rule]}. Qed.\n"
        )


@dataclass(frozen=True)
class Opinion:
    """What the other system says of a derivation and its lemmas."""

    tool: str
    version: str
    status: Status
    steps_checked: int
    steps_skipped: int
    detail: str


class _Translator:
    """Terms of one step as Coq terms; what is not algebra becomes a variable."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.opaque: dict[Expr, str] = {}
        self.variables: list[str] = []
        self.positive: list[str] = []
        self.moved = False

    def __call__(self, term: Expr) -> str:
        if isinstance(term, Rational):
            return f"({int(term.p)} / {int(term.q)})" if term.q != 1 else f"({int(term.p)})"
        if term is symbolic_pi:
            return "PI"
        if isinstance(term, Symbol):
            return self._variable(f"v_{term.name}", self._is_positive(term))
        if isinstance(term, Plus):
            return f"({' + '.join(self(a) for a in term.args)})"
        if isinstance(term, Times):
            return f"({' * '.join(self(a) for a in term.args)})"
        if isinstance(term, Minus):
            return f"(- {self(term.args[0])})"
        if isinstance(term, Quotient):
            return f"({self(term.args[0])} / {self(term.args[1])})"
        if isinstance(term, Power):
            return self._power(*term.args)
        if isinstance(term, Root | Log | Exp):
            name = {Root: "sqrt", Log: "ln", Exp: "exp"}[type(term)]
            return f"({name} {self(term.args[0])})"
        if isinstance(term, Component):
            vector, index = term.args
            return self._variable(f"v_{vector}_at_{index}", self._is_positive(term))
        if not term.args:
            raise Untranslated(f"{term} is no real number")
        if term not in self.opaque:
            self.opaque[term] = f"o_{len(self.opaque) + 1}"
        integral_of_positive = isinstance(term, IntegralOver) and self._plainly_positive(term.args[0])
        return self._variable(self.opaque[term], isinstance(term, Density) or integral_of_positive)

    def _plainly_positive(self, term: Expr) -> bool:
        """Whether a term is a product of exponentials, densities and positive numbers as it is written."""
        if isinstance(term, Times | Quotient):
            return all(self._plainly_positive(a) for a in term.args)
        if isinstance(term, Symbol):
            return self._is_positive(term)
        return isinstance(term, Exp | Density) or bool(term.is_Rational and term > 0)

    def both(self, left: Expr, right: Expr) -> tuple[str, str]:
        """Two sides; ``moved`` afterwards says whether an integral or a sum stands on one side only.

        (A side may lose one, as when it is multiplied by 0, but not exchange it for another.)
        """
        before = self(left)
        known = dict(self.opaque)
        after = self(right)
        self.moved = len(self.opaque) > len(known)
        return before, after

    def _power(self, base: Expr, exponent: Expr) -> str:
        if exponent.is_Integer and exponent > 0:
            return f"({self(base)} ^ {int(exponent)})"
        if exponent.is_Integer and exponent < 0:
            return f"(/ ({self(base)} ^ {-int(exponent)}))"
        raise Untranslated(f"the exponent {exponent}")

    def _is_positive(self, term: Expr) -> bool:
        name = term.args[0] if isinstance(term, Component) else term
        if not isinstance(name, Symbol):
            return False
        if self.scope.is_bound(name):
            space = self.scope.space(name)
            return is_positive_line(space.args[0] if isinstance(space, ProductSpace) else space)
        declaration = self.scope.declared(name)
        return declaration is not None and declaration.domain != "real"

    def _variable(self, name: str, positive: bool) -> str:
        if name not in self.variables:
            self.variables.append(name)
            if positive:
                self.positive.append(name)
        return name


def equations(derivation: Derivation) -> Iterator[Equation | str]:
    """Every step of a derivation and of its lemmas, as an equation or as the reason why it is skipped."""
    for node in derivation.tree():
        prefix = re.sub(r"[^A-Za-z0-9]", "_", node.id)
        for number, step in enumerate(node.steps, 1):
            if step.rule not in ALGEBRA:
                yield f"{node.id}, step {number}: {step.rule} is no algebra"
                continue
            translate = _Translator(node.scope.enter(step.before, step.place))
            try:
                left, right = translate.both(at(step.before, step.place), at(step.after, step.place))
            except Untranslated as error:
                yield f"{node.id}, step {number}: {error}"
                continue
            if translate.moved:
                yield f"{node.id}, step {number}: it changes what stands under an integral or a sum"
                continue
            yield Equation(
                f"{prefix}_step_{number}", step.rule, tuple(translate.variables),
                tuple(translate.positive), left, right,
            )  # fmt: skip


def coq_file(found: list[Equation]) -> str:
    """A Coq file that proves the equations and prints what the proofs assume."""
    names = ", ".join(e.name for e in found)
    lemmas = "\n".join(e.lemma() for e in found)
    return f"{PREAMBLE}\n{lemmas}\nDefinition all_steps := ({names}).\nPrint Assumptions all_steps.\n"


def second_opinion(derivation: Derivation) -> Opinion:
    """Prove the algebra of a derivation and of its lemmas in Coq; "absent" where there is no Coq."""
    steps = list(equations(derivation))
    found = [s for s in steps if isinstance(s, Equation)]
    return opinion_on(found, skipped=len(steps) - len(found))


def opinion_on(found: list[Equation], skipped: int = 0) -> Opinion:
    """What Coq says of some equations."""
    command = shutil.which(TOOL)
    if command is None:
        return Opinion("coq", "", "absent", 0, skipped + len(found), f"{TOOL} is not installed")
    version = _version(command)
    if not found:
        return Opinion("coq", version, "agrees", 0, skipped, "there is no algebra to check")
    text = coq_file(found)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "derivation.v"
        path.write_text(text, encoding="ascii")
        try:
            done = subprocess.run(
                [command, "-q", path.name], cwd=folder, capture_output=True, text=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return Opinion("coq", version, "disagrees", 0, skipped, f"no answer within {SECONDS} seconds")
    if done.returncode != 0:
        return Opinion("coq", version, "disagrees", 0, skipped, _complaint(text, done.stderr))
    used = axioms(done.stdout)
    if used is None or not used <= ALLOWED_AXIOMS:
        unknown = ", ".join(sorted((used or frozenset()) - ALLOWED_AXIOMS)) or "they could not be read"
        return Opinion("coq", version, "disagrees", 0, skipped, f"axioms that are not allowed: {unknown}")
    return Opinion(
        "coq", version, "agrees", len(found), skipped, f"axioms: {', '.join(sorted(used)) or 'none'}"
    )


def axioms(printed: str) -> frozenset[str] | None:
    """The names in what ``Print Assumptions`` says; None when it says something else."""
    if "Closed under the global context" in printed:
        return frozenset()
    _, found, rest = printed.partition("Axioms:")
    if not found:
        return None
    return frozenset(re.findall(r"^([A-Za-z_][\w.']*)\s*(?::|$)", rest, flags=re.MULTILINE))


def _version(command: str) -> str:
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60)
    found = re.search(r"version\s+([\w.]+)", done.stdout)
    return found.group(1) if found else "unknown"


def _complaint(text: str, error: str) -> str:
    """Which lemma Coq stopped at, and what it said."""
    line = re.search(r"line (\d+)", error)
    lemma = "the file"
    if line is not None:
        above = "\n".join(text.splitlines()[: int(line.group(1))])
        names = re.findall(r"^Lemma (\w+)", above, flags=re.MULTILINE)
        lemma = names[-1] if names else lemma
    said = " ".join(error.split("Error:")[-1].split())
    return f"{lemma} is not proved: {said[:300]}"
