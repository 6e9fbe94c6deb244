"""Type each channel of a file by the settings, else ``channels.tsv``, else the file, else its name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, Problem, first_of
from eeg2fmri.data.bids.sidecars import read_channels_tsv
from eeg2fmri.data.eeg.electrodes.channel_names import OLD_NAMES, channel_of, electrode_names, plain_name
from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions
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
#: How names begin that electrodes of the scalp never have, and what they are: also wire loops and motion sensors inside
#: scanners (CWL, MOV), bipolar and auxiliary inputs of amplifiers (BIP, AUX, DC), sensors of clinics and sleep.
_BY_NAME = (
    (re.compile(r"ecg|ekg", re.IGNORECASE), "ecg"),
    (re.compile(r"[hv]?eog|(loc|roc)$", re.IGNORECASE), "eog"),
    (re.compile(r"emg|chin", re.IGNORECASE), "emg"),
    (re.compile(r"status|stim|trig|event|ttl|marker", re.IGNORECASE), "stim"),
    (re.compile(r"resp|gsr|eda|exg\d|cwl|mov|motion|bip|aux|acc|gyro|photic|dc(\d|$)", re.IGNORECASE), "misc"),
    (re.compile(r"spo2|sao2|osat|et?co2|pulse|pleth|ppg|thor|abd|flow|nasal|snor|temp|ibi$", re.IGNORECASE), "misc"),
)


def type_by_name(name: str) -> str | None:
    """Type of a channel whose name says that it is no electrode of the scalp; None for others."""
    plain = plain_name(name)
    return next((kind for expression, kind in _BY_NAME if expression.match(plain)), None)


def describe_channels(raw: mne.io.BaseRaw, path: Path, config: EegConfig, *, partial: bool = False) -> list[str]:
    """Set types, names and bad channels of a recording.

    Parameters
    ----------
    raw : mne Raw
        Is changed.
    path : Path
        Its file.
    config : EegConfig
    partial : bool
        Whether `raw` may be other than the file: it may lack channels, and those that it calls bad are bad.

    Returns
    -------
    list of str
        What the user should know.

    Raises
    ------
    InputError
        If ``channels.tsv`` or the settings name channels that the file does not have.
    """
    notes = _types(raw, path, config, partial)
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
    named = {name: channel_of(name, electrode_names(raw)) for name in config.bad_electrodes}
    raw.info["bads"] = list(dict.fromkeys([*raw.info["bads"], *filter(None, named.values())]))
    absent = [name for name, channel in named.items() if channel is None]
    if absent:
        notes.append(f"no electrodes of the file, though 'bad_electrodes' names them: {first_of(absent, 12)}")
    if config.cap is not None:
        _place(raw, config.cap)
    return [*notes, *_unplaced(raw)]


def _place(raw: mne.io.BaseRaw, cap: str) -> None:
    """Give the electrodes the places that a cap of MNE has for their names."""
    import mne

    known = mne.channels.get_builtin_montages()
    if cap not in known:
        near = difflib.get_close_matches(cap, known, n=1, cutoff=0.4)
        raise InputError(
            "there is no such cap", where="eeg: cap", got=repr(cap), expected="one of " + ", ".join(sorted(known)),
            hint=f"did you mean {near[0]!r}?" if near else "",
        )  # fmt: skip
    raw.set_montage(cap, match_case=False, on_missing="ignore", verbose="error")


def _unplaced(raw: mne.io.BaseRaw) -> list[str]:
    """Say which channels are taken for electrodes though nothing is known of their place."""
    names = [
        channel["ch_name"]
        for channel, kind in zip(raw.info["chs"], raw.get_channel_types(), strict=True)
        if kind == "eeg" and not (np.isfinite(channel["loc"][:3]).all() and np.any(channel["loc"][:3]))
    ]
    places = electrode_positions(names)
    others = [name for name, place in zip(names, places, strict=True) if not np.isfinite(place).all()]
    if not others:
        return []
    return [
        f"kept as electrodes, though their names are not of the 10-05 system: {first_of(others, 12)} "
        "(eeg: {types: {NAME: misc}} leaves one out)"
    ]


def table_types(path: Path, config: EegConfig) -> dict[str, str]:
    """Type of each channel that ``channels.tsv`` knows one of; empty where there is no table or it is not used."""
    table = read_channels_tsv(path) if config.channels_tsv != "ignore" else None
    return {} if table is None else {name: kind for name, row in table[1].items() if (kind := _type_in(row))}


def _type_in(row: dict[str, str]) -> str | None:
    """Type in a row of ``channels.tsv``; None where it says that it is not known."""
    kind = row.get("type", "EEG").upper()
    return None if kind in ("", "N/A") else _TYPES.get(kind, "misc")


def _types(raw: mne.io.BaseRaw, path: Path, config: EegConfig, partial: bool) -> list[str]:
    used = config.channels_tsv != "ignore" and (path.is_file() or not partial)
    table = read_channels_tsv(path) if used else None
    if table is None:
        others = {name: kind for name in electrode_names(raw) if (kind := type_by_name(name)) is not None}
        raw.set_channel_types(others, on_unit_change="ignore", verbose="error")
        told = "no channels.tsv" if used or partial else "channels.tsv not used"
        return [f"{told}: {', '.join(others)} taken for no EEG by name"] if others else []
    file, channels = table
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    needed = {name for name, kind in kinds.items() if kind != "stim" or name in channels}
    unnamed = sorted(needed - set(channels)) if config.channels_tsv == "named" else []
    if partial:
        channels = {name: row for name, row in channels.items() if name in raw.ch_names}
    elif set(channels) != needed - set(unnamed):  # a status channel of the recorder need not be in the table
        raise InputError.of([_names_problem(file, list(channels), raw.ch_names, path)])
    types = {**dict.fromkeys(unnamed, "misc"), **{name: _type_in(row) for name, row in channels.items()}}
    unknown = {name: type_by_name(name) or "eeg" for name, kind in types.items() if kind is None}
    raw.set_channel_types(
        {name: kind for name, kind in {**types, **unknown}.items() if kind}, on_unit_change="ignore", verbose="error"
    )
    before = set(raw.info["bads"]) if partial else set()
    bad = {name for name, row in channels.items() if row.get("status", "").lower() == "bad"} | before
    raw.info["bads"] = [name for name in raw.ch_names if name in bad]
    notes = [f"{file.name} does not name {', '.join(unnamed)}: left out"] if unnamed else []
    if not unknown:
        return notes
    shown = ", ".join(f"{name} {unknown[name]}" for name in list(unknown)[:8])
    more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
    return [*notes, f"{file.name} gives no type (n/a) of channels, taken by name: {shown}{more}"]


def _names_problem(table: Path, named: Sequence[str], present: Sequence[str], eeg: Path) -> Problem:
    only_table = [name for name in named if name not in present]
    only_file = [name for name in present if name not in named]
    return Problem(
        "channels.tsv and the EEG file name different channels",
        str(table),
        f"only in the table: {', '.join(only_table) or 'none'}; only in {eeg.name}: {', '.join(only_file) or 'none'}",
        "the same names in both",
        "correct the names in channels.tsv or in the EEG file, or set eeg: {channels_tsv: ignore}"
        + ("" if only_table else ", or 'named' to leave out what the table does not name"),
    )
