"""Methods that are compared: each trains on some windows and gives the probabilities of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from eeg2fmri.classify.baselines import FEATURES, baseline
from eeg2fmri.classify.config import ClassifyConfig, ViewConfig
from eeg2fmri.classify.features import WindowData
from eeg2fmri.classify.one_vs_rest import fit_one_vs_rest, probabilities
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.synthesizer import Synthesizer
from eeg2fmri.models.view_classifier import ViewClassifier

#: Values of settings by name; hashable, so that losses of inner folds are gathered by it.
Setting = tuple[tuple[str, Any], ...]


class Method(Protocol):
    """What is trained and scored in a fold."""

    @property
    def name(self) -> str:
        """Name of the method in results."""

    def candidates(self) -> list[Setting]:
        """List settings to choose from; the first is taken where nothing is chosen."""

    def path(
        self, data: WindowData, train: np.ndarray, other: np.ndarray, candidate: Setting, seed: int
    ) -> Iterator[tuple[Setting, np.ndarray]]:
        """Train on windows `train`; give settings and the probabilities (window, class) of windows `other`."""

    def final(
        self, data: WindowData, train: np.ndarray, test: np.ndarray, setting: Setting, seed: int
    ) -> tuple[np.ndarray, Any]:
        """Train with one setting; give probabilities (window, class) of windows `test`, and what was trained."""


@dataclass(frozen=True)
class Baseline:
    """A scikit-learn pipeline on a feature."""

    name: str
    strengths: tuple[float, ...]

    def candidates(self) -> list[Setting]:
        """See `Method`."""
        return [()] if self.name == "majority" else [(("strength", strength),) for strength in self.strengths]

    def path(
        self, data: WindowData, train: np.ndarray, other: np.ndarray, candidate: Setting, seed: int
    ) -> Iterator[tuple[Setting, np.ndarray]]:
        """See `Method`."""
        yield candidate, self.final(data, train, other, candidate, seed)[0]

    def final(
        self, data: WindowData, train: np.ndarray, test: np.ndarray, setting: Setting, seed: int
    ) -> tuple[np.ndarray, Any]:
        """See `Method`."""
        x = data.features[FEATURES[self.name]]
        made = baseline(self.name, float(dict(setting).get("strength", 1.0)), seed % 2**31)
        made.fit(x[train], data.labels[train])
        found = np.zeros((len(test), len(data.classes)))
        found[:, made.classes_] = made.predict_proba(x[test])
        return found, made


@dataclass(frozen=True, eq=False)
class View:
    """The view classifier on a synthesiser.

    Attributes
    ----------
    name : str
    synthesizer : Synthesizer
        Trained, or not.
    trained_electrodes : tuple of str or None
        Its electrodes.
    config : ViewConfig
    """

    name: str
    synthesizer: Synthesizer
    trained_electrodes: tuple[str, ...] | None
    config: ViewConfig

    def candidates(self) -> list[Setting]:
        """See `Method`."""
        factors = self.config.penalty_factors if self.config.penalty != "none" else self.config.penalty_factors[:1]
        return [(("penalty_factor", f), ("epochs", self.config.training.epochs)) for f in factors]

    def path(
        self, data: WindowData, train: np.ndarray, other: np.ndarray, candidate: Setting, seed: int
    ) -> Iterator[tuple[Setting, np.ndarray]]:
        """See `Method`."""
        x = data.features["windows"]
        _, path = self._fit(data, train, candidate, seed, x[other])
        epochs = range(1, len(path) + 1) if self.config.choose_epochs else [len(path)]
        for epoch in epochs:
            yield (candidate[0], ("epochs", epoch)), path[epoch - 1]

    def final(
        self, data: WindowData, train: np.ndarray, test: np.ndarray, setting: Setting, seed: int
    ) -> tuple[np.ndarray, Any]:
        """See `Method`."""
        models, _ = self._fit(data, train, setting, seed, None)
        return probabilities(models, data.features["windows"][test], self.config.passes), models

    def _fit(
        self, data: WindowData, train: np.ndarray, setting: Setting, seed: int, watched: np.ndarray | None
    ) -> tuple[list[ViewClassifier], list[np.ndarray]]:
        values, x = dict(setting), data.features["windows"]
        training = self.config.training.model_copy(update={"epochs": int(values["epochs"])})

        def build(own: int) -> ViewClassifier:
            return ViewClassifier.from_synthesizer(
                self.synthesizer,
                x.shape[1:],
                trained_electrodes=self.trained_electrodes,
                electrodes=data.electrodes if self.trained_electrodes and data.electrodes else None,
                degree=self.config.degree,
                activation=self.config.activation,
                layer="dense_variational" if self.config.variational else "dense",
                penalty=self.config.penalty,
                penalty_factor=float(values["penalty_factor"]),
                scale="exponential" if self.config.aleatoric else "none",
                seed=own,
            )

        groups = data.subjects[train]
        return fit_one_vs_rest(build, x[train], data.labels[train], len(data.classes), training, seed, groups, watched)


def untrained(synthesizer: Synthesizer) -> Synthesizer:
    """Make a synthesiser of the same architecture with fresh weights."""
    seed = child_seed(synthesizer.config.seed, "untrained") % 2**31
    return Synthesizer(synthesizer.config.model_copy(update={"seed": seed})).eval()


def make_methods(
    config: ClassifyConfig, synthesizer: Synthesizer, trained_electrodes: tuple[str, ...] | None
) -> list[Method]:
    """Make the methods of a classification."""
    made: list[Method] = []
    for name in config.methods:
        if name in FEATURES:
            made.append(Baseline(name, config.strengths))
        else:
            model = synthesizer if name == "view" else untrained(synthesizer)
            made.append(View(name, model, trained_electrodes, config.view))
    return made
