"""EDF and BDF files whose channels have different sampling rates: EEG is read at its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import first_of
from eeg2fmri.data.eeg.channel_types import table_types, type_by_name
from eeg2fmri.data.settings.eeg import EegConfig

if TYPE_CHECKING:
    import mne

#: Bytes of the header's general part, and of a channel's fields before and of its samples a record.
_GENERAL, _LABEL, _BEFORE_SAMPLES, _SAMPLES = 256, 16, 216, 8
#: Channels that MNE takes for triggers: of EDF files it keeps whole numbers of volts alone, and 5 mV become nothing.
_TRIGGERS = ("status", "trigger")
#: Signals of EDF+ and BDF+ that hold annotations.
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")


def channel_rates(path: Path) -> list[tuple[str, float]]:
    """Read the label and sampling rate (Hz) of every signal from the header (Kemp et al., 1992; annotations are none).

    Empty where the header cannot be understood: the reader will say why.
    """
    try:
        with path.open("rb") as file:
            general = file.read(_GENERAL)
            seconds, count = float(general[244:252]), int(general[252:256])
            fields = file.read(count * _GENERAL)
        labels = [fields[k * _LABEL :][:_LABEL].decode("latin-1").strip() for k in range(count)]
        samples = [int(fields[count * _BEFORE_SAMPLES + k * _SAMPLES :][:_SAMPLES]) for k in range(count)]
    except (OSError, ValueError):
        return []
    if seconds <= 0:
        return []
    return [(name, n / seconds) for name, n in zip(labels, samples, strict=True) if name not in _ANNOTATIONS]


def open_edf(path: Path, config: EegConfig, notes: list[str], open_: Callable[..., mne.io.BaseRaw]) -> mne.io.BaseRaw:
    """Open an EDF or BDF file at the rate of its electrodes.

    MNE brings all channels to the highest rate of the file; a faster ECG would make the EEG an interpolation. Faster
    channels are left out, or brought to the rate of the electrodes where the settings use them.

    Parameters
    ----------
    path : Path
    config : EegConfig
        Its types, kept channels, trigger channel and cleaning say which faster channels are used.
    notes : list of str
        What was done is appended.
    open_ : callable
        Opens a file, without the channels that ``exclude`` names, and with those of ``stim_channel`` as triggers.
    """
    rates = channel_rates(path)
    kinds = _kinds([name for name, _ in rates], path, config)
    electrodes = [rate for name, rate in rates if kinds[name] == "eeg"]
    highest = max((rate for _, rate in rates), default=0.0)
    # a slower one is left to MNE, which repeats its values in place of a filter
    slow = any(rate < highest for name, rate in rates if name.casefold() in _TRIGGERS)
    if path.suffix.lower() == ".edf" and not slow:
        open_ = partial(open_, stim_channel=None)
    if not electrodes or len({rate for _, rate in rates}) == 1:
        return open_(path, path)
    rate = Counter(electrodes).most_common(1)[0][0]
    faster = {name: its for name, its in rates if its > rate}
    slower = [name for name, its in rates if its < rate and kinds[name] == "eeg"]
    if slower:
        notes.append(f"electrodes sampled slower than the others, interpolated to {rate:g} Hz: {first_of(slower, 8)}")
    if not faster:
        return open_(path, path)
    raw = open_(path, path, exclude=list(faster))
    used = [name for name in faster if _is_used(name, kinds[name], config)]
    shown = {name: f"{name} ({its:g} Hz)" for name, its in faster.items()}
    unused = [shown[name] for name in faster if name not in used]
    if unused:
        notes.append(f"channels sampled faster than the electrodes ({rate:g} Hz), left out: {first_of(unused, 8)}")
    if used:
        notes.append(
            f"channels brought to the {rate:g} Hz of the electrodes: {', '.join(shown[name] for name in used)}"
        )
        names = [name for name, _ in rates]
        raw.load_data(verbose="error")
        for name in used:
            alone = open_(path, path, exclude=[other for other in names if other != name])
            raw.add_channels([_at_rate(alone, raw, kinds[name])], force_update_info=True)
    return raw


def _kinds(names: list[str], path: Path, config: EegConfig) -> dict[str, str]:
    table = table_types(path, config)
    kinds = {name: table.get(name) or type_by_name(name) or "eeg" for name in names}
    if config.trigger_channel in kinds:
        kinds[config.trigger_channel] = "stim"
    for pattern, kind in config.types.items():
        kinds |= {name: kind for name in names if fnmatchcase(name.casefold(), pattern.casefold())}
    return kinds


def _is_used(name: str, kind: str, config: EegConfig) -> bool:
    of_beats = kind == "ecg" and config.clean.pulse != "keep"
    return kind in config.keep or kind == "stim" or name == config.trigger_channel or of_beats


def _at_rate(alone: mne.io.BaseRaw, raw: mne.io.BaseRaw, kind: str) -> mne.io.BaseRaw:
    """Bring a channel to the rate and length of a recording: a trigger keeps its codes, a signal is filtered."""
    import mne

    values, rate, n = alone.get_data(verbose="error")[0], float(raw.info["sfreq"]), int(raw.n_times)
    if kind == "stim":
        rest = np.median(values)
        places = np.minimum((np.arange(len(values)) * rate / float(alone.info["sfreq"])).astype(int), n - 1)
        order = np.argsort(np.abs(values - rest), kind="stable")  # of the samples at one place, the largest comes last
        moved = np.full(n, rest)
        moved[places[order]] = values[order]
    else:
        moved = mne.filter.resample(
            values, up=rate, down=float(alone.info["sfreq"]), method="polyphase", verbose="error"
        )
        moved = np.pad(moved, (0, max(0, n - len(moved))), mode="edge")[:n]
    info = mne.create_info([alone.ch_names[0]], rate, alone.get_channel_types())
    return mne.io.RawArray(moved[None], info, first_samp=raw.first_samp, verbose="error")
