"""Make the electrodes of a model of the channels of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.channel_matrix import Derivation
from eeg2fmri.data.features.rates import refuse_own_frequencies
from eeg2fmri.data.pairs.windows import RAW
from eeg2fmri.data.prepare.new_recording import Cleaning, Wanted, electrodes_of_new, for_channels
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.predict.checks import checked_rate


def wanted(card: ModelCard) -> Wanted:
    """Read from its card what a model expects of a recording.

    Raises
    ------
    InputError
        If nothing makes it of a recording.
    """
    refuse_own_frequencies(np.asarray(card.frequencies), card.tr)
    return Wanted(card.electrodes, np.asarray(card.frequencies), card.tr, card.sfreq)


@dataclass(frozen=True, eq=False)
class StreamChannels:
    """How the electrodes of a model come of the rows of a stream.

    Attributes
    ----------
    n_channels : int
        Rows that are fed.
    rows : list of int
        Those that are used.
    derivation : Derivation
        What is made of them.
    notes : tuple of str
        What was done.
    """

    n_channels: int
    rows: list[int]
    derivation: Derivation
    notes: tuple[str, ...]

    def electrodes_of(self, samples: np.ndarray) -> np.ndarray:
        """Compute the electrodes (channel, sample), V, of samples as they are fed."""
        return self.derivation.apply(samples[self.rows] * self.derivation.scale)


def stream_channels(
    card: ModelCard, sfreq: float, channels: Sequence[str], cleaning: Cleaning, bads: Sequence[str] = ()
) -> StreamChannels:
    """Settle what is done to the channels of a stream, as to those of a file.

    Parameters
    ----------
    card : ModelCard
    sfreq : float
        Hz.
    channels : sequence of str
        Names of the rows that will be fed.
    cleaning : {"replay", "done"}
        See `Synthesizer.predict`. Filters and averages over volumes look ahead: a stream cannot replay them.
    bads : sequence of str
        Channels that are bad.

    Raises
    ------
    InputError
        If electrodes are missing and cannot be interpolated, a name is there twice, or the training's recordings went
        through steps that a stream cannot take.
    """
    import mne

    if card.pairs.eeg in RAW:
        raise InputError(
            "the model reads raw EEG, which is resampled by a filter that looks ahead: a stream cannot give it",
            got=f"eeg: {card.pairs.eeg}",
            hint="synthesise the recording when it is complete (eeg2fmri predict), or stream with a model on spectra",
        )
    sfreq = checked_rate(sfreq)
    doubled = sorted({name for name in channels if list(channels).count(name) > 1})
    if doubled:
        raise InputError("the stream has channels of the same name", got=", ".join(doubled))
    prepared = for_channels(card.prepare or PrepareConfig(), channels)
    if cleaning == "replay" and prepared.eeg.clean.steps:
        raise InputError(
            "the recordings of the training were cleaned by steps that look ahead: a stream cannot take them",
            got=", ".join(prepared.eeg.clean.steps),
            hint="clean the samples before they are fed and say cleaning='done', or train on EEG without these steps",
        )
    raw = mne.io.RawArray(np.zeros((len(channels), 2)), mne.create_info(list(channels), sfreq, "eeg"), verbose="error")
    raw.info["bads"] = list(bads)
    derivation, notes = electrodes_of_new(raw, Path("the stream"), wanted(card), prepared, cleaning=cleaning)
    renamed = dict(zip(raw.ch_names, range(len(channels)), strict=True))
    return StreamChannels(len(channels), [renamed[name] for name in derivation.inputs], derivation, tuple(notes))
