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
from eeg2fmri.data.eeg_only.store import EegStore
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
    frequencies = np.asarray(card.frequencies)
    notes = []
    if electrodes == "recorded":
        names, weights = store.electrodes, np.eye(len(store.electrodes))
    else:
        mapped = electrode_map(store.electrodes, store.positions, card.electrodes, str(store.path))
        names, weights = card.electrodes, mapped.weights
        notes.append(mapped.sentence())
    # the spectrogram is what baselines see beside a synthesiser of amplitudes too
    pairs = card.pairs.model_copy(update={"eeg": "spectrogram"})
    problems: list[Problem] = []
    parts: dict[str, list[np.ndarray]] = {"windows": [], "band power": [], "covariance": [], "rows": []}
    subjects: list[str] = []
    labels: list[int] = []
    recordings: list[str] = []
    starts_s: list[float] = []
    for k, recording in enumerate(store.recordings):
        signal = np.asarray(store.signal(k))
        try:
            rows, told = model_spectrogram(signal, recording.sfreq, weights, frequencies, card.tr, card.sfreq)
            starts = _starts(len(rows), card.pairs, stride, skip_rows, recording.id, card.tr)
            own = np.eye(len(signal))
            recorded = (
                rows
                if electrodes == "recorded"
                else model_spectrogram(signal, recording.sfreq, own, frequencies, card.tr, card.sfreq)[0]
            )
            cut = eeg_windows(rows, starts, pairs)
            power = _band_power(recorded, frequencies, starts, card.pairs.window)
            covariance = _covariances(signal, recording.sfreq, starts * card.tr, card) if covariances else None
            by_row = (
                _row_covariances(signal, recording.sfreq, weights, starts, card)
                if needs_covariances(card.pairs, frequencies)
                else None
            )
            plain = _plain_rows(rows, frequencies, starts, card.pairs)
        except InputError as error:
            problems += [Problem(p.what, p.where or recording.id, p.got, p.expected, p.hint) for p in error.problems]
            continue
        notes += told
        parts["windows"].append(cut)
        parts["band power"].append(power)
        if covariance is not None:
            parts["covariance"].append(covariance)
        if by_row is not None:
            parts["rows"].append(by_row)
        for kind, values in plain.items():
            parts.setdefault(PLAIN + kind, []).append(values)
        subjects += [recording.subject] * len(starts)
        labels += [store.classes.index(recording.label)] * len(starts)
        recordings += [recording.id] * len(starts)
        starts_s += [float(start * card.tr) for start in starts]
        progress("Cutting windows", k + 1, len(store.recordings))
    if problems:
        raise InputError.of(problems)
    notes = list(dict.fromkeys(notes))
    own_rates = sorted({recording.source_sfreq for recording in store.recordings})
    notes.append(
        f"EEG recorded at {', '.join(f'{rate:g}' for rate in own_rates)} Hz was cut into rows of {card.tr:g} s, the TR "
        f"of the synthesiser, and windows of {card.pairs.window} rows ({card.pairs.window * card.tr:g} s)."
    )
    return WindowData(
        subjects=np.array(subjects),
        labels=np.array(labels),
        classes=store.classes,
        features={name: np.concatenate(values) for name, values in parts.items() if values},
        recordings=np.array(recordings),
        starts=np.array(starts_s),
        electrodes=tuple(names),
        notes=tuple(notes),
    )


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
