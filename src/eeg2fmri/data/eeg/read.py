"""EEG recordings: read lazily, channels by type and name, markers in seconds after the first sample."""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.links import is_empty_link, link_problem
from eeg2fmri.data.bids.sidecars import sidecars
from eeg2fmri.data.eeg.channel_types import describe_channels
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.eeg.formats.brainvision import (
    brainvision_files,
    brainvision_problems,
    corrected_header,
    linked_files,
)
from eeg2fmri.data.eeg.formats.discontinuous import map_discontinuous
from eeg2fmri.data.eeg.formats.edf import open_edf
from eeg2fmri.data.eeg.formats.matlab import is_hdf5, read_matlab, refuse_bomb
from eeg2fmri.data.eeg.formats.parts import check_parts, files_of, joined, parts_of
from eeg2fmri.data.settings.eeg import EegConfig

if TYPE_CHECKING:
    import mne


def read_raw(path: str | Path, notes: list[str] | None = None, config: EegConfig | None = None) -> mne.io.BaseRaw:
    """Open an EEG file that MNE reads, without loading its samples; or a MATLAB file, which is loaded.

    Channel types and bad channels are those of ``channels.tsv`` where there is one (beside the file, or
    above it in a BIDS folder); without one, channels with names like ECG or EOG are taken for what they say.
    Old names of electrodes (T3, T4, T5, T6) become today's.

    Parameters
    ----------
    path : path
        The file that names the recording, for BrainVision the ``.vhdr``.
    notes : list of str, optional
        What the user should know is appended.
    config : EegConfig, optional
        What the file does not say, or says wrongly. Steps that need samples (bad electrodes, reference, cleaning)
        are not taken here: see `eeg2fmri.data.prepare.new_recording`.

    Raises
    ------
    InputError
        If the file is absent, damaged, truncated, or ``channels.tsv`` names other channels.
    """
    path, config = Path(path), config or EegConfig()
    told: list[str] = []
    raw = open_raw(path, told, config)
    described(raw, path, told, config)
    if notes is not None:
        notes += told
    return raw


def open_raw(path: Path, notes: list[str], config: EegConfig) -> mne.io.BaseRaw:
    """Open an EEG file as `read_raw` does, with its channels as the file has them.

    Raises
    ------
    InputError
        If the file is absent, damaged or truncated, or its parts do not fit each other.
    """
    paths = files_of(path, config)
    return joined([_open_file(each, notes, config) for each in paths], paths, notes)


def _open_file(path: Path, notes: list[str], config: EegConfig) -> mne.io.BaseRaw:
    suffix = _suffix(path)
    _check_file(path, suffix)
    relink = config.links == "same name"
    if suffix == ".vhdr":
        problems = list(brainvision_problems(path, relink=relink))
        if problems:
            raise InputError.of(problems)
    if suffix == ".set":
        _check_samples_of_eeglab(path)
        _refuse_eeglab_of_hdf5(path)
        refuse_bomb(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if suffix == ".mat":
            raw = read_matlab(path, config.matlab, config.trigger_channel)
        elif suffix == ".vhdr":
            raw = _open_corrected(path, relink)
        elif suffix in (".edf", ".bdf"):
            raw = open_edf(path, config, notes, _open)
        else:
            raw = _open(path, path)
    notes += [f"MNE: {warning.message}" for warning in caught]
    if suffix in (".edf", ".bdf"):
        notes += map_discontinuous(raw, path)
    if suffix == ".set":
        _check_size_of_eeglab(raw, path)
    if suffix == ".fif":
        check_parts(raw, path)
    return raw


def described(raw: mne.io.BaseRaw, path: Path, notes: list[str], config: EegConfig, *, partial: bool = False) -> None:
    """Set types, names and bad channels of an opened file; what the user should know is appended.

    For `partial` see `eeg2fmri.data.eeg.channel_types.describe_channels`.

    Raises
    ------
    InputError
        If ``channels.tsv`` or the settings name other channels, or the unit of electrodes is open.
    """
    _set_trigger(raw, config.trigger_channel)
    notes += describe_channels(raw, path, config, partial=partial)
    _set_trigger(raw, config.trigger_channel)  # whatever channels.tsv calls it
    _check_ranges(raw, path, notes)


def _set_trigger(raw: mne.io.BaseRaw, channel: str | None) -> None:
    """Make a channel a trigger, whatever its name and unit."""
    named = [name for name in raw.ch_names if channel is not None and name.casefold() == channel.casefold()]
    exact = [name for name in named if name == channel] or named
    raw.set_channel_types(dict.fromkeys(exact, "stim"), on_unit_change="ignore", verbose="error")


def named_files(path: Path, config: EegConfig | None = None) -> list[Path]:
    """Every file of a recording that its own file, or its name, leads to, whether it is there or not."""
    return [named for each in files_of(path, config) for named in _named_by(each)]


def _named_by(path: Path) -> list[Path]:
    suffix = _suffix(path)
    if is_empty_link(path):  # what it would name was not fetched either
        beside = (other for other in path.parent.iterdir() if other.stem == path.stem and is_empty_link(other))
        return list(dict.fromkeys([path, *sorted(beside)]))
    if suffix == ".vhdr":
        return [path, *linked_files(path)]
    if suffix == ".set":
        return [path, path.with_suffix(".fdt")]
    return parts_of(path) if suffix == ".fif" else [path]


def eeg_files(path: Path, config: EegConfig | None = None) -> list[Path]:
    """Every file that decides what `read_raw` gives."""
    tables = sidecars(path, "channels", ".tsv")[-1:] if config is None or config.channels_tsv != "ignore" else []
    return [*(file for each in files_of(path, config) for file in _read_with(each)), *tables]


def _read_with(path: Path) -> list[Path]:
    suffix = _suffix(path)
    files = brainvision_files(path) if suffix == ".vhdr" else parts_of(path) if suffix == ".fif" else [path]
    companion = path.with_suffix(".fdt")
    return [*files, *([companion] if companion.is_file() else [])]


def _suffix(path: Path) -> str:
    """Extension in lower case; that of what is packed for a packed FIF file."""
    return ".fif" if path.name.lower().endswith(".fif.gz") else path.suffix.lower()


#: What is no EEG, or not the file that names the recording, and what to give in its place.
_OTHER = {
    ".eeg": "the .vhdr beside it",
    ".vmrk": "the .vhdr beside it",
    ".dat": "the .vhdr beside it",
    ".fdt": "the .set beside it",
    ".nii": "an EEG file, such as .vhdr, .edf, .bdf, .set or .fif: this is an image",
    ".gz": "an EEG file, such as .vhdr, .edf, .bdf, .set or .fif: this is an image or an archive",
}


def _check_file(path: Path, suffix: str) -> None:
    if is_empty_link(path):
        raise InputError.of([link_problem([path])])
    if not path.is_file():
        raise InputError(
            "the EEG file does not exist" if not path.exists() else "the EEG file is no file",
            where=str(path),
            hint="check the path",
        )
    if suffix in _OTHER:
        raise InputError(
            "the file is not one that names an EEG recording", where=str(path), hint=f"give {_OTHER[suffix]}"
        )


def _refuse_eeglab_of_hdf5(path: Path) -> None:
    """Refuse an EEGLAB file of MATLAB's version 7.3, unless the package is there by which MNE reads it."""
    if is_hdf5(path) and importlib.util.find_spec("pymatreader") is None:
        raise InputError(
            "the EEGLAB file has the format of MATLAB version 7.3",
            where=str(path),
            hint="save it again in EEGLAB with pop_saveset(EEG, 'filename', NAME, 'version', '7'), or pip install "
            "pymatreader",
        )


def _check_samples_of_eeglab(path: Path) -> None:
    """Refuse samples that are no file: the reader would wait for a pipe without end."""
    for companion in sorted(path.parent.glob("*.fdt")):
        if not companion.is_file():
            raise InputError(
                "the samples of the EEGLAB file cannot be read",
                where=str(companion),
                got="a folder" if companion.is_dir() else "a link that leads nowhere, or no ordinary file",
                expected="a file",
                hint="copy both files (.set, .fdt) again",
            )


def _check_size_of_eeglab(raw: mne.io.BaseRaw, path: Path) -> None:
    samples = Path(str((raw.filenames or (path,))[0]))
    expected = 4 * len(raw.ch_names) * int(raw.n_times)
    if samples.suffix.lower() == ".fdt" and samples.stat().st_size != expected:
        raise InputError(
            "the samples are of another size than the EEGLAB file says",
            where=str(samples),
            got=f"{samples.stat().st_size} bytes",
            expected=f"{expected} bytes: {len(raw.ch_names)} channels of {raw.n_times} samples",
            hint="copy both files (.set, .fdt) of the same recording again",
        )


def _check_ranges(raw: mne.io.BaseRaw, path: Path, told: list[str]) -> None:
    """Refuse electrodes whose unit the header of an EDF file leaves open: MNE takes their numbers for volts."""
    for text in told:
        if "range is not defined" in text or "caling factor is not defined" in text:
            named = [name.strip() for name in text.split(":")[-1].replace("\n", ",").split(",")]
            open_ones = [name for name in electrode_names(raw) if name in named]
            if open_ones:
                raise InputError(
                    "the header gives no range for electrodes: their unit is not known",
                    where=str(path),
                    got=", ".join(open_ones),
                    expected="physical and digital minimum below their maximum",
                    hint="correct the header, or export the recording again",
                )


def _open_corrected(path: Path, relink: bool) -> mne.io.BaseRaw:
    text = corrected_header(path, relink=relink)
    if text is None:
        return _open(path, path)
    with tempfile.TemporaryDirectory() as folder:
        corrected = Path(folder) / f"{path.stem}.vhdr"
        corrected.write_bytes(text)
        return _open(corrected, path)  # from here on only the data file is read


def _open(file: Path, path: Path, **more: Any) -> mne.io.BaseRaw:
    import mne

    try:
        return mne.io.read_raw(file, preload=False, verbose="warning", **more)
    except Exception as error:
        raise InputError(
            "the EEG file cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            expected="an EEG file that MNE reads (BrainVision: the .vhdr)",
            hint="copy the file again, or export it again from the recorder",
        ) from None
