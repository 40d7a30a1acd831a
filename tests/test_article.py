"""The article that tells the whole story, and the pictures of the studies."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import subprocess
import sys
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from sympy import Expr

from derive import build
from derive.catalogue import result
from derive.checker import check
from derive.codegen import render
from derive.codegen.evaluation import evaluation_forms
from derive.document import drawing, latex_page, pictures
from derive.document.latex import broken, spell, with_changes
from derive.document.layout import Identifier, Marked, Number, Sum
from derive.document.notation import Notation
from derive.document.pictures import PICTURES, Sheet
from derive.document.reader import load_notation
from derive.document.story import (
    INFINITE,
    REFERENCES,
    THEOREMS,
    derivations,
    labels,
    number_of,
    parted,
)  # fmt: skip
from derive.evidence.ball import evaluate
from derive.studies import STUDIES
from derive.terms import ONE, ZERO, Minus, symbol
from tests.test_document import _compile, _pdflatex


@pytest.fixture(scope="module")
def article() -> dict[str, str]:
    return build.article_files()


class Outline(HTMLParser):
    """What a page holds: ids, references, images, open tags that were never closed."""

    VOID = ("meta", "img", "br", "input", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.images: list[dict[str, str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.targets.append(given["href"])
        if tag == "img":
            self.images.append(given)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, tag


def test_every_derivation_is_stated_once_and_every_reference_is_to_one(article: dict[str, str]) -> None:
    certificate = json.loads(article["certificate.json"])
    found = Outline(article["article.html"])
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    stated = {entry["id"] for entry in certificate["derivations"]}
    assert stated <= set(found.ids)
    assert {t.removeprefix("#") for t in found.targets} <= set(found.ids)
    assert len(found.targets) > 50
    for id in stated:
        assert article["article.tex"].count(rf"\label{{{id}}}") == 1, id


def test_the_numbers_run_without_a_gap() -> None:
    stated = derivations({d.id: d for d in evaluation_forms(result(THEOREMS[-1])).values()})
    named, lemmas = labels(stated)
    kinds: dict[str, list[int]] = {}
    for label in named.values():
        kind, number = label.link.text.split()
        kinds.setdefault(kind, []).append(int(number))
    assert {k: sorted(v) for k, v in kinds.items()} == {
        k: list(range(1, len(v) + 1)) for k, v in kinds.items()
    }
    assert len(kinds["Theorem"]) == 4
    assert len(kinds["Lemma"]) == len(lemmas)
    assert set(stated).isdisjoint(d.id for d in lemmas)


def test_all_of_it_is_proved_by_the_checker(article: dict[str, str]) -> None:
    data = json.loads(article["certificate.json"])
    proved = check(data)
    assert data["id"] == INFINITE
    assert set(THEOREMS) < set(proved)
    assert {study.id for study in STUDIES} < set(proved)
    assert all(d.grade == "PROVED" and not d.assumed for d in proved.values())


def test_the_page_needs_nothing_from_elsewhere(article: dict[str, str]) -> None:
    page = article["article.html"]
    found = Outline(page)
    assert len(page.encode("utf-8")) <= 600_000
    assert all(t.startswith("#") for t in found.targets)
    assert len(found.images) == len(STUDIES)
    for image in found.images:
        assert image["src"].startswith("data:image/svg+xml,")
        assert len(image["alt"]) > 40
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_the_article_compiles_with_every_reference_defined(article: dict[str, str], tmp_path: Path) -> None:
    _pdflatex()
    if not subprocess.run(["kpsewhich", "pgfplots.sty"], capture_output=True, check=False).stdout:
        if os.environ.get("DERIVE_REQUIRE_BEAMER"):
            pytest.fail("DERIVE_REQUIRE_BEAMER is set, but pgfplots is missing: install texlive-pictures")
        pytest.skip("no pgfplots here (texlive-pictures; DERIVE_REQUIRE_BEAMER=1 to fail instead)")
    _compile(article["article.tex"], tmp_path, runs=3)


def test_the_article_follows_the_readers_notation() -> None:
    made = build.article_files(load_notation("vae"))
    plain = build.article_files()
    assert made["certificate.json"] == plain["certificate.json"]
    assert r"\mathrm{KL}(q_{\varphi} \,\|\, p)" in made["article.tex"]
    assert r"\mathrm{KL}(q_{\varphi} \,\|\, p)" not in plain["article.tex"]


def test_what_is_new_in_a_line_is_marked_and_the_sign_before_it_is_not() -> None:
    x, y = Identifier("x"), Identifier("y")
    line = Sum(((1, x), (1, Marked(Sum(((1, y), (-1, Number("1"))))))))
    assert spell(line) == "x + y - 1"
    assert spell(with_changes(line)) == r"x + \changed{y} - \changed{1}"
    assert broken(with_changes(Marked(line)), 2.0) == [
        r"\changed{x}",
        r"\quad{} + \changed{y}",
        r"\quad{} - \changed{1}",
    ] or all(part.count("{") == part.count("}") for part in broken(with_changes(Marked(line)), 2.0))


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES, ids=lambda s: s.id)
def test_each_study_has_a_picture_that_is_drawn_twice_alike(study) -> None:
    picture = PICTURES[study.id](Notation())
    drawn = drawing.svg(picture)
    drawing.svg.cache_clear()
    assert drawing.svg(picture) == drawn
    assert drawn.startswith("<svg")
    assert drawn.count("<path") >= len(picture.curves)
    assert "matplotlib.org" not in drawn
    assert all(math.isfinite(y) for curve in picture.curves for y in curve.ys)
    labels = [curve.label for curve in picture.curves]
    assert len(set(labels)) == len(labels)


def test_the_bytes_of_a_picture_do_not_depend_on_the_process() -> None:
    code = (
        "from derive.document.drawing import svg; from derive.document.pictures import PICTURES;"
        "from derive.document.notation import Notation;"
        "import hashlib; print(hashlib.sha256(''.join(svg(m(Notation())) for m in PICTURES.values())"
        ".encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
            capture_output=True, text=True,
        ).stdout
        for seed in ("0", "77")
    }  # fmt: skip
    assert len(digests) == 1


def test_a_curve_is_the_derived_formula() -> None:
    divergence = result("kl-normal").derivation
    fixed: dict[str, Expr] = {"mu_1": ONE, "sigma_1": ONE, "mu_2": ZERO}
    curve = Sheet(Notation(), "sigma_2", 0.5, 4.0, fixed).curve(divergence)
    for x, y in list(zip(curve.xs, curve.ys, strict=True))[::10]:
        point = {"mu_1": Fraction(1), "sigma_1": Fraction(1), "mu_2": Fraction(0), "sigma_2": Fraction(x)}
        assert abs(float(evaluate(divergence.right, point)) - y) < 1e-3 * max(1.0, abs(y))


def test_a_curve_of_a_constant_and_one_with_a_parameter_left() -> None:
    hessian = result("kl-normal-standard-hessian").forms[0].derivation
    assert set(Sheet(Notation(), "mu", -1.0, 1.0).curve(hessian).ys) == {1.0}
    with pytest.raises(ValueError, match="leaves mu_1, mu_2, sigma_1 without a value"):
        Sheet(Notation(), "sigma_2", 0.5, 1.0).curve(result("kl-normal").derivation)


def test_a_picture_of_another_formula_has_other_bytes() -> None:
    picture = PICTURES["kl-normal-fisher"](Notation())
    wrong = Sheet(Notation(), "w", 0.5, 1.7, {"mu": ZERO, "m": ZERO, "sigma": ONE}).curve(
        result("kl-normal-fisher").derivation, Minus(symbol("w")), Minus(symbol("w"))
    )
    changed = dataclasses.replace(picture, curves=(wrong, *picture.curves[1:]))
    assert drawing.svg(changed) != drawing.svg(picture)
    assert drawing.pgfplots(changed) != drawing.pgfplots(picture)


def test_pictures_stand_for_themselves_on_every_page() -> None:
    study = result("kl-normal-standard-flow")
    made = build.files(study)
    assert made["picture.svg"] == drawing.svg(pictures.PICTURES[study.id](Notation()))
    assert "](picture.svg)" in made["derivation.md"]
    assert r"\begin{tikzpicture}" in made["derivation.tex"]
    assert "tikzpicture" not in made["fragment.tex"]
    (image,) = Outline(made["derivation.html"]).images
    assert unquote(image["src"]).removeprefix("data:image/svg+xml,") == made["picture.svg"].replace('"', "'")
    assert latex_page.pgf_colours() in made["derivation.tex"]
    assert re.search(r"!\[[^\]]{40,}\]", made["derivation.md"])


# -- references, figures, code -----------------------------------------------------------------------


def test_references_are_cited_by_number_in_the_order_of_the_list(article: dict[str, str]) -> None:
    numbers = {id: n for n, id in enumerate(REFERENCES, 1)}
    page, tex = article["article.html"], article["article.tex"]
    cited = re.findall(r'<a href="#reference-([a-z-]+)">\[(\d+)\]</a>', page)
    assert list(dict.fromkeys(id for id, _ in cited)) == list(REFERENCES)
    assert all(numbers[id] == int(shown) for id, shown in cited)
    assert re.findall(r'<li id="reference-([a-z-]+)">', page) == list(REFERENCES)
    assert list(dict.fromkeys(re.findall(r"\\cite\{([a-z-]+)\}", tex))) == list(REFERENCES)
    assert re.findall(r"\\bibitem\{([a-z-]+)\}", tex) == list(REFERENCES)
    assert not re.search(r"\([A-Z]\w+(?: and [A-Z]\w+)? \d{4}\)", tex)


def test_a_reference_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="is not in list"):
        number_of("bourbaki")


def test_every_figure_is_referred_to_before_it_stands(article: dict[str, str]) -> None:
    page, tex = article["article.html"], article["article.tex"]
    for n, study in enumerate(STUDIES, 1):
        link, drawn = f'<a href="#figure-{study.id}">Figure {n}</a>', f'id="figure-{study.id}"'
        assert page.index(link) < page.index(drawn)
        assert f"<figcaption>Figure {n}. " in page
        assert tex.index(rf"Figure~\ref{{figure-{study.id}}}") < tex.index(rf"\label{{figure-{study.id}}}")


def test_the_public_function_is_in_the_text_and_what_it_calls_in_an_appendix(article: dict[str, str]) -> None:
    tex = article["article.tex"]
    text, appendix = tex.split(r"\appendix")
    (public,) = re.findall(r"^def (kl_\w+)\(", text, re.MULTILINE)
    assert public == "kl_diagonal_normal_standard_from_logvar"
    assert not re.search(r"^def [a-z]", appendix, re.MULTILINE)
    assert len(re.findall(r"^def _|^class _", appendix, re.MULTILINE)) > 10
    snippet = render.snippet(result(THEOREMS[-1]), "torch", "logvar")
    assert sorted(line for part in parted(snippet) for line in part.split("\n") if line) == sorted(
        line for line in snippet.split("\n") if line
    )


def test_parted_keeps_decorators_with_their_function() -> None:
    assert parted("import a\n\n\n@a.b\ndef f():\n    return _g()\n\n\ndef _g():\n    return 1\n") == (
        "@a.b\ndef f():\n    return _g()",
        "import a\n\n\ndef _g():\n    return 1",
    )
