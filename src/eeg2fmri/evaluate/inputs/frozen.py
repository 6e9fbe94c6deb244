"""The group's model beside one that was calibrated to a person: the same volumes, synthesised without the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.methods import predict_with_model
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.models.baselines.base import Baseline, Sees
from eeg2fmri.models.saving.hub import load

#: Folder of a calibrated run with the model that it was made from.
GROUP = "group"


class Frozen:
    """The model of the group as a method of the table; there is nothing to fit."""

    name = "frozen"
    label = "same model, not calibrated"
    sees: Sees = "EEG"

    def __init__(self, run: OpenRun) -> None:
        loaded = load(run.folder / GROUP)
        self._run = replace(run, loaded=loaded, scaler=loaded.scaler())

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Give itself."""
        return self

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise the target of every pair of a recording: (pair, x, y, z), BOLD units."""
        name = store.recordings[store.index(recording)].id
        return predict_with_model(self._run, name, "cpu", silent)


def frozen_model(run: OpenRun) -> tuple[Baseline, ...]:
    """Give the group's model of a calibrated run; nothing for other runs."""
    return (Frozen(run),) if (run.folder / GROUP).is_dir() else ()
