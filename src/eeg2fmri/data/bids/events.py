"""Read what a participant was shown or did from ``events.tsv``, and make regressors of BOLD of it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.parse import read_table
from eeg2fmri.core.errors import InputError

#: Kinds of events with regressors of their own; the rarer ones share one.
KINDS = 8
#: Part of the time that a kind of event covers from which it says nothing of when.
ALWAYS = 0.95
#: Response of Glover (NeuroImage 9, 1999), its derivatives by time and by dispersion: three columns a kind.
RESPONSE = "glover + derivative + dispersion"


def read_events(file: Path) -> dict[str, np.ndarray]:
    """Read the events of a run by their ``trial_type`` (``event`` where there is none).

    Returns
    -------
    dict of kind to array, shape (event, 2)
        Onset and duration, s, on the clock of the file.

    Raises
    ------
    InputError
        If the table cannot be read or has no onsets.
    """
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    try:
        for row in read_table(file, "\t"):
            onset, duration = _number(row["onset"]), _number(row.get("duration") or "n/a")
            if np.isfinite(onset):
                kind = row.get("trial_type", "").strip()
                found[kind if kind.lower() not in ("", "n/a") else "event"].append(
                    (onset, duration if duration > 0 else 0.0)
                )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            "the events cannot be read",
            where=str(file),
            got=f"{type(error).__name__}: {error}",
            expected="columns onset, duration and trial_type, separated by tabs",
        ) from None
    return {kind: np.array(sorted(events)) for kind, events in found.items()}


def event_regressors(events: dict[str, np.ndarray], times: np.ndarray) -> dict[str, np.ndarray]:
    """Convolve the events of each kind with the haemodynamic response, by nilearn.

    Parameters
    ----------
    events : dict of kind to array, shape (event, 2)
        Onset and duration, s; see `read_events`.
    times : array, shape (volume,)
        Middle of each volume, s, on the clock of the events.

    Returns
    -------
    dict of name to array, shape (volume,)
        ``task_<kind>_1`` to ``_3``. Kinds that go on all the time, or that have no event near the volumes, are left
        out.
    """
    ends = times[0], times[-1]
    near = {kind: some[(some.sum(axis=1) >= ends[0] - 24) & (some[:, 0] <= ends[1])] for kind, some in events.items()}
    told = {kind: some for kind, some in near.items() if len(some) and not _always(some, *ends)}
    by_number = sorted(told, key=lambda kind: (-len(told[kind]), kind))
    kinds = {kind: told[kind] for kind in (by_number if len(by_number) <= KINDS else by_number[: KINDS - 1])}
    rest = [told[kind] for kind in by_number[len(kinds) :]]
    if rest:
        kinds["others"] = np.concatenate(rest)
    if not kinds:
        return {}
    from nilearn.glm.first_level import compute_regressor

    found: dict[str, np.ndarray] = {}
    for kind, some in sorted(kinds.items()):
        condition = np.vstack([some.T, np.ones(len(some))])
        columns, _ = compute_regressor(condition, RESPONSE, times)
        found |= {f"task_{kind}_{number}": column for number, column in enumerate(columns.T, 1) if np.ptp(column) > 0}
    return found


def _always(events: np.ndarray, start: float, stop: float) -> bool:
    """Whether events cover nearly all of the time, or are so close that they follow each other without a pause."""
    begin, end = np.maximum(events[:, 0], start), np.minimum(events.sum(axis=1), stop)
    return float(np.maximum(end - begin, 0).sum()) >= ALWAYS * (stop - start)


def _number(text: str) -> float:
    return np.nan if text.strip().lower() in ("n/a", "nan", "") else float(text)
