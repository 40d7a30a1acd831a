"""Why a mutant of the checker's source that nothing notices is harmless: each with its reason.

A mutant is named by its module, its function, the line as it was and the line as it became.
"""

from __future__ import annotations

import re

TWICE = (
    "what the guard refuses is refused once more behind it: no family, support or normal form is known for it"
)
BINDINGS = "every rule asks for its bindings itself: the guard only says it in better words"
SAME_LAW = (
    "product laws of one dimension whose indices have different names are laws all the same, so what would "
    "be accepted is true; a product and a single law, or two dimensions, are refused behind the guard"
)
COUNTED = "the line before has compared the number of arguments with the family's"
DOMAINS = "it asks more of a natural parameter, which no family has"
WORDS = "it changes what a refusal says or how a value is shown, not whether something is refused"
COURTESY = "the flag is a courtesy to authors: what is proved is what replaying the certificate proves"
MEMORY = "it only remembers less: what was found out once is found out again"
PROCESS = (
    "it concerns the module run as a program, which a test does in a process of its own, without the mutant"
)
ORDER = "levels of detail are only compared with each other, and their order stays"
SAME = "both say the same of every value that can stand there"

EXPLAINED: tuple[tuple[str, str], ...] = (
    (r"kernel\._require_rewritable: if isinstance\(parent, (Inert|Law)\) and .*", TWICE),
    (r'kernel\._require_rewritable: raise RuleError\("the place is the name of a family"\) → pass', TWICE),
    (r"kernel\._dominated: (if p\.args|while isinstance\(p|raise Undetermined\(\"the product).*", SAME_LAW),
    (r"kernel\._replay: (if set\(bindings\)|raise RuleError\(f\"it needs a binding).*", BINDINGS),
    (r"kernel\.accept: scope\.forms\.clear\(\) → pass", MEMORY),
    (r"kernel\._natural: .*domain != \"natural\": → .*domain > .*", SAME),
    (r"kernel\._replay: if rewrite\.equality != .* → if rewrite\.equality > .*", SAME),
    (r"kernel\._require_equal: form = .*(equality >= \"opened\"|equality > \"field\").*", SAME),
    (r"kernel\.Refused\.__init__: where = .*", WORDS),
    (r"kernel\.Detail: .*", ORDER),
    (r"kernel\.\w+: @dataclass\(frozen=True\) → @dataclass\(frozen=False\)", COURTESY),
    (r"kernel\.Rule: apply: Apply = .*", COURTESY),
    (r"wellformed\._Checker\.term: (if key in scope\.known|scope\.known\.add).*", MEMORY),
    (r"wellformed\._Checker\._component: bound = isinstance.* → bound = True and .*", SAME),
    (r"wellformed\._Checker\._component: if not isinstance\(index, Symbol\) or .* → if False or .*", SAME),
    (r"wellformed\._Checker\._defined: part, .* = term\.args\[0\].* → .* = term\.args\[ -1\].*", SAME),
    (r"wellformed\._Checker\.\w+: f\"the condition .*", WORDS),
    (r"wellformed\._Checker\._law: for declaration, .* → .*strict=False\):", COUNTED),
    (r"wellformed\._Checker\._law: if declaration\.domain == \"positive\".* → .*domain <= .*", DOMAINS),
    (r"wellformed\._Checker\._dimension: .*domain != \"natural\": → .*domain > .*", SAME),
    (r"wellformed\._Checker\._space: if len\(finite\) == 2: → if len\(finite\) >= 2:", SAME),
    (r"checker\.\(module\): (if __name__|sys\.exit).*", PROCESS),
    (r"checker\._no_duplicates: if len\(out\) != .* → if len\(out\) < .*", SAME),
    (r"codec\._decode: .*budget\[0\].* → .*budget\[ -1\].*", SAME),
)
"""(pattern of a mutant's description, reason): the pattern has to match all of it."""


def explanation(key: str) -> str:
    """The reason for a mutant, or "" when there is none."""
    return next((reason for pattern, reason in EXPLAINED if re.fullmatch(pattern, key)), "")
