"""Evaluate a run: every score of its model on unseen recordings, beside baselines and null distributions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import child_seed, generator
from eeg2fmri.evaluate.calibration import Calibration, IntervalScores
from eeg2fmri.evaluate.examples import write_examples, write_map
from eeg2fmri.evaluate.methods import (
    SHIFTED,
    Method,
    fitted_baselines,
    model_method,
    predict_with_model,
    targets_of,
    truth_of,
)
from eeg2fmri.evaluate.open_run import OpenRun, open_run
from eeg2fmri.evaluate.reads import record_reading
from eeg2fmri.evaluate.results import Evaluation
from eeg2fmri.evaluate.score import RecordingScores, Volumes, score_recording, value_range
from eeg2fmri.evaluate.shifts import ShiftScores, VoxelShiftTest, shift_test
from eeg2fmri.evaluate.summary import summarise
from eeg2fmri.evaluate.uncertainty import UncertainModel, UncertaintyMaps, uncertainty_facts

#: Folder of the results in a run.
FOLDER = "evaluation"


@dataclass(eq=False)
class Collected:
    """Scores as they come: by method and recording."""

    scores: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))
    shifts: dict[str, dict[str, ShiftScores]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True, eq=False)
class Recording:
    """A test recording, and what all methods are scored with."""

    id: str
    truth: np.ndarray
    mask: np.ndarray
    data_range: float


def evaluate_run(
    run: str | Path, store_path: str | Path, *, progress: Progress = silent, device: str = "auto", seed: int = 0
) -> Evaluation:
    """Score a run on its test recordings and write the results to ``RUN/evaluation``.

    The model, the same model with EEG shifted in time, and every baseline are scored on the same volumes. Baselines
    are fitted to the training recordings of the run; what they choose, they choose on its validation recordings.

    Parameters
    ----------
    run : path
        Run folder.
    store_path : path
        The store that it was trained on.
    progress : Progress
    device : str
        Torch device of the model; ``auto`` takes CUDA where there is one.
    seed : int
        Of the draws of shifts and bootstrap samples.

    Returns
    -------
    Evaluation

    Raises
    ------
    CheckpointError
        If the run cannot be used or belongs to another store.
    StoreError
        If the store cannot be used.
    """
    opened = open_run(run, store_path)
    folder = opened.folder / FOLDER
    reads = record_reading(
        folder,
        store_hash=opened.store.hash,
        digest=opened.loaded.digest,
        recordings=opened.split.test,
        seed=seed,
    )
    recordings = [_recording(opened, name) for name in opened.split.test]
    collected, methods, on = Collected(), [model_method(opened), SHIFTED], _device(device)
    uncertain = UncertainModel(opened, on, seed=child_seed(seed, "uncertainty"))
    intervals = uncertain.calibration()
    for recording in recordings:
        maps = uncertain.measure(recording.id, intervals, progress) if uncertain.uncertain else None
        _score_model(opened, recording, maps, collected, folder, on, progress)
    facts = _calibrated(uncertain, intervals, progress)
    for method, baseline in fitted_baselines(opened, progress):
        methods.append(method)
        for recording in recordings:
            prediction = baseline.predict(opened.store, recording.id)
            scores = _score(method, recording, prediction, collected, progress)
            _test(method, recording, prediction, scores, collected, progress)
    evaluation, nulls = summarise(
        opened,
        tuple(methods),
        collected.scores,
        collected.shifts,
        generator(seed, "evaluate"),
        reads,
        _notes(opened),
        facts,
    )
    evaluation.write_csv(folder / "scores.csv")
    evaluation.write_null(folder / "null.npz", nulls)
    evaluation.write_json(folder / "scores.json")
    return evaluation


def _recording(run: OpenRun, name: str) -> Recording:
    truth, mask = truth_of(run, name), run.store.mask(name)
    return Recording(name, truth, mask, value_range(truth, mask))


def _calibrated(model: UncertainModel, test: Calibration, progress: Progress) -> dict[str, Any]:
    """Score the intervals on the test recordings, as they are and recalibrated on the validation recordings."""
    if not model.uncertain:
        return {}
    validation = model.calibration()
    for name in model.run.split.validation:
        model.measure(name, validation, progress)
    return {"uncertainty": uncertainty_facts(IntervalScores.of(validation, test), model)}


def _score_model(
    run: OpenRun,
    recording: Recording,
    uncertainty: UncertaintyMaps | None,
    collected: Collected,
    folder: Path,
    device: str,
    progress: Progress,
) -> None:
    prediction = predict_with_model(run, recording.id, device, progress)
    model = model_method(run)
    scores = _score(model, recording, prediction, collected, progress)
    test = _test(model, recording, prediction, scores, collected, progress)
    half = len(prediction) // 2
    shifted = _score(SHIFTED, recording, [*prediction[half:], *prediction[:half]], collected, progress)
    if test is not None:  # one shift serves for the other scores, the headline is the mean over all
        shifted.values["temporal_r"] = float(test.median.beyond.mean())
        shifted.values["temporal_r_mean"] = float(test.mean.beyond.mean())
    facts = run.store.recordings[run.store.index(recording.id)]
    write_map(folder / f"{recording.id}_desc-temporalr_map.nii.gz", scores.r, facts.affine)
    for name in ("epistemic", "aleatoric"):
        values = getattr(uncertainty, name, None)
        if values is not None:
            write_map(folder / f"{recording.id}_desc-{name}_map.nii.gz", values, facts.affine)
    write_examples(
        folder / f"{recording.id}_examples.npz",
        subject=facts.subject,
        truth=recording.truth,
        prediction=prediction,
        mask=recording.mask,
        onsets=facts.onsets[targets_of(run, recording.id)],
        affine=facts.affine,
        r=scores.r,
        test=test,
        uncertainty=uncertainty,
    )


def _score(
    method: Method, recording: Recording, prediction: Volumes, collected: Collected, progress: Progress
) -> RecordingScores:
    what, done = f"Scoring {recording.id}: {method.label}", 0

    def tick() -> None:
        nonlocal done
        done += 1
        progress(what, done, len(prediction))

    # the matrices of single volumes are too small for threads, which would wait for each other
    with threadpool_limits(1, user_api="blas"):
        scores = score_recording(recording.truth, prediction, recording.mask, recording.data_range, tick)
    collected.scores[method.name][recording.id] = scores.values
    return scores


def _test(
    method: Method,
    recording: Recording,
    prediction: np.ndarray,
    scores: RecordingScores,
    collected: Collected,
    progress: Progress,
) -> VoxelShiftTest | None:
    """Test against time shifts; a prediction that is constant in time has nothing to shift."""
    if scores.constant:
        return None
    test = shift_test(recording.truth, prediction, recording.mask, progress=progress)
    collected.shifts[method.name][recording.id] = test.median
    return test


def _device(device: str) -> str:
    if device != "auto":
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _notes(run: OpenRun) -> tuple[str, ...]:
    notes = []
    if run.store.space == "native" or run.store.space.startswith("mixed"):
        notes.append(
            f"The volumes are in {run.store.space} space: voxels of different subjects do not correspond, so a model "
            "or baseline that learns from other subjects is held back by anatomy."
        )
    if min(run.store.grid[:2]) < 11:
        notes.append("SSIM of slices is not defined: slices are smaller than its window of 11 x 11 voxels.")
    return tuple(notes)
