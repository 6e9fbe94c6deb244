"""Which marker of an EEG recording is set at every volume: by its name, or by its regularity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eeg2fmri.core.errors import InputError

#: Volume markers by the names that recorders give them, most usual first.
KNOWN_MARKERS = ("R128", "R149", "T1", "Scan Start", "Volume", "TR")


def find_marker(markers: Mapping[str, np.ndarray], tr: float, wanted: str | None, where: str = "") -> str:
    """Find the description of the volume marker.

    Raises
    ------
    InputError
        If the wanted marker is absent, none looks like a volume marker, or several do.
    """
    present = ", ".join(f"{name!r} ({len(times)})" for name, times in markers.items()) or "no markers at all"
    if wanted is not None:
        found = [name for name in markers if _same_name(name, wanted)]
        if not found:
            raise InputError("the volume marker does not occur", where=where, got=present, expected=repr(wanted))
        exact = [name for name in found if name == wanted]
        if len(found) > 1 and not exact:
            raise InputError(
                "several markers have the name of the volume marker",
                where=where,
                got=", ".join(f"{name!r} ({len(markers[name])})" for name in found),
                expected="one",
                hint="give the whole description of the right one",
            )
        return (exact or found)[0]
    known = _known(markers)
    regular = [name for name, times in markers.items() if _is_regular(np.asarray(times), tr)]
    best = [name for name in known if name in regular] or regular or known
    if not best:
        raise InputError(
            "there are no volume markers in the EEG",
            where=where,
            got=present,
            expected=f"a marker every {tr:g} s, such as {KNOWN_MARKERS[0]}",
            hint="name the marker with 'marker', or give the time of the first volume with 'first_volume_s'",
        )
    if len(best) > 1 and best[0] not in known:
        raise InputError(
            "several markers could be the volume marker",
            where=where,
            got=", ".join(f"{name!r} ({len(markers[name])})" for name in best),
            hint="name the right one with 'marker'",
        )
    return best[0]


def has_volume_marker(markers: Mapping[str, np.ndarray], tr: float) -> bool:
    """Tell whether a marker has the name or the regularity of a volume marker."""
    return bool(_known(markers)) or any(_is_regular(np.asarray(times), tr) for times in markers.values())


def _known(markers: Mapping[str, np.ndarray]) -> list[str]:
    return [name for label in KNOWN_MARKERS for name in markers if _same_name(name, label)]


def _same_name(description: str, wanted: str) -> bool:
    """Compare without case and spaces, with or without the type that BrainVision puts before the slash."""
    full, name = (_plain(text) for text in (description, description.rsplit("/", 1)[-1]))
    return _plain(wanted) in (full, name)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _is_regular(times: np.ndarray, tr: float) -> bool:
    """Tell whether most of three or more markers follow each other after one TR."""
    return len(times) >= 3 and float(np.mean(np.abs(np.diff(times) / tr - 1) < 0.01)) > 0.5
