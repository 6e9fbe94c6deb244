"""The view as a synthesiser makes it, with a linear classifier: nothing of the synthesiser is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from torch import nn

from eeg2fmri.classify.config import ViewConfig
from eeg2fmri.classify.methods.features import WindowData
from eeg2fmri.classify.methods.frame import PLAIN, GroupFrame, RowFrame
from eeg2fmri.classify.methods.linear_view_fit import LinearFit, fit_linear_views, views_of
from eeg2fmri.classify.methods.method import Setting
from eeg2fmri.models.capabilities import LendsView
from eeg2fmri.models.classifiers.linear_view import LinearView
from eeg2fmri.models.classifiers.view import ViewClassifier

Frame = GroupFrame | RowFrame


@dataclass(frozen=True, eq=False)
class TrainedView:
    """Classifiers of views that a fold trained.

    Attributes
    ----------
    models : list of ViewClassifier or LinearView
        One for two classes, else one a class.
    frame : GroupFrame, RowFrame or None
        What the windows of a synthesiser of amplitudes or row features are made with.
    """

    models: Sequence[ViewClassifier | LinearView]
    frame: GroupFrame | RowFrame | None = None

    def windows(self, data: WindowData, chosen: np.ndarray) -> np.ndarray:
        """Windows (window, channel, freq or band, time) as the models take them."""
        if self.frame is None:
            return data.features["windows"][chosen]
        if isinstance(self.frame, RowFrame):
            return self.frame.windows(_some(data, chosen))
        return self.frame.windows(data.features["rows"][chosen])


@dataclass(frozen=True, eq=False)
class FrozenView:
    """A linear classifier of the volumes that a synthesiser makes; the synthesiser stays as it is.

    Attributes
    ----------
    name : str
    synthesizer : LendsView
        Trained, or not.
    config : ViewConfig
    """

    name: str
    synthesizer: LendsView
    config: ViewConfig

    def candidates(self) -> list[Setting]:
        """See `Method`."""
        return [(("strength", strength),) for strength in self.config.strengths]

    def chooses(self) -> bool:
        """See `Method`."""
        return len(self.config.strengths) > 1

    def paths(
        self, data: WindowData, train: np.ndarray, other: np.ndarray, candidates: Sequence[Setting], seed: int
    ) -> Iterator[tuple[Setting, np.ndarray]]:
        """See `Method`."""
        made, _ = self._views(data, train, np.concatenate([train, other]))
        fits = self._fits(data, train, made[: len(train)], candidates, seed)
        for candidate, fit in zip(candidates, fits, strict=True):
            yield candidate, fit.probabilities(made[len(train) :])

    def final(
        self, data: WindowData, train: np.ndarray, test: np.ndarray, setting: Setting, seed: int
    ) -> tuple[np.ndarray, Any]:
        """See `Method`."""
        made, frame = self._views(data, train, np.concatenate([train, test]))
        (fit,) = self._fits(data, train, made[: len(train)], [setting], seed)
        return fit.probabilities(made[len(train) :]), TrainedView(fit.models(self._network(), frame), frame)

    def _views(self, data: WindowData, train: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, Frame | None]:
        frame: Frame | None = None
        kinds = self.synthesizer.row_kinds
        if kinds:
            frame = RowFrame.of(kinds, _some(data, train), data.subjects[train])
        elif kinds is not None:
            frame = GroupFrame.of(data.features["rows"][train], data.subjects[train])
        windows = TrainedView((), frame).windows(data, wanted)
        return views_of(self._network(), windows), frame

    def _network(self) -> nn.Module:
        return cast(nn.Module, self.synthesizer)

    def _fits(
        self, data: WindowData, train: np.ndarray, views: np.ndarray, settings: Sequence[Setting], seed: int
    ) -> Iterator[LinearFit]:
        strengths = [float(dict(setting)["strength"]) for setting in settings]
        return fit_linear_views(views, data.labels[train], len(data.classes), strengths, seed)


def _some(data: WindowData, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """Features of some windows that a synthesiser of row features reads."""
    return {name: found[chosen] for name, found in data.features.items() if name == "rows" or name.startswith(PLAIN)}
