"""The unit of the numbers in an EEG file, where its header does not say it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.sidecars import read_channels_tsv
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.settings.eeg import VOLTS, EegConfig

if TYPE_CHECKING:
    import mne

#: Units by the spellings of tables, in lower case.
_UNITS = {
    "v": "V",
    "mv": "mV",
    "uv": "uV",
    "microv": "uV",
    "microvolt": "uV",
    "microvolts": "uV",
    "nv": "nV",
    "volt": "V",
}


def volts(raw: mne.io.BaseRaw, path: Path, config: EegConfig) -> tuple[float, tuple[str, ...]]:
    """Give V in a unit of the numbers read, and what the user should know of it.

    The unit of the settings; else that of the header, which the reader has applied; else, where the header has none
    (EDF), that of ``channels.tsv``.

    Raises
    ------
    InputError
        If ``channels.tsv`` gives units that are not of voltage, or several, where the header gives none.
    """
    if config.unit != "header":
        return VOLTS[config.unit], ()
    units = getattr(raw, "_orig_units", None) or {}
    names = electrode_names(raw)
    if config.channels_tsv == "ignore" or not names or any(units.get(name) not in ("n/a", "") for name in names):
        return 1.0, ()
    table = read_channels_tsv(path)
    if table is None:
        return 1.0, ()
    told = {table[1].get(name, {}).get("units", "") for name in names} - {"", "n/a"}
    found = {_UNITS.get(unit.replace("\u00b5", "u").replace("\u03bc", "u").casefold(), unit) for unit in told}
    if not found:
        return 1.0, ()
    unit = found.pop()
    if found or unit not in VOLTS:
        raise InputError(
            "the header gives no unit, and channels.tsv does not give one for all electrodes",
            where=str(table[0]),
            got=", ".join(sorted(told)),
            expected="one of " + ", ".join(VOLTS),
            hint="correct channels.tsv, or set eeg: {unit: uV}",
        )
    return VOLTS[unit], (f"the header gives no unit: {unit}, as {table[0].name} says",)
