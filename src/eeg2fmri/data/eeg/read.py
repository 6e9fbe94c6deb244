"""EEG recordings: read lazily, channels by type and name, markers in seconds after the first sample."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.sidecars import sidecars
from eeg2fmri.data.eeg.brainvision import brainvision_files, brainvision_problems, relinked_header
from eeg2fmri.data.eeg.channel_names import electrode_names
from eeg2fmri.data.eeg.channel_types import describe_channels
from eeg2fmri.data.eeg.matlab import read_matlab, refuse_bomb
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
    if not path.is_file():
        raise InputError("the EEG file does not exist", where=str(path), hint="check the path")
    suffix = path.suffix.lower()
    relink = config.links == "same name"
    if suffix == ".vhdr":
        problems = list(brainvision_problems(path, relink=relink))
        if problems:
            raise InputError.of(problems)
    if suffix == ".set":
        _check_samples_of_eeglab(path)
        refuse_bomb(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if suffix == ".mat":
            raw = read_matlab(path, config.matlab)
        else:
            raw = _open_relinked(path) if suffix == ".vhdr" and relink else _open(path, path)
    collected = [f"MNE: {warning.message}" for warning in caught]
    if suffix == ".set":
        _check_size_of_eeglab(raw, path)
    collected += describe_channels(raw, path, config)
    _check_ranges(raw, path, collected)
    if notes is not None:
        notes += collected
    return raw


def eeg_files(path: Path, config: EegConfig | None = None) -> list[Path]:
    """Every file that decides what `read_raw` gives."""
    tables = sidecars(path, "channels", ".tsv")[-1:] if config is None or config.channels_tsv == "use" else []
    files = brainvision_files(path) if path.suffix.lower() == ".vhdr" else [path]
    companion = path.with_suffix(".fdt")
    return [*files, *([companion] if companion.is_file() else []), *tables]


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


def _open_relinked(path: Path) -> mne.io.BaseRaw:
    text = relinked_header(path)
    if text is None:
        return _open(path, path)
    with tempfile.TemporaryDirectory() as folder:
        corrected = Path(folder) / path.name
        corrected.write_bytes(text)
        return _open(corrected, path)  # from here on only the data file is read


def _open(file: Path, path: Path) -> mne.io.BaseRaw:
    import mne

    try:
        return mne.io.read_raw(file, preload=False, verbose="warning")
    except Exception as error:
        raise InputError(
            "the EEG file cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            expected="an EEG file that MNE reads (BrainVision: the .vhdr)",
            hint="copy the file again, or export it again from the recorder",
        ) from None
