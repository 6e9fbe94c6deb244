"""The time between volumes: what sidecar and header say, and whether they agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError

#: Times between volumes (s) that BOLD can have; outside, the unit must be wrong.
PLAUSIBLE_TR_S = (0.05, 30.0)
#: Largest difference between sidecar and header that is rounding (s).
TOLERANCE_S = 1e-3
_PER_SECOND = {"sec": 1.0, "msec": 1e3, "usec": 1e6}


def header_tr(header: Any) -> float | None:
    """TR (s) that a NIfTI header gives, in the unit it gives; None where it gives none.

    A header without a unit of time whose fourth size is 0 or 1 was never set.
    """
    try:
        unit = header.get_xyzt_units()[1]
    except KeyError:  # an unknown code of units
        unit = "unknown"
    zooms = header.get_zooms()
    if len(zooms) < 4 or not np.isfinite(zooms[3]) or zooms[3] <= 0 or (unit == "unknown" and zooms[3] == 1):
        return None
    # the header holds float32: 2.16 s comes back as 2.1600000858
    return round(float(zooms[3]) / _PER_SECOND.get(unit, 1.0), 6)


def repetition_time(
    from_header: float | None, sidecar: dict[str, Any], *, override: float | None = None, where: str = ""
) -> tuple[float, tuple[str, ...]]:
    """Settle the TR.

    Parameters
    ----------
    from_header : float or None
        See `header_tr`.
    sidecar : dict
        JSON sidecar of the BOLD run; BIDS gives ``RepetitionTime`` in s.
    override : float, optional
        The user's word, s.
    where : str
        File, for the errors.

    Returns
    -------
    tr : float
        s.
    notes : tuple of str
        What the user should know.

    Raises
    ------
    InputError
        If nothing gives a TR, it is implausible, or sidecar and header disagree.
    """
    if override is not None:
        return override, ()
    stated = sidecar.get("RepetitionTime")
    if stated is not None and (isinstance(stated, bool) or not isinstance(stated, int | float) or not stated > 0):
        raise InputError(
            "RepetitionTime is not a positive number", where=where, got=repr(stated), expected="seconds", hint=_SET
        )
    if stated is None and from_header is None:
        raise InputError(
            "neither the sidecar nor the header gives the TR",
            where=where,
            expected="RepetitionTime in the JSON sidecar (s)",
            hint=_SET,
        )
    if stated is not None and from_header is not None and abs(stated - from_header) > TOLERANCE_S:
        raise InputError(
            "the TR in sidecar and header disagree",
            where=where,
            got=f"sidecar {stated:g} s, header {from_header:g} s{_milliseconds(stated, from_header)}",
            expected="the same time in both",
            hint=_SET,
        )
    tr = float(stated if stated is not None else from_header)  # type: ignore[arg-type]
    low, high = PLAUSIBLE_TR_S
    if not low <= tr <= high:
        raise InputError(
            "the TR is implausible",
            where=where,
            got=f"{tr:g} s" + (": milliseconds?" if tr > high else ""),
            expected=f"{low:g} to {high:g} s",
            hint=_SET,
        )
    missing = "sidecar" if stated is None else "header" if from_header is None else ""
    return tr, (f"the {missing} gives no TR: {tr:g} s is that of the other",) if missing else ()


_SET = "correct RepetitionTime in the sidecar (s) or the header, or give the right one with 'tr'"


def _milliseconds(sidecar: float, header: float) -> str:
    for one, other, name in ((sidecar, header, "sidecar"), (header, sidecar, "header")):
        if abs(one / other / 1000 - 1) < 0.01:
            return f": the {name} is in milliseconds"
    return ""
