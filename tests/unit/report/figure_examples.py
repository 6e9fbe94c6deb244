"""One example of each figure on small phantoms with a known left, right, front and top.

Run this file to write the baseline pictures anew after a change that is meant to be seen, then look at each of them:

    .venv/bin/python tests/unit/report/figure_examples.py
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from eeg2fmri.core.random import generator
from eeg2fmri.report.figures import classification, perturbation, regions, scores, timecourses, training
from eeg2fmri.report.figures.brain import surface, synthesised, volumes
from eeg2fmri.report.figures.eeg import electrodes, pair_map, profiles, spectra
from eeg2fmri.report.figures.style import DARK

BASELINE = Path(__file__).parent / "baseline"
DPI = 100
CHANNELS = (
    "Fp1",
    "Fp2",
    "F7",
    "F3",
    "Fz",
    "F4",
    "F8",
    "T7",
    "C3",
    "Cz",
    "C4",
    "T8",
    "P3",
    "Pz",
    "P4",
    "O1",
    "Oz",
    "O2",
)

#: The x axis runs to the left and y to the back in the file, z has thicker slices: all must be undone for display.
AFFINE = np.array([[-8.0, 0, 0, 60], [0, -7.0, 0, 62], [0, 0, 10.0, -40], [0, 0, 0, 1]])
SHAPE = (16, 19, 11)


def phantom() -> tuple[np.ndarray, np.ndarray]:
    """Anatomy and mask (x, y, z) of an egg, narrow in front, with a bright ball on the subject's left."""
    x, y, z = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    mm = [AFFINE[k, k] * axis + AFFINE[k, 3] for k, axis in enumerate((x, y, z))]
    width = 52 - 0.2 * mm[1]
    inside = (mm[0] / width) ** 2 + (mm[1] / 62) ** 2 + ((mm[2] - 8) / 48) ** 2 < 1
    ball = (mm[0] + 28) ** 2 + (mm[1] + 20) ** 2 + (mm[2] - 10) ** 2 < 18**2
    return np.where(inside, 700.0 + 2 * mm[2] + 200 * ball, 0.0), inside


def recording(volumes_: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Measured and predicted BOLD (volume, x, y, z) that agree in the ball and nowhere else."""
    rng = generator(1, "phantom")
    anatomy, inside = phantom()
    signal = np.sin(np.arange(volumes_) * 0.7)[:, None, None, None] * np.where(anatomy > 850, 20.0, 0.0)
    truth = anatomy + inside * (signal + rng.standard_normal((volumes_, *SHAPE)) * 6)
    prediction = 0.98 * anatomy + inside * (0.6 * signal + rng.standard_normal((volumes_, *SHAPE)) * 6)
    return truth, prediction


def correlation() -> np.ndarray:
    """Temporal r (x, y, z) of `recording`; NaN outside the phantom."""
    truth, prediction = recording()
    truth, prediction = truth - truth.mean(0), prediction - prediction.mean(0)
    with np.errstate(invalid="ignore"):
        return (truth * prediction).sum(0) / np.sqrt((truth**2).sum(0) * (prediction**2).sum(0))


def _comparison() -> Figure:
    truth, prediction = recording()
    return volumes.volume_comparison(truth[2], prediction[2], AFFINE, mask=phantom()[1], title="sub-03, 4.3 s")


def _dynamics() -> Figure:
    truth, prediction = (part - part.mean(0) for part in recording())
    return volumes.volume_comparison(truth[2], prediction[2], AFFINE, mask=phantom()[1], unit="SD of the voxel")


def _residue() -> Figure:
    return volumes.mean_residue(*recording(), AFFINE, mask=phantom()[1])


def _uncertainty() -> Figure:
    truth, prediction = recording()
    return volumes.uncertainty_maps(
        prediction[2], AFFINE, epistemic=prediction.std(0), aleatoric=truth.std(0), mask=phantom()[1]
    )


def _correlation() -> Figure:
    anatomy, inside = phantom()
    return volumes.correlation_map(correlation(), AFFINE, anatomy=anatomy, mask=inside, threshold=0.4, slices=10)


def _correlation_tested() -> Figure:
    anatomy, inside = phantom()
    r = correlation()
    return volumes.correlation_map(
        r, AFFINE, anatomy=anatomy, mask=inside, threshold=0.2, significant=r > 0.6, slices=8
    )


def _correlation_dark() -> Figure:
    anatomy, inside = phantom()
    return volumes.correlation_map.in_theme(DARK)(correlation(), AFFINE, anatomy=anatomy, mask=inside, slices=6)


def _minutes() -> Figure:
    scores = {"calibrated": np.array([0.1, 0.14, 0.16]), "model of the group": np.full(3, 0.12)}
    return training.minutes_curve(np.array([2.0, 5.0, 10.0]), scores, quantity="temporal r (dimensionless)")


def _learning() -> Figure:
    epochs = np.arange(1, 11)
    training_loss = 1.2 * np.exp(-epochs / 4) + 0.3
    validation = training_loss + 0.1 + 0.01 * (epochs - 6.0) ** 2
    return training.learning_curves(epochs, {"training": training_loss, "validation": validation}, best_epoch=8)


def _search() -> Figure:
    values = 1 + generator(2, "search").gamma(2, 0.2, 25)
    values[[3, 11]] = np.nan
    return training.search_history(values, importances={"learning_rate": 0.5, "latent": 0.3, "na_spec": 0.2})


def _time_courses() -> Figure:
    rng = generator(3, "courses")
    times = np.arange(60) * 2.16
    courses = []
    for name in ("Left ball", "Voxel (12, -20, 5) mm"):
        truth = 700 + 20 * np.sin(times / 9) + rng.standard_normal(60) * 6
        prediction = 700 + 10 * np.sin(times / 9) + rng.standard_normal(60) * 3
        courses.append(timecourses.TimeCourse(name, truth, prediction, prediction - 14, prediction + 14))
    return timecourses.time_courses(times, courses)


def _spectrogram() -> Figure:
    frequencies = np.arange(1, 61) * 0.5
    magnitude = 1e-3 / (1 + frequencies) * (1 + generator(4, "spectrum").random((40, 60)))
    magnitude[10:25, 18:24] *= 4
    return spectra.spectrogram(magnitude, frequencies, 2.16, title="sub-03, mean over 18 electrodes")


def _topomaps() -> Figure:
    left = np.array([1.0 if name[-1] in "13579" else 0.0 for name in CHANNELS])
    front = np.array([1.0 if name.startswith("F") else 0.2 for name in CHANNELS])
    maps = {"left": left, "front": front, "left front": left * front, "uniform": np.full(len(CHANNELS), 0.5)}
    return electrodes.topomaps(maps, CHANNELS, unit="relevance (fraction)")


def _signed_topomap() -> Figure:
    values = np.array([1.0 if name[-1] in "13579" else -1.0 if name[-1] in "2468" else 0.0 for name in CHANNELS])
    return electrodes.topomaps({"t": values}, CHANNELS, unit="t (dimensionless)", signed=True)


def _attention() -> Figure:
    attention = generator(5, "attention").dirichlet(np.ones(len(CHANNELS)) * 2, len(CHANNELS))
    attention[CHANNELS.index("O1"), CHANNELS.index("F4")] = 0.6
    return electrodes.attention_graph(attention, CHANNELS, percentile=95)


def _frequency() -> Figure:
    frequencies = np.arange(1, 61) * 0.5
    rng = generator(6, "profile")
    model = np.exp(-((frequencies - 10) ** 2) / 9) + 0.1 * rng.random((4, 60))
    return profiles.frequency_profile(
        frequencies, {"model": model, "untrained model": 0.2 * rng.random((4, 60))}, unit="relevance (fraction)"
    )


def _bands() -> Figure:
    share = np.array([[20.0, 60, 20], [25, 50, 25], [18, 55, 27]])
    bands = (("theta", 4.0, 8.0), ("alpha", 8.0, 13.0), ("beta", 13.0, 30.0))
    return profiles.band_profile(bands, {"model": share, "untrained model": 40 - share / 3}, unit="relevance (%)")


def _marked_attention() -> Figure:
    attention = generator(5, "attention").dirichlet(np.ones(len(CHANNELS)) * 2, len(CHANNELS))
    marks = (96, 98, 99, 99.5)
    return electrodes.attention_graph(attention, CHANNELS, percentile=90, marks=marks, unit="relevance (%)")


def _pair_map() -> Figure:
    frequencies, times = np.arange(1, 41) * 0.5, 2.16 * np.arange(9, -1, -1) + 1.08
    share = np.exp(-((frequencies[:, None] - 10) ** 2) / 9 - (times - 6) ** 2 / 9)
    return pair_map.pair_map(
        share, frequencies, -times, row_label="frequency (Hz)", column_label="time to the volume (s)",
        unit="relevance (%)",
    )  # fmt: skip


def _signed_pair_map() -> Figure:
    side = np.array([1.0 if name[-1] in "13579" else -1.0 if name[-1] in "2468" else 0.0 for name in CHANNELS])
    return pair_map.pair_map(
        side[:, None] * [0.2, 1, 0.5], CHANNELS, ("theta", "alpha", "beta"), row_label="electrode (10-05 name)",
        column_label="band (name)", unit="correlation (dimensionless)", signed=True,
    )  # fmt: skip


def _lag() -> Figure:
    lags = np.arange(1, 11) * 2.16
    model = np.exp(-((lags - 6) ** 2) / 9) + 0.1 * generator(7, "profile").random((4, 10))
    return profiles.lag_profile(lags, {"model": model}, unit="relevance (fraction)")


def _perturbation() -> Figure:
    part = np.linspace(0, 1, 9)
    deletion = {"by relevance": (1 - part) ** 4, "by the untrained model": (1 - part) ** 1.5, "random": 1 - part}
    insertion = {"by relevance": part**0.3, "by the untrained model": part**0.8, "random": part}
    return perturbation.perturbation_curves(part, deletion, insertion)


def _bars() -> Figure:
    methods = {
        "Synthesiser": np.array([0.14, 0.20, 0.11]),
        "Ridge on lagged band power": np.array([0.2, 0.27, 0.16]),
        "Mean training volume": np.full(3, np.nan),
    }
    ends = {"Synthesiser": (0.1, 0.19), "Ridge on lagged band power": (0.17, 0.25)}
    return scores.benchmark_bars(
        methods, metric="temporal r (dimensionless)", model="Synthesiser", null=(-0.04, 0.04), intervals=ends
    )


def _chance() -> Figure:
    areas = {"view": np.array([0.6]), "band power": np.array([0.8])}
    ends = {"view": (0.4, 0.75), "band power": (0.66, 0.93)}
    return scores.benchmark_bars(
        areas, metric="AUC over subjects (dimensionless)", model="view", intervals=ends, chance=0.5
    )


def _signed_maps() -> Figure:
    anatomy, inside = phantom()
    ball = np.where(inside, 0.01 * generator(9, "maps").standard_normal(SHAPE) + 0.05 * (anatomy > 850), np.nan)
    return volumes.signed_maps({"control": -ball, "patient": 0.6 * ball}, AFFINE, unit="share of relevance (%)")


def _null() -> Figure:
    null = generator(8, "null").standard_normal(200) * 0.02
    return scores.null_histogram(null, 0.11, metric="temporal r (dimensionless)")


def _calibration() -> Figure:
    nominal = np.linspace(0.1, 0.9, 9)
    return scores.calibration_curve(nominal, {"Laplace scale": nominal**1.4, "over passes": nominal**2})


def _confusion() -> Figure:
    return classification.confusion_matrix(np.array([[18, 4], [7, 14]]), ("control", "patient"))


def _roc() -> Figure:
    rate = np.linspace(0, 1, 20)
    return classification.roc_curve({"fMRI view": (rate, rate**0.3), "EEG alone": (rate, rate**0.5)})


def _region_scores() -> Figure:
    r = np.array([0.31, -0.05, 0.12, 0.22, np.nan, 0.02])
    return regions.region_scores([str(10 * k) for k in range(1, 7)], r, significant=r > 0.2)


def _many_regions() -> Figure:
    r = generator(10, "regions").standard_normal(90) * 0.1 + 0.1
    return regions.region_scores([str(k) for k in range(90)], r, significant=r > 0.25)


def _connectivity() -> Figure:
    rng = generator(11, "connectivity")
    shared = rng.standard_normal((80, 2)) @ np.repeat(np.eye(2), 6, axis=1)
    truth, prediction = (shared + noise * rng.standard_normal((80, 12)) for noise in (1.0, 0.5))
    return regions.connectivity(truth, prediction)


def _surface() -> Figure:
    values = np.linspace(-0.5, 0.5, surface.VERTICES)
    values[:2000] = np.nan
    sides = {"left": values, "right": -values}
    title = "sub-03, temporal r (dimensionless)"
    return surface.surface_map(sides, limit=0.5, threshold=0.2, title=title, width=3.5)


def _structures() -> Figure:
    rng = generator(4, "structures")
    values = {name: rng.standard_normal(40) / 9 + k / 20 for k, name in enumerate(("cortex left", "thalamus left"))}
    return surface.structure_bars(values, unit="temporal r (dimensionless)")


def _mean_and_fluctuation() -> Figure:
    truth, mask = recording()[0], phantom()[1]
    return synthesised.mean_and_fluctuation(np.moveaxis(truth, 0, -1), AFFINE, mask=mask, slices=6, width=3.5)


def _carpet() -> Figure:
    rng = generator(5, "carpet")
    courses = np.sin(np.arange(40) / 4) + rng.standard_normal((30, 40)) / 2
    return synthesised.carpet(courses, np.arange(40) * 2.0, width=3.5)


EXAMPLES: dict[str, Callable[[], Figure]] = {
    "volume_comparison": _comparison,
    "volume_comparison_dynamics": _dynamics,
    "mean_residue": _residue,
    "uncertainty_maps": _uncertainty,
    "correlation_map": _correlation,
    "correlation_map_tested": _correlation_tested,
    "correlation_map_dark": _correlation_dark,
    "learning_curves": _learning,
    "minutes_curve": _minutes,
    "search_history": _search,
    "time_courses": _time_courses,
    "spectrogram": _spectrogram,
    "topomaps": _topomaps,
    "topomaps_signed": _signed_topomap,
    "attention_graph": _attention,
    "attention_graph_marked": _marked_attention,
    "frequency_profile": _frequency,
    "band_profile": _bands,
    "pair_map": _pair_map,
    "pair_map_signed": _signed_pair_map,
    "lag_profile": _lag,
    "perturbation_curves": _perturbation,
    "benchmark_bars": _bars,
    "benchmark_bars_chance": _chance,
    "signed_maps": _signed_maps,
    "region_scores": _region_scores,
    "region_scores_many": _many_regions,
    "connectivity": _connectivity,
    "null_histogram": _null,
    "calibration_curve": _calibration,
    "confusion_matrix": _confusion,
    "roc_curve": _roc,
    "surface_map": _surface,
    "structure_bars": _structures,
    "mean_and_fluctuation": _mean_and_fluctuation,
    "carpet": _carpet,
}


def pixels(figure: Figure) -> np.ndarray:
    """Draw a figure; returns (row, column, RGB) in 0..255."""
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, facecolor=figure.get_facecolor())
    return np.asarray(Image.open(stream).convert("RGB"), dtype=float)


def baseline(name: str) -> np.ndarray:
    """Read a baseline picture; returns (row, column, RGB) in 0..255."""
    with Image.open(BASELINE / f"{name}.png") as image:
        return np.asarray(image.convert("RGB"), dtype=float)


if __name__ == "__main__":
    for name, draw in EXAMPLES.items():
        Image.fromarray(pixels(draw()).astype(np.uint8)).save(BASELINE / f"{name}.png", optimize=True)
        print(BASELINE / f"{name}.png")
