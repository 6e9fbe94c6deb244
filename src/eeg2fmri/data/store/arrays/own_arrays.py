"""A store of what somebody has in memory: features of EEG and volumes, regions or images of BOLD."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from eeg2fmri.core.disk.parse import refuse_pipe
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store

#: The place on the frequency axis that stands for a feature, Hz; a store has one for each row of EEG.
FEATURE_HZ = 10.0
#: Standardised features beyond this are cut off: what is kept is exp(feature / 2).
LARGEST = 12.0
#: Volumes that a recording has at least.
FEWEST = 3
#: Code of NIfTI for MNI152 coordinates.
_MNI = 4


class _Eeg(NamedTuple):
    rows: list[np.ndarray]
    channels: tuple[str, ...]
    frequencies: np.ndarray
    notes: tuple[str, ...]


class _Bold(NamedTuple):
    volumes: list[np.ndarray]
    affine: np.ndarray | None
    space: str
    regions: tuple[int, ...]


def store_of_arrays(
    path: str | Path,
    eeg: Any,
    bold: Any,
    *,
    subjects: Sequence[Any],
    tr: float,
    channels: Sequence[str] | None = None,
    frequencies: Sequence[float] | None = None,
) -> Path:
    """Write a store of arrays, give its path; `eeg2fmri.data.store.store.Store.from_arrays` has the same arguments.

    Raises
    ------
    InputError
        If arrays do not fit together, hold what is not finite, or cannot be told apart: every fault is named.
    StoreError
        If `path` exists.
    """
    if not (np.isfinite(tr) and tr > 0):
        raise InputError("the repetition time is no time", where="tr", got=str(tr), expected="s, above 0")
    labels, cut = _recordings(eeg, subjects)
    seen = _read_eeg(cut(eeg, "eeg"), channels, frequencies)
    felt = _read_bold(cut(bold, "bold"))
    names = _names(labels)
    problems = [problem for k, name in enumerate(names) for problem in _faults(name, seen.rows[k], felt.volumes[k])]
    for what, arrays in (("EEG", seen.rows), ("BOLD", felt.volumes)):
        shapes = [array.shape[1:] for array in arrays]
        differs = f"the {what} of a recording has another shape than that of the first"
        problems += [
            Problem(differs, name, str(one), str(shapes[0]))
            for name, one in zip(names, shapes, strict=True)
            if one != shapes[0]
        ]
    if problems:
        raise InputError.of(problems)
    rows = (_as_magnitudes(each) if each.ndim == 2 else each for each in seen.rows)
    return write_store(
        path,
        (RecordingArrays(name, x, y) for name, x, y in zip(names, rows, felt.volumes, strict=True)),
        electrodes=seen.channels,
        frequencies=seen.frequencies,
        tr=float(tr),
        affine=felt.affine,
        space=felt.space,
        regions=felt.regions,
        notes=seen.notes,
    )


def _recordings(eeg: Any, subjects: Sequence[Any]) -> tuple[list[str], Any]:
    """Tell how the arrays divide into recordings: the subject of each, and a function that divides an argument."""
    given = [str(subject) for subject in subjects]
    if not _is_one(eeg):

        def each(values: Any, name: str) -> list[Any]:
            parts = [values] if _is_one(values) else list(values)
            if len(parts) != len(given):
                raise InputError(
                    "there are not as many recordings as subjects",
                    where=name,
                    got=f"{len(parts)} recordings",
                    expected=f"{len(given)}: one label for each recording, or one array and one label for each volume",
                )
            return parts

        return given, each
    if len(given) == 1:
        return given, lambda values, name: [values if _is_one(values) else values[0]]
    starts = [k for k, label in enumerate(given) if k == 0 or label != given[k - 1]]
    ends = [*starts[1:], len(given)]

    def pieces(values: Any, name: str) -> list[Any]:
        rows = np.asarray(values)
        if len(rows) != len(given):
            raise InputError(
                "there are not as many volumes as labels of subjects",
                where=name,
                got=f"{len(rows)} volumes",
                expected=f"{len(given)}: one label for each volume, or a list with an array for each recording",
            )
        return [rows[a:b] for a, b in zip(starts, ends, strict=True)]

    return [given[k] for k in starts], pieces


def _is_one(values: Any) -> bool:
    """Whether this is one array or object of MNE or nibabel, and no list of them."""
    return not isinstance(values, list | tuple)


def _names(labels: Sequence[str]) -> list[str]:
    """Make BIDS names; a subject with several recordings has numbered runs."""
    plain = [label.removeprefix("sub-") for label in labels]
    wrong = [label for label in plain if not re.fullmatch("[0-9a-zA-Z]+", label)]
    if wrong:
        raise InputError(
            "a label of a subject is no BIDS label",
            where="subjects",
            got=", ".join(map(repr, dict.fromkeys(wrong))),
            expected="letters and digits",
        )
    several, seen, names = Counter(plain), Counter[str](), []
    for label in plain:
        seen[label] += 1
        run = f"_run-{seen[label]:02d}" if several[label] > 1 else ""
        names.append(f"sub-{label}_task-own{run}")
    return names


def _read_eeg(parts: Sequence[Any], channels: Sequence[str] | None, frequencies: Sequence[float] | None) -> _Eeg:
    first = parts[0]
    if hasattr(first, "ch_names") and hasattr(first, "freqs"):  # EpochsTFR and EpochsSpectrum of MNE
        if channels is not None or frequencies is not None:
            raise InputError("MNE's objects name their channels and frequencies themselves", where="channels")
        channels, frequencies = list(first.ch_names), list(first.freqs)
        for number, part in enumerate(parts):
            if list(part.ch_names) != channels or not np.allclose(part.freqs, frequencies):
                raise InputError("a recording has other channels or frequencies than the first", where=f"eeg[{number}]")
        parts = [_amplitude(part) for part in parts]
    rows = [np.asarray(part) for part in parts]
    kinds = {array.ndim for array in rows}
    if kinds - {2, 3} or len(kinds) != 1 or any(array.dtype.kind not in "fiu" for array in rows):
        raise InputError(
            "the EEG is no array of numbers (volume, channel, freq) or (volume, feature)",
            where="eeg",
            got=", ".join(sorted({f"{array.shape} {array.dtype}" for array in rows})),
        )
    if kinds == {2}:
        return _features(rows, channels, frequencies)
    if frequencies is None:
        raise InputError(
            "the frequencies of the EEG are not named",
            where="frequencies",
            got="None",
            expected=f"{rows[0].shape[2]} frequencies, Hz; or EEG (volume, feature)",
        )
    if any((array < 0).any() for array in rows):
        raise InputError(
            "magnitudes of EEG are below 0",
            where="eeg",
            expected="magnitudes (volume, channel, freq), V: the root of power, not its logarithm",
            hint="give what is no magnitude as features: eeg.reshape(len(eeg), -1)",
        )
    hertz = np.asarray(frequencies, float)
    if len(hertz) != rows[0].shape[2] or not (np.diff(hertz) > 0).all() or not (hertz >= 0).all():
        raise InputError(
            "the frequencies do not fit the EEG",
            where="frequencies",
            got=f"{len(hertz)} frequencies for {rows[0].shape[2]} columns",
            expected="one for each column, Hz, rising",
        )
    return _Eeg(rows, _channels(channels, rows[0].shape[1], "channel"), hertz, ())


def _amplitude(tfr: Any) -> np.ndarray:
    """Root of the mean power of each epoch, (epoch, channel, freq)."""
    data = np.asarray(tfr.get_data())
    power = np.abs(data) ** 2 if np.iscomplexobj(data) else data
    if power.ndim == 4:
        power = power.mean(axis=-1)
    if power.ndim != 3 or (power < 0).any():
        raise InputError(
            "the object of MNE holds no power of epochs",
            where="eeg",
            got=f"{type(tfr).__name__} {data.shape}",
            expected="EpochsTFR or EpochsSpectrum, an epoch for each volume, without a baseline taken away",
        )
    return np.sqrt(power)


def _features(rows: list[np.ndarray], channels: Sequence[str] | None, frequencies: Sequence[float] | None) -> _Eeg:
    if frequencies is not None:
        raise InputError(
            "features have no frequencies", where="frequencies", expected="EEG (volume, channel, freq), or none"
        )
    note = (
        "The EEG rows are features that were given, standardised in each recording: each stands in the place of a "
        "channel, as the magnitude whose log power it is. Frequencies mean nothing."
    )
    return _Eeg(rows, _channels(channels, rows[0].shape[1], "feature"), np.array([FEATURE_HZ]), (note,))


def _as_magnitudes(rows: np.ndarray) -> np.ndarray:
    """Give each feature (volume, feature) as the magnitude (volume, feature, 1) whose log power it is.

    All that reads log power then reads the feature, standardised.
    """
    centred = rows - rows.mean(axis=0, dtype=float)
    size = centred.std(axis=0)
    standard = np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)
    magnitudes: np.ndarray = np.exp(standard.clip(-LARGEST, LARGEST) / 2)[:, :, None]
    return magnitudes


def _channels(given: Sequence[str] | None, count: int, what: str) -> tuple[str, ...]:
    names = tuple(given) if given is not None else tuple(f"{what}{k}" for k in range(1, count + 1))
    if len(names) != count or len(set(names)) != count:
        raise InputError(
            f"the names do not fit the {what}s",
            where="channels",
            got=f"{len(names)} names, {len(set(names))} of them different",
            expected=f"{count} different names",
        )
    return names


def _read_bold(parts: Sequence[Any]) -> _Bold:
    affine, space = None, "native"
    arrays = []
    for number, part in enumerate(parts):
        image = _load(Path(part)) if isinstance(part, str | Path) else part
        if not hasattr(image, "affine"):
            arrays.append(np.asarray(image))
            continue
        if affine is None:
            affine = np.asarray(image.affine, float)
            space = "MNI152" if int(image.header["sform_code"]) == _MNI else space
        arrays.append(np.moveaxis(np.asarray(image.dataobj, np.float32), -1, 0))
        if space == "MNI152" and not np.allclose(image.affine, affine):
            raise InputError("an image lies elsewhere than the first", where=f"bold[{number}]", hint="resample it")
    kinds = {array.ndim for array in arrays}
    if kinds not in ({2}, {4}) or any(array.dtype.kind not in "fiu" for array in arrays):
        raise InputError(
            "the BOLD is no array of numbers (volume, region) or (volume, x, y, z), and no 4-D image",
            where="bold",
            got=", ".join(sorted({f"{array.shape} {array.dtype}" for array in arrays})),
        )
    if kinds == {2}:
        volumes = [array[:, :, None, None] for array in arrays]
        return _Bold(volumes, None, "regions", tuple(range(1, arrays[0].shape[1] + 1)))
    return _Bold(arrays, affine, space, ())


def _load(path: Path) -> Any:
    import nibabel as nib

    try:
        refuse_pipe(path)
        return nib.load(path)
    except (OSError, nib.filebasedimages.ImageFileError) as error:
        raise InputError("the image cannot be read", where=str(path), got=str(error)) from None


def _faults(name: str, eeg: np.ndarray, bold: np.ndarray) -> list[Problem]:
    found = []
    if len(eeg) != len(bold):
        found.append(
            Problem("EEG and BOLD differ in length", name, f"{len(eeg)} and {len(bold)} volumes", "a row each a volume")
        )
    if min(len(eeg), len(bold)) < FEWEST:
        found.append(Problem("the recording is too short", name, f"{len(bold)} volumes", f"at least {FEWEST}"))
    for what, array in (("EEG", eeg), ("BOLD", bold)):
        if not np.isfinite(array).all():
            count = int(np.sum(~np.isfinite(array)))
            found.append(
                Problem(f"the {what} holds values that are not finite", name, f"{count} of {array.size}", "numbers")
            )
        elif len(array) and not np.ptp(array, axis=0).any():
            found.append(Problem(f"the {what} does not vary", name, "the same in every volume", "what varies"))
    return found
