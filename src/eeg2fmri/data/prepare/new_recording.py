"""The EEG of a recording as a store would hold it: every step of the settings, on a recording that is new."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from eeg2fmri.core.config import merged
from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.eeg.channel_matrix import Derivation, derive
from eeg2fmri.data.eeg.cleaning import clean, cleaned_rate
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.eeg.model_electrodes import fitted
from eeg2fmri.data.eeg.read import described, open_raw
from eeg2fmri.data.eeg.read_samples import name_of
from eeg2fmri.data.features.rates import fitting_rate, rate_factor
from eeg2fmri.data.features.raw_rows import raw_rows
from eeg2fmri.data.features.spectrogram_of_raw import spectrogram_at
from eeg2fmri.data.prepare.recorded_markers import recorded_markers
from eeg2fmri.data.settings.eeg import CleanConfig, EegConfig
from eeg2fmri.data.settings.first_volume import CLOCKS, FirstMarker, replaced
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.settings.raw import RawConfig
from eeg2fmri.data.timing.choose_marker import find_marker
from eeg2fmri.data.timing.pauses import span_of
from eeg2fmri.data.timing.without_bold import Clock, onsets_without_bold

if TYPE_CHECKING:
    import mne

#: ``replay``: every step that the recordings of the store went through is taken; ``done``: it was taken already.
Cleaning = Literal["replay", "done"]
#: Settings that can be another for a new recording.
SETTINGS = ("eeg", *CLOCKS, "triggers")


@dataclass(frozen=True)
class Wanted:
    """What a model expects of a recording.

    Attributes
    ----------
    electrodes : tuple of str
        In order.
    frequencies : array, shape (freq,)
        Hz.
    tr : float
        s.
    sfreq : float
        Sampling rate at which the magnitudes of the training are given, Hz; 0 where it is not known.
    """

    electrodes: tuple[str, ...]
    frequencies: np.ndarray
    tr: float
    sfreq: float = 0.0


@dataclass(frozen=True, eq=False)
class NewRecording:
    """A recording that is ready for a model.

    Attributes
    ----------
    raw : mne Raw
    derivation : Derivation
        How the electrodes of the model come of its channels.
    onsets : array, shape (volume,)
        Start of each volume, s after the first sample.
    wanted : Wanted
    where : str
        Its file.
    notes : tuple of str
        What the user should know.
    """

    raw: mne.io.BaseRaw
    derivation: Derivation
    onsets: np.ndarray
    wanted: Wanted
    where: str
    notes: tuple[str, ...]

    def spectrogram(self, also: Callable[[np.ndarray], None] | None = None) -> np.ndarray:
        """Compute the magnitudes (volume, channel, freq), float32, V, at the sampling rate of the training.

        Parameters
        ----------
        also : callable, optional
            See `eeg2fmri.data.features.spectrogram.spectrogram`.

        Raises
        ------
        InputError
            If samples are missing or constant, or the unit is wrong.
        """
        made = spectrogram_at(
            self.raw, self.derivation, self.onsets, self.wanted.tr, len(self.wanted.frequencies), also
        )
        factor = rate_factor(self.wanted.tr, float(self.raw.info["sfreq"]), self.wanted.sfreq)
        return made if factor == 1 else made * np.float32(factor)

    def raw_rows(self, kept: RawConfig) -> np.ndarray:
        """Resample the EEG of each volume (volume, channel, sample), as a store with these settings keeps it.

        Raises
        ------
        InputError
            See `eeg2fmri.data.features.raw_rows.raw_rows`.
        """
        tr = self.wanted.tr
        blocks = raw_rows(self.raw, self.derivation, self.onsets, tr, kept.samples(tr), kept.kind)
        return np.concatenate([*blocks])


def new_recording(
    recording: str | Path | mne.io.BaseRaw,
    wanted: Wanted,
    config: PrepareConfig,
    *,
    settings: Mapping[str, Any] | None = None,
    clock: Clock = Clock(),  # noqa: B008 - frozen
    cleaning: Cleaning = "replay",
) -> NewRecording:
    """Bring a recording to what a model expects, by the steps that the recordings of its training went through.

    Parameters
    ----------
    recording : path or mne Raw
        A Raw stays as it is; its bad channels (``raw.info["bads"]``) count beside those of ``channels.tsv``.
    wanted : Wanted
        Of the model.
    config : PrepareConfig
        Of the training's store.
    settings : mapping, optional
        What is to be otherwise for this recording: any of `SETTINGS`.
    clock : Clock
        When volumes start; goes before the settings.
    cleaning : {"replay", "done"}
        ``done``: reference, bad electrodes, montage, filter and artefacts were dealt with already; electrodes are only
        looked for by name, and interpolated where there are none.

    Raises
    ------
    InputError
        If it cannot be read, or lacks what the model needs.
    ConfigError
        If settings are unknown or wrong.
    """
    notes: list[str] = []
    config = _checked(config, settings)
    raw, path = _opened(recording, config, notes)
    partial = not isinstance(recording, (str, Path))
    config = for_channels(config, raw.ch_names, settings)
    eeg = config.eeg
    derivation, told = electrodes_of_new(raw, path, wanted, config, cleaning=cleaning, partial=partial)
    notes += told
    markers = recorded_markers(raw, path, config, wanted.tr, notes)
    said = any(name in (settings or {}) for name in CLOCKS)
    clock = _clock(clock, config, markers, wanted.tr, said, notes)
    raw = _cleaned(raw, wanted, eeg if cleaning == "replay" else _without_steps(eeg), clock, markers, notes)
    sfreq = float(raw.info["sfreq"])
    onsets = onsets_without_bold(markers, span_of(raw), sfreq, wanted.tr, clock, str(path), notes)
    return NewRecording(raw, derivation, onsets, wanted, str(path), tuple(notes))


def _checked(config: PrepareConfig, settings: Mapping[str, Any] | None) -> PrepareConfig:
    """Put settings of a recording in the place of those of the training."""
    more = dict(settings or {})
    unknown = sorted(set(more) - set(SETTINGS))
    if unknown:
        raise ConfigError(
            "these settings cannot be another for a new recording",
            got=", ".join(unknown),
            expected="any of " + ", ".join(SETTINGS),
            hint="a model keeps the grid, electrodes and frequencies that it was trained with",
        )
    values = config.model_dump()
    values = {name: value for name, value in values.items() if name in replaced(values, more)}
    return PrepareConfig.make(merged(values, more), where="settings of the recording")


def _opened(
    recording: str | Path | mne.io.BaseRaw, config: PrepareConfig, notes: list[str]
) -> tuple[mne.io.BaseRaw, Path]:
    import mne

    if isinstance(recording, (str, Path)):
        return open_raw(Path(recording), notes, config.eeg), Path(recording)
    if not isinstance(recording, mne.io.BaseRaw):
        raise InputError(
            "EEG is expected as a file or as an mne Raw",
            got=type(recording).__name__,
            hint="for an array: mne.io.RawArray(samples_in_volts, mne.create_info(names, sfreq, 'eeg')); for epochs, "
            "which are not continuous: the Raw that they were cut from",
        )
    raw = recording.copy()
    named = (raw.filenames or ("",))[0]
    return raw, Path(str(named or "the EEG recording"))


def for_channels(
    config: PrepareConfig, names: Sequence[str], settings: Mapping[str, Any] | None = None
) -> PrepareConfig:
    """Leave out what the training's settings, but not those of the recording, say of channels that it does not have."""
    eeg, said = config.eeg, dict((settings or {}).get("eeg") or {})
    rename = {old: new for old, new in eeg.rename.items() if old in names or old in said.get("rename", {})}
    types = {
        pattern: kind
        for pattern, kind in eeg.types.items()
        if pattern in said.get("types", {}) or any(fnmatchcase(name.casefold(), pattern.casefold()) for name in names)
    }
    return config.model_copy(update={"eeg": eeg.model_copy(update={"rename": rename, "types": types})})


def _without_steps(eeg: EegConfig) -> EegConfig:
    return eeg.model_copy(
        update={"bads": "keep", "bad_electrodes": (), "reference": "keep", "clean": CleanConfig(), "unit": "header"}
    )


def electrodes_of_new(
    raw: mne.io.BaseRaw,
    path: Path,
    wanted: Wanted,
    config: PrepareConfig,
    *,
    cleaning: Cleaning = "replay",
    partial: bool = True,
) -> tuple[Derivation, list[str]]:
    """Settle how the electrodes of a model come of the channels of a recording.

    Parameters
    ----------
    raw : mne Raw
        Gets types, names and bad channels.
    path : Path
        Its file, for positions and errors.
    wanted, config, cleaning
        See `new_recording`.
    partial : bool
        See `eeg2fmri.data.eeg.channel_types.describe_channels`.

    Returns
    -------
    derivation : Derivation
    notes : list of str
        What the user should know.

    Raises
    ------
    InputError
        If electrodes are missing and cannot be interpolated.
    """
    notes: list[str] = []
    eeg, montage = (config.eeg, config.montage) if cleaning == "replay" else (_without_steps(config.eeg), ())
    described(raw, path, notes, eeg, partial=partial)
    if not electrode_names(raw):
        raise InputError("the recording has no EEG channels", where=str(path), got=", ".join(raw.ch_names)[:200])
    derivation, told = derive(raw, eeg, path, montage=montage, exclude=config.exclude)
    derivation, more = fitted(derivation, wanted.electrodes, raw, path, by_place=eeg.cap is not None)
    kept = [name for name in raw.info["bads"] if name in derivation.inputs] if eeg.bads == "keep" else []
    bad = [f"electrodes marked as bad, used as they are: {', '.join(kept)}"] if kept else []
    return derivation, [*notes, *told, *more, *bad]


def _clock(
    clock: Clock, config: PrepareConfig, markers: dict[str, np.ndarray], tr: float, said: bool, notes: list[str]
) -> Clock:
    """Take the clock of the settings where none is given; that of the training only where it fits."""
    clock = replace(clock, faults=config.triggers)
    if any(one is not None for one in (clock.onsets, clock.first_volume_s, clock.marker, clock.first_marker)):
        return clock
    first = config.first_marker.name if isinstance(config.first_marker, FirstMarker) else config.first_marker
    name = config.marker or first
    if name is not None:
        try:
            find_marker(markers, tr, name)
        except InputError:
            if said:
                raise
            notes.append(f"the marker of the training, {name!r}, does not occur: others are looked for")
            return clock
    if config.first_volume_s is not None and not said:
        notes.append(f"the first volume was taken to start at {config.first_volume_s:g} s, as in the training")
    return replace(clock, marker=config.marker, first_marker=config.first_marker, first_volume_s=config.first_volume_s)


def _cleaned(
    raw: mne.io.BaseRaw, wanted: Wanted, eeg: EegConfig, clock: Clock, markers: dict[str, np.ndarray], notes: list[str]
) -> mne.io.BaseRaw:
    """Clean a recording, and bring it to a rate at which its volumes have the frequencies of the model."""
    where, sfreq, steps = name_of(raw), float(raw.info["sfreq"]), eeg.clean
    rate = fitting_rate(cleaned_rate(sfreq, eeg), wanted.tr, wanted.frequencies, where)
    if rate != cleaned_rate(sfreq, eeg):
        steps = steps.model_copy(update={"resample": rate})
        notes.append(f"resampled to {rate:g} Hz, so that a volume of {wanted.tr:g} s is a whole number of samples")
    onsets = np.array([])
    if steps.gradient != "keep":
        if not clock.marks_volumes(markers, wanted.tr):
            raise InputError(
                "the gradient artefact can only be taken out where volumes are marked",
                where=where,
                got=", ".join(markers) or "no markers",
                hint="name the marker with 'marker'; or say cleaning='done' if it was taken out already",
            )
        onsets = onsets_without_bold(markers, span_of(raw), sfreq, wanted.tr, clock, where, [])
        if clock.first_volume_s is not None or clock.first_marker is not None:
            notes.append("volumes were taken to follow each other to the end of the EEG")
    return clean(raw, eeg.model_copy(update={"clean": steps}), onsets, wanted.tr, where)
