"""Claims about polynomials: forged ones are refused by name, and each guard of the proof is needed."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import mpmath
import pytest
from attack.claims import CLOSED, errors, is_true, largest_error
from flint import acb, arb, arb_poly, ctx, fmpq

from derive import approximation
from derive.approximation import (
    ARCS,
    BITS,
    COUNTS,
    FUNCTIONS,
    LONGEST,
    MOST_COEFFICIENTS,
    MOST_PIECES,
    TAIL,
    Polynomial,
    Unproved,
    _without_last,
    decode,
    encode,
    is_proved,
    prove,
    prove_all,
)
from derive.catalogue import result
from derive.checker import check, main
from derive.codegen.approximations import with_polynomials
from derive.codegen.primitives import polynomials
from derive.derivation import CertificateError, certificate, dumps

GOOD = with_polynomials(certificate(result("kl-exponential").derivation), *map(result, ("kl-normal",)))
CLAIMS = [pytest.param(p, id=f"{p.name}-{p.dtype}") for p in polynomials().values()]
ATANH = polynomials()["atanh", "float64"]


def entry(data: dict[str, Any], name: str = "atanh", dtype: str = "float64") -> dict[str, Any]:
    """One claim of a certificate, to be changed in place."""
    return next(a for a in data["approximations"] if (a["name"], a["dtype"]) == (name, dtype))


def decimal(value: Fraction) -> str:
    """Twenty digits of a number, as a bound is written."""
    return mpmath.nstr(mpmath.mpf(value.numerator) / value.denominator, 19, min_fixed=0, max_fixed=0)


def changed(of: str = "atanh", kind: str = "float64", /, **changes: Any) -> Callable[[dict[str, Any]], None]:
    """A forgery that exchanges parts of a claim."""
    return lambda data: entry(data, of, kind).update(changes)


def coefficient(i: int, new: Callable[[str], Any]) -> Callable[[dict[str, Any]], None]:
    """A forgery that exchanges a coefficient."""

    def change(data: dict[str, Any]) -> None:
        coefficients = entry(data)["coefficients"]
        coefficients[i] = new(coefficients[i])

    return change


def _swap_names(data: dict[str, Any]) -> None:
    one, other = entry(data, "coth"), entry(data, "atanh")
    one["name"], other["name"] = other["name"], one["name"]


def _swap_coefficients(data: dict[str, Any]) -> None:
    coefficients = entry(data)["coefficients"]
    coefficients[2], coefficients[3] = coefficients[3], coefficients[2]


FALSE = "its bound is false"
FORM = "is no float64 as Python writes it"
NUMBER = "is no integer, fraction or decimal"
FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "last digit of a coefficient": (coefficient(0, lambda c: c[:-1] + "1"), FALSE),
    "a digit that no float has": (coefficient(1, lambda c: c[:-1] + "9"), FORM),
    "a coefficient one ulp down": (coefficient(0, lambda c: repr(math.nextafter(float(c), 0))), FALSE),
    "a digit in the middle": (coefficient(0, lambda c: c[:8] + "4" + c[9:]), FALSE),
    "sign of a coefficient": (coefficient(3, lambda c: f"-{c}"), FALSE),
    "two coefficients swapped": (_swap_coefficients, FALSE),
    "a leading coefficient dropped": (lambda d: entry(d)["coefficients"].pop(), FALSE),
    "one coefficient too many": (lambda d: entry(d)["coefficients"].append("0.01"), FALSE),
    "bound below the true error": (changed(bound="4.0e-16"), FALSE),
    "bound of one digit more": (changed(bound="4.1e-17"), FALSE),
    "bound 0": (changed(bound="0"), "its bound is not positive"),
    "bound 0.0e0": (changed(bound="0.0e0"), "its bound is not positive"),
    "negative bound": (changed(bound="-4.1e-16"), "its bound is not positive"),
    "infinite bound": (changed(bound="inf"), NUMBER),
    "bound that is no number": (changed(bound="nan"), NUMBER),
    "bound beyond all floats": (changed(bound="1e9999"), NUMBER),
    "bound with an underscore": (changed(bound="4_1e-17"), NUMBER),
    "bound in hex": (changed(bound="0x1p-50"), NUMBER),
    "bound with a space": (changed(bound=" 4.1e-16"), NUMBER),
    "bound in other digits": (changed(bound="٤"), NUMBER),
    "interval widened": (changed(upper="1/4"), FALSE),
    "interval to the left": (changed(lower="-1/2"), FALSE),
    "interval to the edge of the disk": (changed(upper="1"), r"beyond the disk \|w\| < 1"),
    "interval from the edge of the disk": (changed(lower="-1"), r"beyond the disk \|w\| < 1"),
    "interval far beyond the disk": (changed(upper="1e999", bound="1e999"), r"beyond the disk \|w\| < 1"),
    "interval that is a point": (changed(upper="0"), "not below the upper one"),
    "interval backwards": (changed(lower="1/9", upper="0"), "not below the upper one"),
    "interval through 0/0": (changed(upper="1/0"), NUMBER),
    "interval to infinity": (changed(upper="infinity"), NUMBER),
    "interval too wide for the series": (
        changed(upper="99/100", bound="1e-30"), "its bound is smaller than what 128 terms"
    ),
    "bound finer than the series": (changed(bound="1e-900"), "its bound is smaller than what 128 terms"),
    "nan": (coefficient(2, lambda c: "nan"), FORM),
    "inf": (coefficient(2, lambda c: "-inf"), FORM),
    "1e400": (coefficient(2, lambda c: "1e400"), FORM),
    "hex": (coefficient(2, lambda c: float(c).hex()), FORM),
    "underscore": (coefficient(2, lambda c: "0.1_4"), FORM),
    "words": (coefficient(2, lambda c: "a seventh"), FORM),
    "more digits than a float has": (coefficient(2, lambda c: c + "00001"), FORM),
    "double precision in float32": (changed("atanh", "float32", coefficients=["0.1"]), "'0.1' is no float32"),
    "too large for float32": (changed("atanh", "float32", coefficients=["1e+39"]), "is no float32"),
    "a number as a number": (coefficient(2, float), "text of at most 40"),
    "a boolean": (coefficient(2, lambda c: True), "text of at most 40"),
    "a nested list": (coefficient(2, lambda c: [c]), "text of at most 40"),
    "a long text": (coefficient(2, lambda c: "1" * 10**6), "text of at most 40"),
    "a long bound": (changed(bound="1" * 10**6), "text of at most 40"),
    "a long name": (changed(name="a" * 10**6), "text of at most 40"),
    "a bound that is a boolean": (changed(bound=True), "text of at most 40"),
    "no coefficients": (changed(coefficients=[]), "a list of 1 to 64"),
    "a million coefficients": (changed(coefficients=["0.0"] * 10**6), "a list of 1 to 64"),
    "coefficients as text": (changed(coefficients="0.1"), "a list of 1 to 64"),
    "coefficients as an object": (changed(coefficients={"0": "0.1"}), "a list of 1 to 64"),
    "wrong name": (changed(name="tanh"), "no function is called 'tanh'"),
    "wrong dtype": (changed(dtype="float16"), "no dtype is called 'float16'"),
    "names swapped": (_swap_names, r"beyond the disk \|w\| < 1"),
    "the name of another function": (changed("coth", name="atanh", upper="1/9"), FALSE),
    "other dtype": (changed("atanh", "float32", dtype="float64"), "it is there twice"),
    "a part missing": (lambda d: entry(d).pop("bound"), "it has bound, coefficients"),
    "a part too many": (changed(certified=True), "it has bound, coefficients"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_claim_is_refused_by_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence that says which, and why; and no long one."""
    change, why = FORGERIES[name]
    data = copy.deepcopy(GOOD)
    change(data)
    wrong = [
        i
        for i, (a, b) in enumerate(zip(GOOD["approximations"], data["approximations"], strict=True), 1)
        if a != b
    ]
    assert wrong
    with pytest.raises(CertificateError, match=why) as caught:
        check(data)
    said = str(caught.value)
    named = {*wrong, wrong[0] + 1, len(data["approximations"])}  # of two that are one, the second
    assert any(said.startswith(f"approximation {number}") for number in named)
    assert "\n" not in said
    assert len(said) < 300
    if "it has" not in why and "list of" not in why and "called" not in why and "text of" not in why:
        assert any(f", {a['name']} in {a['dtype']}:" in said for a in data["approximations"])
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert main([str(path)]) == 1
    assert capsys.readouterr().err == f"{path}: refused: {said}\n"


@pytest.mark.parametrize("claims", [None, {}, "", 3, True, {"0": GOOD["approximations"][0]}], ids=str)
def test_claims_are_a_list(claims: Any) -> None:
    with pytest.raises(CertificateError, match="the approximations are a list of at most"):
        check({**GOOD, "approximations": claims})


@pytest.mark.parametrize("claim", [None, [], "coth", 3, [["name", "coth"]]], ids=str)
def test_a_claim_is_an_object(claim: Any) -> None:
    with pytest.raises(
        CertificateError, match="approximation 1: it has bound, coefficients, dtype, lower, n"
    ):
        check({**GOOD, "approximations": [claim]})


def test_there_are_no_more_claims_than_functions_and_dtypes() -> None:
    every = [encode(p) for p in polynomials().values()]
    assert len(every) == 2 * len(FUNCTIONS) == len(prove_all(every))
    with pytest.raises(Unproved, match=f"a list of at most {len(every)}"):
        prove_all([*every, *every[:1]])


def test_claims_are_optional_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "certificate.json"
    for data, said in ((GOOD, len(GOOD["approximations"])), ({**GOOD, "approximations": []}, 0)):
        path.write_text(dumps(data), encoding="utf-8")
        assert main([str(path)]) == 0
        assert f"steps, {said} approximations, all accepted" in capsys.readouterr().out
    without = {key: value for key, value in GOOD.items() if key != "approximations"}
    path.write_text(dumps(without), encoding="utf-8")
    assert main([str(path)]) == 0
    assert "steps, 0 approximations, all accepted" in capsys.readouterr().out


# -- the proof -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_proof_accepts_what_is_just_true_and_refuses_what_is_just_false(claim: Polynomial) -> None:
    """The largest error is found with closed forms, at many points."""
    largest = largest_error(claim)
    for factor, holds in (("1.01", True), ("1.1", True), ("3", True), ("0.99", False), ("0.5", False)):
        bound = decimal(largest * Fraction(factor))
        assert is_proved(replace(claim, bound=bound)) is holds, factor
    with pytest.raises(Unproved, match="its bound is false"):
        prove(replace(claim, bound=decimal(largest / 2)))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_narrower_interval_and_other_ways_to_write_it_are_accepted(claim: Polynomial) -> None:
    low, high = Fraction(claim.lower), Fraction(claim.upper)
    middle = (low + high) / 2
    for lower, upper in ((low, middle), (middle, high), ((low + middle) / 2, (middle + high) / 2)):
        prove(replace(claim, lower=str(lower), upper=str(upper)))
    prove(replace(claim, upper="0.1", lower="1e-2"))
    prove(replace(claim, upper="0.10", lower="0.0"))


@pytest.mark.parametrize("claim", CLAIMS)
def test_an_error_anywhere_is_found(claim: Polynomial) -> None:
    """Where it is largest, a narrow interval has a false bound when the rest has a true one."""
    bound = largest_error(claim) * Fraction(4, 5)
    beyond = [at for at, error in errors(claim, 400) if Fraction(mpmath.nstr(error, 20)) > bound]
    step = (Fraction(claim.upper) - Fraction(claim.lower)) / 1000
    assert beyond
    for at in beyond:
        with pytest.raises(Unproved, match="its bound is false"):
            prove(replace(claim, lower=str(at - step), upper=str(at + step), bound=decimal(bound)))


def test_what_is_too_close_to_call_is_refused_in_bounded_time() -> None:
    """The largest error is at w = 0, where it is known exactly; the tail leaves a little open."""
    largest = abs(Fraction(float(ATANH.coefficients[0])) - Fraction(1, 3))
    assert abs(largest / largest_error(ATANH) - 1) < Fraction(1, 10**12)
    with pytest.raises(Unproved, match=f"its bound is not proved with {MOST_PIECES} pieces of the interval"):
        prove(replace(ATANH, bound=decimal(largest * (1 + Fraction(1, 10**15)))))
    with pytest.raises(Unproved, match="its bound is false"):
        prove(replace(ATANH, bound=decimal(largest * (1 - Fraction(1, 250)))))
    assert is_proved(replace(ATANH, bound=decimal(largest * (1 + Fraction(1, 250)))))


def test_a_polynomial_may_have_more_coefficients_than_the_series_has_terms() -> None:
    """What stands behind them counts as well."""
    exact = [repr(1 / (2 * k + 3)) for k in range(MOST_COEFFICIENTS)]
    claim = Polynomial("atanh", "float64", "0", "1/9", tuple(exact), "1e-16")
    prove(claim)
    prove(replace(claim, bound="1e-3"))
    with pytest.raises(Unproved, match="its bound is false"):
        prove(replace(claim, bound="1e-3", coefficients=(*exact[:-1], "1e+300")))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_series_are_those_of_the_closed_forms(name: str) -> None:
    """Their sum where they are used, and the size of each coefficient."""
    series, count = FUNCTIONS[name], COUNTS[-1]
    with ctx.workprec(4 * BITS), mpmath.workdps(110):
        coefficients = series.coefficients(count)
        assert len(coefficients) == count
        for fewer in COUNTS[:-1]:
            again = series.coefficients(fewer)
            assert len(again) == fewer
            assert all(a.overlaps(b) for a, b in zip(again, coefficients[:fewer], strict=True))
        size, radius = (
            float(series.size().abs_upper()),
            mpmath.mpf(int(series.radius.p)) / int(series.radius.q),
        )
        for k, a in enumerate(coefficients):
            assert mpmath.mpf(a.abs_upper().str(30, radius=False)) <= size * (k + 2) / radius**k
        terms = [mpmath.mpf(a.str(90, radius=False)) for a in coefficients]
        for w in (mpmath.mpf(1) / 7, mpmath.mpf(1) / 11):
            assert abs(mpmath.polyval(terms[::-1], w) - CLOSED[name](w)) < mpmath.mpf(10) ** -48
    assert 0.05 < size < 2


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "softplus" in name])
def test_the_size_of_a_series_is_that_of_its_function(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function on the circle is the closed form; half of the mean is (k + 2)/2 of it at most."""
    asked: list[tuple[Callable[[acb], acb], arb, fmpq]] = []

    def mean(function: Callable[[acb], acb], centre: arb, radius: fmpq) -> arb:
        asked.append((function, centre, radius))
        return arb(1200)

    monkeypatch.setattr(approximation, "_mean_on_circle", mean)
    series = FUNCTIONS[name]
    with ctx.workprec(BITS), mpmath.workdps(40):
        size = cast("Any", series.size).__wrapped__()
        ((function, centre, radius),) = asked
        of_excess, even = name in ("softplus", "softplus_slope"), name == "softplus_even"
        assert size == arb(1200 / radius**2 if of_excess else 600)
        assert series.radius == (radius**2 if even else radius)
        middle = {"softplus": mpmath.log(mpmath.e - 1), "softplus_slope": mpmath.log(mpmath.e - 1)}
        assert abs(float(centre) - middle.get(name, 0.5 if name == "log_softplus_slope" else 0)) < 1e-15
        for turn in (0.1, 0.9, 2.5, 4.0):
            w = mpmath.mpc(float(radius.p) / float(radius.q), 0) * mpmath.expjpi(turn)
            found = function(acb(centre + float(w.real), float(w.imag)))
            closed = CLOSED["softplus"](w) * w**2 if of_excess else CLOSED[name](w * w if even else w)
            assert abs(complex(found) - complex(closed)) < 1e-12


def test_what_is_left_out_before_and_after_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tail of the series and the last terms before it are both taken off the bound."""
    seen: list[arb] = []
    small = arb(fmpq(1, 10**12))
    monkeypatch.setattr(approximation.Series, "tail", lambda *_: small)
    monkeypatch.setattr(approximation, "_without_last", lambda difference, *_: (difference, small))
    monkeypatch.setattr(approximation, "_require_small", lambda *arguments: seen.append(arguments[3]))
    prove(replace(ATANH, bound="1e-8"))
    (largest,) = seen
    with ctx.workprec(BITS):
        for factor, within in ((fmpq(19, 10), True), (fmpq(21, 10), False)):
            off = factor * fmpq(1, 10**12)
            assert largest.contains(fmpq(1, 10**8) + off) == largest.contains(fmpq(1, 10**8) - off) == within


def test_last_terms_are_left_out_while_they_are_small() -> None:
    terms = arb_poly([1, fmpq(1, 2), fmpq(1, 10**9), fmpq(1, 10**9)])
    kept, rest = _without_last(terms, fmpq(2), fmpq(1, 10**6))
    assert kept.degree() == 1
    assert not rest < arb(fmpq(12, 10**9))
    assert rest < arb(fmpq(13, 10**9))
    assert _without_last(terms, fmpq(2), fmpq(1, 10**8))[0].degree() == 2
    assert _without_last(terms, fmpq(2), fmpq(1, 10**9))[0].degree() == 3
    assert _without_last(terms, fmpq(2), fmpq(10))[0].degree() == -1


def test_every_point_of_cauchys_circle_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean of F on it is no smaller than the true one, and not much larger."""
    arcs: list[acb] = []

    def recorded(rho: acb) -> acb:
        arcs.append(rho)
        return excess(rho)

    excess = approximation._excess
    monkeypatch.setattr(approximation, "_excess", recorded)
    with ctx.workprec(BITS):
        size = approximation._softplus_size.__wrapped__()
        centre = (arb(1).exp() - 1).log()
        points = []
        for k in range(1000):
            turn = arb(fmpq(k, 500)) * arb.pi()
            points.append(acb(centre + arb(5) / 2 * turn.cos(), arb(5) / 2 * turn.sin()))
        assert all(any(arc.contains(point) for arc in arcs) for point in points)
        total = sum((abs(excess(arc)) for arc in arcs), arb(0)) / len(arcs) / (arb(5) / 2) ** 2
        assert abs(float(size / total.abs_upper()) - 1) < 1e-12
        mean = sum((abs(excess(point)) for point in points), arb(0)) / 1000 / (arb(5) / 2) ** 2
    assert size.is_exact()
    assert mean < size < mean * 5 / 4


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("count", COUNTS)
def test_the_bound_of_the_tail_is_the_sum_of_what_the_terms_may_be(name: str, count: int) -> None:
    series = FUNCTIONS[name]
    for reach in (series.radius / 40, series.radius / 3, series.radius * 9 / 10):
        with ctx.workprec(BITS):
            tail = series.tail(count, reach) / series.size()
        q = Fraction(int((reach / series.radius).p), int((reach / series.radius).q))
        total = sum(
            (k + 2) * mpmath.mpf(q.numerator) ** k / mpmath.mpf(q.denominator) ** k
            for k in range(count, 3000)
        )
        assert abs(mpmath.mpf(tail.mid().str(30, radius=False)) / total - 1) < 1e-9
        assert tail.rel_accuracy_bits() > 100


def test_the_numbers_of_the_proof_are_those_that_were_thought_of() -> None:
    """Larger caps would make a forged claim expensive, a larger tail would make the proof blunt."""
    assert COUNTS == (8, 16, 32, 64, 128)
    assert all(2 * a == b for a, b in pairwise(COUNTS))
    assert (MOST_PIECES, MOST_COEFFICIENTS, LONGEST) == (512, 64, 40)
    assert fmpq(1, 2**10) == TAIL
    assert (BITS, ARCS) == (128, 64)


def test_the_disks_hold_no_singular_point() -> None:
    """coth t/2 has poles at ±2πi, atanh at ±1; σ = log(1 + e^ρ) branches where ρ = ±πi."""
    radii = {name: series.radius for name, series in FUNCTIONS.items()}
    line = fmpq(5, 2)
    assert radii == {
        "coth": 39, "exp_excess": 8, "atanh": 1, "softplus": line, "softplus_slope": line,
        "log_softplus_slope": line, "small_softplus_slope": fmpq(3, 4), "softplus_even": fmpq(14, 5) ** 2,
    }  # fmt: skip
    with mpmath.workdps(30):
        nearest = {"coth": (2 * mpmath.pi) ** 2, "exp_excess": mpmath.inf, "atanh": mpmath.mpf(1)}
        for name in ("softplus", "softplus_slope"):
            nearest[name] = abs(mpmath.log(mpmath.e - 1) - mpmath.pi * 1j)
        nearest["log_softplus_slope"] = abs(mpmath.mpf(1) / 2 - mpmath.pi * 1j)
        nearest["small_softplus_slope"], nearest["softplus_even"] = mpmath.mpf(1), mpmath.pi**2
        assert all(float(r.p) / float(r.q) <= nearest[name] for name, r in radii.items())


def test_the_precision_around_is_left_alone() -> None:
    before = ctx.prec, ctx.cap
    prove(polynomials()["softplus", "float64"])
    assert not is_proved(replace(ATANH, bound="1e-20"))
    assert (ctx.prec, ctx.cap) == before


def test_balls_that_are_no_numbers_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a tail nor a difference that could not be computed is small."""
    series = FUNCTIONS["atanh"]
    for faulty in (
        replace(series, size=lambda: arb.nan()),
        replace(series, coefficients=lambda n: [arb.nan()] * n),
        replace(series, coefficients=lambda n: [arb(0, 1)] * n),
        replace(series, size=lambda: arb(0, 1e300)),
    ):
        monkeypatch.setitem(approximation.FUNCTIONS, "atanh", faulty)
        assert not is_proved(ATANH)
    monkeypatch.setitem(approximation.FUNCTIONS, "atanh", series)
    assert is_proved(ATANH)


# -- reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_is_written_is_read(claim: Polynomial) -> None:
    assert decode(json.loads(json.dumps(encode(claim)))) == claim
    assert list(encode(claim)) == ["name", "dtype", "lower", "upper", "coefficients", "bound"]
    assert is_true(claim)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"), ("-0", "0"), ("12", "12"), ("-1/2", "-1/2"), ("2/4", "1/2"), ("0.25", "1/4"),
        ("-2.5e-1", "-1/4"), ("1e3", "1000"), ("1.5e2", "150"), ("9" * 20, "9" * 20),
        ("1/" + "9" * 20, "1/" + "9" * 20),
        ("1e-999", f"1/1{'0' * 999}"), ("0." + "1" * 20, f"{'1' * 20}/1{'0' * 20}"),
    ],
)  # fmt: skip
def test_a_number_is_read_exactly(text: str, value: str) -> None:
    numerator, _, denominator = value.partition("/")
    assert approximation._rational(text) == fmpq(int(numerator), int(denominator or 1))


@pytest.mark.parametrize(
    "text",
    ["", "-", "+1", "1/", "/2", "1/0", "1/02", "1/-2", "1/2e3", "1.", ".5", "1e", "1e+3", "1e1000", "1E3",
     "1.5/2", "--1", "1 ", "1\n", "1_0", "0x1", "nan", "inf", "½", "１", "9" * 21, "1/" + "9" * 21,
     "0." + "1" * 21],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Unproved, match="is no integer, fraction or decimal"):
        approximation._rational(text)


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("0.1", "float64"), ("-0.0", "float64"), ("5e-324", "float64"),
        ("1.7976931348623157e+308", "float64"),
        ("0.10000000149011612", "float32"), ("-0.5", "float32"), ("1e-45", "float64"),
        ("0.0", "float32"),
        ("1.401298464324817e-45", "float32"), ("3.4028234663852886e+38", "float32"), ("100000.0", "float32"),
    ],
)  # fmt: skip
def test_a_coefficient_is_its_exact_value(text: str, dtype: str) -> None:
    value = Fraction(float(text))
    assert approximation._exact(text, dtype) == fmpq(value.numerator, value.denominator)


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("0.1", "float32"), ("0.7", "float32"), ("1e-45", "float32"), ("3.5e+38", "float32"),
        ("1e5", "float64"), ("1", "float64"),
        ("0.10", "float64"), ("+0.5", "float64"), (" 0.5", "float64"), ("0.5\n", "float64"),
        ("1_0.0", "float64"),
        ("nan", "float64"), ("inf", "float64"), ("-inf", "float32"), ("1e999", "float64"),
        ("0x1p0", "float64"),
        ("", "float64"), ("１.0", "float64"), ("nan", "float32"),
    ],
)  # fmt: skip
def test_what_is_no_float_of_the_dtype_is_refused(text: str, dtype: str) -> None:
    with pytest.raises(Unproved, match=f"is no {dtype} as Python writes it"):
        approximation._exact(text, dtype)


def test_the_caps_are_where_they_are_said_to_be() -> None:
    data = encode(ATANH)
    zeros = ["0.0"] * (MOST_COEFFICIENTS - len(ATANH.coefficients))
    prove(decode({**data, "coefficients": [*ATANH.coefficients, *zeros]}))
    with pytest.raises(Unproved, match="a list of 1 to 64"):
        decode({**data, "coefficients": [*ATANH.coefficients, *zeros, "0.0"]})
    decode({**data, "bound": "1" * LONGEST})
    with pytest.raises(Unproved, match="text of at most 40 characters"):
        decode({**data, "bound": "1" * (LONGEST + 1)})
    assert decode({**data, "coefficients": ["0.5"]}).coefficients == ("0.5",)
