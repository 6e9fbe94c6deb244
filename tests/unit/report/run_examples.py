"""Results of a run that never happened, with known numbers, for the tests of the page."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import Method, Metric
from eeg2fmri.results.scores.pooled_test import PooledTest
from eeg2fmri.results.training import History, RecordingQuality

METRICS = (
    Metric("temporal_r", "temporal r", "", True, "median over voxels"),
    Metric("ssim", "SSIM of axial slices", "", True, "mean over slices"),
    Metric("psnr", "PSNR", "dB", True, "mean over volumes"),
    Metric("rmse", "RMSE", "scanner units", False, "mean over volumes"),
)
METHODS = (
    Method("model", "synthesiser", "EEG", "model"),
    Method("mean", "mean training volume", "nothing"),
    Method("own_mean", "subject's own mean volume", "own BOLD"),
    Method("ridge", "ridge on lagged band power", "EEG"),
)


def evaluation(beaten: bool = True, **parts: Any) -> Evaluation:
    """Two test subjects; the mean volumes have no temporal r; the ridge is beaten by the test, or a little better."""
    ridge = (0.09, 0.07) if beaten else (0.19, 0.14)
    values = np.array(
        [
            [[0.15, 0.71, 21.3, 61.0], [0.11, 0.70, 20.9, 66.0]],
            [[np.nan, 0.62, 19.0, 80.0], [np.nan, 0.60, 18.8, 82.0]],
            [[np.nan, 0.83, 26.0, 40.0], [np.nan, 0.82, 25.9, 41.0]],
            [[ridge[0], 0.72, 21.5, 60.0], [ridge[1], 0.71, 21.2, 64.0]],
        ]
    )
    mean = np.nanmean(np.where(np.isnan(values), 0.0, values), axis=1)
    intervals = np.where(np.isnan(values).any(axis=1), np.nan, mean)[..., None] + np.array([-0.02, 0.02])
    paired = {"p_surrogates": 0.01 if beaten else 0.6}
    paired |= dict(zip(("low_surrogates", "high_surrogates"), (0.02, 0.08) if beaten else (-0.06, -0.01), strict=True))
    null = generator(8, "null").standard_normal(150) * 0.02
    given: dict[str, Any] = {
        "methods": METHODS,
        "subjects": ("03", "04"),
        "metrics": METRICS,
        "values": values,
        "p_values": np.full((4, 2), np.nan),
        "pooled": {
            "model": PooledTest.of(0.13, null, 1 / 151, 5000),
            "ridge": PooledTest.of(0.1, null, 1 / 151, 5),
        },
        "intervals": intervals,
        "against": {"ridge": {"difference": 0.05, "low": 0.04, "high": 0.06, "p_value": 0.25, **paired}},
        "space": "MNI152NLin2009cAsym",
        "facts": {},
    }
    return Evaluation(**given | parts)


def results(figures: ModuleType, folder: Path = Path("run-1")) -> RunResults:
    """Every part of a run, over the phantoms of `figure_examples`."""
    truth, prediction = figures.recording()
    mask = figures.phantom()[1]
    times = np.arange(40) * 2.16
    measured, predicted = 700 + 20 * np.sin(times / 9), 700 + 12 * np.sin(times / 9 + 0.4)
    maps = Examples(
        recording="sub-03",
        affine=figures.AFFINE,
        r=figures.correlation(),
        anatomy=truth.mean(0),
        mask=mask,
        truth=truth,
        prediction=prediction,
        prediction_mean=prediction.mean(0),
        p_max=np.where(figures.correlation() > 0.6, 0.01, 0.5),
        onsets=np.arange(len(truth)) * 2.16,
        aleatoric=truth.std(0),
    )
    epochs = np.arange(1, 7)
    return RunResults(
        folder=folder,
        card={
            "model": {"kind": "synthesizer", "latent": [7, 7, 7]},
            "electrodes": list(figures.CHANNELS),
            "frequencies": list(np.arange(1, 31) / 2.16),
            "tr": 2.16,
            "grid": [16, 19, 11],
            "space": "MNI152NLin2009cAsym",
            "pairs": {"window": 10, "lag": 0, "skip_volumes": None, "target": "volume"},
        },
        settings={"epochs": 6, "batch_size": 4, "seed": 1, "split": {"by": "subject"}},
        split={"train": ("sub-01_task-rest",), "validation": ("sub-02_task-rest",), "test": ("sub-03_task-rest",)},
        environment={"eeg2fmri": "0.1.0", "seed": 1, "packages": {"torch": "2.13.0", "numpy": "2.4.6"}},
        history=History(
            epochs,
            {"training": 1.2 * np.exp(-epochs / 4), "validation": np.array([1.3, 1.1, 0.9, 0.85, 0.88, 0.9])},
            75.0,
        ),
        evaluation=evaluation(),
        examples=(maps,),
        courses=(Courses("sub-03", ("left ball",), times, measured[None], predicted[None]),),
        quality=(
            RecordingQuality("sub-01_task-rest", "train", {"Temporal SNR (median)": 61.2, "Trigger jitter (ms)": 0.2}),
            RecordingQuality(
                "sub-03_task-rest", "test", {"Temporal SNR (median)": 44.0}, ("2 flat electrodes: T7, T8",)
            ),
        ),
    )
