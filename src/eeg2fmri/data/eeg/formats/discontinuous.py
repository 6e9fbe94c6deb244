"""EDF+ and BDF+ files whose records do not follow each other: where the recorder was paused, and when markers were."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.timing.pauses import Pause, Span

if TYPE_CHECKING:
    import mne

#: Bytes of a sample by the first byte of the file: EDF begins with "0", BDF with 255.
_WIDTH = {0x30: 2, 0xFF: 3}
_TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14((?:[^\x00\x14]*\x14)*)\x00")


@dataclass(frozen=True, eq=False)
class Records:
    """What the annotation signals of a discontinuous file say (Kemp and Olivan, Clin Neurophysiol 114, 2003).

    Attributes
    ----------
    onsets : array, shape (record,)
        s after the start of the first record, on the clock.
    length_s : float
        Of a record.
    marked : list of (float, float, str)
        Onset (s after the start of the first record, on the clock), duration (s) and text of the annotations.
    """

    onsets: np.ndarray
    length_s: float
    marked: list[tuple[float, float, str]]


def map_discontinuous(raw: mne.io.BaseRaw, path: Path) -> list[str]:
    """Bring the annotations of a discontinuous file to its samples, and mark the pauses; other files stay as they are.

    The samples of all records follow each other, the annotations are on the clock of the recorder.

    Returns
    -------
    list of str
        What the user should know.

    Raises
    ------
    InputError
        If a record does not say when it starts, or starts before the end of the one before.
    """
    records = read_records(path)
    if records is None:
        return []
    import mne

    span = Span(raw.n_times / float(raw.info["sfreq"]), tuple(_pauses(records, float(raw.info["sfreq"]), path)))
    if not span.pauses:
        return []
    onsets = span.file(np.array([onset for onset, _, _ in records.marked]))
    kept = [(float(at), *rest) for at, (_, *rest) in zip(onsets, records.marked, strict=True) if np.isfinite(at)]
    lost = len(records.marked) - len(kept)
    kept += [pause.annotation() for pause in span.pauses]
    raw.set_annotations(mne.Annotations(*(list(column) for column in zip(*kept, strict=True))), verbose="error")
    told = f"the recorder was paused: {first_of(span.pauses, 4)}; markers were brought to the samples"
    return [told + (f"; markers within pauses left out: {lost}" if lost else "")]


def read_records(path: Path) -> Records | None:
    """Read when the records of a discontinuous EDF+ or BDF+ file start, and its annotations; None for other files."""
    with path.open("rb") as file:
        head = file.read(256)
        width = _WIDTH.get(head[0]) if len(head) == 256 else None
        if width is None or head[195:197] != b"+D":
            return None
        n_signals, length_s = int(head[252:256]), float(head[244:252])
        rest = file.read(256 * n_signals)
    labels = [rest[16 * k : 16 * (k + 1)].strip() for k in range(n_signals)]
    at = n_signals * 216
    samples = [int(rest[at + 8 * k : at + 8 * (k + 1)]) for k in range(n_signals)]
    ends = np.cumsum(samples) * width
    places = [
        slice(int(end) - count * width, int(end))
        for label, count, end in zip(labels, samples, ends, strict=True)
        if label in (b"EDF Annotations", b"BDF Annotations")
    ]
    body = np.memmap(path, np.uint8, "r", offset=256 * (n_signals + 1))
    rows = body[: len(body) // int(ends[-1]) * int(ends[-1])].reshape(-1, int(ends[-1]))
    onsets, marked = [], []
    for number, row in enumerate(rows):
        tals = [found for place in places for found in _TAL.findall(row[place].tobytes())]
        if not tals:
            raise InputError(
                "a record of the discontinuous file does not say when it starts",
                where=f"{path}: record {number}",
                expected="its time in the annotation signal",
                hint="export the recording again",
            )
        onsets.append(float(tals[0][0]))
        for onset, duration, texts in tals:
            shown = [text.decode("utf-8", errors="replace") for text in texts.split(b"\x14") if text]
            marked += [(float(onset) - onsets[0], float(duration or 0), text) for text in shown]
    return Records(np.array(onsets) - onsets[0], length_s, sorted(marked))


def _pauses(records: Records, sfreq: float, path: Path) -> list[Pause]:
    found = []
    lost = np.diff(records.onsets) - records.length_s
    if (lost < -0.5 / sfreq).any():
        early = int(np.argmin(lost)) + 1
        raise InputError(
            "a record starts before the end of the one before",
            where=f"{path}: record {early}",
            got=f"{records.onsets[early]:.3f} s after the first",
            expected=f"at least {records.onsets[early - 1] + records.length_s:.3f} s",
            hint="export the recording again",
        )
    for number in np.flatnonzero(lost > 0.5 / sfreq):
        at = round((number + 1) * records.length_s * sfreq) / sfreq
        found.append(Pause(at, at, float(lost[number])))
    return found
