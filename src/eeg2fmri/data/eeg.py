"""EEG recordings: read lazily, channels by type and name, markers in seconds after the first sample."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.brainvision import brainvision_files, brainvision_problems
from eeg2fmri.data.channels import electrode_names
from eeg2fmri.data.raw_spectrogram import raw_spectrogram as raw_spectrogram
from eeg2fmri.data.sidecars import read_channels_tsv, sidecars

if TYPE_CHECKING:
    import mne

#: MNE's channel types by those of BIDS; every other type of BIDS is "misc".
_TYPES = {
    "EEG": "eeg",
    "EOG": "eog",
    "VEOG": "eog",
    "HEOG": "eog",
    "ECG": "ecg",
    "EMG": "emg",
    "TRIG": "stim",
    "SYSCLOCK": "misc",
}
#: Names that electrodes of the scalp never have.
_NOT_EEG = re.compile(r"(ecg|ekg|[hv]?eog|emg|resp|gsr|status|stim|trig)", re.IGNORECASE)


def read_raw(path: str | Path, notes: list[str] | None = None) -> mne.io.BaseRaw:
    """Open an EEG file that MNE reads, without loading its samples.

    Channel types and bad channels are those of ``channels.tsv`` where there is one (beside the file, or
    above it in a BIDS folder); without one, channels with names like ECG or EOG are taken for what they say.

    Parameters
    ----------
    path : path
        The file that names the recording, for BrainVision the ``.vhdr``.
    notes : list of str, optional
        What the user should know is appended.

    Raises
    ------
    InputError
        If the file is absent, damaged, truncated, or ``channels.tsv`` names other channels.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("the EEG file does not exist", where=str(path), hint="check the path")
    if path.suffix.lower() == ".vhdr":
        problems = list(brainvision_problems(path))
        if problems:
            raise InputError.of(problems)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        raw = _open(path)
    collected = [f"MNE: {warning.message}" for warning in caught]
    collected += _set_types(raw, path)
    if notes is not None:
        notes += collected
    return raw


def eeg_files(path: Path) -> list[Path]:
    """Every file that decides what `read_raw` gives."""
    files = brainvision_files(path) if path.suffix.lower() == ".vhdr" else [path]
    companion = path.with_suffix(".fdt")
    return [*files, *([companion] if companion.is_file() else []), *sidecars(path, "channels", ".tsv")[-1:]]


def _open(path: Path) -> mne.io.BaseRaw:
    import mne

    try:
        return mne.io.read_raw(path, preload=False, verbose="warning")
    except Exception as error:
        raise InputError(
            "the EEG file cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            expected="an EEG file that MNE reads (BrainVision: the .vhdr)",
            hint="copy the file again, or export it again from the recorder",
        ) from None


def _set_types(raw: mne.io.BaseRaw, path: Path) -> list[str]:
    table = read_channels_tsv(path)
    if table is None:
        others = [name for name in electrode_names(raw) if _NOT_EEG.match(name)]
        raw.set_channel_types(dict.fromkeys(others, "misc"), on_unit_change="ignore", verbose="error")
        return [f"no channels.tsv: {', '.join(others)} taken for no EEG by name"] if others else []
    file, channels = table
    if set(channels) != set(raw.ch_names):
        raise InputError.of([_names_problem(file, list(channels), raw.ch_names, path)])
    types = {name: _TYPES.get(values.get("type", "EEG").upper(), "misc") for name, values in channels.items()}
    raw.set_channel_types(types, on_unit_change="ignore", verbose="error")
    raw.info["bads"] = [name for name in raw.ch_names if channels[name].get("status", "").lower() == "bad"]
    return []


def _names_problem(table: Path, named: Sequence[str], present: Sequence[str], eeg: Path) -> Problem:
    only_table = [name for name in named if name not in present]
    only_file = [name for name in present if name not in named]
    return Problem(
        "channels.tsv and the EEG file name different channels",
        str(table),
        f"only in the table: {', '.join(only_table) or 'none'}; only in {eeg.name}: {', '.join(only_file) or 'none'}",
        "the same names in both",
        "correct the names in channels.tsv or in the EEG file",
    )
