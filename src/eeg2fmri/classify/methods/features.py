"""Make the features that each method sees of the windows of an EEG-only store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from eeg2fmri.classify.methods.frame import PLAIN
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.eeg_only.positions import electrode_map
from eeg2fmri.data.eeg_only.spectrogram import fitted_signal, model_spectrogram
from eeg2fmri.data.eeg_only.store import EegRecording, EegStore
from eeg2fmri.data.features.band_covariance import BANDS, band_covariances
from eeg2fmri.data.features.band_power import log_band_power
from eeg2fmri.data.features.row_features import needs_amplitudes, plain_values
from eeg2fmri.data.features.rows.kind import RowSource
from eeg2fmri.data.pairs.of_store import needs_covariances
from eeg2fmri.data.pairs.windows import PairConfig, consecutive_windows, eeg_windows
from eeg2fmri.models.saving.card import ModelCard


@dataclass(frozen=True, eq=False)
class WindowData:
    """Windows of all recordings, in order.

    Attributes
    ----------
    subjects : array of str, shape (window,)
    labels : int array, shape (window,)
        Index into `classes`.
    classes : tuple of str
    features : dict
        ``windows`` (window, channel, freq, time), scaled spectrogram on the synthesiser's electrodes; ``band power``
        (window, feature), log power of the recorded electrodes; ``covariance`` (window, band, channel, channel), V^2;
        ``rows`` (window, row, band, channel, channel), V^2, covariances of each row on the synthesiser's electrodes,
        for synthesisers that read amplitudes; ``plain KIND`` (window, row, channel, column), row features not scaled.
    recordings : array of str, shape (window,)
        Recording of each window.
    starts : array, shape (window,)
        Start of each window in its recording, s.
    electrodes : tuple of str
        Channels of ``windows``.
    notes : tuple of str
        What was done to the recordings.
    """

    subjects: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    features: dict[str, np.ndarray]
    recordings: np.ndarray = field(default_factory=lambda: np.empty(0, str))
    starts: np.ndarray = field(default_factory=lambda: np.empty(0))
    electrodes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, subjects: Sequence[str]) -> np.ndarray:
        """Find the indices of the windows of some subjects."""
        return np.flatnonzero(np.isin(self.subjects, list(subjects)))


def window_data(
    store: EegStore,
    card: ModelCard,
    *,
    electrodes: str = "interpolate",
    stride: int | None = None,
    skip_rows: int = 0,
    covariances: bool = True,
    progress: Progress = silent,
) -> WindowData:
    """Cut every recording of a store into windows of a synthesiser.

    Parameters
    ----------
    store : EegStore
    card : ModelCard
        Of the synthesiser: electrodes, frequencies, TR, length and scaling of a window.
    electrodes : {"interpolate", "recorded"}
    stride : int, optional
        Rows between windows; the length of a window by default.
    skip_rows : int
        Rows left out at the beginning.
    covariances : bool
        Whether covariances are needed.
    progress : Progress

    Raises
    ------
    InputError
        If a recording is shorter than a window or sampled too slowly, or electrodes cannot be had: all at once.
    """
    card.check_usable(str(store.path))
    seen = _Electrodes.of(store, card, electrodes)
    problems: list[Problem] = []
    notes = list(seen.notes)
    parts: dict[str, list[np.ndarray]] = {"windows": [], "band power": [], "covariance": [], "rows": []}
    starts: list[np.ndarray] = []
    for k, recording in enumerate(store.recordings):
        try:
            found, at, told = _one_recording(
                np.asarray(store.signal(k)), recording, seen, card, stride, skip_rows, covariances
            )
        except InputError as error:
            problems += [Problem(p.what, p.where or recording.id, p.got, p.expected, p.hint) for p in error.problems]
            continue
        for name, values in found.items():
            parts.setdefault(name, []).append(values)
        starts.append(at * card.tr)
        notes += told
        progress("Cutting windows", k + 1, len(store.recordings))
    if problems:
        raise InputError.of(problems)
    own_rates = sorted({recording.source_sfreq for recording in store.recordings})
    notes.append(
        f"EEG recorded at {', '.join(f'{rate:g}' for rate in own_rates)} Hz was cut into rows of {card.tr:g} s, the TR "
        f"of the synthesiser, and windows of {card.pairs.window} rows ({card.pairs.window * card.tr:g} s)."
    )
    counts = [len(at) for at in starts]
    return WindowData(
        subjects=np.repeat([recording.subject for recording in store.recordings], counts),
        labels=np.repeat([store.classes.index(recording.label) for recording in store.recordings], counts),
        classes=store.classes,
        features={name: np.concatenate(values) for name, values in parts.items() if values},
        recordings=np.repeat([recording.id for recording in store.recordings], counts),
        starts=np.concatenate(starts),
        electrodes=seen.names,
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass(frozen=True, eq=False)
class _Electrodes:
    """Electrodes of the windows, and the weights (electrode, recorded electrode) that make them."""

    names: tuple[str, ...]
    weights: np.ndarray
    as_recorded: bool
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, store: EegStore, card: ModelCard, electrodes: str) -> _Electrodes:
        if electrodes == "recorded":
            return cls(store.electrodes, np.eye(len(store.electrodes)), True)
        mapped = electrode_map(store.electrodes, store.positions, card.electrodes, str(store.path))
        return cls(card.electrodes, mapped.weights, False, (mapped.sentence(),))


def _one_recording(
    signal: np.ndarray,
    recording: EegRecording,
    seen: _Electrodes,
    card: ModelCard,
    stride: int | None,
    skip_rows: int,
    covariances: bool,
) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
    """Cut one recording: features by name (window, ...), first row of each window, notes."""
    frequencies, rate, pairs = np.asarray(card.frequencies), recording.sfreq, card.pairs
    rows, told = model_spectrogram(signal, rate, seen.weights, frequencies, card.tr, card.sfreq)
    starts = _starts(len(rows), pairs, stride, skip_rows, recording.id, card.tr)
    recorded = rows
    if not seen.as_recorded:
        recorded, _ = model_spectrogram(signal, rate, np.eye(len(signal)), frequencies, card.tr, card.sfreq)
    # the spectrogram is what baselines see beside a synthesiser of amplitudes too
    found = {
        "windows": eeg_windows(rows, starts, pairs.model_copy(update={"eeg": "spectrogram"})),
        "band power": _band_power(recorded, frequencies, starts, pairs.window),
        **{PLAIN + kind: values for kind, values in _plain_rows(rows, frequencies, starts, pairs).items()},
    }
    if covariances:
        found["covariance"] = _covariances(signal, rate, starts * card.tr, card)
    if needs_covariances(pairs, frequencies):
        found["rows"] = _row_covariances(signal, rate, seen.weights, starts, card)
    return found, starts, list(told)


def _starts(n_rows: int, pairs: PairConfig, stride: int | None, skip: int, where: str, tr: float) -> np.ndarray:
    step = pairs.window if stride is None else stride
    starts = skip + (
        consecutive_windows(n_rows - skip, pairs.window)
        if step == pairs.window
        else np.arange(0, n_rows - skip - pairs.window + 1, step)
    )
    if not len(starts):
        raise InputError(
            "the recording is shorter than one window of the synthesiser",
            where=where,
            got=f"{n_rows * tr:g} s",
            expected=f"at least {(skip + pairs.window) * tr:g} s",
            hint="leave it out, or train a synthesiser with shorter windows ('pairs.window')",
        )
    return starts


def _band_power(rows: np.ndarray, frequencies: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Log power of each electrode and band, mean over the rows of a window: (window, feature)."""
    power = log_band_power(rows, frequencies)
    mean = np.stack([power[start : start + length].mean(axis=0) for start in starts])
    return mean.reshape(len(mean), -1)


def _plain_rows(
    rows: np.ndarray, frequencies: np.ndarray, starts: np.ndarray, pairs: PairConfig
) -> dict[str, np.ndarray]:
    """Row features that are made of the spectrogram, not scaled: (window, row, channel, column)."""
    if pairs.eeg != "rows":
        return {}
    kinds = [kind for kind in pairs.rows if not needs_amplitudes([kind], frequencies)]
    found = plain_values(RowSource(rows, frequencies), kinds)
    at = starts[:, None] + np.arange(pairs.window)
    return {kind: values[at] for kind, values in found.items()}


def _covariances(signal: np.ndarray, sfreq: float, onsets: np.ndarray, card: ModelCard) -> np.ndarray:
    centred = signal - signal.mean(axis=0)
    return band_covariances(centred, sfreq, onsets, card.pairs.window * card.tr, _bands(sfreq))


def _row_covariances(
    signal: np.ndarray, sfreq: float, weights: np.ndarray, starts: np.ndarray, card: ModelCard
) -> np.ndarray:
    """Covariance of the synthesiser's electrodes in each row: (window, row, band, channel, channel), V^2."""
    mapped, rate, _ = fitted_signal(signal, sfreq, weights, np.asarray(card.frequencies), card.tr)
    onsets = (starts[:, None] + np.arange(card.pairs.window)).ravel() * card.tr
    found = band_covariances(mapped, rate, onsets, card.tr)
    return found.reshape(len(starts), card.pairs.window, *found.shape[1:])


@lru_cache(maxsize=8)
def _bands(sfreq: float) -> tuple[tuple[str, float, float], ...]:
    return tuple(band for band in BANDS if band[2] <= sfreq / 2)
