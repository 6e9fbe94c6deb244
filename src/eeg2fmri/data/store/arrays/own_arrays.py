"""A store of what somebody has in memory: features of EEG and volumes, regions or images of BOLD."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.arrays.own_bold import read_bold
from eeg2fmri.data.store.arrays.own_eeg import as_magnitudes, read_eeg
from eeg2fmri.data.timing.repetition_time import PLAUSIBLE_TR_S

#: Volumes that a recording has at least.
FEWEST = 3
#: What float32 takes from a course of BOLD is below this share of its deviation.
LOST = 0.05

#: Label of the subject of a recording, and of the session; empty where none is given.
_Label = tuple[str, str]


def store_of_arrays(
    path: str | Path,
    eeg: Any,
    bold: Any,
    *,
    subjects: Iterable[Any],
    tr: float,
    channels: Iterable[Any] | None = None,
    frequencies: Sequence[float] | None = None,
    sessions: Iterable[Any] | None = None,
    space: str | None = None,
) -> Path:
    """Write a store of arrays, give its path; `eeg2fmri.data.store.store.Store.from_arrays` has the same arguments.

    Raises
    ------
    InputError
        If arrays do not fit together, hold what is not finite, or cannot be told apart: every fault is named.
    StoreError
        If `path` exists.
    """
    _check_tr(tr)
    labels = _read_labels(subjects, sessions)
    x, y = _parts(eeg, "eeg"), _parts(bold, "bold")
    by_volume = _is_one(eeg) and len(labels) > 1
    if by_volume:
        cuts = _cuts(labels)
        labels = [labels[a] for a, _ in pairwise(cuts)]
    _check_counts({"eeg": len(x), "bold": len(y)}, 1 if by_volume else len(labels), by_volume)
    names = _names(labels)
    seen, felt = read_eeg(x, channels, frequencies), read_bold(y, float(tr), space)
    rows, volumes, affines = seen.rows, felt.volumes, felt.affines
    if by_volume:
        rows, volumes = _cut(rows[0], cuts, "eeg"), _cut(volumes[0], cuts, "bold")
        affines = affines * len(names)
    problems = [problem for k, name in enumerate(names) for problem in _faults(name, rows[k], volumes[k])]
    for what, arrays in (("EEG", rows), ("BOLD", volumes)):
        shapes = [array.shape[1:] for array in arrays]
        differs = f"the {what} of a recording has another shape than that of the first"
        problems += [
            Problem(differs, name, str(one), str(shapes[0]))
            for name, one in zip(names, shapes, strict=True)
            if one != shapes[0]
        ]
    if problems:
        raise InputError.of(problems)
    return write_store(
        path,
        (
            RecordingArrays(name, as_magnitudes(row) if row.ndim == 2 else row, volume, affine=affine)
            for name, row, volume, affine in zip(names, rows, volumes, affines, strict=True)
        ),
        electrodes=seen.channels,
        frequencies=seen.frequencies,
        tr=float(tr),
        affine=affines[0],
        space=felt.space,
        regions=felt.regions,
        notes=seen.notes,
    )


def _check_tr(tr: Any) -> None:
    low, high = PLAUSIBLE_TR_S
    if isinstance(tr, bool) or not isinstance(tr, Real) or not low <= float(tr) <= high:
        raise InputError(
            "the repetition time is no plausible time",
            where="tr",
            got=repr(tr),
            expected=f"a number of seconds between {low:g} and {high:g}",
        )


def _is_one(values: Any) -> bool:
    """Whether this is one array, table, image, path or object of MNE, and not several of them."""
    if isinstance(values, np.ndarray):
        return values.dtype != object or values.ndim != 1
    several = isinstance(values, list | tuple) or (hasattr(values, "__next__") and not hasattr(values, "ch_names"))
    return not several  # MNE's epochs are iterators too


def _parts(values: Any, where: str) -> list[Any]:
    """List what is given for each recording, or the one thing that is given for all."""
    if isinstance(values, dict):
        raise InputError(
            "recordings are given by their order, not by name",
            where=where,
            got=f"a dict of {len(values)}",
            expected="a list with an array for each recording, and their subjects in the same order",
            hint=f"{where}=list({where}.values())",
        )
    return [values] if _is_one(values) else list(values)


def _read_labels(subjects: Any, sessions: Any) -> list[_Label]:
    """Read subject and session of each recording, or of each volume."""
    found = [_texts(subjects, "subjects", "sub-")]
    if sessions is not None:
        found.append(_texts(sessions, "sessions", "ses-"))
        if len(found[0]) != len(found[1]):
            raise InputError(
                "there are not as many sessions as subjects",
                where="sessions",
                got=str(len(found[1])),
                expected=f"{len(found[0])}: one for each label of a subject",
            )
    else:
        found.append([""] * len(found[0]))
    return list(zip(*found, strict=True))


def _texts(labels: Any, where: str, prefix: str) -> list[str]:
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise InputError(
            f"the {where} are no list of labels",
            where=where,
            got=repr(labels),
            expected="one label for each recording, or for each volume of one array",
            hint=f"{where}=[{labels!r}] for one recording" if isinstance(labels, str) else "",
        )
    found = [str(label).removeprefix(prefix) for label in labels]
    wrong = [label for label in found if not re.fullmatch("[0-9a-zA-Z]+", label)]
    if wrong or not found:
        raise InputError(
            f"a label of a {where[:-1]} is no BIDS label" if wrong else f"there are no {where}",
            where=where,
            got=", ".join(map(repr, dict.fromkeys(wrong))) or "an empty list",
            expected="letters and digits",
            hint="whole numbers: labels.astype(int)" if any(re.fullmatch(r"\d+\.0", one) for one in wrong) else "",
        )
    return found


def _cuts(labels: Sequence[_Label]) -> list[int]:
    """Where volumes of one subject and session begin, and the end of the last."""
    lengths = [len(list(same)) for _, same in groupby(labels)]
    if max(lengths) < FEWEST:
        raise InputError(
            "no label is the same over the volumes of a recording",
            where="subjects",
            got=f"{len(lengths)} changes of label in {len(labels)} labels",
            expected="one label for each volume, where the volumes of a recording follow each other",
            hint="give recordings that are stacked along the first axis as lists: list(eeg), list(bold)",
        )
    return np.cumsum([0, *lengths]).tolist()


def _check_counts(counts: dict[str, int], expected: int, by_volume: bool) -> None:
    for where, count in counts.items():
        if count != expected:
            raise InputError(
                "there are not as many recordings as subjects",
                where=where,
                got=f"{count} recordings",
                expected="one array, as eeg is, since every volume has a label of its own"
                if by_volume
                else f"{expected}: one label for each recording, or one array and one label for each volume",
            )


def _cut(rows: np.ndarray, cuts: Sequence[int], where: str) -> list[np.ndarray]:
    if len(rows) != cuts[-1]:
        raise InputError(
            "there are not as many volumes as labels of subjects",
            where=where,
            got=f"{len(rows)} volumes",
            expected=f"{cuts[-1]}: one label for each volume, or a list with an array for each recording",
        )
    return [rows[a:b] for a, b in pairwise(cuts)]


def _names(labels: Sequence[_Label]) -> list[str]:
    """Make BIDS names; a subject with several recordings of a session has numbered runs."""
    several, seen, names = Counter(labels), Counter[_Label](), []
    for label in labels:
        subject, session = label
        seen[label] += 1
        visit = f"_ses-{session}" if session else ""
        run = f"_run-{seen[label]:02d}" if several[label] > 1 else ""
        names.append(f"sub-{subject}{visit}_task-own{run}")
    return names


def _faults(name: str, eeg: np.ndarray, bold: np.ndarray) -> list[Problem]:
    found = []
    if len(eeg) != len(bold):
        found.append(
            Problem("EEG and BOLD differ in length", name, f"{len(eeg)} and {len(bold)} volumes", "a row each a volume")
        )
    if min(len(eeg), len(bold)) < FEWEST:
        short = f"{min(len(eeg), len(bold))} volumes"
        return [*found, Problem("the recording is too short", name, short, f"at least {FEWEST}")]
    for what, array in (("EEG", eeg), ("BOLD", bold)):
        if not np.isfinite(array).all():
            count = int(np.sum(~np.isfinite(array)))
            hint = "take these volumes, or these columns in every recording, out of EEG and BOLD alike"
            got = f"{count} of {array.size}"
            found.append(Problem(f"the {what} holds values that are not finite", name, got, "numbers", hint))
        elif not array.size or not np.ptp(array, axis=0).any():
            found.append(Problem(f"the {what} does not vary", name, "the same in every volume", "what varies"))
        elif what == "BOLD" or array.ndim == 3:
            found += _lost_in_float32(what, name, array)
    return found


def _lost_in_float32(what: str, name: str, array: np.ndarray) -> list[Problem]:
    """Say where values are too large, too small or too close to each other to be stored as float32."""
    if array.dtype.kind == "f" and array.dtype.itemsize <= 4:
        return []
    lost = np.zeros(array.shape[1:])
    with np.errstate(over="ignore"):
        for row in array:
            np.maximum(lost, np.abs(row - row.astype(np.float32)), out=lost)
    size = np.abs(array).max() or 1.0
    wrong = lost > LOST * size * (array / size).std(axis=0)
    wrong &= np.ptp(array, axis=0) > 0
    if not wrong.any():
        return []
    return [
        Problem(
            f"the {what} varies by less than numbers of its size are stored with (float32)",
            name,
            f"{int(wrong.sum())} of {wrong.size} columns, values up to {size:.3g}",
            "7 digits are kept, between 1e-38 and 3e38",
            "take the mean of each column away, or use another unit",
        )
    ]
