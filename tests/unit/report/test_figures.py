"""Every figure looks like its baseline, says its units, and refuses what it cannot draw."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from matplotlib.figure import Figure

import eeg2fmri.report.figures
from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import classification, perturbation, regions, scores, style, timecourses, training
from eeg2fmri.report.figures.brain import volumes
from eeg2fmri.report.figures.eeg import electrodes, pair_map, profiles, spectra
from eeg2fmri.report.figures.style import Styled

#: Root mean square difference, of 255, that another version of matplotlib, FreeType or MNE may make.
TOLERANCE = 6.0

NAMES = [
    "volume_comparison",
    "volume_comparison_dynamics",
    "mean_residue",
    "uncertainty_maps",
    "correlation_map",
    "correlation_map_tested",
    "correlation_map_dark",
    "learning_curves",
    "minutes_curve",
    "search_history",
    "time_courses",
    "spectrogram",
    "topomaps",
    "topomaps_signed",
    "attention_graph",
    "attention_graph_marked",
    "frequency_profile",
    "band_profile",
    "pair_map",
    "pair_map_signed",
    "lag_profile",
    "perturbation_curves",
    "benchmark_bars",
    "benchmark_bars_chance",
    "signed_maps",
    "region_scores",
    "region_scores_many",
    "connectivity",
    "null_histogram",
    "calibration_curve",
    "confusion_matrix",
    "roc_curve",
    "surface_map",
    "structure_bars",
    "mean_and_fluctuation",
    "carpet",
]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))


@pytest.fixture(scope="session")
def drawn(examples) -> dict[str, Figure]:
    return {name: draw() for name, draw in examples.EXAMPLES.items()}


@pytest.mark.parametrize("name", NAMES)
def test_figure_looks_like_its_baseline(name, drawn, examples):
    picture, baseline = examples.pixels(drawn[name]), examples.baseline(name)
    assert picture.shape == baseline.shape
    assert difference(picture, baseline) < TOLERANCE


def test_the_tolerance_sees_a_swapped_side(examples):
    anatomy, inside = examples.phantom()
    swapped = volumes.correlation_map(
        examples.correlation(), np.diag([-1.0, 1, 1, 1]) @ examples.AFFINE, anatomy=anatomy, mask=inside,
        threshold=0.4, slices=10,
    )  # fmt: skip
    assert difference(examples.pixels(swapped), examples.baseline("correlation_map")) > TOLERANCE


def test_every_figure_function_has_an_example_and_a_baseline(examples):
    functions = {
        name
        for module in pkgutil.iter_modules(eeg2fmri.report.figures.__path__)
        for name, value in vars(importlib.import_module(f"eeg2fmri.report.figures.{module.name}")).items()
        if isinstance(value, Styled)
    }
    assert functions <= set(NAMES)
    assert set(NAMES) == set(examples.EXAMPLES) == {file.stem for file in examples.BASELINE.glob("*.png")}


#: Axes whose ticks are words.
WORDS = {"predicted class", "true class"}


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_says_its_unit(name, drawn):
    labels = [
        label
        for axes in drawn[name].axes
        if axes.get_visible()
        for label in (axes.get_xlabel(), axes.get_ylabel())
        if label and label not in WORDS and not re.fullmatch(r"(z )?[-\N{MINUS SIGN}\d]+( mm)?", label)
    ]
    assert [label for label in labels if not re.search(r"\([^()]+\)$", label)] == []


@pytest.mark.parametrize("name", NAMES)
def test_axes_with_ticks_have_labels(name, drawn):
    for axes in (axes for axes in drawn[name].axes if axes.get_visible()):
        measures = any(label.get_text() for label in axes.get_xticklabels() + axes.get_yticklabels())
        named = axes.get_xlabel() or axes.get_ylabel() or axes.get_title(loc="left") or drawn[name].texts
        assert not measures or named


def test_text_is_legible_at_column_width(drawn):
    sizes = {
        name: min(text.get_fontsize() for text in figure.findobj(matplotlib.text.Text) if text.get_text())
        for name, figure in drawn.items()
    }
    assert min(sizes.values()) >= 6.5
    assert max(figure.get_figwidth() for figure in drawn.values()) <= style.COLUMN


def test_settings_and_pyplot_are_left_alone(examples):
    before = dict(matplotlib.rcParams)
    examples.EXAMPLES["topomaps"]()
    examples.EXAMPLES["volume_comparison"]()
    assert dict(matplotlib.rcParams) == before
    assert not _pylab_helpers.Gcf.figs


def test_saved_figures_are_complete_and_the_same_each_time(examples, tmp_path):
    files = style.save_figure(examples.EXAMPLES["null_histogram"](), tmp_path / "a" / "null.v1", dpi=50)
    again = style.save_figure(examples.EXAMPLES["null_histogram"](), tmp_path / "b" / "null.v1", dpi=50)
    assert [file.name for file in files] == ["null.v1.png", "null.v1.svg", "null.v1.pdf"]
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]
    assert files[0].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in files[1].read_bytes()[:1000]
    assert files[2].read_bytes().startswith(b"%PDF")


VOLUME = np.ones((4, 5, 6))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: volumes.volume_comparison(VOLUME, VOLUME, np.eye(4), mask=np.ones((5, 4, 6), bool)), r"\(5, 4, 6\)"),
        (lambda: volumes.volume_comparison(VOLUME, VOLUME, np.zeros((4, 4))), "not invertible"),
        (lambda: volumes.mean_residue(VOLUME, VOLUME, np.eye(4)), r"\(volume, x, y, z\)"),
        (lambda: volumes.uncertainty_maps(VOLUME, np.eye(4)), "no uncertainty"),
        (lambda: volumes.correlation_map(VOLUME, np.eye(4), threshold=1.2), "1.2"),
        (lambda: training.learning_curves(np.arange(3), {"training": np.ones(2), "validation": np.ones(4)}), "2 probl"),
        (lambda: training.learning_curves(np.arange(0), {}), "no epoch"),
        (lambda: training.minutes_curve(np.arange(3), {"r": np.ones(2)}, quantity="r"), "one value for each"),
        (lambda: training.search_history(np.full(3, np.nan)), "no trial"),
        (lambda: timecourses.time_courses(np.arange(4), []), "no time course"),
        (
            lambda: timecourses.time_courses(np.arange(4), [timecourses.TimeCourse("V1", np.ones(3), np.ones(4))]),
            "V1",
        ),
        (lambda: spectra.spectrogram(np.ones((4, 5)), np.arange(6), 2.0), "6 frequencies"),
        (lambda: electrodes.topomaps({"a": np.ones(3)}, ("E1", "E2", "Cz"), unit="V"), "1 of 3"),
        (lambda: electrodes.attention_graph(np.ones((3, 4)), ("Cz", "Fz", "Pz")), r"\(3, 4\)"),
        (lambda: profiles.lag_profile(np.arange(4), {"a": np.ones((2, 5))}, unit="1"), r"\(2, 5\)"),
        (lambda: profiles.band_profile([("alpha", 8, 13)], {"a": np.ones((2, 5))}, unit="1"), r"\(2, 5\)"),
        (
            lambda: pair_map.pair_map(np.ones((2, 3)), "ab", "ab", row_label="", column_label="", unit="1"),
            r"\(2, 3\)",
        ),
        (lambda: perturbation.perturbation_curves(np.arange(4), {"a": np.ones(3)}, {"a": np.ones(4)}), r"\(4,\)"),
        (lambda: perturbation.perturbation_curves(np.arange(4), {}, {}), "no order"),
        (lambda: profiles.frequency_profile(np.arange(4), {}, unit="1"), "no profile"),
        (lambda: scores.benchmark_bars({"a": np.array([np.nan])}, metric="r", model="a"), "no score"),
        (lambda: regions.region_scores(["a"], np.array([np.nan])), "0 scores"),
        (lambda: regions.connectivity(np.ones((9, 3)), np.ones((9, 4))), r"\(9, 4\)"),
        (lambda: volumes.signed_maps({}, np.eye(4), unit="1"), "no map"),
        (lambda: scores.null_histogram(np.array([]), 0.1, metric="r"), "no surrogate"),
        (lambda: scores.calibration_curve(np.array([0.5]), {"a": np.array([1.5])}), "calibration"),
        (lambda: classification.confusion_matrix(np.ones((2, 3)), ("a", "b")), r"\(2, 3\)"),
        (lambda: classification.roc_curve({"a": (np.array([0, 1, 0.5]), np.array([0, 0.5, 1]))}), "rising"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(InputError, match=message):
        draw()


def test_a_constant_time_course_has_no_correlation():
    assert np.isnan(timecourses.TimeCourse("flat", np.ones(5), np.arange(5.0)).correlation)


def test_dark_theme_draws_light_on_dark(examples, drawn, tmp_path: Path):
    picture = examples.pixels(drawn["correlation_map_dark"])
    assert picture[0, 0].mean() < 60
    assert examples.pixels(drawn["correlation_map"])[0, 0].mean() > 250


def test_names_in_one_line_take_less_room_and_none_lies_on_a_bar():
    long = "ridge on whitened band amplitudes convolved with the haemodynamic response"
    values = np.array([0.1, 0.2])
    drawn = scores.benchmark_bars({"model": values, long: values, "short": values}, metric="r", model="model")
    shorter = scores.benchmark_bars({"model": values, "a": values, "short": values}, metric="r", model="model")
    assert drawn.get_figheight() == pytest.approx(shorter.get_figheight() + scores.LINE)
    drawn.canvas.draw()
    (axes,) = drawn.axes
    bars = [bar.get_window_extent() for bar in axes.patches]
    assert not any(text.get_window_extent().overlaps(bar) for text in axes.texts for bar in bars)


def test_no_place_is_minus_zero():
    affine = np.diag([8.0, 8.0, 8.0, 1.0])
    affine[2, 3] = -0.4
    drawn = volumes.correlation_map(np.full((4, 5, 3), 0.2), affine)
    heights = [text.get_text() for text in drawn.axes[0].texts]
    assert "z 0 mm" in heights


def apart(texts):
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    return not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])


def test_names_of_many_bands_do_not_touch():
    rng, kinds = np.random.default_rng(2), ("delta", "theta", "alpha", "beta", "gamma", "high gamma")
    bands = [(f"whitened {one} x whitened {other}", 0.5, 62.037) for one in kinds for other in kinds]
    share = rng.random((2, len(bands)))
    names = [name for name, _, _ in bands]
    known = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T7", "T8", "Fz", "Cz", "Pz"]
    drawn = [
        profiles.band_profile(bands, {"relevance": share}, unit="%"),
        pair_map.pair_map(rng.random((8, 17)), names[:8], known, row_label="band", column_label="electrode", unit="%"),
        electrodes.topomaps({f"{name}, 0.5 Hz": rng.random(17) for name in names[:9]}, known, unit="%", width=4.6),
    ]
    for figure in drawn:
        figure.canvas.draw()
        assert apart([label for axes in figure.axes for label in axes.get_xticklabels()])
        assert apart([label for axes in figure.axes for label in axes.get_yticklabels()])
        assert apart([axes.title for axes in figure.axes])
    assert len(drawn[0].axes[0].get_yticklabels()) == profiles.STRONGEST
