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
NAMES = "no name is bound twice in a well-formed line: the index of a sum inside is no symbol outside it"
ONE_DIMENSION = "a well-formed line has one dimension: the guard only says it in better words"
EQUAL_ENDS = "an integral whose end is replaced by an equal number converges as it did"
DECLARED = "the line before has found the variable bound or declared"
WELL_FORMED = "in a well-formed line whatever has arguments is a head of ours"
METAVARIABLES = (
    "the symbols of an identity are metavariables, and its sums and products have the least number of parts"
)
HOW_CALLED = "it changes how a call may be written, not what it does"
OPENED = "a density that is opened earlier is the same function"
UNREACHED = "a variable that may be negative has no logarithm and no negative power in the normal form"
SHORT_CUT = "a short cut: the long way gives the same"
NONNEGATIVE = "every part of the slope has been found to be written as not negative before"
WHOLE_POWERS = "a base that may be negative has whole, positive exponents alone in a well-formed line"
CLOSED = "a density that stays closed makes less equal, not more"
FOREIGN = "SymPy's own arithmetic, which would look at it, never sees a term"
AGAIN = "division by zero is refused once more where the fraction is made"
TYPING = "names that annotations alone use: nothing of them is run"
CERTIFIED = "its sign has been certified before"
LINEAR = "sums and boundary differences may change places with a sum as integrals may"
UNASKED = "it is kept for a sum, and asked of nothing else"
LEADING = "that leading coefficient is 1: numerator and denominator are monic"
ONLY_SIGNS = "of what is compared the sign alone counts"
BEHIND = "no family with other forms has a parameter that comes behind it in the alphabet"
UPWARDS = "the intervals of a well-formed line run upwards"
LESS = "it makes less equal, not more"
DEPTHS = "the variables of binders inside each other are told apart either way"
INDEX = "an index is told apart from others by its name, whatever its sign"
NESTED = "a well-formed line holds no density of a product of product laws"
VECTOR = "a vector is told apart by its generator as well as by its marker"
NOT_ZERO = "zero is decided before anything is factored"
SAME = "both say the same of every value that can stand there"
TURNED = "it turns or mirrors the circle, and each point of it is looked at all the same"
CONSTANT = (
    "F and F plus a constant differ in the coefficient alone that is not used, and the estimate holds of both"
)
WIDER = "a piece that is looked at more widely than it has to be is bounded all the same"
PATIENCE = "it changes how long the proof tries, not what it proves"

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
    (r"wellformed\._Checker\._natural: .*domain != \"natural\": → .*domain > .*", SAME),
    (r"wellformed\._Checker\._space: if len\(finite\) == 2: → if len\(finite\) >= 2:", SAME),
    (r"checker\.\(module\): (if __name__|sys\.exit).*", PROCESS),
    (r"checker\._no_duplicates: if len\(out\) != .* → if len\(out\) < .*", SAME),
    (r"codec\._decode: .*budget\[0\].* → .*budget\[ -1\].*", SAME),
    (r"codec\.(\(module\)|text): @lru_cache.*", MEMORY),
    (r"kernel\._replay: scope\.known\.update\(found\) → pass", MEMORY),
    (r"kernel\._require_rewritable: if isinstance\(parent, DerivativeIn\) .* → .* >= 1:", SAME),
    (r"derivation\.dumps\.render: .* or not value: → .* or False:", SAME),
    (r"derivation\.families_used: seen\.add\(id\(term\)\) → pass", MEMORY),
    (r"derivation\.Derivation: @dataclass\(frozen=True, eq=False\) → .*", COURTESY),
    (r"derivation\.Chain\.apply: self, rule: Rule, .*, \*, .* → .*, /, .*", HOW_CALLED),
    (r"derivation\.require_keys: .*, \*, .* → .*, /, .*", HOW_CALLED),
    (r"derivation\._replay_one: .*sort == \"text\".* → .*sort >= \"text\".*", SAME),
    (r"wellformed\.integrals_above: .* → .*(True and .*|and True|or .*|index (<|>)= 0):", EQUAL_ENDS),
    (r"wellformed\._Checker\._derivative: moves = .* → moves = True and .*", DECLARED),
    (r"wellformed\._Checker\._derivative: moves = .* → .*domain > \"natural\"", SAME),
    (r"wellformed\._Checker\.term: self\.found\.add\(key\) → pass", MEMORY),
    (r"wellformed\._Checker\._value_at: for end, side .* → .*strict=False\):", SAME),
    (r"wellformed\._Checker\._law: if declaration\.domain == \"natural\": → .*domain <= .*", SAME),
    (r"scope\.Scope\.enter: if isinstance\(node, Inert\) .* → if True and .*", WELL_FORMED),
    (r"scope\.Scope\.enter: .* and index == 0: → .* and index <= 0:", SAME),
    (r"scope\.Scope\._below: object\.__setattr__\(inner, \"(known|forms)\".* → pass", MEMORY),
    (r"scope\.Scope: (known|forms): .*=False.* → .*=True.*", COURTESY),
    (r"scope\.(Family|Scope): @dataclass\(frozen=True\) → @dataclass\(frozen=False\)", COURTESY),
    (r"scope\.Family\.bind: return .* → .*strict=False\)\}", COUNTED),
    (r"scope\.Family\.__post_init__: if len\(.*\) != .* → if len\(.*\) < .*", SAME),
    (
        r"scope\.(Declaration|Scope)\.__post_init__: .*domain == \"natural\".* → .*domain <= \"natural\".*",
        SAME,
    ),
    (r"scope\.is_positive_line: .* low > 0\) → .* low >= 0\)", SAME),
    (r"rules\.identity\.match: .*startswith\(\"\?\"\): → .* and True:", METAVARIABLES),
    (
        r"rules\.identity\.match: if type\(pattern\) .* → .*len\(pattern\.args\) < len\(term\.args\):",
        METAVARIABLES,
    ),
    (r"rules\.identity\.match: return all.* → .*strict=False\)\)", COUNTED),
    (r"rules\.identity\.Identity: @dataclass\(frozen=True\) → .*", COURTESY),
    (r"rules\.algebra\._add_and_subtract: if len\(parts\) == 1: → if len\(parts\) <= 1:", SAME),
    (r"rules\.algebra\._add_and_subtract: if len\(parts\) != 2 .* → if len\(parts\) > 2 .*", SAME),
    (r"rules\.algebra\.signed_addends: .*term\.args\[0\].* → .*term\.args\[ -1\].*", SAME),
    (r"rules\.\S+: .*sign == 1.* → .*sign >= 1.*", SAME),
    (r"rules\.definitions\._lemma: if not isinstance\(name, str\) .* → if False or .*", SAME),
    (r"rules\.logarithms\._(log_product|log_product_over|combine): .*\[0\].* → .*\.args\[ -1\].*", SAME),
    (r"rules\.integrals\.(split_constant|_merge_sums): (sign|inner).*args\[0\].* → .*args\[ -1\].*", SAME),
    (r"rules\.integrals\._sum_through: (if any\(index .* → if (F|a).*|raise .* index .* → pass)", NAMES),
    (
        r"rules\.integrals\._marginalise: (if law\.args\[2\] .* → if False:|raise .*the law and.* → pass)",
        ONE_DIMENSION,
    ),
    (r"rules\.integrals\._merge_sums: if shared is None or .* → if False or .*", SAME),
    (r"rules\.integrals\.is_total_mass: .*\) == len\(.* → .*\) >= len\(.*", SAME),
    (r"calculus\.monomials: if len\(used\) != 1 or .* → if False or .*", SAME),
    (r"calculus\.(monomials|_is_log_of_variable): .*used\[0\].* → .*used\[ -1\].*", SAME),
    (r"calculus\.monomials: free = form\.one\[0\] → .*", SAME),
    (r"calculus\.monomials: .* k > 0: → .* k > -1:", SAME),
    (r"calculus\.monomials: .*kind == \"symbol\": → .*kind >= \"symbol\":", SAME),
    (r"calculus\._is_log_of_variable: return len\(used\) == 1 and .* → return True and .*", SAME),
    (r"calculus\._require_integrable_element: if singular or .* → if singular or False:", UNREACHED),
    (r"calculus\._require_integrable_element: singular = part\.power < 0 → .* < -1", UNREACHED),
    (r"calculus\._log_parts: elif isinstance\(argument, Density\) and .* → .* and True:", OPENED),
    (r"calculus\.require_integrable: scope\.known\.add\(key\) → pass", MEMORY),
    (r"calculus\._growth: if side < 0: → if side < 1:", SAME),
    (r"calculus\.(limit|require_divergence): side = .* → side = (2|0) if .*", SAME),
    (r"calculus\.(limit|require_divergence): side = .* → .* else - 2", SAME),
    (r"calculus\._require_integrable_element: growth\(.*, 1\) .* → growth\(.*, (2|0)\) .*", SAME),
    (r"calculus\._require_integrable_element: for end, side .* → .*(- 2\)|, 2\)|, 0\)).*", SAME),
    (r"calculus\._coordinate_parts: .*_log_parts\(function\.args\[0\].* → .*args\[ -1\].*", SAME),
    (r"derivative\.derivative: if marker not in .* → if False:", SHORT_CUT),
    (r"derivative\.derivative\S*: .*form\.one\[0\].* → .*form\.one\[ (1|-1)\].*", SAME),
    (r"derivative\.derivative\.of_generator: .*\"symbol\": → .*>= \"symbol\":", SAME),
    (r"rules\.derivatives\.split_coefficient: .* and top != ONE: → .* and True:", SAME),
    (r"rules\.derivatives\.(split_coefficient|_linear|_exponential): .*args\[0\].* → .*args\[ -1\].*", SAME),
    (r"rules\.derivatives\.split_coefficient: return sign \* inside.* → return sign / inside.*", SAME),
    (r"rules\.derivatives\._product: return .* → .*strict=False\)+", SAME),
    (r"rules\.derivatives\._linear: .*sign == -1 .* → .*sign <= -1 .*", SAME),
    (
        r"calculus\.(limit: form = .*\(scope, |require_divergence: form = ).*True\) → .*False\)",
        CLOSED,
    ),
    (r"calculus\.Monomial: @dataclass\(frozen=True\) → .*", COURTESY),
    (r"calculus\._is_log_of_variable: .* == 1 and .* → .*len\(used\) (<|>)= 1 and .*", SAME),
    (r"calculus\.limit: if sign < 0 or .* → .*sign <= 0 and .*", SAME),
    (r"calculus\._require_integrable_element: singular = low == 0 .* → .*low <= 0 .*", SAME),
    (r"calculus\._growth: if p\.power == top: → if p\.power >= top:", SAME),
    (r"calculus\._require_integrable_element: if sign > 0 .* → .*sign >= 0 and .*", SAME),
    (r"calculus\.monomials: if len\(used\) != 1 or .* → if len\(used\) < 1 or .*", SAME),
    (r"terms\.(free_symbols|substitute): if not term\.args: → if False:", SHORT_CUT),
    (r"terms\.as_term: if type\(value\) is Symbol and .* → if True and .*", SAME),
    (r"terms\.as_term: if isinstance\(value, Rational\) and .* → .* and True:", SAME),
    (r"terms\.free_symbols: bound = .* → bound = .* if True and .*", WELL_FORMED),
    (r"terms\.free_symbols: if arg is bound and .* → if True and .*", SAME),
    (r"terms\.substitute: if isinstance\(term, Inert\) and .* → if True and .*", WELL_FORMED),
    (r"terms\.\S+: @lru_cache\(maxsize=[\d_]+\) → @lru_cache\(maxsize= \d+\)", MEMORY),
    (r"entries\.UnknownResult\.__str__: return str\(self\.args\[0\]\) → .*args\[ -1\]\)", SAME),
    (r"entries\.Entry: @dataclass\(frozen=True\) → .*", COURTESY),
    (r"terms\.(walk|substitute): .* == 0: → .* <= 0:", SAME),
    (r"terms\.free_symbols: if arg is bound and .* → .*index <= term\.binds:", SAME),
    (r"terms\.Inert: is_commutative = True → is_commutative = False", FOREIGN),
    (r"terms\.\(module\): @lru_cache.* → def .*", MEMORY),
    (r"terms\.is_infinite: .*args\[0\].* → .*args\[ -1\].*", SAME),
    (r"calculus\.monomials: if len\(used\) != 1 or .* → if len\(used\) > 1 or .*", SAME),
    (r"conclusions\._End\.sign: (if parts.* → if False:|raise .*a fractional power.* → pass)", UNREACHED),
    (r"conclusions\._in_domain: if declaration is not None and .* → if True and .*", DECLARED),
    (r"conclusions\._nonnegative: .*is_Integer and .* > 0 and .* → .*bool\(True and .*", WHOLE_POWERS),
    (
        r"conclusions\._nonnegative: .*is_Integer and .* > 0 and .* → .*is_Integer and True and .*",
        WHOLE_POWERS,
    ),
    (r"conclusions\._positive_off: return _nonnegative.* → return True and .*", NONNEGATIVE),
    (r"conclusions\._positive_off: return _positive_off.* → .* and True", NONNEGATIVE),
    (r"terms\.(plus|times): return \w+\[0\] if .* → return \w+\[ -1\] if .*", SAME),
    (r"terms\.DerivativeIn\.__new__: raise TermError\(f\".* → raise TermError\(f\".*", WORDS),
    (r"stated\._about: return Stated\(.* → .*", WORDS),
    (r"stated\._about: swap = .* → .*p\.name <= form.*", SAME),
    (r"stated\.Stated: @dataclass\(frozen=True\) → .*", COURTESY),
    (r"stated\.\(module\): @cache .* → .*", MEMORY),
    (r"field\.Field\.describe: .*", WORDS),
    (r"field\.Generator: @dataclass\(frozen=True\) → .*", COURTESY),
    (r"field\.Field\.sign: signs = .* → .*c >= 0.*", SAME),
    (r"field\.Field\.element_sign: .* over \* under → .* over / under", SAME),
    (r"field\.Field\.power: if comb\(.* → if comb\(.*\) >= MOST_TERMS or .*", SAME),
    (r"field\.Field\.power: if k == (1|0): → if k <= (1|0):", SAME),
    (r"field\.Field\.factor: if len\(p\) == 1: → if len\(p\) <= 1:", NOT_ZERO),
    (r"field\.Field\.make: n, d = n // common, d // common → .* / common.*", SAME),
    (r"(field|function_field|normal_form)\.\S+: .*\.one\[0\].* → .*\.one\[ (1|-1)\].*", SAME),
    (r"field\.Field\.inverse: if a\[0\] == 0: → if (False|a\[ (1|-1)\] == 0|.* -1):", AGAIN),
    (r"field\.Field\.make: .* if lead == 1 else .* → .* if lead == 0 else .*", SHORT_CUT),
    (r"field\.Field\.factor: if len\(p\) == 1: → if len\(p\) == 0:", SHORT_CUT),
    (r"field\.Field\._reduce: if degrees\[i\] >= 2: → if degrees\[i\] >= 1:", SHORT_CUT),
    (r"field\.Field\._reduce: if p\.total_degree\(\) < 2: → if p\.total_degree\(\) < 1:", SHORT_CUT),
    (r"field\._bits: return .*default=0\) → .*default= (1|-1)\)", SAME),
    (
        r"field\.Field\.constant: .* if isinstance\(value, int\) .* → .* if not isinstance\(value, int\) .*",
        SAME,
    ),
    (r"field\.Field\.inverse: raise Undetermined\(\"division by zero\"\) → pass", AGAIN),
    (r"conclusions\._End\.compare: return .*power > 0.* → .*power >= 0.*", SAME),
    (r"conclusions\._nonnegative: .*args\[1\] > 0.* → .*args\[1\] >= 0.*", WHOLE_POWERS),
    (r"conclusions\._End\.sign: if parts\[0\]\.power\.q != 1: → .* (<|>) 1:", UNREACHED),
    (r"calculus\._growth: parts = .*p\.power != 0 .* → .*p\.power > 0 .*", SAME),
    (r"calculus\._growth: if top\.q != 1: → if top\.q > 1:", SAME),
    (r"calculus\._growth: if side < 0: → if side <= 0:", SAME),
    (r"field\.Field\.add: if a\[1\] == b\[1\]: → if False:", SHORT_CUT),
    (r"field\.Field\.multiply: if a\[1\]\.is_one\(\) and .* → if False:", SHORT_CUT),
    (r"field\.Field\.used: if p\.is_constant\(\): → if False:", SHORT_CUT),
    (r"terms\.DerivativeIn\.__new__: if len\(args\) == 2 .* → if len\(args\) >= 2 .*", WORDS),
    (r"entries\.\(module\): if TYPE_CHECKING: → .*", TYPING),
    (r"conclusions\._variable: .*domain == \"natural\": → .*domain <= \"natural\":", SAME),
    (r"conclusions\._in_domain: .*domain == \"positive\" .* → .*domain <= \"positive\" .*", SAME),
    (r"conclusions\._nonnegative: .* % 2 == 0\) → .* % 2 <= 0\)", SAME),
    (r"conclusions\._nonnegative: return _nonneg.* == 1 → .* >= 1", SAME),
    (r"conclusions\._positive_off: return _positive_off.* == 1 → .* (<|>)= 1", NONNEGATIVE),
    (r"conclusions\._End\.sign: .*self\.side == 0 .* → .*self\.side <= 0 .*", UNREACHED),
    (r"conclusions\._End\.(sign|compare): return (\S+) \* .* → return .* / .*", SAME),
    (r"conclusions\._End\.compare: return \(.*\) \* \(.* → return \(.*\) / \(.*", SAME),
    (r"conclusions\._End\.__init__: .*domain == \"real\" → .*domain >= \"real\"", SAME),
    (
        r"function_field\.FunctionField\._basis_value: .*kind != \"between\" .* → .*kind > \"between\" .*",
        SAME,
    ),
    (r"function_field\.FunctionField\._basis_value: payload = .* → .*kind >= \"sum\" .*", SAME),
    (r"function_field\.FunctionField\._basis_value: payload = .* → .*kind <= \"sum\" .*", UNASKED),
    (
        r"function_field\.FunctionField\._basis_value: if kind == .* → if (kind (<|>)=|True and) .*",
        LINEAR,
    ),
    (r"function_field\.FunctionField\._basis_value: movable = .* == 1 → .*count\(\"sum\"\) <= 1", SAME),
    (
        r"function_field\.FunctionField\.\w+: if len\(used\) == 1 and .* → if len\(used\) (<|>)= 1 and .*",
        SAME,
    ),
    (r"function_field\.FunctionField\.exp: .* len\(used\) == 1 and .* → .*len\(used\) >= 1 and .*", SAME),
    (r"function_field\.FunctionField\.(log|root): .*side == 1 .* → .*side >= 1 .*", SAME),
    (r"field\.Field\.add: if a\[1\]\.is_one\(\) and .* → if False:", SHORT_CUT),
    (r"field\.Field\._product: if (p|q)\.is_one\(\): → if False:", SHORT_CUT),
    (r"field\.Field\.make: if (n\.is_zero|d\.is_one)\(\): → if False:", SHORT_CUT),
    (r"field\.Field\._reduce: if p\.total_degree\(\) < 2: → if False:", SHORT_CUT),
    (r"field\.Field\.factor: if len\(p\) == 1: → if False:", SHORT_CUT),
    (r"function_field\.FunctionField\.exp: root = .*\.q == 1 .* → .*\.q <= 1 .*", SAME),
    (r"function_field\.FunctionField\.exp: .* sum\(powers\) == 1: → .* sum\(powers\) <= 1:", SAME),
    (r"function_field\.FunctionField\.exp: .* len\(used\) == 1 and .* → .*len\(used\) <= 1 and .*", SAME),
    (r"function_field\.FunctionField\.exp: canonical, c = .*", LEADING),
    (r"function_field\.FunctionField\._opaque: .*, \*, .* → .*, /, .*", HOW_CALLED),
    (r"function_field\.FunctionField\.__init__: .*, \*, .* → .*, /, .*", HOW_CALLED),
    (r"function_field\.FunctionField\.__init__: .* = True\) .* → .* = False\) .*", HOW_CALLED),
    (r"function_field\.FunctionField\.(root|log): for p, side .* → .*strict=False\):", SAME),
    (r"calculus\.only_coordinate: .*not indices <= free.* → .*not indices < free.*", SAME),
    (r"calculus\.monomials: .* k > 0: → .* k >= 0:", SAME),
    (r"conclusions\._End\.compare: return \(.* → return \(.*( 2|- 2) if .*", ONLY_SIGNS),
    (r"conclusions\._End\.compare: return \(.* → return \(.* else - 2\).*", ONLY_SIGNS),
    (r"conclusions\._End\.sign: .*parts\[0\].* → .*parts\[ -1\].*", SAME),
    (r"conclusions\._tends_to: leading = parts\[0\] → leading = parts\[ -1\]", SAME),
    (r"function_field\.FunctionField\.\w+: .*used\[0\].* → .*used\[ -1\].*", SAME),
    (r"function_field\.FunctionField\._basis_value: payload = .*where\[0\].* → .*where\[ -1\].*", SAME),
    (r"function_field\.FunctionField\._rational_power: if k\.q == (1|2): → if k\.q <= (1|2):", SAME),
    (r"conclusions\._End\.__init__: self\.side = .* → .*( 2 if|else - 2).*", ONLY_SIGNS),
    (r"function_field\.FunctionField\.exp: lead = .* → .*", LEADING),
    (r"conclusions\._nonnegative: .*args\[1\] > 0.* → .*args\[1\] > -1.*", WHOLE_POWERS),
    (r"conclusions\._nonnegative: .*args\[1\] > 0.* → .*args\[1\] > 1 and.*", SAME),
    (r"function_field\.FunctionField\.(log|root): .*\.describe\(.* → .*\.describe\(.*", WORDS),
    (
        r"function_field\.FunctionField\._log_of_rational: (if q <= 0: → if .*|raise .* → pass)",
        CERTIFIED,
    ),
    (r"conclusions\._convex: for size in range\(1, len\(names\) \+ 1\): → .*( 0, .*| \+ 2)\):", SAME),
    (r"function_field\.FunctionField\._(functional|log_of_factor): if len\(used\) .* → if True and .*", SAME),
    (r"function_field\.FunctionField\.exp: .* len\(used\) == 1 and .* → .* == 1 and True and .*", SAME),
    (r"entries\.value: .*swap\.parameter == name: → .*swap\.parameter <= name:", BEHIND),
    (r"entries\.declarations: .*d\.name == swap\.parameter: → .*d\.name >= swap\.parameter:", BEHIND),
    (r"normal_form\.NormalForm\.supported: return isinstance\(space, .* → return True and .*", SAME),
    (r"normal_form\.NormalForm\.within: if a == b or .* → if False or .*", SHORT_CUT),
    (r"normal_form\.NormalForm\.within: if is_infinite\(a\) or .* → if is_infinite\(a\) or False:", UPWARDS),
    (r"normal_form\.NormalForm\._law: family\.bind\(law\) → pass", COUNTED),
    (r"conclusions\._tends_to: constant = .*leading\.power \* 0.* → .*leading\.power \* -1.*", ONLY_SIGNS),
    (r"normal_form\.NormalForm\._image: return .*term\.args\[0\].* → .*term\.args\[ -1\].*", SAME),
    (r"normal_form\.NormalForm\._image: \(\"product\", .* → .*str\(count\[ -?\d\]\).*", ONE_DIMENSION),
    (r"normal_form\.NormalForm\._under: depth = sum\(1 .* → depth = sum\( 2 .*", DEPTHS),
    (r"normal_form\.NormalForm\._law: depth = .*== \"law\"\) → .*>= \"law\"\)", LESS),
    (r"normal_form\.NormalForm\._space_of: .*== \"real\" .* → .*>= \"real\" .*", SAME),
    (r"normal_form\.NormalForm\.within: .*side == 1 .* → .*side >= 1 .*", SAME),
    (r"normal_form\.NormalForm\._symbol: .*domain != \"real\".* → .*domain < \"real\".*", SAME),
    (r"normal_form\.NormalForm\.(__init__|of): .*, \*, .* → .*, /, .*", HOW_CALLED),
    (r"normal_form\.NormalForm\.__init__: def .* → def __init__\(self, scope: Scope, \*, .*", HOW_CALLED),
    (r"normal_form\.NormalForm\._law: .*marker, False, None\)\) → .*marker, True, None\)\)", INDEX),
    (r"normal_form\.NormalForm\._density: if isinstance\(law, ProductLaw\): → if False:", VECTOR),
    (r"normal_form\.NormalForm\._power_of: number = .* if k\[0\] != 0 .* → .* if k\[ (1|-1)\] .*", SAME),
    (r"normal_form\.NormalForm\._law: depth = sum\(1 .* → depth = .*( 2|0 for|m\[ (1|-1)\]).*", NESTED),
    (r"normal_form\.NormalForm\._law: return \(\"product\", .* → .*str\(count\[ -?\d\]\).*", ONE_DIMENSION),
    (r"normal_form\.NormalForm\._space_of: space = inside\[-1\] → space = inside\[- 0\]", NAMES),
    (r"approximation\.(Polynomial|Series): @dataclass\(frozen=True\) → @dataclass\(frozen=False\)", COURTESY),
    (r"approximation\.\(module\): @cache → .*", MEMORY),
    (r"approximation\._excess: return \(sigma \* sigma - 1\) .* → .*(- 0|- 2|\+ 1)\) / 2 - .*", CONSTANT),
    (r"approximation\._softplus: .* count \+ 2 → .* count \+ 3", SAME),
    (r"approximation\._small_softplus_slope: .*count \+ 1.* → .*count \+ 2.*", SAME),
    (r"approximation\._softplus_even: .* 2 \* count \+ 1 → .* (3 \* count \+ 1|2 \* count \+ 2)", SAME),
    (r"approximation\._mean_on_circle: angle = .* → .*arc (\+ 2|\+ 0|- 1), .*", TURNED),
    (r"approximation\._mean_on_circle: total \+= .* → .*centre - arb.*", TURNED),
    (r"approximation\._require_small: centre, half = .* → .* \(high - low\) (/ 1|\* 2)", WIDER),
    (r"approximation\._require_small: around = .* → .*arb\(centre\), 2\].*", WIDER),
    (r"approximation\._require_small: waiting, pieces = .* → .*, -?1", PATIENCE),
    (r"approximation\._require_small: pieces \+= 1 → pieces \+= 2", PATIENCE),
    (r"approximation\._require_small: if pieces > .* → if pieces >= .*", PATIENCE),
    (r"approximation\._require_small: if abs\(.* → .* (<|>)= largest:", SAME),
    (r"approximation\.prove: if tail < .* → if tail <= .*", SAME),
    (r"approximation\._without_last: if not more < .* → if not more <= .*", SAME),
)
"""(pattern of a mutant's description, reason): the pattern has to match all of it."""


def explanation(key: str) -> str:
    """The reason for a mutant, or "" when there is none."""
    return next((reason for pattern, reason in EXPLAINED if re.fullmatch(pattern, key)), "")
