"""The evidence room: enclosures, laws, measurements, and faults that each of them has to see."""

import dataclasses
from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest
from flint import acb, arb, ctx
from sympy import Rational

from derive.catalogue import DIVERGENCES as IDS
from derive.catalogue import result
from derive.distributions import FAMILIES
from derive.evaluate import as_sympy
from derive.evidence import laws as law_room
from derive.evidence.ball import BallError, Compiler, Frame, bits_for, evaluate, frame_at
from derive.evidence.enclosure import (
    EnclosureError,
    InfiniteDivergenceError,
    as_double_integral,
    coordinates,
    divergence,
    enclose,
    integral,
    mass,
)
from derive.evidence.floats import FORMATS
from derive.evidence.measure import CodeRow, compare, measure, measure_gradients, measure_modules
from derive.evidence.montecarlo import monte_carlo
from derive.evidence.points import as_text, points, slots
from derive.evidence.report import references, table, verify, verify_one
from derive.evidence.samples import Reference, Truth, derivative
from derive.scope import Scope
from derive.terms import (
    HALF,
    KL,
    ONE,
    TWO,
    Component,
    Density,
    Exp,
    IntegralOver,
    Law,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    Quotient,
    Root,
    SumOver,
    Times,
    symbol,
)

NORMAL, EXPONENTIAL = result("kl-normal"), result("kl-exponential")
EVERY = [d for id in IDS for d in result(id).derivations()]
GENERIC = [p for p in points("kl-normal", 24) if abs(p["mu_1"] - p["mu_2"]) < 100][:12]
m1, s1, m2, s2 = (symbol(n) for n in ("mu_1", "sigma_1", "mu_2", "sigma_2"))
GAP = Power(Plus(m1, Minus(m2)), TWO)


def normal_formula(first=None, spread=None, rest=None):
    """The closed form with a part exchanged."""
    return Plus(
        first or Log(Quotient(s2, s1)),
        spread or Quotient(Plus(Power(s1, TWO), GAP), Times(TWO, Power(s2, TWO))),
        rest or Minus(HALF),
    )


# -- balls -----------------------------------------------------------------------------------------


def test_ball_contains_the_value_of_every_head():
    t, j = symbol("t"), symbol("j")
    v = Component(symbol("v"), j)
    term = Plus(
        Quotient(Exp(Minus(t)), Root(t)), Log(Power(t, HALF)), SumOver(Times(v, j), j, symbol("d")),
    )  # fmt: skip
    point = {"t": Fraction(4), "v": (Fraction(1, 2), Fraction(1, 3)), "d": 2}
    with ctx.workprec(200):
        expected = arb(-4).exp() / 2 + arb(2).log() + arb(1) / 2 + arb(2) / 3
    assert evaluate(term, point).overlaps(expected)
    assert evaluate(term, point, 40).rad() < arb(10) ** -38


def test_ball_square_of_a_difference_that_may_be_zero():
    value = evaluate(GAP, {"mu_1": Fraction(7, 3), "mu_2": Fraction(7, 3)})
    assert value.is_finite()
    assert value.contains(0)


def test_ball_refuses_what_is_not_done_and_what_is_not_given():
    with pytest.raises(BallError, match="KL has no value"):
        evaluate(NORMAL.derivation.left, GENERIC[0])
    x = symbol("x")
    with pytest.raises(BallError, match="IntegralOver has no value"):
        evaluate(IntegralOver(x, x, OpenInterval(ONE, TWO)), {})
    with pytest.raises(BallError, match="no value is given for t"):
        evaluate(symbol("t"), {})
    with pytest.raises(BallError, match="no such family"):
        evaluate(Density(Law(symbol("Cauchy"), ONE), x), {"x": Fraction(1)}, families=FAMILIES)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_log_of_the_density_is_the_logarithm_of_the_density(name):
    family = FAMILIES[name]
    law = Law(symbol(name), *(symbol(p.name) for p in family.parameters))
    point = {p.name: Fraction(3, 2) for p in family.parameters} | {"x": Fraction(7, 5)}
    density = Density(law, symbol("x"))
    with ctx.workprec(200):
        value = Compiler(families=FAMILIES).log_of(density)(frame_at(point))
    assert value.overlaps(evaluate(Log(density), point, 55, FAMILIES))


# -- enclosures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("derivation", EVERY, ids=lambda d: d.id)
def test_enclosure_contains_the_closed_form_and_excludes_it_shifted(derivation):
    for point in points(derivation, 20):
        found = enclose(derivation, point)
        assert found.contains, as_text(point)
        assert found.excludes_shifted, as_text(point)
        assert int(found.radius[2:]) <= -50
        assert found.relative_radius == "" or int(found.relative_radius[2:]) <= -50


def test_first_five_points_are_stratified_and_all_are_distinct():
    for derivation in EVERY:
        found = points(derivation, 24)
        assert len({str(p) for p in found}) == 24
        assert found[:5] == points(derivation, 5)
        assert set(found[0]) == {d.name for d in derivation.scope.declarations}
    first = points("kl-normal", 5)
    assert first[1]["sigma_1"] / first[1]["sigma_2"] - 1 == Fraction(1, 2 * 10**12)
    assert [p["sigma_1"] / p["sigma_2"] for p in first[2::2]] == [10**6, Fraction(1, 10**6)]
    assert first[3]["mu_1"] - first[3]["mu_2"] == 10**6


def test_equal_laws_give_an_enclosure_of_zero():
    point = dict.fromkeys(("mu_1", "sigma_1", "mu_2", "sigma_2"), Fraction(2, 3))
    found = enclose(NORMAL.derivation, point)
    assert found.ball.contains(0)
    assert found.contains
    assert found.excludes_shifted
    assert found.relative_radius == ""


def test_nearly_equal_laws_still_have_fifty_relative_digits():
    e = Fraction(1, 10**20)
    point = {"mu_1": 1 + e, "sigma_1": 1 + e, "mu_2": Fraction(1), "sigma_2": Fraction(1)}
    found = enclose(NORMAL.derivation, point)
    assert found.value.startswith("1.4999")
    assert found.value.endswith("e-40")
    assert int(found.relative_radius[2:]) <= -50


WRONG = {
    "σ² instead of σ": normal_formula(first=Log(Quotient(Power(s2, TWO), Power(s1, TWO)))),
    "½ lost": normal_formula(rest=Minus(ONE)),
    "p and q exchanged": Plus(
        Log(Quotient(s1, s2)), Quotient(Plus(Power(s2, TWO), GAP), Times(TWO, Power(s1, TWO))), Minus(HALF)
    ),
    "sign": normal_formula(first=Minus(Log(Quotient(s2, s1)))),
    "factor 2 lost": normal_formula(spread=Quotient(Plus(Power(s1, TWO), GAP), Power(s2, TWO))),
    "term lost": normal_formula(spread=Quotient(Power(s1, TWO), Times(TWO, Power(s2, TWO)))),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_closed_form_is_excluded_at_every_generic_point(wrong):
    seen = 0
    for point in GENERIC:
        if point["mu_1"] == point["mu_2"] or point["sigma_1"] == point["sigma_2"]:
            continue
        seen += 1
        assert not enclose(NORMAL.derivation, point, closed_form=wrong).contains, as_text(point)
    assert seen >= 6


@pytest.mark.parametrize("found", [NORMAL, EXPONENTIAL], ids=lambda r: r.id)
def test_a_wider_cut_off_moves_the_integral_by_less_than_the_tail(found):
    """With few digits the tail bound is large; the integral over a wider window lies within it."""
    left = found.derivation.left
    for point in points(found.id, 8):
        with ctx.workprec(bits_for(80)):
            (pair,) = coordinates(*left.args, point, found.derivation.scope)
            sharp = divergence(pair, 60)
            for digits in (1, 3, 10):
                window = pair.window(digits)
                rough = divergence(pair, digits)
                assert rough.contains(sharp)
                assert window.tail < arb(10) ** (1 - digits)
                assert abs(rough.mid() - sharp) <= window.tail  # the bound, not only the ball
            assert divergence(pair, 60, wider=20).overlaps(sharp)
            assert mass(pair, 40).contains(1)


@pytest.mark.parametrize("found", [NORMAL, EXPONENTIAL], ids=lambda r: r.id)
def test_the_bound_inside_the_window_holds(found):
    for point in points(found.id, 5):
        (pair,) = coordinates(*found.derivation.left.args, point, found.derivation.scope)
        window = pair.window(12)
        assert abs(divergence(pair, 12)) <= window.inside + window.tail


def test_double_integral_agrees_with_fubini():
    derivation = result("kl-diagonal-normal-standard").forms[-1].derivation  # −KL
    point = points(derivation, 1)[0]
    plane = as_double_integral(derivation.left, derivation.scope, point, 12)
    ball, method = integral(derivation.left, derivation.scope, point)
    assert plane.contains(ball)
    assert ball < 0
    assert "Fubini" in method
    assert as_double_integral(NORMAL.derivation.left, NORMAL.derivation.scope, GENERIC[0], 12) is None


def test_infinite_divergence_is_named_and_not_enclosed():
    p, q = Law(symbol("Normal"), m1, s1), Law(symbol("Exponential"), s2)
    scope = Scope(NORMAL.derivation.scope.declarations, FAMILIES)
    with pytest.raises(InfiniteDivergenceError, match=r"KL = \+∞"):
        integral(KL(p, q), scope, GENERIC[0])
    with pytest.raises(EnclosureError, match="no tail bound is proved"):
        integral(KL(q, p), scope, GENERIC[0])


def test_the_analytic_flag_is_passed_on():
    """A logarithm across its branch cut makes the integrator refuse, not answer."""
    program = Compiler()(Log(symbol("x")))
    frame = Frame({"x": acb(arb(-1, 0.5), arb(0, 0.5))})
    assert program(frame).is_finite()
    frame.analytic = True
    assert not program(frame).is_finite()


# -- laws ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_every_law_holds(id):
    found = result(id)
    rows = law_room.laws(found, [enclose(found.derivation, p) for p in points(id, 5)])
    assert [r for r in rows if not r.holds] == []
    names = " ".join(r.law for r in rows)
    for word in ("KL ≥ 0", "KL(p, p) = 0", "invariant", "additive", "regular"):
        assert word in names
    assert ("agrees with the general" in names) == found.entry.standard


def _planted(found, right):
    """The result with another closed form: a double, as no such derivation can be made."""

    class Planted:
        def __getattr__(self, name):
            return getattr(found.derivation, name)

    planted = Planted()
    planted.right = right
    return dataclasses.replace(found, derivation=planted)


def _failing(found, right):
    return {r.law for r in law_room.laws(_planted(found, right)) if not r.holds and "agrees" not in r.law}


def test_wrong_formula_breaks_a_law():
    assert "KL(p, p) = 0" in _failing(NORMAL, WRONG["½ lost"])
    assert any("invariant" in law for law in _failing(NORMAL, normal_formula(first=Log(s2))))
    assert any("x ↦ −x" in law for law in _failing(NORMAL, normal_formula(rest=Plus(m1, Minus(m2)))))
    assert any("additive" in law for law in _failing(NORMAL, WRONG["p and q exchanged"]))
    singular = normal_formula(rest=Quotient(GAP, Plus(m1, Minus(m2))))
    assert any("regular" in law for law in _failing(NORMAL, singular))
    diagonal = result("kl-diagonal-normal")
    assert "additive over independent products" in _failing(diagonal, Times(TWO, diagonal.derivation.right))


def test_specialisation_that_disagrees_is_seen():
    standard = result("kl-normal-standard")
    rows = law_room.laws(_planted(standard, Plus(standard.derivation.right, symbol("mu"))))
    assert {r.law for r in rows if not r.holds} >= {"agrees with the general kl-normal"}


def test_an_image_that_does_not_follow_from_the_density_is_not_used(monkeypatch):
    image = law_room.MAPS["Exponential"][0]
    false = dataclasses.replace(image, parameters={"lambda": Times(symbol("lambda"), image.slope)})
    monkeypatch.setattr(law_room, "MAPS", {"Exponential": (false,)})
    (row,) = [r for r in law_room.laws(EXPONENTIAL) if "invariant" in r.law]
    assert not row.holds


# -- measuring code --------------------------------------------------------------------------------

VAE = references(result("kl-diagonal-normal-standard"))["kl_diagonal_normal_standard_from_logvar"]


def naive(mean, logvar):
    return -0.5 * (1 + logvar - mean**2 - np.exp(logvar)).sum(-1)


def exact_normal(mean_1, std_1, mean_2, std_2):
    """Right by construction: NumPy's long double, and a series near equality."""
    wide = [np.asarray(x).astype(np.longdouble) for x in (mean_1, std_1, mean_2, std_2)]
    a, s, b, t = wide
    d, z = (s - t) / t, (a - b) / t
    series = d * d * sum((-d) ** k / (k + 2) for k in range(10))  # d − log(1 + d)
    small = np.where(np.abs(d) < 1e-2, d * d / 2 + series, (d * d + 2 * d) / 2 - np.log(s / t))
    return (small + z * z / 2).astype(np.asarray(mean_1).dtype)


def test_naive_implementation_is_flagged():
    row = measure(naive, VAE.sample("float32", 2000, 8), "numpy")
    assert row.bad > 0
    assert row.max_ulp > 1000
    assert row.status == "measured"
    assert set(row.worst_point) == {"row", "stratum"}


def test_accurate_implementation_passes():
    sample = Reference(NORMAL.derivation).sample("float32", 4000)
    row = measure(exact_normal, sample, "numpy", "kl_normal")
    assert (row.bad, row.points, row.function) == (0, 4000, "kl_normal")
    assert row.max_ulp <= 0.51


def test_failures_are_rows_not_crashes():
    sample = VAE.sample("float32", 40, 8)
    assert measure(lambda mean, logvar: 1 / 0, sample, "numpy").status == "failed"
    wide = measure(lambda mean, logvar: naive(mean.astype(np.float64), logvar), sample, "numpy")
    assert (wide.status, wide.reason) == ("failed", "DtypeError: float32 in gave float64 out")


def test_missing_library_is_not_measured(tmp_path):
    module = tmp_path / "absent.py"
    module.write_text("import a_library_that_is_not_there\n", encoding="utf-8")
    rows = list(measure_modules({"kl_exponential": Reference(EXPONENTIAL.derivation)}, {"torch": module}, 40))
    assert {r.status for r in rows} == {"not measured"}
    assert "a_library_that_is_not_there" in rows[0].reason
    report = verify_one(EXPONENTIAL, {"torch": module}, enclosures=1, code_points=40)
    assert report["code"][0]["status"] == "not measured"


def test_compare_judges_overflow_subnormals_zeros_and_signs():
    form = FORMATS["float32"]
    truth = np.array([1e39, 1e39, 1e-44, 1e-44, 1.0, 1.0, 1.0, 1.0, 1e-30])
    found = np.array([np.inf, 3e38, 2e-44, 1e-40, -1.0, np.nan, np.inf, 1.0 + 2**-23, 0.0])
    ulps, bad = compare(found, Truth(truth, np.zeros(9)), truth, form, 8, signed=False)
    assert bad.tolist() == [False, True, False, True, True, True, True, False, True]
    assert ulps[7] == 1


def test_truth_is_exact_to_a_hundred_bits():
    reference = Reference(NORMAL.derivation)
    arrays = tuple(np.array([v]) for v in (1.0, 1.0 + 2.0**-52, 1.0, 1.0))
    truth = reference.values(arrays)
    point = {n: Fraction(float(a[0])) for n, a in zip(reference.names, arrays, strict=True)}
    with ctx.workprec(400):
        found = arb(float(truth.high[0])) + arb(float(truth.low[0]))
        exact = evaluate(NORMAL.derivation.right, point, 200)
        assert abs(found / exact - 1) < arb(2) ** -100


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda f: f.name)
def test_formats_round_like_the_library_does(form):
    drawn = np.random.default_rng(1).normal(size=500)
    values = np.concatenate([drawn * 10.0**k for k in (-44, -6, 0, 4, 39)])
    if form.name == "bfloat16":
        torch = import_module("torch")
        expected = torch.from_numpy(values).to(torch.bfloat16).to(torch.float64).numpy()
        # the library rounds twice, by way of float32: a tie may differ
        assert (form.round(values) != expected).mean() < 0.01
    else:
        with np.errstate(over="ignore"):
            expected = values.astype(form.name).astype(np.float64)
        assert np.array_equal(form.round(values), expected)


def test_samples_are_deterministic_exact_in_the_format_and_stratified():
    for dtype in ("float16", "float32", "float64"):
        one, two = (Reference(NORMAL.derivation).sample(dtype, 400) for _ in range(2))
        for a, b in zip(one.arrays, two.arrays, strict=True):
            assert np.array_equal(a, b)
            assert np.array_equal(a, a.astype(dtype).astype(np.float64))
        assert set(one.strata) == {"random", "moderate", "near", "extreme", "collapse"}
        high = one.truth.high
        assert (high > FORMATS[dtype].largest).any()
        assert (high[np.isfinite(high)] >= 0).all()


@pytest.mark.parametrize("derivation", EVERY, ids=lambda d: d.id)
def test_derivatives_agree_with_sympy(derivation):
    body = Reference(derivation).body
    numbers = {slot.name: Fraction(3 + i, 2 + 3 * i) for i, slot in enumerate(slots(derivation))}
    values = {symbol(name): Rational(v.numerator, v.denominator) for name, v in numbers.items()}
    for name in numbers:
        ours = evaluate(derivative(body, symbol(name)), numbers)
        slope = as_sympy(body).diff(symbol(name)).subs(values)
        assert abs(float(ours) - float(slope)) < 1e-12 * (1 + abs(float(ours)))


def test_torch_gradients_are_measured_against_the_exact_ones():
    torch = import_module("torch")

    def textbook(mean, std):
        return 0.5 * (mean**2 + std**2 - 1) - torch.log(std)

    reference = Reference(result("kl-normal-standard").derivation)
    sample = reference.sample("float64", 400)
    mean, std = measure_gradients(textbook, sample, "torch")
    assert (mean.quantity, mean.max_ulp, mean.bad) == ("gradient of mu", 0.0, 0)
    assert std.max_ulp > 1000  # σ − 1/σ cancels near 1


# -- the teaching picture and the report -----------------------------------------------------------


def test_monte_carlo_is_near_and_repeatable():
    for id in IDS:
        point = points(id, 1)[0]
        found = monte_carlo(result(id).derivation, point, (500, 20_000), seed=3)
        assert found == monte_carlo(result(id).derivation, point, (500, 20_000), seed=3)
        assert all(e.is_near for e in found)
        assert found[1].standard_error < found[0].standard_error / 4
        half_lost = [dataclasses.replace(e, closed_form=e.closed_form + 0.5) for e in found]
        swapped = [dataclasses.replace(e, closed_form=-e.closed_form) for e in found]
        assert not half_lost[1].is_near
        assert not swapped[1].is_near


def test_report_has_what_a_reader_needs(tmp_path):
    module = tmp_path / "kl_exponential_numpy.py"
    module.write_text(
        "import numpy as np\n"
        "def kl_exponential(a, b):\n"
        "    with np.errstate(all='ignore'):\n"
        "        d = (b.astype(np.longdouble) - a) / a\n"
        "        near = d * d * sum((-d) ** k / (k + 2) for k in range(10))\n"
        "        value = np.where(np.abs(d) < 1e-2, near, d - np.log(b.astype(np.longdouble) / a))\n"
        "        return value.astype(a.dtype)\n",
        encoding="utf-8",
    )
    heard = []
    data = verify(
        ["kl-exponential"], code={"kl-exponential": {"numpy": module}}, code_points=400,
        progress=heard.append,
    )  # fmt: skip
    (row,) = data["results"]
    assert row["grade"] == "PROVED"
    assert row["steps"][0]["number"] == 1
    assert {s["grade"] for s in row["steps"]} == {"PROVED"}
    assert len(row["enclosures"]) == 5
    assert all(e["contains"] and e["excludes_shifted"] and e["digits"] == 50 for e in row["enclosures"])
    assert all(r["holds"] for r in row["laws"])
    assert {c["dtype"] for c in row["code"]} == {"float16", "float32", "float64"}
    assert row["failures"] == []
    assert row["verified"]
    assert len(heard) == 4
    assert "kl-exponential: verified" in table(data)


def test_report_refuses_bad_code(tmp_path):
    module = tmp_path / "bad.py"
    module.write_text("import numpy as np\ndef kl_exponential(a, b):\n    return np.log(a / b) + b / a - 1\n")
    row = verify_one(EXPONENTIAL, {"numpy": module}, enclosures=1, code_points=200)
    assert not row["verified"]
    assert any("bad results" in f for f in row["failures"])
    assert "NOT VERIFIED" in table({"environment": {}, "results": [row]})
    empty = tmp_path / "empty.py"
    empty.write_text("")
    row = verify_one(EXPONENTIAL, {"numpy": empty}, enclosures=1, code_points=40)
    assert any("no function kl_exponential" in f for f in row["failures"])


def test_code_rows_carry_the_stated_fields():
    names = {f.name for f in dataclasses.fields(CodeRow)}
    assert names >= {"target", "function", "dtype", "points", "max_ulp", "mean_ulp", "bad", "worst_point"}
