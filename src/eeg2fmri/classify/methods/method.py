"""Define what the protocol asks of a method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from eeg2fmri.classify.methods.features import WindowData

#: Values of settings by name; hashable, so that losses of inner folds are gathered by it.
Setting = tuple[tuple[str, Any], ...]


class Method(Protocol):
    """What is trained and scored in a fold."""

    @property
    def name(self) -> str:
        """Name of the method in results."""

    def candidates(self) -> list[Setting]:
        """List settings to choose from; the first is taken where nothing is chosen."""

    def chooses(self) -> bool:
        """Whether there is anything to choose in inner folds."""

    def paths(
        self, data: WindowData, train: np.ndarray, other: np.ndarray, candidates: Sequence[Setting], seed: int
    ) -> Iterator[tuple[Setting, np.ndarray]]:
        """Train on windows `train`; give settings and the probabilities (window, class) of windows `other`."""

    def final(
        self, data: WindowData, train: np.ndarray, test: np.ndarray, setting: Setting, seed: int
    ) -> tuple[np.ndarray, Any]:
        """Train with one setting; give probabilities (window, class) of windows `test`, and what was trained."""
