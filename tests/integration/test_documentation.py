"""The examples of the documentation run, and what its pages take from the code is complete."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

#: In the order of the page: each goes on from the files of the ones before.
EXAMPLES = [
    "simulate_and_train",
    "read_the_scores",
    "synthesise",
    "explain_a_region",
    "draw_a_figure",
    "write_reports",
]


@pytest.fixture
def pages(monkeypatch):
    """Modules of the site's extension."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    import api_pages
    import command_pages
    import docstrings
    import model_pages

    yield api_pages, command_pages, docstrings, model_pages
    for name in ("api_pages", "command_pages", "docstrings", "model_pages"):
        sys.modules.pop(name, None)


def test_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in EXAMPLES:
        runpy.run_path(str(DOCS / "examples" / f"{name}.py"), run_name="__main__")
    said = capsys.readouterr().out
    for words in ("3 recordings, 16 electrodes", "temporal_r", "image of (16, 18, 14,", "rank agreement"):
        assert words in said
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Which EEG the volumes came from" in page
    assert "True drivers of simulated data" in page
    assert 'href="./run/report.html"' in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "frequencies.pdf").stat().st_size > 1000


def test_every_example_is_shown_and_run():
    files = {path.stem for path in (DOCS / "examples").glob("*.py")}
    assert files == set(EXAMPLES)
    page = (DOCS / "examples.md").read_text(encoding="utf-8")
    places = [page.index(f"examples/{name}.py") for name in EXAMPLES]
    assert places == sorted(places)


def test_every_command_and_option_is_listed(pages):
    import typer.main

    from eeg2fmri.cli.main import app

    text = pages[1].commands()
    group = typer.main.get_command(app)
    assert len(group.commands) > 5
    for name, command in group.commands.items():
        assert f"`eeg2fmri {name}" in text
        for parameter in command.params:
            assert parameter.opts[-1] in text or parameter.name.upper() in text
    assert "`volume`, `dynamics`" in text
    assert "| `--epochs` | integer, 1 or more |" in text


def test_every_package_has_a_page(pages):
    assert {path.stem for path in (DOCS / "api").glob("*.md")} - {"index"} == set(pages[0].packages())
    assert "automodule:: eeg2fmri.nn.dct" in pages[0].package("nn")


def test_tables_of_models_name_what_is_registered(pages):
    from eeg2fmri.models.registry import kinds

    assert all(f"`{kind}`" in pages[3].kinds() for kind in kinds())
    assert "`documented`" in pages[3].presets()
    assert "LaggedBandPowerRidge" in pages[3].baselines()
    assert "TrainConfig" in pages[3].settings()


def test_bars_and_stars_of_docstrings_stay_what_they_are(pages):
    escape = pages[2].escape
    assert escape("mean |y - yhat| of a * b, ``x | y``") == r"mean \|y - yhat\| of a \* b, ``x | y``"
    assert escape("*args, **settings") == "*args, **settings"


def test_every_formula_can_be_drawn():
    latex2mathml = pytest.importorskip("docutils.utils.math.latex2mathml")
    text = (DOCS / "mathematics.md").read_text(encoding="utf-8")
    formulas = [a or b for a, b in re.findall(r"\$\$(.*?)\$\$|\$(.*?)\$", text, re.DOTALL)]
    assert len(formulas) > 40
    for formula in formulas:
        assert "<m" in latex2mathml.tex2mathml(formula.strip(), as_block=True)
