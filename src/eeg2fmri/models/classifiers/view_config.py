"""Settings of the EEG view classifier."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError, Problem
from eeg2fmri.models.documented.electrodes import ElectrodeNames
from eeg2fmri.models.documented.encoder import EEGEncoderConfig
from eeg2fmri.models.documented.na_spec import Shape3, Size
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig


class ViewClassifierConfig(Config):
    """Settings of a `ViewClassifier`.

    Attributes
    ----------
    synthesizer : SynthesizerConfig
        Of the trained synthesiser.
    eeg_shape : (channel, freq, time)
        Of the windows to classify.
    electrodes : ElectrodeNames or None
        If every electrode of the synthesiser is among the recorded ones, these are picked, in its order. Otherwise
        all recorded electrodes are used and the stride of the first block adapts to their number. The attention
        style then needs names: the scores of common electrodes take the places that they have in the synthesiser.
    activation : {"linear", "relu", "elu", "tanh", "sigmoid"}
        Behind the dense layer of the encoder.
    degree : int
        1: linear classifier of the view; above: of its powers up to this one.
    n_classes, layer, penalty, penalty_factor, scale
        As in `LinearClassifierConfig`.
    seed : int
        Every initial weight that is trained anew follows from it.
    """

    kind: Literal["view_classifier"] = "view_classifier"
    synthesizer: SynthesizerConfig
    eeg_shape: Shape3
    electrodes: ElectrodeNames | None = None
    activation: Literal["linear", "relu", "elu", "tanh", "sigmoid"] = "linear"
    degree: Size = 1
    n_classes: Size = 1
    layer: Literal["dense", "dense_variational"] = "dense"
    penalty: Literal["none", "l1", "l2"] = "l1"
    penalty_factor: float = 0.01
    scale: Literal["none", "exponential", "softplus"] = "none"
    seed: int = 0

    @model_validator(mode="after")
    def _electrodes_fit(self) -> ViewClassifierConfig:
        problems = []
        trained, names = self.synthesizer.eeg_shape[0], self.electrodes
        if names is not None:
            counts = (("trained", len(names.trained), trained), ("recorded", len(names.recorded), self.eeg_shape[0]))
            problems += [
                Problem("there is not one name for each electrode", f"electrodes.{what}", f"{given} names", str(n))
                for what, given, n in counts
                if given != n
            ]
        places_scores = not self.selects and (names is not None or self.eeg_shape[0] != trained)
        if self.synthesizer.style == "attention" and places_scores and not (names and names.common()):
            problems.append(
                Problem(
                    "the attention style needs electrodes in common with the synthesiser",
                    "synthesizer.style and electrodes",
                    f"{self.eeg_shape[0]} electrodes, {trained} in the synthesiser, "
                    + ("no names" if names is None else "no common name"),
                    "names of which some are the synthesiser's",
                    "give the names of the electrodes, or use a synthesiser with style 'prior' or 'none'",
                )
            )
        if problems:
            raise ConfigError.of(problems)
        return self

    @property
    def selects(self) -> bool:
        """Whether every electrode of the synthesiser is picked by name."""
        return self.electrodes is not None and self.electrodes.selection() is not None

    def encoder_shape(self) -> Shape3:
        """Shape of the window behind the picking of electrodes."""
        channels = self.synthesizer.eeg_shape[0] if self.selects else self.eeg_shape[0]
        return (channels, *self.eeg_shape[1:])

    def encoder(self) -> EEGEncoderConfig:
        """Return the encoder that is trained anew: the synthesiser's, fitted to the windows, with dropout."""
        own = self.synthesizer.encoder
        spec = own.blocks.na_spec.adapted(self.synthesizer.eeg_shape, self.encoder_shape())
        return own.model_copy(update={"blocks": own.blocks.model_copy(update={"na_spec": spec, "dropout": 0.5})})
