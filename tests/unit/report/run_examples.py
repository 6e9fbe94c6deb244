"""Results of a run that never happened, with known numbers, for the tests of the page."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.report.figures.timecourses import TimeCourse
from eeg2fmri.report.read.evaluation import Courses, Evaluation, Metric, Null, ScoreTable, SubjectMaps
from eeg2fmri.report.read.run import History, RecordingQuality, RunResults

METRICS = (
    Metric("temporal_r", "Temporal r"),
    Metric("ssim", "SSIM of axial slices"),
    Metric("psnr", "PSNR", "dB"),
    Metric("rmse", "RMSE", "scanner units", higher_is_better=False),
)
METHODS = ("Synthesiser", "Mean training volume", "Subject's own mean volume", "Ridge on lagged band power")


def score_table() -> ScoreTable:
    """Two test subjects; the mean volumes have no temporal r; the ridge is a little better than the model."""
    values = np.array(
        [
            [[0.15, 0.71, 21.3, 61.0], [0.11, 0.70, 20.9, 66.0]],
            [[np.nan, 0.62, 19.0, 80.0], [np.nan, 0.60, 18.8, 82.0]],
            [[np.nan, 0.83, 26.0, 40.0], [np.nan, 0.82, 25.9, 41.0]],
            [[0.19, 0.72, 21.5, 60.0], [0.14, 0.71, 21.2, 64.0]],
        ]
    )
    mean = np.nanmean(np.where(np.isnan(values), 0.0, values), axis=1)
    intervals = np.where(np.isnan(values).any(axis=1), np.nan, mean)[..., None] + np.array([-0.02, 0.02])
    return ScoreTable(
        METHODS,
        ("sub-03", "sub-04"),
        METRICS,
        values,
        sees=("EEG", "nothing", "own BOLD", "EEG"),
        p_values=np.array([1 / 151, np.nan, np.nan, 1 / 151]),
        intervals=intervals,
    )


def results(figures: ModuleType, folder: Path = Path("run-1")) -> RunResults:
    """Every part of a run, over the phantoms of `figure_examples`."""
    truth, prediction = figures.recording()
    mask = figures.phantom()[1]
    null = Null(generator(8, "null").standard_normal(150) * 0.02, 0.13, 1 / 151, METRICS[0])
    times = np.arange(40) * 2.16
    course = TimeCourse("Left ball", 700 + 20 * np.sin(times / 9), 700 + 12 * np.sin(times / 9 + 0.4))
    maps = SubjectMaps(
        subject="sub-03",
        affine=figures.AFFINE,
        correlation=figures.correlation(),
        anatomy=truth.mean(0),
        mask=mask,
        truth=truth,
        prediction=prediction,
        prediction_mean=prediction.mean(0),
        p_corrected=np.where(figures.correlation() > 0.6, 0.01, 0.5),
        onsets=np.arange(len(truth)) * 2.16,
        aleatoric=truth.std(0),
    )
    evaluation = Evaluation(
        verdict="The EEG helped: the temporal r is 0.13, above all 150 shifts of the EEG in time (p = 0.0066).",
        helped=True,
        table=score_table(),
        null=null,
        maps=(maps,),
        courses=(Courses("sub-03", times, (course,), "scanner units"),),
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
        evaluation=evaluation,
        quality=(
            RecordingQuality("sub-01_task-rest", "train", {"Temporal SNR (median)": 61.2, "Trigger jitter (ms)": 0.2}),
            RecordingQuality(
                "sub-03_task-rest", "test", {"Temporal SNR (median)": 44.0}, ("2 flat electrodes: T7, T8",)
            ),
        ),
    )
