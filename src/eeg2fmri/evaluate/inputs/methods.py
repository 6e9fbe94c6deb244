"""The methods that stand in one table: the model of a run, and every baseline, all asked in the same way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.core.progress import Progress
from eeg2fmri.data.pairs.windows import PairConfig, pair_index, volumes_needed
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.significance.drifts import FEWEST
from eeg2fmri.results.scores.method import Method

#: Windows that go through the model at once.
BATCH = 8
#: Seconds from what happens in the brain to the peak of its haemodynamic response.
PEAK_S = 5.0


#: The same model with EEG that tells nothing of the volume.
SHIFTED = Method("shifted_eeg", "same model, EEG shifted in time", "EEG at the wrong time", "null")


def targets_of(run: OpenRun, recording: str) -> np.ndarray:
    """Volumes (pair,) of a recording that a run has a window for."""
    facts = run.store.recordings[run.store.index(recording)]
    return pair_index(facts.n_volumes, run.store.tr, run.loaded.card.pairs, where=facts.id)[1]


def simple_pairs(run: OpenRun) -> PairConfig:
    """Give the windows of the simple methods that a run is compared with: as a rule its own.

    A window that ends before the peak of a response to its first sample, such as that of one TR of some published
    models, would keep from the simple methods what they are made of, and leave a model without its rivals: they see the
    usual 20 s then, where recordings are long enough.
    """
    pairs, tr = run.loaded.card.pairs.at(run.store.tr), run.store.tr
    usual = PairConfig(skip_volumes=pairs.skip_volumes).at(tr)
    least = volumes_needed(tr, usual) + FEWEST - 1
    long = all(recording.n_volumes >= least for recording in run.store.recordings)
    return usual if long and (pairs.window + pairs.lag) * tr < PEAK_S else run.loaded.card.pairs


def common_targets(runs: Sequence[OpenRun], recording: str, simple: PairConfig | None = None) -> np.ndarray:
    """Volumes (volume,) that every run and the windows `simple` have: all end with the recording, some start later."""
    found = [targets_of(run, recording) for run in runs]
    if simple is not None:
        store = runs[0].store
        facts = store.recordings[store.index(recording)]
        found.append(pair_index(facts.n_volumes, store.tr, simple, where=facts.id)[1])
    return min(found, key=len)


def refuse_short(runs: Sequence[OpenRun], recordings: Sequence[str]) -> None:
    """Raise if a recording has too few volumes after the window of a run to be told from drifts.

    Raises
    ------
    InputError
        Names every recording that is too short.
    """
    problems = []
    for name in recordings:
        store, count = runs[0].store, len(common_targets(runs, name))
        if count < FEWEST:
            volumes = store.recordings[store.index(name)].n_volumes
            problems.append(
                Problem(
                    "the recording is too short to be scored: nothing is left of its volumes beside drifts",
                    f"{store.path}: {name}",
                    f"{volumes} volumes, of which {count} have a window before them",
                    f"at least {volumes + FEWEST - count} volumes",
                    "train again with a shorter window (pairs: {window_s: 10} in the file of --config), or test others "
                    "(split: {test: [...]})",
                )
            )
    if problems:
        raise InputError.of(problems)


def model_method(run: OpenRun) -> Method:
    """Describe the model of a run."""
    kind = str(run.loaded.card.model.get("kind", "model")).replace("_", " ")
    return Method("model", f"{kind} (this run)", "EEG", "model")


def predict_with_model(run: OpenRun, recording: str, device: str, progress: Progress) -> np.ndarray:
    """Synthesise every target of a recording from its EEG: (pair, x, y, z), BOLD units, float32.

    Raises
    ------
    InputError
        If the model gives values that are not finite.
    """
    from eeg2fmri.data.pairs.dataset import PairDataset
    from eeg2fmri.models.synthesis import synthesize

    # windows are cut as in training, whatever representation of the EEG the pairs ask for
    pairs = PairDataset(run.store, [recording], run.loaded.card.pairs)
    volumes = np.empty((len(pairs), *run.store.grid), np.float32)
    windows = (pairs[k].x.numpy() for k in range(len(pairs)))
    for k, volume in enumerate(synthesize(run.loaded.model, windows, batch_size=BATCH, device=device)):
        volumes[k] = run.scaler.unscale(volume)
        progress(f"Synthesising {recording}", k + 1, len(pairs))
    if not np.isfinite(volumes).all():
        raise InputError(
            "the model gives values that are not finite",
            where=f"{run.folder}: {recording}",
            hint="the training has diverged: train again with a smaller learning rate",
        )
    return volumes
