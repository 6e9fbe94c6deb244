"""Figures and text of one's own on a page: shown, escaped, refused where they cannot be."""

from __future__ import annotations

import base64
import os

import pytest
from matplotlib.figure import Figure
from PIL import Image

from eeg2fmri.core.errors import InputError
from eeg2fmri.report import add_to_page
from eeg2fmri.report.html.document import fill
from eeg2fmri.report.sections.methods import Methods
from eeg2fmri.report.sections.verdict import Verdict


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.html"
    content = {"tables": [], "details": [], "pictures": [], "explanation": None, "sections": [], "reading": ["Text."]}
    content["methods"] = Methods("Text.", "")
    text = fill(
        "scores.html.j2", kind="report", name="a", verdict=Verdict("open", "b", "c"), numbers=[], warnings=[], **content
    )
    path.write_text(text, encoding="utf-8")
    return path


def test_figures_files_and_text_stand_at_the_end_and_in_the_contents(page, tmp_path):
    Image.new("RGB", (30, 20), "red").save(tmp_path / "cap.png")
    (tmp_path / "note.md").write_text("<script>alert(1)</script>\nSecond line.", encoding="utf-8")
    add_to_page(page, [Figure(figsize=(2, 1)), tmp_path / "note.md", tmp_path / "cap.png"], ["The <b>lab</b>."])
    text = page.read_text(encoding="utf-8")
    assert 'href="#added-1">Added to this page' in text
    assert "The &lt;b&gt;lab&lt;/b&gt;." in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nSecond line." in text
    assert base64.b64encode((tmp_path / "cap.png").read_bytes()).decode() in text
    assert 'width="30" height="20"' in text
    assert 'width="192" height="96"' in text
    assert text.index("added-1-head") > text.index("reading-head")
    assert text.index("added-1-head") < text.index("</main>")
    add_to_page(page, [tmp_path / "cap.png"])
    text = page.read_text(encoding="utf-8")
    assert [text.count(f'<section id="added-{k}"') for k in (1, 2, 3)] == [1, 1, 0]
    assert text.count('href="#added-') == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("table.xlsx", b"x", "of a kind that a page cannot show"),
        ("broken.png", b"no picture", "cannot be read"),
        ("broken.svg", b"no picture", "no SVG"),
        ("large.png", b"0" * 5_000_001, "too large"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_the_page_stays(page, tmp_path, name, content, message):
    before = page.read_bytes()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        add_to_page(page, [tmp_path / name])
    assert page.read_bytes() == before


def test_other_refusals(page, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        add_to_page(page, [tmp_path / "absent.png"])
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="no regular file"):
        add_to_page(page, [tmp_path / "pipe.png"])
    with pytest.raises(InputError, match="more captions than pictures"):
        add_to_page(page, [Figure()], ["one", "two"])
    other = tmp_path / "other.html"
    other.write_text("<main></main>", encoding="utf-8")
    with pytest.raises(InputError, match="not written by eeg2fmri report"):
        add_to_page(other, [Figure()])
