"""The synthesiser that lends its view."""

from __future__ import annotations

from pathlib import Path

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.saving.hub import Loaded, load


def load_lender(folder: str | Path) -> tuple[Loaded, SynthesizerNetwork | Recommended]:
    """Load a run, and check that its model makes volumes of EEG.

    Raises
    ------
    CheckpointError
        If it cannot be loaded, or is of a kind that lends no view.
    """
    loaded = load(folder)
    if not isinstance(loaded.model, SynthesizerNetwork | Recommended):
        raise CheckpointError(
            "this kind of model lends no view",
            where=str(folder),
            got=type(loaded.model).__name__,
            expected="a synthesiser (model preset 'documented' or 'recommended')",
            hint="train one:  eeg2fmri train STORE RUN",
        )
    return loaded, loaded.model
