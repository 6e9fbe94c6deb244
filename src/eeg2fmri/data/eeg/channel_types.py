"""What each channel of a file is: what the settings say, else ``channels.tsv``, else the file, else its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.bids.sidecars import read_channels_tsv
from eeg2fmri.data.eeg.channel_names import electrode_names
from eeg2fmri.data.settings.eeg import EegConfig

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
#: Names that electrodes of the scalp never have, and what they are.
_BY_NAME = (
    (re.compile(r"(ecg|ekg)", re.IGNORECASE), "ecg"),
    (re.compile(r"[hv]?eog", re.IGNORECASE), "eog"),
    (re.compile(r"emg", re.IGNORECASE), "emg"),
    (re.compile(r"(status|stim|trig|event)", re.IGNORECASE), "stim"),
    (re.compile(r"(resp|gsr|exg\d)", re.IGNORECASE), "misc"),
)
#: Names of the 10-20 system that the 10-10 system changed (Chatrian et al., 1985).
OLD_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}


def type_by_name(name: str) -> str | None:
    """Type of a channel whose name says that it is no electrode of the scalp; None for others."""
    return next((kind for expression, kind in _BY_NAME if expression.match(name)), None)


def describe_channels(raw: mne.io.BaseRaw, path: Path, config: EegConfig) -> list[str]:
    """Set types, names and bad channels of a recording.

    Returns
    -------
    list of str
        What the user should know.

    Raises
    ------
    InputError
        If ``channels.tsv`` or the settings name channels that the file does not have.
    """
    notes = _types(raw, path, config)
    chosen = {
        name: kind
        for pattern, kind in config.types.items()
        for name in raw.ch_names
        if fnmatchcase(name.casefold(), pattern.casefold())
    }
    problems = [
        Problem(
            "'types' names a channel that the file does not have", str(path), pattern, ", ".join(raw.ch_names)[:300]
        )
        for pattern in config.types
        if not any(fnmatchcase(name.casefold(), pattern.casefold()) for name in raw.ch_names)
    ]
    absent = [name for name in config.rename if name not in raw.ch_names]
    if absent and len(absent) == len(config.rename):
        problems.append(
            Problem("'rename' names only channels that the file does not have", str(path), ", ".join(absent)[:300])
        )
    if problems:
        raise InputError.of(problems)
    if chosen:
        raw.set_channel_types(chosen, on_unit_change="ignore", verbose="error")
    renamed = {old: new for old, new in config.rename.items() if old in raw.ch_names}
    names = [renamed.get(name, name) for name in raw.ch_names]
    if config.old_names == "map":
        old = [name for name in electrode_names(raw) if renamed.get(name, name).upper() in OLD_NAMES]
        mapped = {name: OLD_NAMES[renamed.get(name, name).upper()] for name in old}
        mapped = {name: new for name, new in mapped.items() if new not in names}
        if mapped:
            shown = ", ".join(f"{renamed.get(name, name)} is {new}" for name, new in mapped.items())
            notes.append(f"old electrode names: {shown}")
        renamed |= mapped
    final = [renamed.get(name, name) for name in raw.ch_names]
    twice = sorted({name for name in final if final.count(name) > 1})
    if twice:
        raise InputError("two channels would have the same name", where=str(path), got=", ".join(twice))
    if renamed:
        raw.rename_channels(renamed, verbose="error")
    more = [name for name in config.bad_electrodes if name in raw.ch_names and name not in raw.info["bads"]]
    raw.info["bads"] = [*raw.info["bads"], *more]
    return notes


def _types(raw: mne.io.BaseRaw, path: Path, config: EegConfig) -> list[str]:
    table = read_channels_tsv(path) if config.channels_tsv == "use" else None
    if table is None:
        others = {name: kind for name in electrode_names(raw) if (kind := type_by_name(name)) is not None}
        raw.set_channel_types(others, on_unit_change="ignore", verbose="error")
        told = "no channels.tsv" if config.channels_tsv == "use" else "channels.tsv not used"
        return [f"{told}: {', '.join(others)} taken for no EEG by name"] if others else []
    file, channels = table
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    needed = {name for name, kind in kinds.items() if kind != "stim" or name in channels}
    if set(channels) != needed:  # a status channel of the recorder need not be in the table
        raise InputError.of([_names_problem(file, list(channels), raw.ch_names, path)])
    types = {name: _TYPES.get(values.get("type", "EEG").upper(), "misc") for name, values in channels.items()}
    raw.set_channel_types(types, on_unit_change="ignore", verbose="error")
    raw.info["bads"] = [name for name in raw.ch_names if channels.get(name, {}).get("status", "").lower() == "bad"]
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
