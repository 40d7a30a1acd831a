"""The view model of an article that tells a whole story: several results, one numbering, one set of lemmas.

The prose is in the templates; every formula of mathematics is a derivation's or is composed from its terms.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from derive.catalogue import Result, result
from derive.derivation import Derivation
from derive.distributions import DISTRIBUTIONS
from derive.document.checks import ENCLOSED, CheckSummary
from derive.document.compose import Composer
from derive.document.layout import (
    Apply,
    Call,
    Fence,
    Identifier,
    LawName,
    Node,
    Number,
    Product,
    Relation,
    Script,
    Sum,
)
from derive.document.notation import Notation
from derive.document.pictures import PICTURES, Picture
from derive.document.prose import Link
from derive.document.setting import parameters
from derive.document.view import (
    Label,
    Labels,
    Passage,
    RuleUse,
    passage,
    rules_of,
    short_name,
)
from derive.kernel import Detail
from derive.scope import Declaration
from derive.strategies.kl import derive_kl
from derive.studies import STUDIES
from derive.terms import KL, Exp, Power, Quotient, as_term, symbol

ID = "kl-gaussians"
TITLE = "The Kullback–Leibler divergence between Gaussians, derived and checked"
INFINITE = "kl-normal-exponential"
THEOREMS = ("kl-normal", "kl-normal-standard", "kl-diagonal-normal", "kl-diagonal-normal-standard")
COMPUTED = "kl-diagonal-normal-standard-logvar-evaluation"
SHOWN_FORMS = (
    "kl-normal-standard-var",
    "kl-normal-standard-logvar",
    "kl-diagonal-normal-standard-logvar",
    "kl-diagonal-normal-standard-negative",
)

CHAPTERS = (
    ("definition", "Definition, and what it needs"), ("facts", "Facts about the Gaussian"),
    ("univariate", "Two Gaussians on the line"), ("special", "Against the standard normal"),
    ("diagonal", "Independent coordinates"), ("vae", "The term in a variational autoencoder"),
    ("terms", "What each term does"), ("code", "The code"), ("checked", "How it was checked"),
    ("references", "References"),
)  # fmt: skip
REFERENCES = {
    "kullback-leibler": "S. Kullback and R. A. Leibler, On information and sufficiency, Annals of "
    "Mathematical Statistics 22 (1951), 79–86: the definition.",
    "kingma-welling": "D. P. Kingma and M. Welling, Auto-encoding variational Bayes, ICLR 2014: the bound, "
    "and appendix B the divergence with its sign and its factor.",
    "cover-thomas": "T. M. Cover and J. A. Thomas, Elements of Information Theory, second edition, Wiley "
    "2006: properties of the divergence.",
    "amari": "S. Amari, Information Geometry and Its Applications, Springer 2016: the divergence and the "
    "Fisher information.",
}
"""What the text cites, in the order in which it does so first: a reference's number is its place."""


def number_of(reference: str) -> int:
    """The number of a reference.

    Raises:
        ValueError: for one that is not in the list.
    """
    return list(REFERENCES).index(reference) + 1


def parted(source: str) -> tuple[str, str]:
    """A module's public functions, and the rest of it."""
    lines = source.splitlines(keepends=True)
    public: set[int] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            public |= set(range(first - 1, node.end_lineno or node.lineno))
    chosen = (
        "".join(line for i, line in enumerate(lines) if (i in public) is wanted) for wanted in (True, False)
    )
    first_part, rest = (re.sub(r"\n{4,}", "\n\n\n", text).strip("\n") for text in chosen)
    return first_part, rest


@dataclass(frozen=True)
class Chapter:
    """A study in the article: its title, its passages in order, its picture."""

    anchor: str
    title: str
    passages: tuple[Passage, ...]
    picture: Picture


@dataclass(frozen=True)
class Story:
    """Everything an article shows, by the id of its derivation."""

    title: str
    passages: Mapping[str, Passage]
    lemmas: tuple[Passage, ...]
    studies: Mapping[str, Chapter]
    inline: Mapping[str, Node]
    rules: tuple[RuleUse, ...]
    steps: int
    assumed: tuple[str, ...]
    checks: Mapping[str, CheckSummary]
    snippet: str
    notation: Notation

    @property
    def names(self) -> dict[str, Any]:
        """What the templates call its parts."""
        accuracy = next(iter(self.checks.values())).accuracy if self.checks else ()
        computed = self.checks[THEOREMS[-1]].approximations if self.checks else ()
        return {
            "approximations": [a.sentence(self.notation) for a in computed],
            "id": ID, "story": self, "i": self.inline, "p": self.passages, "computed": COMPUTED,
            "code": parted(self.snippet), "figures": {id: n for n, id in enumerate(self.studies, 1)},
            "accuracy": accuracy, "enclosed": ENCLOSED, "references": REFERENCES,
        }  # fmt: skip


@cache
def infinite() -> Derivation:
    """A divergence that is +∞: a normal law against one that lives on the positive half line."""
    normal, exponential = DISTRIBUTIONS["Normal"], DISTRIBUTIONS["Exponential"]
    declared = (
        Declaration("mu", "real"), Declaration("sigma", "positive"), Declaration("lambda", "positive"),
    )  # fmt: skip
    p = normal.law(symbol("mu"), symbol("sigma"))
    q = exponential.law(symbol("lambda"))
    return derive_kl(p, q, declared, id=INFINITE, title="A divergence that is infinite")


def derivations(evaluations: Mapping[str, Derivation]) -> dict[str, Derivation]:
    """What the article states, in the order of its numbers; ``evaluations`` by id."""
    found = {d.id: d for id in THEOREMS for d in result(id).derivations()} | dict(evaluations)
    out = {INFINITE: infinite()} | {id: found[id] for id in (*THEOREMS, *SHOWN_FORMS)}
    for study in STUDIES:
        out |= {d.id: d for d in result(study.id).derivations()}
    return out | {COMPUTED: found[COMPUTED]}


def labels(stated: Mapping[str, Derivation]) -> tuple[dict[str, Label], tuple[Derivation, ...]]:
    """The name of every derivation, and the lemmas: what is cited and not stated on its own."""
    below = {d.id: d for top in stated.values() for d in top.tree()}
    lemmas = tuple(d for id, d in below.items() if id not in stated)
    out = {d.id: Label(Link(f"Lemma {n}", d.id), n, short_name(d)) for n, d in enumerate(lemmas, 1)}
    others = [id for id in stated if id not in THEOREMS]
    out |= {id: Label(Link(f"Theorem {n}", id)) for n, id in enumerate(THEOREMS, 1)}
    out |= {id: Label(Link(f"Proposition {n}", id)) for n, id in enumerate(others, 1)}
    return out, lemmas


def story(
    evaluations: Mapping[str, Derivation],
    checks: Mapping[str, CheckSummary],
    snippet: str,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> Story:
    """The article on Gaussians.  ``snippet``: the generated code that it shows."""
    shown = notation or Notation()
    stated = derivations(evaluations)
    named, lemmas = labels(stated)
    passages = {id: _passage(d, detail, named, shown) for id, d in stated.items()}
    everything = {d.id: d for top in stated.values() for d in top.tree()}
    return Story(
        title=TITLE,
        passages=passages,
        lemmas=tuple(_passage(d, detail, named, shown) for d in lemmas),
        studies={s.id: _chapter(result(s.id), passages, shown) for s in STUDIES},
        inline=inline(shown),
        rules=rules_of(everything.values(), shown),
        steps=sum(len(d.steps) for d in everything.values()),
        assumed=tuple(sorted({name for d in everything.values() for name in d.assumed})),
        checks=checks,
        snippet=snippet,
        notation=shown,
    )


def _passage(derivation: Derivation, detail: Detail, named: Labels, notation: Notation) -> Passage:
    label = named[derivation.id].link.text
    kind, number = label.split()
    made = passage(
        derivation, detail, named, label=label, title=derivation.title, prefix=f"{kind[0]}{number}.",
        notation=notation, known=parameters(derivation),
    )  # fmt: skip
    return replace(made, title=derivation.title)


def _chapter(study: Result, passages: Mapping[str, Passage], notation: Notation) -> Chapter:
    entry = next(s for s in STUDIES if s.id == study.id)
    parts = tuple(replace(passages[entry.part_id(part)], title=part.title) for part in entry.parts)
    return Chapter(f"study-{study.id}", entry.title, parts, PICTURES[study.id](notation))


def inline(notation: Notation) -> dict[str, Node]:
    """Formulas that the prose mentions, in the reader's notation."""
    forward = result("kl-normal").derivation
    composer = Composer(notation.of(forward.names))
    p, q = forward.left.args
    mean, deviation, s = symbol("mu"), symbol("sigma"), symbol("s")
    names = {
        "kl": KL(p, q), "reverse": KL(q, p), "mean": mean, "deviation": deviation,
        "variance": Power(deviation, as_term(2)), "log_variance": s, "half": Quotient(as_term(1), as_term(2)),
        "exp_log_variance": Exp(s), "x": symbol("x"), "d": symbol("d"), "j": symbol("j"),
    }  # fmt: skip
    out = {name: composer.compose(term) for name, term in names.items()}
    out["definition"] = Relation(out["kl"], "=", composer.compose(forward.steps[0].after))
    p_name, q_name = notation.title("p"), notation.title("q")
    out |= {"p": p_name, "q": q_name, "dominated": Relation(p_name, "≪", q_name), "zero": Number("0")}
    return out | _bound(notation)


def _bound(notation: Notation) -> dict[str, Node]:
    """The evidence lower bound of a variational autoencoder, as Kingma and Welling define it."""
    x, z = Identifier("x"), Identifier("z")
    encoder = Call(Script(Identifier("q"), Identifier("φ")), (Relation(z, "∣", x),))
    decoder = Call(Script(Identifier("p"), Identifier("θ")), (Relation(x, "∣", z),))
    prior = Call(Identifier("p"), (z,))
    divergence = Call(LawName("KL"), (encoder, prior), "∥")
    expected = Script(LawName("E"), encoder)
    likelihood = Product((expected, Fence(Apply(notation.logarithm, decoder), "[]", 1)))
    bound = Sum(((1, likelihood), (-1, divergence)))
    return {"encoder": encoder, "decoder": decoder, "prior": prior, "bound": bound, "vae_term": divergence}
