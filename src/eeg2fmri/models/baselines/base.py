"""Define what every baseline offers, so that it can stand in a table beside any model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, Self

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store

#: What a method is given of a test recording: nothing, its own BOLD, or its EEG.
Sees = Literal["nothing", "own BOLD", "EEG"]


class Baseline(Protocol):
    """A method that synthesises the volumes of a recording.

    Attributes
    ----------
    name : str
        Key in files, for example ``mean_volume``.
    label : str
        What a reader calls it.
    sees : str
        What it is given of a test recording.
    """

    name: str
    label: str
    sees: Sees

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Fit to training and validation recordings.

        What has to be chosen is chosen with one subject of both left out in turn (one recording where there is one
        subject), and what is chosen is fitted to all of them: nobody of the test part is among them.

        Raises
        ------
        Eeg2FmriError
            If it cannot be fitted to these recordings; the message says why.
        """

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise the target volume of every pair of a recording: (pair, x, y, z) in BOLD units, maybe read-only."""
