"""Tell from which volume on the magnetisation is steady."""

from __future__ import annotations

#: TR (s) from which 3 volumes, not 6, are left out at the beginning of a recording.
LONG_TR_S = 1.5


def first_steady_volume(tr: float) -> int:
    """Index of the first volume with steady magnetisation: 3 at a TR (s) of 1.5 s or more, 6 below."""
    return 3 if tr >= LONG_TR_S else 6
