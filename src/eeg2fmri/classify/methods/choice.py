"""Methods that are compared: each trains on some windows and gives the probabilities of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from eeg2fmri.classify.config import ClassifyConfig, ViewConfig
from eeg2fmri.classify.methods.baselines import FEATURES, baseline
from eeg2fmri.classify.methods.features import WindowData
from eeg2fmri.classify.methods.frozen_view import FrozenView, TrainedView
from eeg2fmri.classify.methods.method import Method as Method
from eeg2fmri.classify.methods.method import Setting as Setting
from eeg2fmri.classify.methods.one_vs_rest import fit_one_vs_rest, probabilities
from eeg2fmri.core.errors import ConfigError, Problem
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.capabilities import LendsView
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork


@dataclass(frozen=True)
class Baseline:
    """A scikit-learn pipeline on a feature."""

    name: str
    strengths: tuple[float, ...]

    def candidates(self) -> list[Setting]:
        """See `Method`."""
        return [()] if self.name == "majority" else [(("strength", strength),) for strength in self.strengths]

    def chooses(self) -> bool:
        """See `Method`."""
        return len(self.candidates()) > 1

    def paths(
        self, data: WindowData, train: np.ndarray, other: np.ndarray, candidates: Sequence[Setting], seed: int
    ) -> Iterator[tuple[Setting, np.ndarray]]:
        """See `Method`."""
        x = data.features[FEATURES[self.name]]
        made = baseline(self.name, 1.0, seed % 2**31)
        if candidates == [()]:
            yield (), self._probabilities(made.fit(x[train], data.labels[train]), x[other], data)
            return
        # what comes before the regression does not depend on its penalty, and is most of the work
        before, last = made[:-1], made[-1]
        known, unknown = before.fit_transform(x[train]), before.transform(x[other])
        for candidate in candidates:
            last.set_params(C=float(dict(candidate)["strength"]))
            yield candidate, self._probabilities(last.fit(known, data.labels[train]), unknown, data)

    def final(
        self, data: WindowData, train: np.ndarray, test: np.ndarray, setting: Setting, seed: int
    ) -> tuple[np.ndarray, Any]:
        """See `Method`."""
        x = data.features[FEATURES[self.name]]
        made = baseline(self.name, float(dict(setting).get("strength", 1.0)), seed % 2**31)
        made.fit(x[train], data.labels[train])
        return self._probabilities(made, x[test], data), made

    def _probabilities(self, fitted: Any, x: np.ndarray, data: WindowData) -> np.ndarray:
        found = np.zeros((len(x), len(data.classes)))
        found[:, fitted.classes_] = fitted.predict_proba(x)
        return found


@dataclass(frozen=True, eq=False)
class View:
    """The view classifier on a synthesiser.

    Attributes
    ----------
    name : str
    synthesizer : SynthesizerNetwork
        Trained, or not.
    trained_electrodes : tuple of str or None
        Its electrodes.
    config : ViewConfig
    """

    name: str
    synthesizer: SynthesizerNetwork
    trained_electrodes: tuple[str, ...] | None
    config: ViewConfig

    def candidates(self) -> list[Setting]:
        """See `Method`."""
        factors = self.config.penalty_factors if self.config.penalty != "none" else self.config.penalty_factors[:1]
        return [(("penalty_factor", f), ("epochs", self.config.training.epochs)) for f in factors]

    def chooses(self) -> bool:
        """See `Method`."""
        return len(self.candidates()) > 1 or self.config.choose_epochs

    def paths(
        self, data: WindowData, train: np.ndarray, other: np.ndarray, candidates: Sequence[Setting], seed: int
    ) -> Iterator[tuple[Setting, np.ndarray]]:
        """See `Method`."""
        x = data.features["windows"]
        for candidate in candidates:
            if not self.config.choose_epochs:
                models = self._fit(data, train, candidate, seed, None)[0]
                yield candidate, probabilities(models, x[other])
                continue
            _, path = self._fit(data, train, candidate, seed, x[other])
            for epoch, probability in enumerate(path, 1):
                yield (candidate[0], ("epochs", epoch)), probability

    def final(
        self, data: WindowData, train: np.ndarray, test: np.ndarray, setting: Setting, seed: int
    ) -> tuple[np.ndarray, Any]:
        """See `Method`."""
        models, _ = self._fit(data, train, setting, seed, None)
        return probabilities(models, data.features["windows"][test], self.config.passes), TrainedView(models)

    def _fit(
        self, data: WindowData, train: np.ndarray, setting: Setting, seed: int, watched: np.ndarray | None
    ) -> tuple[list[ViewClassifier], list[np.ndarray]]:
        values, x = dict(setting), data.features["windows"]
        training = self.config.training.model_copy(update={"epochs": int(values["epochs"])})

        def build(own: int) -> ViewClassifier:
            model = ViewClassifier.from_synthesizer(
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
            if self.config.encoder == "synthesizer":
                model.encoder.load_state_dict(self.synthesizer.eeg_encoder.state_dict())
            return model

        groups = data.subjects[train]
        return fit_one_vs_rest(build, x[train], data.labels[train], len(data.classes), training, seed, groups, watched)


def untrained(synthesizer: LendsView) -> LendsView:
    """Make a synthesiser of the same architecture with fresh weights."""
    own = int(getattr(synthesizer.config, "seed", 0))
    return synthesizer.untrained(child_seed(own, "untrained") % 2**31)


def make_methods(
    config: ClassifyConfig, synthesizer: LendsView, trained_electrodes: tuple[str, ...] | None
) -> list[Method]:
    """Make the methods of a classification.

    Raises
    ------
    ConfigError
        If the settings of the view need an encoder that the synthesiser does not have, or that stays as it is.
    """
    check_settings(config, synthesizer)
    frozen = not synthesizer.has_encoder or config.view.encoder == "frozen"
    made: list[Method] = []
    for name in config.methods:
        if name in FEATURES:
            made.append(Baseline(name, config.strengths))
        else:
            model = synthesizer if name == "view" else untrained(synthesizer)
            if frozen:
                made.append(FrozenView(name, model, config.view))
            else:
                # only this network's encoder is known to the training of a view
                made.append(View(name, cast(SynthesizerNetwork, model), trained_electrodes, config.view))
    return made


def check_settings(config: ClassifyConfig, synthesizer: LendsView) -> None:
    """Refuse settings of the view that the synthesiser cannot have.

    Raises
    ------
    ConfigError
    """
    encoder, problems = config.view.encoder, []
    if not synthesizer.has_encoder and encoder not in ("auto", "frozen"):
        problems.append(
            Problem(
                "this synthesiser has no encoder to train",
                "view.encoder",
                encoder,
                "auto or frozen",
                "take a run of the preset 'documented' for the method as published",
            )
        )
    fixed = not synthesizer.has_encoder or encoder in ("synthesizer", "frozen")
    if fixed and config.electrodes == "recorded":
        problems.append(
            Problem(
                "recorded electrodes need an encoder that is trained anew",
                "electrodes",
                "recorded",
                "interpolate",
            )
        )
    if problems:
        raise ConfigError.of(problems)
