"""Electrodes of a recording, compared by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import Problem

if TYPE_CHECKING:
    import mne


def electrode_names(raw: mne.io.BaseRaw) -> list[str]:
    """Names of the EEG channels, bad ones included, in the order of the file."""
    return [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "eeg"]


def channel_problems(wanted: Sequence[str], present: Sequence[str], where: str) -> list[Problem]:
    """Say which electrodes are missing, and whether one of another spelling is there."""
    missing = [name for name in wanted if name not in present]
    if not missing:
        return []
    plain = {"".join(name.split()).casefold(): name for name in present}
    renamed = {name: plain.get("".join(name.split()).casefold(), "") for name in missing}
    similar = ", ".join(f"{there!r} for {name!r}" for name, there in renamed.items() if there)
    return [
        Problem(
            "electrodes are missing",
            where,
            f"no {', '.join(missing)} among {len(present)} channels",
            f"all of {', '.join(wanted)}" if len(wanted) <= 12 else f"all {len(wanted)} electrodes by name",
            f"rename channels: the file has {similar}"
            if similar
            else "electrodes are compared by name: rename or add the channels",
        )
    ]
