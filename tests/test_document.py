"""Documents: formulas as an author writes them, every format at every detail, nothing unescaped."""

from __future__ import annotations

import contextlib
import html
import io
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from derive import catalogue
from derive.course.changes import changed
from derive.distributions import DISTRIBUTIONS
from derive.document import markdown_page, mathml, render, text
from derive.document.checks import CheckSummary, Enclosure
from derive.document.compose import Composer
from derive.document.latex import broken, escape, latex, pieces
from derive.document.latex import spell as spell_latex
from derive.document.notation import Notation, NotationError, check_distinct, name_node
from derive.document.text import plain
from derive.document.view import page
from derive.kernel import Detail
from derive.scope import Declaration
from derive.strategies.kl import derive_kl
from derive.terms import (
    HALF,
    KL,
    ONE,
    REALS,
    TWO,
    Between,
    Component,
    Density,
    Exp,
    IntegralOver,
    Law,
    Log,
    Minus,
    Plus,
    Power,
    ProductLaw,
    ProductSpace,
    Quotient,
    Root,
    SumOver,
    Times,
    as_term,
    symbol,
)

x, y, mu, sigma, s, v, j, d = (symbol(n) for n in ("x", "y", "mu", "sigma", "s", "v", "j", "d"))
mu_1, sigma_1, sigma_2 = symbol("mu_1"), symbol("sigma_1"), symbol("sigma_2")
normal = Law(symbol("Normal"), mu, sigma)
P = Notation((("p", normal),))
WIDE = tuple(
    (f"{name}_{i}_{k}", "-123456789/1000") for k in (1, 2, 3) for i in (1, 2) for name in ("mu", "v")
)
CHECKS = CheckSummary(52, (Enclosure(WIDE, 50, "1e-58", True),), ("At most 4 ulp & < 1e-15.",))

CASES = [
    (Plus(x, Minus(mu)), r"x - \mu", "x − μ"),
    (Minus(Plus(x, y)), "-(x + y)", "−(x+y)"),
    (Plus(x, Minus(Plus(x, y))), "x - (x + y)", "x − (x+y)"),
    (Plus(x, Minus(Minus(y))), "x - (-y)", "x − (−y)"),
    (Times(TWO, Plus(x, y)), "2(x + y)", "2(x+y)"),
    (Times(x, Minus(y)), "x(-y)", "x(−y)"),
    (Times(x, TWO), r"x \cdot 2", "x · 2"),
    (Power(Plus(x, y), TWO), "(x + y)^2", "(x+y)²"),
    (Power(Minus(x), TWO), "(-x)^2", "(−x)²"),
    (Power(sigma_1, TWO), r"\sigma_1^2", "σ₁²"),
    (Power(Quotient(x, y), TWO), r"\Bigl(\frac{x}{y}\Bigr)^2", "(x/y)²"),
    (Power(Power(x, TWO), TWO), "(x^2)^2", "(x²)²"),
    (Power(Log(x), TWO), r"(\log x)^2", "(log x)²"),
    (Quotient(Power(Plus(x, Minus(mu)), TWO), Times(TWO, Power(sigma, TWO))),
     r"\frac{(x - \mu)^2}{2 \sigma^2}", "(x−μ)²/(2σ²)"),
    (Log(Quotient(sigma_2, sigma_1)), r"\log\frac{\sigma_2}{\sigma_1}", "log(σ₂/σ₁)"),
    (Log(Times(x, y)), r"\log(x y)", "log(xy)"),
    (Log(Power(Plus(x, y), TWO)), r"\log\bigl((x + y)^2\bigr)", "log((x+y)²)"),
    (Times(Log(x), y), r"\log(x) y", "log(x) y"),
    (Plus(Log(x), Minus(HALF)), r"\log x - \tfrac{1}{2}", "log x − ½"),
    (Exp(Minus(Power(x, TWO))), "e^{-x^2}", "e^(−x²)"),
    (Exp(Quotient(s, TWO)), "e^{s/2}", "e^(s/2)"),
    (Exp(Minus(Quotient(Power(x, TWO), TWO))), r"\exp\Bigl(-\frac{x^2}{2}\Bigr)", "exp(−x²/2)"),
    (Root(Times(TWO, x)), r"\sqrt{2 x}", "√(2x)"),
    (Component(mu_1, j), r"\mu_{1,j}", "μ₁ⱼ"),
    (Component(x, j), "x_j", "xⱼ"),
    (symbol("x_j"), "x_j", "xⱼ"),
    (Density(normal, x), "p(x)", "p(x)"),
    (KL(normal, Law(symbol("Normal"), mu, Root(v))), r"\mathrm{KL}(p \,\|\, \mathcal{N}(\mu, v))",
     "KL(p‖N(μ, v))"),
    (Law(symbol("Normal"), mu, Exp(Quotient(s, TWO))), r"\mathcal{N}(\mu, e^s)", "N(μ, e^s)"),
    (ProductLaw(Law(symbol("Normal"), Component(mu_1, j), Component(sigma_1, j)), j, d),
     r"\prod_{j=1}^d \mathcal{N}(\mu_{1,j}, \sigma_{1,j}^2)", "∏ⱼ₌₁ᵈ N(μ₁ⱼ, σ₁ⱼ²)"),
    (IntegralOver(Times(Density(normal, x), Plus(x, Minus(mu))), x, REALS),
     r"\int_{-\infty}^{\infty} p(x)\,(x - \mu) \,dx", "∫ p(x) (x−μ) dx"),
    (IntegralOver(Plus(x, ONE), x, ProductSpace(REALS, j, d)), r"\int_{\mathbb{R}^d} (x + 1) \,dx",
     "∫_(ℝᵈ) (x+1) dx"),
    (Quotient(IntegralOver(x, x, REALS), TWO), r"\frac{1}{2} \int_{-\infty}^{\infty} x \,dx", "½ ∫ x dx"),
    (Times(SumOver(Component(x, j), j, d), y), r"\Bigl(\sum_{j=1}^d x_j\Bigr) y", "(∑ⱼ₌₁ᵈ xⱼ) y"),
    (Times(HALF, SumOver(Plus(Component(x, j), ONE), j, d)), r"\frac{1}{2} \sum_{j=1}^d (x_j + 1)",
     "½ ∑ⱼ₌₁ᵈ (xⱼ+1)"),
    (Between(Minus(Exp(Minus(x))), x, ONE, TWO), r"\bigl[-e^{-x}\bigr]_1^2", "[−e^(−x)]₁²"),
]  # fmt: skip


@pytest.mark.parametrize(("term", "tex", "unicode"), CASES, ids=[c[2] for c in CASES])
def test_formula(term, tex, unicode):
    assert latex(term, P) == tex
    assert plain(term, P) == unicode
    ElementTree.fromstring(mathml.mathml(Composer(P).compose(term)))


@pytest.mark.parametrize(
    ("name", "tex", "unicode"),
    [
        ("sigma_1", r"\sigma_1", "σ₁"),
        ("x1", "x_1", "x₁"),
        ("lambda", r"\lambda", "λ"),
        ("rate", r"\mathit{rate}", "rate"),
        ("mu_q", r"\mu_q", "μ_q"),
        ("s_12", "s_{12}", "s₁₂"),
        ("a_1_j", "a_{1,j}", "a₁ⱼ"),
    ],
)
def test_names(name, tex, unicode):
    assert spell_latex(name_node(name)) == tex
    assert text.spell(name_node(name)) == unicode


def test_a_quotient_below_a_slash_keeps_its_parentheses() -> None:
    """Found by reading: a/(b/c) in an exponent was printed as a/b/c, which is another number."""
    a, b, c = (symbol(name) for name in "abc")
    compose = Composer(Notation()).compose
    for bottom, tex in ((Quotient(b, c), "(b/c)"), (as_term(Fraction(1, 2)), "(1/2)"), (b, "b")):
        assert spell_latex(compose(Exp(Quotient(a, bottom)))) == f"e^{{a/{tex}}}"


@pytest.mark.parametrize("name", [r"\input", "a b", "_x", "x$", "é", "", "<b>"])
def test_a_name_that_is_no_name_is_refused(name):
    with pytest.raises(NotationError, match="is not a name"):
        name_node(name)


def test_names_that_look_alike_are_refused():
    with pytest.raises(NotationError, match="x1 and x_1 would be printed alike"):
        check_distinct(["x1", "x_1"])


def test_prose_is_escaped_in_latex():
    assert escape(r"50% of \input{x}_1 & $y$") == r"50\% of \textbackslash{}input\{x\}\_1 \& \$y\$"
    assert escape("p ≪ q") == r"p $\ll$ q"


def test_a_long_line_is_broken_at_its_outermost_signs():
    part = Quotient(Power(Plus(x, Minus(mu)), TWO), Times(TWO, Power(sigma, TWO)))
    line = IntegralOver(Times(Density(normal, x), Plus(*[part] * 6)), x, REALS)
    node = Composer(P).compose(line)
    lines = broken(node, 20)
    assert len(lines) > 2
    assert all(r"\quad" in continued and " + " in continued for continued in lines[1:])
    joined = "".join(re.sub(r"^(\\quad)+(\{\})?", "", continued) for continued in lines)
    assert joined == "".join(piece.text for piece in pieces(node))


def test_marks_show_what_is_new():
    before, after = Plus(Log(x), Power(y, TWO)), Plus(Log(x), Times(y, y))
    assert changed(before, after) == {(1,)}
    assert changed(before, before) == frozenset()
    assert changed(x, y) == frozenset(), "when all is new, nothing stands out"
    marked = Composer(P, changed(before, after)).compose(after)
    assert mathml.mathml(marked).count('class="new"') == 1


IDS = catalogue.IDS
FORMATS = {
    "article": render.article,
    "fragment": render.fragment,
    "markdown": render.markdown,
    "html": render.html,
    "text": render.text,
}
ESCAPES = {
    "article": escape, "fragment": escape, "markdown": markdown_page.escape, "html": html.escape,
}  # fmt: skip


@pytest.mark.parametrize("detail", list(Detail), ids=lambda detail: detail.name.lower())
@pytest.mark.parametrize("id", IDS)
def test_every_format_holds_the_result_and_its_steps(id, detail):
    result = catalogue.result(id)
    view = page(result, CHECKS, detail)
    tex = spell_latex(view.main.result)
    for name, make in FORMATS.items():
        made = make(result, CHECKS, detail)
        assert made.endswith("\n")
        for line in view.main.lines:
            assert f"({line.number})" in made, name
        for shown in (*view.forms, *view.lemmas):
            assert ESCAPES.get(name, str)(shown.title) in made, name
        if name in ("article", "fragment", "markdown"):
            assert rf"\boxed{{{tex}}}" in made
        if name == "text":
            assert text.spell(view.main.result) in made
    assert mathml.mathml(view.main.result, display=True) in render.html(result, CHECKS, detail)


def test_standard_detail_of_the_main_result_is_walked_step_by_step():
    result = catalogue.result("kl-normal")
    counts = [len(page(result, None, detail).main.lines) for detail in Detail]
    assert counts == sorted(counts)
    assert counts[Detail.BRIEF - 1] <= 8 <= counts[Detail.STANDARD - 1]
    assert counts[Detail.FULL - 1] == len(result.derivation.steps)


def test_lemmas_are_only_stated_at_brief_detail():
    result = catalogue.result("kl-normal")
    assert all(not lemma.lines for lemma in page(result, None, Detail.BRIEF).lemmas)
    assert all(lemma.lines for lemma in page(result, None, Detail.STANDARD).lemmas)


def test_a_line_carries_the_reasons_of_all_steps_behind_it():
    result = catalogue.result("kl-normal")
    brief, full = (page(result, None, detail).main for detail in (Detail.BRIEF, Detail.FULL))
    assert {n.title for line in brief.lines for n in line.notes} <= {
        n.title for line in full.lines for n in line.notes
    }
    assert {link for line in full.lines for link in line.reason.parts} >= {"linearity"}


def test_side_conditions_and_how_they_were_discharged_are_written():
    made = render.text(catalogue.result("kl-normal"), None, Detail.FULL, columns=10_000)
    assert "Needs p(x) > 0; q(x) > 0: it is certified positive" in made
    assert "p(x) (x−μ₁)² is integrable in x over ℝ" in made
    assert "Needs p ≪ q: the support of p lies in the support of q" in made


def test_conventions_are_named():
    made = render.text(catalogue.result("kl-normal"), columns=10_000)
    assert "the divergence is in nats" in made
    assert "with respect to Lebesgue measure on ℝ" in made
    assert "written in the mean and the standard deviation (not the variance," in made
    assert "Assumed without proof: nothing." in made


def test_what_was_not_checked_is_said():
    result = catalogue.result("kl-normal")
    assert "No further check is recorded" in render.markdown(result)
    failed = replace(CHECKS, enclosures=(replace(CHECKS.enclosures[0], contains=False),))
    for make in FORMATS.values():
        assert "not contain" in make(result, failed).lower()


def test_infinite_divergence():
    declared = (Declaration("m", "real"), Declaration("s", "positive"), Declaration("lambda", "positive"))
    p = DISTRIBUTIONS["Normal"].law(symbol("m"), symbol("s"))
    q = DISTRIBUTIONS["Exponential"].law(symbol("lambda"))
    derivation = derive_kl(p, q, declared)
    assert render.statement_text(derivation) == "KL(p‖q) = ∞, p = N(m, s²) and q = Exp(λ)"
    assert r"\infty && \text{$p$ has mass where $q$ has none}" in render.derivation_latex(derivation)


@pytest.mark.parametrize("id", IDS)
def test_markdown_keeps_to_what_github_renders(id):
    made = render.markdown(catalogue.result(id), CHECKS, Detail.FULL)
    assert r"\operatorname" not in made
    assert made.count("```math\n") * 2 == made.count("```")
    outside = re.sub(r"```math\n.*?\n```", "", made, flags=re.DOTALL)
    assert "\\[" not in outside
    assert re.sub(r"\$`[^`]+`\$", "", outside).count("$") == 0
    assert made.count("<details>") == made.count("</details>")
    anchors = set(re.findall(r'<a id="([^"]+)">', made))
    assert set(re.findall(r"\]\(#([^)]+)\)", made)) <= anchors


@pytest.mark.parametrize("id", IDS)
def test_html_is_self_contained_and_well_formed(id):
    made = render.html(catalogue.result(id), CHECKS, Detail.FULL)
    outside = re.sub(r'src="data:image/svg\+xml,[^"]*"', "", made)
    assert not re.search(r"https?://|\bsrc=|@import|url\(|<link|\bon[a-z]+=|eval\(|innerHTML", outside)
    assert made.count("<script>") == 1
    assert len(made.encode()) <= 600_000
    body = made[made.index("<body>") : made.index("</body>") + len("</body>")]
    tree = ElementTree.fromstring(body)
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    targets = {e.get("href", "").removeprefix("#") for e in tree.iter("a")}
    assert targets <= set(ids)
    assert '<html lang="en">' in made
    assert "prefers-color-scheme: dark" in made
    assert all(e.get("tabindex") == "0" for e in tree.iter() if "formula" in (e.get("class") or ""))


def test_titles_are_escaped_in_every_format():
    result = catalogue.result("kl-normal")
    hostile = replace(result, entry=replace(result.entry, title=r"<script>alert(1)</script> \input{x} $ | `"))
    assert "<script>alert" not in render.html(hostile)
    assert "&lt;script&gt;" in render.html(hostile)
    assert r"\input{" not in render.article(hostile)
    assert "<script>" not in render.markdown(hostile)
    bell = replace(result, entry=replace(result.entry, title="a\x1b[2Jb"))
    assert "\x1b" not in render.text(bell)


def test_the_fragment_asks_for_amsmath_alone():
    article = render.article(catalogue.result("kl-diagonal-normal"))
    packages = set(re.findall(r"\\usepackage(?:\[[^\]]*\])?\{([^}]*)\}", article))
    assert packages == {"amsmath", "geometry"}
    assert r"\documentclass" not in render.fragment(catalogue.result("kl-diagonal-normal"))


def _pdflatex() -> str:
    found = shutil.which("pdflatex")
    if found is None:
        if os.environ.get("DERIVE_REQUIRE_TEX"):
            pytest.fail(
                "DERIVE_REQUIRE_TEX is set, but pdflatex is missing: install texlive-latex-recommended"
            )
        pytest.skip("not compiled: no pdflatex here (set DERIVE_REQUIRE_TEX=1 to fail instead)")
    return found


def _compile(source: str, folder: Path, runs: int = 1) -> None:
    """Compile and refuse warnings, undefined references and boxes more than 2pt too wide."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    for _ in range(runs):
        done = subprocess.run(
            [_pdflatex(), "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
        )
        assert done.returncode == 0, done.stdout[-2000:]
    log = (folder / "page.log").read_text(encoding="utf-8", errors="replace")
    assert "Warning" not in log
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(wide, default=0) <= 2, log
    tall = [float(points) for points in re.findall(r"Overfull \\vbox \(([\d.]+)pt", log)]
    assert max(tall, default=0) <= 2, log


@pytest.mark.parametrize("detail", list(Detail), ids=lambda detail: detail.name.lower())
@pytest.mark.parametrize("id", IDS)
def test_article_compiles_without_overfull_boxes(id, detail, tmp_path):
    _compile(render.article(catalogue.result(id), CHECKS, detail), tmp_path)


@pytest.mark.parametrize("size", [10, 11, 12])
@pytest.mark.parametrize("id", IDS)
def test_fragment_fits_a_plain_article(id, size, tmp_path):
    (tmp_path / "fragment.tex").write_text(render.fragment(catalogue.result(id), CHECKS), encoding="utf-8")
    _compile(
        f"\\documentclass[{size}pt]{{article}}\n\\usepackage{{amsmath}}\n"
        "\\begin{document}\n\\input{fragment}\n\\end{document}\n",
        tmp_path,
    )


@pytest.mark.parametrize("preset", sorted(render.PRESETS))
@pytest.mark.parametrize("id", IDS)
def test_presets_rename_and_change_nothing_else(id, preset):
    result, notation = catalogue.result(id), render.load_notation(preset)
    for make in FORMATS.values():
        assert make(result, CHECKS, Detail.STANDARD, notation=notation) != make(result, CHECKS)
    whole = [page(result, None, Detail.STANDARD, n).main for n in (None, notation)]
    assert [line.number for line in whole[0].lines] == [line.number for line in whole[1].lines]
    assert [line.transition.steps for line in whole[0].lines] == [
        line.transition.steps for line in whole[1].lines
    ]


def test_what_presets_write():
    result = catalogue.result("kl-normal")
    made = {name: render.statement_text(result.derivation, n) for name, n in render.PRESETS.items()}
    assert made["vae"].startswith("KL(q_φ‖p) = log(σ_p/σ_q) + (σ_q² + (μ_q−μ_p)²)/(2 σ_p²) − ½, q_φ = N(μ_q")
    assert made["statistics"].startswith("KL(f‖g) = log(σ₂/σ₁)")
    assert made["bishop"].startswith("KL(p‖q) = ln(s/σ) + (σ² + (μ−m)²)/(2s²) − ½, p = N(μ, σ²)")
    text = render.text(result, None, Detail.STANDARD, columns=10_000, notation=render.load_notation("vae"))
    assert "q_φ ≪ p: the support of q_φ lies in that of p" in text
    assert "(z−μ_q)²" in text
    assert r"\ln" in render.article(result, notation=render.load_notation("bishop"))


def test_a_notation_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('log = "ln"\n[laws]\np = "r"\n[names]\nmu_1 = "a"\n', encoding="utf-8")
    made = render.statement_text(catalogue.result("kl-normal").derivation, render.load_notation(path))
    assert made.startswith("KL(r‖q) = ln(σ₂/σ₁) + (σ₁² + (a−μ₂)²)/(2σ₂²)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('log = "lg"', "log is written log or ln"),
        ("[laws]\nr = 'p'", "names p and q"),
        ("[names]\nmu_1 = 3", "has to be a name in quotes"),
        ("[names]\nmu_1 = '\\\\input'", "is not a name"),
        ("names = 3", "is a table"),
        ("colour = 3", "has no 'colour'"),
        ("log = ", "cannot read"),
    ],
)
def test_a_notation_that_is_wrong_is_refused(content, message, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NotationError, match=message):
        render.load_notation(str(path))


def test_a_preset_that_does_not_exist_is_refused():
    with pytest.raises(NotationError, match=r"neither a preset \(bishop, statistics, vae\) nor a file"):
        render.load_notation("bourbaki")


@pytest.mark.parametrize(
    ("notation", "message"),
    [
        (Notation(symbols={"mu_1": "mu_2"}), "mu_1 and mu_2 would be printed alike"),
        (Notation(symbols={"mu_1": "x"}), "mu_1 and x would be printed alike"),
        (Notation(roles={"p": "q"}), "the law p and the law q would be printed alike"),
        (Notation(roles={"p": "mu_1"}), "mu_1 and the law p would be printed alike"),
        (Notation(symbols={"mu_1": "d"}), "mu_1 and d would be printed alike"),
    ],
)
def test_clashes_are_refused(notation, message):
    with pytest.raises(NotationError, match=message):
        render.text(catalogue.result("kl-diagonal-normal"), notation=notation)


@pytest.mark.parametrize("id", IDS)
def test_the_notebook_runs(id):
    made = render.jupyter(catalogue.result(id))
    assert made == render.jupyter(catalogue.result(id))
    book = json.loads(made)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    names: dict[str, object] = {}
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), names)
    assert "steps accepted" in told.getvalue()
    assert ("def kl_" in told.getvalue()) == (id in catalogue.DIVERGENCES)


@pytest.mark.parametrize("id", ["kl-normal", "kl-diagonal-normal-standard", "kl-normal-standard-flow"])
def test_a_notebook_server_runs_it_and_shows_a_picture(id, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    book = nbformat.reads(render.jupyter(catalogue.result(id)), as_version=4)
    nbformat.validate(book)
    done = NotebookClient(book, timeout=120, kernel_name="python3").execute()
    outputs = [out for cell in done.cells if cell.cell_type == "code" for out in cell.outputs]
    shown = {kind for out in outputs for kind in out.get("data", ())}
    assert "text/html" in shown
    assert shown & {"image/svg+xml", "image/png"}


@pytest.mark.parametrize("id", IDS)
def test_myst_has_math_as_directives_roles_and_labels(id):
    made = render.myst(catalogue.result(id), CHECKS)
    assert "$`" not in made
    assert "```math" not in made
    labels = set(re.findall(r"^\(([^)]+)\)=$", made, re.MULTILINE))
    assert set(re.findall(r"\]\(#([^)]+)\)", made)) <= labels


@pytest.mark.parametrize("id", IDS)
def test_slides_compile_a_line_a_slide(id, tmp_path):
    _pdflatex()
    made = render.slides(catalogue.result(id))
    lines = page(catalogue.result(id), None, Detail.STANDARD).main.lines
    assert made.count(r"\begin{frame}") == len(lines) + 2
    if not subprocess.run(["kpsewhich", "pgfmath.sty"], capture_output=True, check=False).stdout:
        if os.environ.get("DERIVE_REQUIRE_BEAMER"):
            pytest.fail("DERIVE_REQUIRE_BEAMER is set, but pgf is missing: install texlive-pictures")
        pytest.skip("not compiled: no pgf here (texlive-pictures; DERIVE_REQUIRE_BEAMER=1 to fail instead)")
    _compile(made, tmp_path, runs=2)
