"""Explain a run: which part of the EEG its synthesised volumes came from, and whether that can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eeg2fmri.core.disk.staged import made_whole
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import child_seed
from eeg2fmri.explain.checks.fidelity import Fidelity, check_fidelity
from eeg2fmri.explain.checks.recovery import Recorded, Recovery, recover
from eeg2fmri.explain.checks.truth import Drivers, drivers
from eeg2fmri.explain.config import ExplainConfig
from eeg2fmri.explain.inputs.batches import batches, chosen_pairs, count
from eeg2fmri.explain.inputs.open_run import OpenedRun, open_run
from eeg2fmri.explain.results.collect import Explanation
from eeg2fmri.explain.results.files import check_replaceable, write
from eeg2fmri.explain.windows.of_one_recording import explain_latent, explain_windows
from eeg2fmri.explain.windows.of_one_subject import SubjectRelevance, SubjectSums


@tells
def explain_run(
    run: str | Path,
    store: str | PathLike[str],
    out: str | Path | None = None,
    config: ExplainConfig | Mapping[str, Any] | str | Path | None = None,
    *,
    truth: str | Path | None = None,
    progress: Progress = silent,
    verbose: Verbose = None,
) -> Explanation:
    """Explain the volumes that a run synthesises, over subjects, and write the result.

    Parameters
    ----------
    run : path
        Run folder made by train.
    store : Store or path
        The store it was trained on.
    out : path, optional
        Folder to make, by default ``RUN/explain``; an earlier explanation in it is replaced. See
        `eeg2fmri.explain.results.files` for what it holds.
    config : ExplainConfig, mapping or path, optional
    truth : path, optional
        BIDS folder of simulated recordings that the store was made from: relevance is compared with what drives them.
    progress : Progress
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    CheckpointError, StoreError
        If the run or the store cannot be used or do not belong together.
    ConfigError
        If a setting is wrong, or the model does something that has no relevance rule.
    OutputError
        If the explanation cannot be written. One that was computed is kept in the folder for temporary files, and the
        error names it.
    InputError
        If the target does not fit the volumes, the output exists and is no explanation, there is no truth, or the
        model ignores the EEG or is a published network, which relevance does not explain.

    Examples
    --------
    >>> print(explain_run("run", "store", "relevance", {"windows": 2, "checks": 0}).summary())
    sum of the synthesised volume, 2 windows of 1 subjects
    ...
    """
    settings = ExplainConfig.take(config)
    folder = Path(run) / "explain" if out is None else Path(out)
    check_replaceable(folder)
    opened = open_run(run, store, settings)
    recorded = None if truth is None else _recorded(opened, settings, truth)
    make = partial(_explained, opened, settings, recorded, progress)
    return made_whole(folder, make, write, "eeg2fmri-explanation", replace=True)


def _explained(
    opened: OpenedRun, settings: ExplainConfig, recorded: list[Recorded] | None, progress: Progress
) -> Explanation:
    """Explain every subject, and check the relevance."""
    subjects = tuple(_subjects(opened, settings, progress))
    fidelity = _fidelity(opened, settings, progress) if settings.checks else None
    return Explanation(
        config=settings,
        target=opened.target,
        axes=opened.axes,
        subjects=subjects,
        fidelity=fidelity,
        recovery=None if recorded is None else _recovery(opened, settings, recorded, progress),
        affine=np.asarray(opened.store.affine),
        affines=_affines(opened),
        space=opened.card.space,
        tr=opened.card.tr,
        facts={
            "weights_sha256": opened.digest,
            "store_hash": opened.store.hash,
            "recordings": list(opened.recordings),
            "part": settings.part,
        },
        notes=tuple(_notes(opened, settings, subjects)),
    )


def _by_subject(opened: OpenedRun) -> dict[str, list[str]]:
    """Find the recordings of each subject, in the order of the store."""
    groups: dict[str, list[str]] = {}
    for name in opened.recordings:
        groups.setdefault(opened.store.recordings[opened.store.index(name)].subject, []).append(name)
    return groups


def _affines(opened: OpenedRun) -> dict[str, np.ndarray]:
    """Affine of the first recording of each subject."""
    store = opened.store
    return {subject: store.recordings[store.index(names[0])].affine for subject, names in _by_subject(opened).items()}


def _subjects(opened: OpenedRun, config: ExplainConfig, progress: Progress) -> Iterator[SubjectRelevance]:
    generator = torch.Generator().manual_seed(child_seed(config.seed, "passes"))
    latent = "none" if opened.card.elements else config.latent  # its relevance is a map of voxels
    volumes = config.latent_windows if latent != "none" else 0
    done, total = 0, sum(count(opened, name, n) for name in opened.recordings for n in (config.windows, volumes))
    for subject, names in _by_subject(opened).items():
        sums = SubjectSums(subject)
        for name in names:
            for x, _, sensors in batches(opened, name, config.windows, config.batch_size):
                found = explain_windows(
                    opened.model, x, [opened.target], config.rules, passes=config.passes, generator=generator
                )
                sums.add(found[opened.target.name], x.cpu().numpy(), sensors)
                done += len(x)
                progress("Explaining", done, total)
            for x, y, _ in batches(opened, name, volumes, config.batch_size):
                if latent != "none":
                    sums.add_latent(explain_latent(opened.model, y, x, config.rules, what=latent))
                done += len(x)
                progress("Explaining", done, total)
        yield sums.result()


def _fidelity(opened: OpenedRun, config: ExplainConfig, progress: Progress) -> Fidelity:
    windows = [x for name in opened.recordings for x, *_ in batches(opened, name, config.checks, config.batch_size)]
    return check_fidelity(
        opened.model,
        torch.cat(windows),
        opened.target,
        config.rules,
        seed=config.seed,
        steps=config.steps,
        batch_size=config.batch_size,
        progress=progress,
    )


def _recorded(opened: OpenedRun, config: ExplainConfig, root: str | Path) -> list[Recorded]:
    from eeg2fmri.simulate.write.truth import Truth

    known = Truth.open(root)
    if opened.store.config.bold.derivatives is not None:
        raise InputError(
            "the truth says what drives voxels of the scanner, and the store holds those of a common space",
            where=str(opened.store.path),
            got=f"bold: derivatives: {opened.store.config.bold.derivatives}",
            expected="a store of the recordings' own volumes",
            hint="prepare the simulated data set without 'derivatives', or explain the run without the truth",
        )
    sources = {name: opened.store.origin(name)[0] for name in opened.recordings}
    missing = [name for name in dict.fromkeys(sources.values()) if name not in known.recordings]
    if missing:
        raise InputError(
            "the truth holds not all recordings", where=str(root), got=", ".join(missing), expected="the store's own"
        )

    def one(name: str) -> Recorded:
        found = _drivers_of(opened, known.recording(sources[name]), name)
        chosen = chosen_pairs(len(found.course), config.windows)
        return lambda: batches(opened, name, config.windows, config.batch_size), found, chosen

    return [one(name) for name in opened.recordings]


def _recovery(opened: OpenedRun, config: ExplainConfig, recorded: list[Recorded], progress: Progress) -> Recovery:
    progress("Comparing with the truth", 0, 1)
    found = recover(opened.model, recorded, opened.target, config.rules, controls=config.controls, seed=config.seed)
    progress("Comparing with the truth", 1, 1)
    return found


def _drivers_of(opened: OpenedRun, recording: Any, name: str) -> Drivers:
    """Drivers of the target as the model sees it: each voxel in the scale that it was trained on."""
    weights = np.asarray(opened.target.weights, float)
    pairs = opened.card.pairs
    if pairs.target == "dynamics" or pairs.bold_scaling == "voxel":
        spread = opened.store.voxel_std(name)
        weights = np.divide(weights, spread, out=np.zeros_like(weights), where=spread > 0)
    first, n_volumes = opened.store.origin(name)[1], opened.store.recordings[opened.store.index(name)].n_volumes
    return drivers(recording, opened.axes, pairs, weights, slice(first, first + n_volumes))


def _notes(opened: OpenedRun, config: ExplainConfig, subjects: tuple[SubjectRelevance, ...]) -> Iterator[str]:
    n = len(subjects)
    smallest = 1 / 2 ** (n - 1)
    if n == 1:
        yield "One subject was explained: nothing can be tested over subjects."
    elif smallest > 0.05:
        yield f"{n} subjects were explained: no p value corrected by the largest t can be below {smallest:g}."
    if config.part in {"train", "all"}:
        yield "Subjects that trained the model are among those explained."
    if opened.card.elements and config.latent != "none":
        yield "What the fMRI latent is made of is shown as a map of voxels: it is left out for surfaces and parcels."
    if opened.card.space in {"native", "unknown"} and n > 1:
        yield "Voxels of different subjects do not correspond: relevance of BOLD is given by subject alone."
    if opened.card.pairs.target == "volume" and opened.target.name == "volume":
        yield (
            "The sum of a whole volume is mostly anatomy, the same in all windows: see the share that stems from "
            "biases, or explain a region of a run that was trained on dynamics."
        )
