"""Fit a model of closed form again without validation recordings: its errors in them are then those in new people."""

from __future__ import annotations

from dataclasses import replace

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.models.capabilities import FitsInClosedForm
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.registry import build


def without_validation(run: OpenRun, progress: Progress = silent) -> OpenRun:
    """Give the run with a model that has not been fitted to its validation recordings.

    Returns
    -------
    OpenRun
        The run itself where its model has not seen them. Else with the same model fitted to the training recordings
        alone: what it chooses, it chooses among these.

    Raises
    ------
    InputError
        If too little is left to fit.
    """
    if run.unseen or not isinstance(run.loaded.model, FitsInClosedForm):
        return run
    pairs = run.loaded.card.pairs
    model = build(run.loaded.card.model)
    assert isinstance(model, FitsInClosedForm)
    training = PairDataset(run.store, run.split.train, pairs)
    model.fit_closed_form(training, None, Acquisition.of_store(run.store, run.split.train, pairs.lag), progress)
    return replace(run, loaded=replace(run.loaded, model=model.eval()))
