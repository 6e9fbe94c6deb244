"""Read what the sidecar of BOLD says of its volumes: when in a TR they are, how many were taken away."""

from __future__ import annotations

from typing import Any

from eeg2fmri.core.errors import InputError


def slice_time(sidecar: dict[str, Any], tr: float, where: str) -> tuple[float, tuple[str, ...]]:
    """Settle how long after its marker a volume is.

    Parameters
    ----------
    sidecar : dict
        JSON sidecar of the BOLD run. ``StartTime`` (BIDS derivatives; fMRIPrep writes it) is the time (s) after the
        start of the acquisition to which the slices of the first volume were interpolated;
        ``SliceTimingCorrected`` says that they were.
    tr : float
        s.
    where : str
        File, for the errors.

    Returns
    -------
    after_s : float
        s; 0 for volumes whose slices are as they were acquired.
    notes : tuple of str
        What the user should know.

    Raises
    ------
    InputError
        If ``StartTime`` is no time within the TR.
    """
    corrected, start = sidecar.get("SliceTimingCorrected"), sidecar.get("StartTime")
    if corrected is False or (start is None and corrected is not True):
        return 0.0, ()
    if start is None:
        told = "slices were brought to one time that the sidecar does not give (StartTime): the middle of the TR taken"
        return tr / 2, (told,)
    if isinstance(start, bool) or not isinstance(start, int | float) or not 0 <= start <= tr:
        raise InputError(
            "StartTime is no time within the TR",
            where=where,
            got=repr(start),
            expected=f"0 to {tr:g} s",
            hint="correct StartTime in the sidecar (s)",
        )
    if start == 0:
        return 0.0, ()
    return float(start), (f"slices were brought to {start:g} s after the start of each volume: its EEG starts there",)


def discarded_volumes(sidecar: dict[str, Any]) -> int | None:
    """Count the volumes that were acquired before the first of the image, as BIDS tells; None where it does not."""
    names = ("NumberOfVolumesDiscardedByUser", "NumberOfVolumesDiscardedByScanner")
    found = [sidecar[name] for name in names if isinstance(sidecar.get(name), int)]
    return sum(found) if found else None
