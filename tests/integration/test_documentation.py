"""The examples of the documentation run, and what its pages take from the code is complete."""

from __future__ import annotations

import importlib
import re
import runpy
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

DOCS = Path(__file__).parents[2] / "docs"

#: In the order of the gallery: each goes on from the files of the ones before.
EXAMPLES = sorted(path.stem for path in (DOCS / "examples").glob("*.py"))


@pytest.fixture
def pages(monkeypatch):
    """Modules of the site's extension by name."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    names = ("api_pages", "command_pages", "docstrings", "gallery_pictures", "inside_links", "model_pages")
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = {}
    for name in EXAMPLES:
        made = runpy.run_path(str(DOCS / "examples" / f"{name}.py"), run_name="__main__")
        assert isinstance(made["figure"], Figure), name
        said[name[0]] = capsys.readouterr().out
    assert "sub-01_task-rest_bold.nii.gz" in said["1"]
    assert "4 recordings, 16 electrodes" in said["2"]
    assert said["3"].startswith("The EEG tells something about the BOLD")
    assert "rank agreement" in said["4"]
    assert "image of (16, 18, 14, 87)" in said["5"]
    assert said["5"].rstrip().endswith("volume 1.00")
    assert "AUC over subjects" in said["6"]
    assert "These recordings cannot decide" in said["8"]
    page = (tmp_path / "files" / "run" / "report.html").read_text(encoding="utf-8")
    assert "Which EEG the volumes came from" in page
    assert "What the decisions came from" in (tmp_path / "files/classification/report.html").read_text("utf-8")
    assert 'href="./run/report.html"' in (tmp_path / "files" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "files" / "electrodes.pdf").stat().st_size > 1000


def test_the_gallery_runs_every_example_and_shows_its_figure(pages, tmp_path):
    assert [name[:2] for name in EXAMPLES] == [f"{k}_" for k in range(1, len(EXAMPLES) + 1)]
    conf = runpy.run_path(str(DOCS / "conf.py"))
    settings = conf["sphinx_gallery_conf"]
    assert all(re.search(settings["filename_pattern"], f"/{name}.py") for name in EXAMPLES)
    assert settings["abort_on_example_error"]
    assert "sphinx_gallery.gen_gallery" in conf["extensions"]
    made = {"figure": Figure()}
    variables = {"example_globals": made, "image_path_iterator": iter([str(tmp_path / "one.png")])}
    assert "one.png" in pages["gallery_pictures"].take_figure(None, variables, {"src_dir": str(tmp_path)})
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert pages["gallery_pictures"].take_figure(None, variables, {"src_dir": str(tmp_path)}) == ""


def test_links_inside_the_site_are_followed(pages, tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "a.html").write_text(
        '<a href="api/b.html#there">1</a><a href="api/b.html#gone">2</a><a href="#here">3</a><p id="here">'
        '<img src="api/none.png"><a href="https://example.org/x#y">4</a>',
        encoding="utf-8",
    )
    (tmp_path / "api" / "b.html").write_text('<p id="there"><a href="../a.html">5</a>', encoding="utf-8")
    assert pages["inside_links"].broken_links(tmp_path) == ["a.html: api/b.html#gone", "a.html: api/none.png"]


def test_every_command_and_option_is_listed(pages):
    import typer.main

    from eeg2fmri.cli.main import app

    text = pages["command_pages"].commands()
    group = typer.main.get_command(app)
    assert len(group.commands) > 5
    for name, command in group.commands.items():
        assert f"`eeg2fmri {name}" in text
        for parameter in command.params:
            assert parameter.opts[-1] in text or parameter.name.upper() in text
    assert "`volume`, `dynamics`" in text
    assert "| `--epochs` | integer, 1 or more |" in text


def test_every_package_has_a_page(pages):
    assert {path.stem for path in (DOCS / "api").glob("*.md")} - {"index"} == set(pages["api_pages"].packages())
    assert "automodule:: eeg2fmri.nn.dct" in pages["api_pages"].package("nn")


def test_tables_of_models_name_what_is_registered(pages):
    from eeg2fmri.models.registry import kinds

    assert all(f"`{kind}`" in pages["model_pages"].kinds() for kind in kinds())
    assert "`documented`" in pages["model_pages"].presets()
    assert "LaggedBandPowerRidge" in pages["model_pages"].baselines()
    assert "TrainConfig" in pages["model_pages"].settings()


def test_every_published_model_has_its_section(pages):
    from eeg2fmri.models.rivals.published import rivals

    text = pages["model_pages"].published()
    for kind, facts in rivals().items():
        assert f"## {facts.label}\n" in text
        assert f"`{kind}`" in text
        assert facts.licence in text
        assert facts.changed in text
    assert "NODDI: SSIM 0.605 (best epoch on the test part)" in text
    assert "r 0.326 ± 0.008" in text


def test_bars_and_stars_of_docstrings_stay_what_they_are(pages):
    escape = pages["docstrings"].escape
    assert escape("mean |y - yhat| of a * b, ``x | y``") == r"mean \|y - yhat\| of a \* b, ``x | y``"
    assert escape("*args, **settings") == "*args, **settings"


def test_every_formula_can_be_drawn():
    latex2mathml = pytest.importorskip("docutils.utils.math.latex2mathml")
    text = (DOCS / "mathematics.md").read_text(encoding="utf-8")
    formulas = [a or b for a, b in re.findall(r"\$\$(.*?)\$\$|\$(.*?)\$", text, re.DOTALL)]
    assert len(formulas) > 40
    for formula in formulas:
        assert "<m" in latex2mathml.tex2mathml(formula.strip(), as_block=True)
