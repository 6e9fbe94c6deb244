"""Read pulse and breathing beside a BOLD run: ``*_physio.tsv.gz`` and its JSON sidecar."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.parse import DAMAGE, read_json, refuse_pipe
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.sidecars import entities

#: Kinds of signals by the names of their columns; BIDS names ``cardiac`` and ``respiratory``.
_KINDS = (
    (re.compile(r"e[ck]g", re.IGNORECASE), "ecg"),
    (re.compile(r"cardiac|pulse|ppg|puls|pleth", re.IGNORECASE), "pulse"),
    (re.compile(r"resp|breath|belt", re.IGNORECASE), "respiration"),
)


@dataclass(frozen=True, eq=False)
class PhysioSignal:
    """A signal of a physiological recording.

    Attributes
    ----------
    kind : {"pulse", "ecg", "respiration"}
    values : array, shape (sample,)
        No unit.
    sfreq : float
        Hz.
    start : float
        Time of the first sample, s after the start of the first volume of the file.
    file : Path
    """

    kind: str
    values: np.ndarray
    sfreq: float
    start: float
    file: Path


def physio_files(bold: Path) -> list[Path]:
    """Find the physiological recordings of a raw BOLD run: same labels, and maybe a ``recording-`` of their own."""
    own = {key: value for key, value in entities(bold).items() if key not in ("echo", "part")}
    found = []
    for file in sorted(bold.parent.glob("*_physio.tsv.gz")):
        labels = {key: value for key, value in entities(file).items() if key != "recording"}
        if labels == own:
            found.append(file)
    return found


def read_physio(file: Path) -> list[PhysioSignal]:
    """Read the signals of pulse and breathing of a physiological recording; others are left out.

    Raises
    ------
    InputError
        If the table or its sidecar cannot be read.
    """
    sidecar = file.with_name(file.name.removesuffix(".tsv.gz") + ".json")
    try:
        facts: dict[str, Any] = read_json(sidecar)
        sfreq, start = float(facts["SamplingFrequency"]), float(facts["StartTime"])
        names = [str(name) for name in facts["Columns"]]
        refuse_pipe(file)
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            table = np.genfromtxt(stream, delimiter="\t", dtype=float, ndmin=2, missing_values="n/a")
        if table.shape[1] != len(names) or len(table) < 2 or not sfreq > 0 or not np.isfinite(start):
            raise ValueError(f"{table.shape[1]} columns of {len(table)} samples at {sfreq:g} Hz, {len(names)} names")
    except DAMAGE as error:
        raise InputError(
            "the physiological recording cannot be read",
            where=str(file),
            got=f"{type(error).__name__}: {error}",
            expected=f"columns as {sidecar.name} names them, with SamplingFrequency and StartTime",
        ) from None
    found = []
    for name, values in zip(names, table.T, strict=True):
        kind = next((kind for pattern, kind in _KINDS if pattern.search(name)), None)
        known = np.isfinite(values)
        if kind is not None and known.sum() > sfreq and np.ptp(values[known]) > 0:
            samples = np.arange(len(values))
            found.append(PhysioSignal(kind, np.interp(samples, samples[known], values[known]), sfreq, start, file))
    return found
