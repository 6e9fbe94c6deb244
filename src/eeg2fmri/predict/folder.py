"""Synthesise the BOLD of every EEG recording of a BIDS folder, as a BIDS derivative data set."""

from __future__ import annotations

import functools
import os
import traceback
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri import __version__
from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import Eeg2FmriError, InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.bids.choices import chosen, several_problem
from eeg2fmri.data.bids.labels import Labels
from eeg2fmri.data.bids.links import is_empty_link, link_problem
from eeg2fmri.data.bids.search import find_eeg
from eeg2fmri.data.bids.sidecars import entities, sidecars
from eeg2fmri.data.eeg.read import named_files
from eeg2fmri.data.prepare.new_recording import Cleaning
from eeg2fmri.data.prepare.planning import reason_of, run_jobs
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.models.saving.hub import Loaded
from eeg2fmri.predict.data_set import image_of, open_data_set, recording_of, write_mask
from eeg2fmri.predict.derivative import sidecar_of, write_prediction
from eeg2fmri.predict.synthesizer import SynthesizedVolumes, Synthesizer
from eeg2fmri.results.predictions import Prediction, Predictions, forget_left_out, mask_of, write_left_out

#: Other sidecars of an EEG file, which are read with it.
SIDECARS = (
    ("eeg", ".json"),
    ("channels", ".tsv"),
    ("events", ".tsv"),
    ("electrodes", ".tsv"),
    ("coordsystem", ".json"),
)
#: Entry of the sidecar that says what an image was made of; another one, and it is made again.
KEY = "MadeOf"


@dataclass(frozen=True)
class Job:
    """One recording and all that decides its image.

    Attributes
    ----------
    run : str
        Run folder, or a name on the Hub.
    recording : str
        BIDS name without suffix.
    files : tuple of Path
        EEG files that have this name; there should be one.
    root, out : Path
        Folder of the data set, and of the images.
    cleaning, settings
        See `Synthesizer.predict`.
    """

    run: str
    recording: str
    files: tuple[Path, ...]
    root: Path
    out: Path
    cleaning: Cleaning = "replay"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The first EEG file, relative to the data set."""
        return self.files[0].relative_to(self.root).as_posix()

    def left_out(self, reason: str, hint: str) -> Prediction:
        """Say why the recording cannot be done."""
        return Prediction(self.recording, self.source, reason=reason, hint=hint)


def predict_folder(
    run: str | Path,
    bids_root: str | Path,
    out: str | Path,
    *,
    labels: Labels = Labels(),  # noqa: B008 - frozen
    cleaning: Cleaning = "replay",
    settings: Mapping[str, Any] | None = None,
    n_jobs: int = 1,
    progress: Progress = silent,
) -> Predictions:
    """Synthesise the BOLD of every EEG recording of a BIDS folder.

    A recording that cannot be done is left out with its reason, and the others go on. What was done before, of the
    same files with the same settings, is kept; several processes may work on one output at the same time.

    Parameters
    ----------
    run : path
        Run folder.
    bids_root : path
        BIDS folder with EEG; no BOLD is needed.
    out : path
        Folder of the derivative data set; may hold earlier predictions of the same model.
    labels : Labels
        Subjects, sessions and tasks; all by default.
    cleaning, settings
        See `Synthesizer.predict`; for all recordings. ``eeg: {choose: ...}`` chooses where one has several files.
    n_jobs : int
        Recordings at the same time (joblib).
    progress : Progress
        Told after each recording.

    Returns
    -------
    Predictions
        Of everything in the folder.

    Raises
    ------
    InputError
        If there is no EEG, a label does not occur, or the output holds something else or cannot be written.
    CheckpointError
        If the run cannot be used.

    Examples
    --------
    >>> made = predict_folder("run", "bids", "derived", labels=Labels(subjects=["02"]))
    >>> [one.image.name for one in made.done]
    ['sub-02_task-rest_desc-synthesised_bold.nii.gz']
    """
    root, folder = Path(os.path.abspath(bids_root)), Path(out)  # noqa: PTH100 - links must not be followed
    settings = dict(settings or {})
    choose = PrepareConfig.make({"eeg": settings.get("eeg", {})}).eeg.choose
    files = labels.chosen((path, path_labels) for path, path_labels in find_eeg(root))
    synthesizer = _synthesizer(str(run))
    synthesizer.loaded.scaler()
    open_data_set(folder, root, synthesizer.loaded)
    jobs = [
        Job(str(run), name, tuple(chosen(group, choose) or group), root, folder, cleaning, settings)
        for name, group in _by_recording(files).items()
    ]
    for done, _ in enumerate(_each(jobs, n_jobs), 1):
        progress("Predicting", done, len(jobs))
    found = Predictions.read(folder)
    found.write_table()
    return found


def _by_recording(files: Iterable[Path]) -> dict[str, list[Path]]:
    groups: defaultdict[str, list[Path]] = defaultdict(list)
    for path in files:
        groups[recording_of(entities(path))].append(path)
    return dict(sorted(groups.items()))


def _each(jobs: Sequence[Job], n_jobs: int) -> Iterable[str]:
    """Do every job; where a process was ended from outside, those that are left run one at a time, each in its own."""
    if n_jobs == 1:
        yield from (predict_one(job) for job in jobs)
        return
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    left = {job.recording: job for job in jobs}
    try:
        for name in run_jobs(predict_one, ((job,) for job in jobs), n_jobs):
            left.pop(name)
            yield name
    except TerminatedWorkerError:
        for job in left.values():
            try:
                next(iter(run_jobs(predict_one, [(job,)], 2)))
            except TerminatedWorkerError:
                ended = "the process that worked on it was ended from outside"
                write_left_out(job.out, job.left_out(ended, "try it with fewer --n-jobs, or with more memory"))
            yield job.recording


@functools.lru_cache(maxsize=1)
def _synthesizer(run: str) -> Synthesizer:
    return Synthesizer.from_pretrained(run)


def predict_one(job: Job) -> str:
    """Synthesise one recording, or write down why it cannot be done; return its name."""
    try:
        _predict(job)
    except Eeg2FmriError as error:
        hints = dict.fromkeys(one.hint for one in error.problems if one.hint)
        write_left_out(job.out, job.left_out(reason_of(error.problems), "; ".join(hints)))
    except Exception as error:  # what a library says of a file that nobody foresaw must not stop the others
        left = job.left_out(f"unforeseen: {type(error).__name__}: {error}", "report it with the traceback in logs/")
        write_left_out(job.out, left, traceback.format_exc())
    else:
        forget_left_out(job.out, job.recording)
    return job.recording


def _predict(job: Job) -> None:
    if len(job.files) > 1:
        raise InputError.of([several_problem(job.files, "EEG", "eeg")])
    eeg = job.files[0]
    links = [path for path in named_files(eeg) if is_empty_link(path)]
    if links:
        raise InputError.of([link_problem(links, job.root)])
    synthesizer = _synthesizer(job.run)
    card = synthesizer.card
    image = job.out / image_of(job.recording, card)
    key = _made_of(job, eeg, synthesizer.loaded)
    with locked(job.out / job.recording, "a synthesis of this recording"):
        if _is_done(image, key):
            return
        made = synthesizer.predict_volumes(eeg, cleaning=job.cleaning, settings=job.settings)
        image.parent.mkdir(parents=True, exist_ok=True)
        if synthesizer.loaded.statistics is not None and not card.regions and not card.elements:
            write_mask(mask_of(image), synthesizer.loaded.statistics.mask, np.asarray(card.affine), card.space)
        write_prediction(synthesizer, made, image, _facts(job, synthesizer.loaded, made) | {KEY: key})


def _facts(job: Job, loaded: Loaded, made: SynthesizedVolumes) -> dict[str, Any]:
    """Give what the sidecar says beside the model and the volumes."""
    task = entities(Path(job.recording)).get("task")
    ratio = _fluctuation_ratio(loaded, made)
    return {
        "Recording": job.recording,
        "Sources": [f"bids:raw:{job.source}"],
        **({} if task is None else {"TaskName": task}),
        "SkullStripped": False,
        **({} if ratio is None else {"FluctuationRatio": ratio}),
    }


def _fluctuation_ratio(loaded: Loaded, made: SynthesizedVolumes) -> float | None:
    """Divide the standard deviation over time of synthesised voxels by that of the training's; median in the brain."""
    if loaded.statistics is None or len(made.volumes) < 2:
        return None
    measured = loaded.statistics.voxel_std
    inside = loaded.statistics.mask & (measured > 0)
    if not inside.any():
        return None
    ratio = made.volumes[:, inside].std(axis=0, dtype=np.float64) / measured[inside]
    return round(float(np.median(ratio)), 6)


def _made_of(job: Job, eeg: Path, loaded: Loaded) -> str:
    """Hash what an image is made of without reading it: model, settings, and sizes and times of the files."""
    files = {*named_files(eeg), *(path for suffix, end in SIDECARS for path in sidecars(eeg, suffix, end))}
    facts = sorted(
        (path.relative_to(job.root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in files
        if path.is_file()
    )
    return fingerprint([__version__, loaded.digest, job.cleaning, dict(job.settings), facts])


def _is_done(image: Path, key: str) -> bool:
    try:
        return image.is_file() and read_json(sidecar_of(image)).get(KEY) == key
    except (OSError, ValueError, AttributeError):
        return False
