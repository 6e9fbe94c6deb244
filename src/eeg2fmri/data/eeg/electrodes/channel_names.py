"""Electrodes of a recording, compared by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import Problem

if TYPE_CHECKING:
    import mne


#: What EDF files and clinical systems write around the name of an electrode: ``EEG Fp1-REF``, ``EEG C3-A2``.
_AROUND = re.compile(r"^\s*(?:EEG[\s_:]+)?(.*?)(?:\s*-\s*(?:ref|le|ar|avg|av|car|a1|a2|m1|m2)\d*)?\s*$", re.IGNORECASE)
#: Names of the 10-20 system that the 10-10 system changed (Chatrian et al., 1985).
OLD_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}


def plain_name(name: str) -> str:
    """Take away what stands around the name of a channel: ``EEG`` before it, its reference after it, spaces."""
    found = _AROUND.match(name)
    return "".join((found.group(1) if found else name).split()) or name.strip()


def same_electrode(name: str) -> str:
    """Give what is equal for all spellings of an electrode: ``EEG FP1-REF`` and ``Fp1``, ``T3`` and ``T7``."""
    plain = plain_name(name).upper()
    return OLD_NAMES.get(plain, plain)


def channel_of(name: str, present: Sequence[str]) -> str | None:
    """Find the channel that a setting names: of this name, or the only one of another spelling; None if there is none.

    Examples
    --------
    >>> channel_of("T7", ["EEG T3-REF", "EEG Cz-REF"])
    'EEG T3-REF'
    """
    alike = [name] if name in present else [other for other in present if same_electrode(other) == same_electrode(name)]
    return alike[0] if len(alike) == 1 else None


def electrode_names(raw: mne.io.BaseRaw) -> list[str]:
    """Names of the EEG channels, bad ones included, in the order of the file."""
    return [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "eeg"]


def channel_problems(wanted: Sequence[str], present: Sequence[str], where: str) -> list[Problem]:
    """Say which electrodes are missing, and whether one of another spelling is there."""
    missing = [name for name in wanted if name not in present]
    if not missing:
        return []
    plain = {plain_name(name).casefold(): name for name in present}
    renamed = {name: plain.get(plain_name(name).casefold(), "") for name in missing}
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
