"""Evaluate a run: every score of its model on unseen recordings, beside baselines and null distributions."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.disk.files import OutputError
from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.disk.staged import kept_elsewhere, staged_files
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import child_seed, generator
from eeg2fmri.evaluate.controls.study import ControlStudy
from eeg2fmri.evaluate.inputs.atlas import Atlas, AtlasLike
from eeg2fmri.evaluate.inputs.examples import make_examples
from eeg2fmri.evaluate.inputs.fit import CONSTANT, NOT_FITTED, fit_baselines
from eeg2fmri.evaluate.inputs.frozen import frozen_model
from eeg2fmri.evaluate.inputs.methods import (
    SHIFTED,
    model_method,
    predict_with_model,
    refuse_short,
    simple_pairs,
)
from eeg2fmri.evaluate.inputs.open_run import OpenRun, open_run
from eeg2fmri.evaluate.inputs.reads import record_reading
from eeg2fmri.evaluate.inputs.responsive import responsive_voxels
from eeg2fmri.evaluate.intervals.calibration import Calibration, score_intervals
from eeg2fmri.evaluate.intervals.left_out import without_validation
from eeg2fmri.evaluate.intervals.uncertainty import UncertainModel, UncertaintyMaps
from eeg2fmri.evaluate.recordings.atlas_scores import OthersConnectivity, check_atlas, score_regions
from eeg2fmri.evaluate.recordings.collect import RECORDINGS, write_recordings
from eeg2fmri.evaluate.recordings.courses import add_intervals, write_courses
from eeg2fmri.evaluate.recordings.latents import latent_distance
from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
from eeg2fmri.evaluate.summary import subjects_of, summarise
from eeg2fmri.evaluate.truth.ceilings import CEILINGS, parts_of, score_ceilings
from eeg2fmri.evaluate.truth.known_truth import known_truth
from eeg2fmri.models.baselines import Baseline, standard_baselines
from eeg2fmri.models.synthesis import chosen_device
from eeg2fmri.results.images import write_map
from eeg2fmri.results.scores.controls import CONTROLS
from eeg2fmri.results.scores.evaluation import FOLDER, Evaluation
from eeg2fmri.results.scores.method import DIFFERENCE
from eeg2fmri.results.scores.regions import REGIONS, write_regions


@renamed_arguments(since="0.1", removed="0.3", store_path="store")
@tells
def evaluate_run(
    run: str | Path,
    store: str | PathLike[str],
    *,
    atlas: AtlasLike | None = None,
    truth: str | Path | None = None,
    own: Sequence[Baseline] = (),
    difference: float = DIFFERENCE,
    progress: Progress = silent,
    device: str = "auto",
    seed: int = 0,
    verbose: Verbose = None,
) -> Evaluation:
    """Score a run on its test recordings and write the results to ``RUN/evaluation``, all of them or none.

    The model, the same model with EEG shifted in time, and every baseline are scored on the same volumes. Baselines
    are fitted to the training and validation recordings of the run; what they choose, they choose with one subject of
    these left out in turn.

    Parameters
    ----------
    run : path
        Run folder.
    store : Store or path
        The store that it was trained on.
    atlas : path, (path, path) or Bunch of nilearn, optional
        Atlas in the space of the store: an image of labels or of a map a region, the same with a table of names, or
        what a fetcher of nilearn gave. Its regions are scored too, in ``scores.json`` and ``regions.tsv``.
    truth : path, optional
        BIDS folder of the simulated data set that the store was made of: both ceilings are scored too. Left out, it is
        looked for where the store was prepared from.
    own : sequence of Baseline
        Methods of your own that stand in the table after the baselines; see `eeg2fmri.models.own`.
    difference : float
        Smallest difference of temporal r by which the model must be better than simpler ones.
    progress : Progress
    device : str
        Torch device of the model; ``auto`` takes CUDA where there is one.
    seed : int
        Of the draws of signs, bootstrap samples and Monte Carlo passes.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Returns
    -------
    Evaluation

    Raises
    ------
    CheckpointError
        If the run cannot be used or belongs to another store.
    StoreError
        If the store cannot be used.
    InputError
        If the atlas or the truth does not fit the store, or a method of your own has the name of another.
    OutputError
        If the results cannot be written. Scores that were computed are kept in the folder for temporary files, and
        the error names it.

    Examples
    --------
    >>> evaluation = evaluate_run("run", "store")
    >>> evaluation.protocol.name
    'fixed-subjects'
    """
    opened, on = open_run(run, store), chosen_device(device)
    regions_of = None if atlas is None else Atlas.open(atlas)
    if regions_of is not None:
        check_atlas(opened.store, regions_of)
    known = known_truth(opened.store, truth, opened.split.test)
    folder = opened.folder / FOLDER
    made: list[Evaluation] = []
    with locked(folder, "an evaluation of this run"):
        reads = record_reading(opened, folder, seed)
        try:
            with staged_files(folder) as part:
                scores, facts = _scored(opened, known, part, on, regions_of, own, seed, progress)
                facts["difference_that_counts"] = difference
                made.append(summarise(opened, scores, generator(seed, "evaluate"), reads, facts))
                write_recordings(part / RECORDINGS, scores, subjects_of(opened))
                made[0].write(part)
        except OutputError as error:
            raise (kept_elsewhere(error, made[0].write, "eeg2fmri-evaluation") if made else error) from None
    return made[0]


def _scored(
    opened: OpenRun,
    known: Any,
    folder: Path,
    on: str,
    atlas: Atlas | None,
    own: Sequence[Baseline],
    seed: int,
    progress: Progress,
) -> tuple[Scores, dict[str, Any]]:
    """Score the run, its baselines and its controls; maps, courses and examples go to a folder."""
    refuse_short([opened], opened.split.test)
    where = responsive_voxels(opened, on, progress)
    simple = simple_pairs(opened)
    recordings = [Recording.of([opened], name, where, simple) for name in opened.split.test]
    scores = Scores(progress, known=parts_of(known, opened.split.test))
    uncertain = UncertainModel(opened, on, seed=child_seed(seed, "uncertainty"))
    intervals = uncertain.calibration()
    distances, regions = {}, {}
    controls = ControlStudy(opened, where, on, progress)
    training = [*opened.split.train, *opened.split.validation]
    others = None if atlas is None else OthersConnectivity(opened.store, training, atlas)
    for recording in recordings:
        maps = uncertain.measure(recording.id, intervals, progress) if uncertain.uncertain else None
        prediction = _score_model(opened, recording, maps, scores, folder, on, atlas)
        controls.add(recording, prediction)
        distances[recording.id] = latent_distance(opened, recording.id, on, progress)
        if atlas is not None:
            regions[recording.id] = score_regions(opened.store, recording, prediction, atlas, others)
    add_intervals(opened, folder, [recording.id for recording in recordings], on, progress)
    facts = {
        "latent_frechet_distance": distances,
        **({"regions": {name: found.to_dict() for name, found in regions.items()}} if regions else {}),
        **_calibrated(uncertain, intervals, progress),
        CONTROLS: controls.result().to_dict(),
    }
    facts |= score_baselines(opened, beside((*standard_baselines(), *frozen_model(opened)), own), recordings, scores)
    facts |= score_ceilings(known, recordings, scores)
    if regions:
        write_regions(folder / REGIONS, regions.values())
    return scores, facts


def beside(baselines: Sequence[Baseline], own: Sequence[Baseline]) -> tuple[Baseline, ...]:
    """Put methods of the user's own after the baselines of a table.

    Raises
    ------
    InputError
        If two have one name.
    """
    names = [method.name for method in (*baselines, *own)] + ["model", *(ceiling.name for ceiling in CEILINGS)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            "a method of your own has the name of another",
            where="own",
            got=", ".join(twice),
            expected="names that no other method of the table has",
        )
    return (*baselines, *own)


def score_baselines(
    run: OpenRun, baselines: Sequence[Baseline], recordings: Sequence[Recording], scores: Scores
) -> dict[str, Any]:
    """Fit baselines to the training and validation recordings of a run, and score them.

    Returns
    -------
    dict
        Facts: which could not be fitted and why, and which methods predict nothing that varies over time.
    """
    fitted, not_fitted = fit_baselines(run, baselines, scores.progress)
    for method, baseline in fitted:
        for recording in recordings:
            scores.add_tested(method, recording, recording.cut(baseline.predict(run.store, recording.id)))
    constant = [method.name for method in scores.methods if not scores.nulls.get(method.name) and method != SHIFTED]
    return {NOT_FITTED: not_fitted, CONSTANT: constant}


def _calibrated(model: UncertainModel, test: Calibration, progress: Progress) -> dict[str, Any]:
    """Score the intervals on the test recordings, as they are and recalibrated on validation recordings left out."""
    if not model.uncertain:
        return {}
    validation = model.calibration()
    left_out = model.on(without_validation(model.run, progress))
    for name in model.run.split.validation:
        left_out.measure(name, validation, progress)
    return {"uncertainty": score_intervals(validation, test, model.passes).to_dict()}


def _score_model(
    run: OpenRun,
    recording: Recording,
    maps: UncertaintyMaps | None,
    scores: Scores,
    folder: Path,
    device: str,
    atlas: Atlas | None,
) -> np.ndarray:
    prediction = recording.cut(predict_with_model(run, recording.id, device, scores.progress))
    found, test = scores.add_mapped(model_method(run), recording, prediction)
    scores.add_shifted(recording, prediction)
    facts = run.store.recordings[run.store.index(recording.id)]
    made_of = run.store.elements
    write_map(folder / f"{recording.id}_desc-temporalr_map.nii.gz", found.r, facts.affine, np.nan, made_of)
    for name in ("epistemic", "aleatoric"):
        values = getattr(maps, name, None)
        if values is not None:
            write_map(folder / f"{recording.id}_desc-{name}_map.nii.gz", values, facts.affine, elements=made_of)
    make_examples(recording, facts, prediction, found.r, test, maps).write(folder)
    write_courses(folder, run, recording, prediction, found.r, atlas)
    return prediction
