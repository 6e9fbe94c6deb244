"""The page in a real browser: no network, no error, controls that change what is shown, three sizes.

The baseline pictures are written anew by running this file, after which each is to be looked at:

    .venv/bin/python tests/integration/test_report_browser.py
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from eeg2fmri.report import write_page
from eeg2fmri.report.pages.index import render_index
from eeg2fmri.report.pages.run import render
from eeg2fmri.results.explanation import Explanation

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "unit" / "report"
BASELINE = HERE / "report_baseline"

#: Width, height (CSS pixels) and colour scheme of the pictures that are compared.
VIEWS = {"phone": (360, 780, "light"), "tablet": (800, 1000, "dark"), "desktop": (1440, 900, "light")}

#: Pictures of pages without an interactive view: page, and the part that is looked at.
OTHER_PAGES = {
    "explained": ("explained", "main"),
    "index": ("index", "main"),
    "classification": ("classification", "main"),
    "decisions": ("classification", "explanation"),
    "benchmark": ("benchmark", "main"),
    "benchmark_scores": ("benchmark", "scores"),
    "search": ("search", "main"),
}

#: Pictures are compared by means of blocks of this many pixels: layout and colours count, letters do not.
BLOCK = 20

#: Root mean square difference, of 255, that other fonts may make.
TOLERANCE = 12.0


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"browser_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


chromium = load(HERE / "chromium.py")
PROGRAM = chromium.find_chromium()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
)

READY = "document.getElementById('viewer-body').dataset.ready === 'yes'"


def write_run_page(folder: Path) -> Path:
    results = load(EXAMPLES / "run_examples.py").results(load(EXAMPLES / "figure_examples.py"))
    file = folder / "report.html"
    file.write_text(render(results), encoding="utf-8")
    return file


def blocks(png: bytes) -> np.ndarray:
    """Means of blocks of a picture, shape (row, column, RGB)."""
    pixels = np.asarray(Image.open(BytesIO(png)).convert("RGB"), dtype=float)
    rows, columns = (size // BLOCK for size in pixels.shape[:2])
    return pixels[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK, 3).mean(axis=(1, 3))


def view(browser, name: str, part: str = "main") -> np.ndarray:
    """Picture of the window at one size, with a part of the page at its top (the beginning of the page for main)."""
    width, height, scheme = VIEWS[name]
    browser.resize(width, height)
    browser.colour_scheme(scheme)
    browser.run("scrollTo(0, 0)" if part == "main" else f"document.getElementById('{part}').scrollIntoView()")
    browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return blocks(browser.screenshot())


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return write_run_page(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def browser(page) -> Iterator:
    with chromium.Browser(PROGRAM) as one:
        one.resize(1440, 900)
        one.open(page)
        yield one


@pytest.fixture
def viewer(browser):
    """The browser at desktop width, with the viewer in the middle of the window and ready."""
    browser.resize(1440, 900)
    browser.run("document.getElementById('viewer').scrollIntoView()")
    browser.wait_for(READY)
    return browser


def text(browser, name: str) -> str:
    return browser.run(f"document.getElementById('viewer-{name}').textContent")


def slide(browser, name: str, value: float) -> None:
    browser.run(
        f"(() => {{ const slider = document.getElementById('viewer-{name}'); slider.value = {value};"
        " slider.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def canvas(browser) -> np.ndarray:
    """Pixels of the slices, RGB, after they are drawn."""
    browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box = browser.run("(() => { const b = document.getElementById('viewer-gl').getBoundingClientRect();"
                      " return [b.left, b.top, b.right, b.bottom]; })()")  # fmt: skip
    picture = Image.open(BytesIO(browser.screenshot())).convert("RGB").crop([round(edge) for edge in box])
    return np.asarray(picture, dtype=int)


def choose(browser, layer: str) -> None:
    browser.run(f"document.querySelector('#viewer-layers input[value={layer}]').click()")
    browser.wait_for(f"document.querySelector('#viewer-layers input[value={layer}]').checked")


def test_opens_from_disk_without_network_and_errors(viewer):
    assert viewer.errors() == []
    assert [address for address in viewer.requests() if not address.endswith("/report.html")] == []
    assert "Click a voxel" in text(viewer, "state")


def test_time_slider_changes_the_volume_and_the_words(viewer):
    choose(viewer, "measured")
    slide(viewer, "time", 0)
    first, words = canvas(viewer), text(viewer, "readout")
    slide(viewer, "time", 7)
    assert text(viewer, "time-value") == "15.1 s"
    assert "At 15.1 s" in text(viewer, "readout")
    assert text(viewer, "readout") != words
    assert (np.abs(canvas(viewer) - first).max(axis=2) > 40).sum() > 500


def test_threshold_and_overlay_change_the_picture(viewer):
    choose(viewer, "correlation")
    slide(viewer, "opacity", 1)
    slide(viewer, "threshold", 0)
    coloured = [_coloured(canvas(viewer))]
    for threshold in (0.4, 0.9):
        slide(viewer, "threshold", threshold)
        coloured.append(_coloured(canvas(viewer)))
    assert coloured[0] > 1.5 * coloured[1] > 1.5 * coloured[2]
    slide(viewer, "threshold", 0)
    slide(viewer, "opacity", 0)
    assert _coloured(canvas(viewer)) < 0.1 * coloured[0]
    slide(viewer, "opacity", 1)


def _coloured(pixels: np.ndarray) -> int:
    """Red and blue pixels of the slices (the colour bars at the foot left out)."""
    slices = pixels[: int(0.85 * len(pixels))]
    return int((np.abs(slices[..., 0] - slices[..., 2]) > 40).sum())


def test_a_click_shows_the_time_course_of_that_voxel(viewer, page):
    choose(viewer, "correlation")
    before = (
        text(viewer, "readout"),
        viewer.run("document.querySelector('#viewer-chart .measured')?.getAttribute('points')"),
    )
    box = viewer.run("(() => { const b = document.getElementById('viewer-gl').getBoundingClientRect();"
                     " return [b.left, b.top, b.width, b.height]; })()")  # fmt: skip
    viewer.click(box[0] + 0.12 * box[2], box[1] + 0.45 * box[3])
    viewer.wait_for(f"document.getElementById('viewer-readout').textContent !== {before[0]!r}")
    after = viewer.run("document.querySelector('#viewer-chart .measured')?.getAttribute('points')")
    assert after
    assert after != before[1]
    assert len(after.split()) == 24


def test_the_words_tell_the_numbers_of_the_run(viewer):
    examples = load(EXAMPLES / "figure_examples.py")
    r, (truth, prediction), (_, mask) = examples.correlation(), examples.recording(), examples.phantom()
    for voxel in np.argwhere(mask)[[30, 300, 700]]:
        mm = (examples.AFFINE @ [*voxel, 1])[:3]
        for axis, place in zip("xyz", mm, strict=True):
            viewer.run(f"Object.assign(document.getElementById('viewer-{axis}'), {{ step: 'any' }})")
            slide(viewer, axis, place)
        slide(viewer, "time", 3)
        words = text(viewer, "readout").replace("\N{MINUS SIGN}", "-")
        assert f"recording: {r[tuple(voxel)]:.2f}." in words
        course, guess = truth[(slice(None), *voxel)], prediction[(slice(None), *voxel)]
        found = [float(part) for part in words.split("measured ")[1].split(" BOLD units")[0].split(", predicted ")]
        np.testing.assert_allclose(found, [course[3] - course.mean(), guess[3] - guess.mean()], atol=0.3)


def test_the_keyboard_moves_time(viewer):
    slide(viewer, "time", 2)
    viewer.run("document.getElementById('viewer-time').focus()")
    before = text(viewer, "time-value")
    viewer.press("ArrowRight")
    viewer.wait_for("document.getElementById('viewer-time').value === '3'")
    assert text(viewer, "time-value") != before


def test_arrow_keys_move_the_crosshair_and_time(viewer):
    slide(viewer, "x", 0)
    slide(viewer, "time", 2)
    viewer.run("document.getElementById('viewer-gl').focus()")
    before = {axis: float(viewer.run(f"document.getElementById('viewer-{axis}').value")) for axis in "xyz"}
    for key, axis, sign in (("ArrowRight", "x", 1), ("ArrowUp", "y", 1), ("PageDown", "z", -1)):
        viewer.press(key)
        after = float(viewer.run(f"document.getElementById('viewer-{axis}').value"))
        assert sign * (after - before[axis]) > 2
    viewer.press("ArrowRight", shift=True)
    assert viewer.run("document.getElementById('viewer-time').value") == "3"
    viewer.press("ArrowLeft", shift=True)
    assert viewer.run("document.getElementById('viewer-time').value") == "2"


def test_a_click_on_the_course_moves_time_and_its_axes_have_numbers(viewer):
    viewer.run("document.getElementById('viewer-chart').scrollIntoView({ block: 'center' })")
    slide(viewer, "time", 0)
    box = viewer.run("(() => { const b = document.getElementById('viewer-chart').getBoundingClientRect();"
                     " return [b.left, b.top, b.width, b.height]; })()")  # fmt: skip
    viewer.click(box[0] + box[2] * (74 + 560 * 10 / 23) / 640, box[1] + box[3] / 2)
    assert viewer.run("document.getElementById('viewer-time').value") == "10"
    labels = viewer.run("[...document.querySelectorAll('#viewer-chart text')].map((one) => one.textContent)")
    assert "time (s)" in labels
    assert "BOLD units" in labels
    assert {"0", "10", "20", "30", "40"} <= set(labels)


def test_zero_has_no_sign_and_the_template_lies_below(viewer):
    choose(viewer, "correlation")
    slide(viewer, "threshold", 0)
    assert "\N{MINUS SIGN}0" not in re.findall(r"\S+", text(viewer, "bar"))
    for axis in "xyz":
        viewer.run(f"Object.assign(document.getElementById('viewer-{axis}'), {{ step: 'any' }})")
        slide(viewer, axis, -0.3)
        assert text(viewer, f"{axis}-value") == "0"
    assert "(0, 0, 0) mm" in text(viewer, "readout")
    slide(viewer, "opacity", 0)
    template = canvas(viewer)
    viewer.run("(() => { const s = document.getElementById('viewer-ground'); s.value = 'own';"
               " s.dispatchEvent(new Event('change')); })()")  # fmt: skip
    own = canvas(viewer)
    assert (np.abs(own - template).max(axis=2) > 30).mean() > 0.03
    slide(viewer, "opacity", 1)


def test_the_first_column_stays_when_a_table_scrolls(browser, page):
    browser.open(page)
    browser.resize(360, 780)
    frame = "document.querySelector('#scores .scroll')"
    browser.run(f"{frame}.scrollLeft = 200")
    left = "document.querySelector('#scores tbody th').getBoundingClientRect().left"
    assert browser.run(f"Math.abs({left} - {frame}.getBoundingClientRect().left) < 1")
    tall = "Math.max(...[...document.querySelectorAll('#scores tbody th')].map((one) => one.clientHeight))"
    assert browser.run(tall) < 5 * 25


def test_contents_stand_at_the_side_of_a_wide_screen_alone(browser, page):
    browser.open(page)
    for width, beside in ((1440, True), (800, False)):
        browser.resize(width, 900)
        box = browser.run("(() => { const n = document.querySelector('nav').getBoundingClientRect(),"
                          " m = document.getElementById('scores').getBoundingClientRect();"
                          " return [n.right, m.left]; })()")  # fmt: skip
        assert (box[0] < box[1]) is beside
    listed = browser.run("[...document.querySelectorAll('nav a')].map((one) => one.getAttribute('href').slice(1))")
    assert listed == browser.run("[...document.querySelectorAll('section[id]')].map((one) => one.id)")


def test_paper_has_no_contents_no_viewer_and_no_cut_tables(browser, page):
    browser.open(page)
    browser.resize(718, 1000)
    browser.send("Emulation.setEmulatedMedia", media="print")
    gone = (
        "['nav', '#viewer', '.skip'].every((one) => getComputedStyle(document.querySelector(one)).display === 'none')"
    )
    fits = "[...document.querySelectorAll('.scroll')].every((one) => one.scrollWidth <= document.body.clientWidth + 1)"
    assert browser.run(gone)
    assert browser.run(fits)
    assert len(browser.send("Page.printToPDF")["data"]) > 10_000
    browser.send("Emulation.setEmulatedMedia", media="")


#: Windows in which pages are looked at for what no page may have: a desk, a tablet and a phone.
WINDOWS = {1400: 900, 768: 1024, 360: 780}

#: A name as long as they come.
LONG = "ridge on whitened band amplitudes convolved with the haemodynamic response"

#: What is wrong with the page as it stands, in words; tables scroll in frames of their own.
FAULTS = """(() => {
  const found = [], box = (one) => one.getBoundingClientRect();
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the window');
  for (const row of document.querySelectorAll('tbody tr')) {
    const lines = [...row.querySelectorAll('td')].map((one) => {
      const text = document.createRange(); text.selectNodeContents(one); return box(text).height; });
    if (Math.max(0, ...lines) > 3.5 * 24) found.push('a row of many lines: ' + row.textContent.trim().slice(0, 60));
  }
  for (const tile of document.querySelectorAll('.numbers dt'))
    if (box(tile).height > 4.5 * 18) found.push('a tile of many lines: ' + tile.textContent);
  for (const place of document.querySelectorAll('.figures')) {
    const ends = new Map();
    for (const one of place.querySelectorAll(':scope > figure')) {
      const left = Math.round(box(one).left / 40);
      ends.set(left, Math.max(ends.get(left) ?? 0, box(one).bottom));
    }
    const least = Math.min(...ends.values()), most = Math.max(...ends.values());
    if (most - least > 0.5 * box(place).height && most - least > 250)
      found.push('a hole of ' + Math.round(most - least) + ' px between figures of ' + place.closest('section').id);
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def long_pages(tmp_path_factory) -> Path:
    """A run, and runs beside each other, with as many and as long names as there are."""
    folder = tmp_path_factory.mktemp("long")
    results = load(EXAMPLES / "run_examples.py").results(load(EXAMPLES / "figure_examples.py"))
    assert results.evaluation is not None
    old = results.evaluation
    at = next(k for k, one in enumerate(old.methods) if one.role == "baseline")
    more = [replace(old.methods[at], name=f"long {k}", label=f"{LONG}, {k}") for k in range(6)]
    parts = {
        name: np.concatenate([own, np.repeat(own[at : at + 1], 6, axis=0)])
        for name in ("values", "p_values", "intervals")
        for own in [getattr(old, name)]
    }
    parts["values"][-1] += 0.3
    run = replace(results, evaluation=replace(old, methods=(*old.methods, *more), **parts))
    (folder / "run.html").write_text(render(run), encoding="utf-8")
    runs = [replace(run, folder=folder / name) for name in ("one", "another")]
    (folder / "index.html").write_text(render_index(runs, folder), encoding="utf-8")
    return folder


@pytest.mark.parametrize("width", WINDOWS)
@pytest.mark.parametrize("name", ["run", "index"])
def test_long_names_make_no_tall_rows_tiles_or_holes(browser, long_pages, name, width):
    browser.resize(width, WINDOWS[width])  # before: pictures of another width would still be there
    browser.open(long_pages / f"{name}.html")
    assert browser.run(FAULTS) == []


@pytest.mark.parametrize("width", WINDOWS)
def test_no_page_has_tall_rows_tiles_or_holes(browser, other_pages, width):
    browser.resize(width, WINDOWS[width])
    for name in ("explained", "index", "classification", "benchmark", "search"):
        browser.open(other_pages / f"{name}.html")
        assert (name, browser.run(FAULTS)) == (name, [])


def looks_as_it_did(picture: np.ndarray, name: str) -> bool:
    with Image.open(BASELINE / f"{name}.png") as image:
        baseline = np.asarray(image.convert("RGB"), dtype=float)
    return picture.shape == baseline.shape and float(np.sqrt(np.mean((picture - baseline) ** 2))) < TOLERANCE


@pytest.mark.parametrize("name", VIEWS)
def test_fits_the_width_and_looks_as_it_did(browser, page, name):
    browser.open(page)
    browser.run("document.getElementById('viewer').scrollIntoView()")
    browser.wait_for(READY)
    picture = view(browser, name)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert looks_as_it_did(picture, name)


def write_other_pages(folder: Path) -> Path:
    """Write a page of each other kind, and of a run with an explanation."""
    results = load(EXAMPLES / "run_examples.py").results(load(EXAMPLES / "figure_examples.py"))
    short = replace(results, examples=(), courses=())
    explanation = Explanation.read(load(EXAMPLES / ".." / "results" / "test_explanation.py").write(folder / "explain"))
    explained = replace(short, evaluation=None, explanation=explanation)
    (folder / "explained.html").write_text(render(explained), encoding="utf-8")
    (folder / "index.html").write_text(render_index([short, explained], folder), encoding="utf-8")
    classification = load(EXAMPLES / "pages" / "test_classification.py")
    result = classification.write(folder / "class", {"view": 0.3, "band power": 0.5})
    classification.write_maps(result)
    write_page(result, folder / "classification.html")
    write_page(load(EXAMPLES / "pages" / "test_benchmark.py").write(folder / "bench"), folder / "benchmark.html")
    write_page(load(EXAMPLES / "pages" / "test_search.py").study(folder), folder / "search.html")
    return folder


@pytest.fixture(scope="module")
def other_pages(tmp_path_factory) -> Path:
    return write_other_pages(tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("name", OTHER_PAGES)
def test_other_pages_fit_every_width_without_errors_and_look_as_they_did(browser, other_pages, name):
    page, part = OTHER_PAGES[name]
    browser.open(other_pages / f"{page}.html")
    for size in VIEWS:
        picture = view(browser, size, part)
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
        assert looks_as_it_did(picture, f"{name}_{size}")
    assert browser.errors() == []
    assert [address for address in browser.requests() if not address.endswith(f"/{page}.html")] == []
    assert browser.run("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")


def test_details_open_by_the_keyboard_and_tables_scroll_in_their_frame(browser, other_pages):
    browser.open(other_pages / "classification.html")
    browser.resize(360, 780)
    browser.run("document.querySelector('#scores summary').focus()")
    assert not browser.run("document.querySelector('#scores details').open")
    browser.press("Enter")
    browser.wait_for("document.querySelector('#scores details').open")
    frame = "document.querySelector('#scores .scroll')"
    assert browser.run(f"{frame}.scrollWidth > {frame}.clientWidth")
    browser.run(f"{frame}.focus()")
    assert browser.run(f"document.activeElement === {frame}")
    browser.press("ArrowRight")
    browser.wait_for(f"{frame}.scrollLeft > 0")


def test_without_webgl_the_page_says_so_and_shows_pictures(page):
    with chromium.Browser(PROGRAM, flags=("--disable-gpu", "--disable-3d-apis")) as bare:
        bare.resize(800, 900)
        bare.open(page)
        bare.run("document.getElementById('viewer').scrollIntoView()")
        assert bare.run("document.createElement('canvas').getContext('webgl2')") is None
        assert "needs JavaScript and WebGL 2" in text(bare, "state")
        below = "document.getElementById('viewer').compareDocumentPosition(document.getElementById('maps'))"
        assert bare.run(below) == 4  # the pictures follow
        assert bare.run("document.getElementById('viewer-body').hidden")
        assert bare.run("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
        assert bare.errors() == []


if __name__ == "__main__":
    import tempfile

    BASELINE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, chromium.Browser(PROGRAM) as one:
        there = write_other_pages(Path(place))
        others = {name: (there / f"{page}.html", part) for name, (page, part) in OTHER_PAGES.items()}
        for name, (file, part) in {"": (write_run_page(there), "main"), **others}.items():
            one.open(file)
            for size in VIEWS:
                target = BASELINE / f"{name}_{size}.png".removeprefix("_")
                Image.fromarray(view(one, size, part).round().astype(np.uint8)).save(target, optimize=True)
                print(target)
