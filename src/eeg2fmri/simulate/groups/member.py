"""Describe one subject of a simulated group."""

from __future__ import annotations

from dataclasses import dataclass

from eeg2fmri.simulate.recording.subject import Subject


@dataclass(frozen=True)
class GroupMember:
    """One subject of a group.

    Attributes
    ----------
    subject : Subject
        Anatomy of the sources, rhythms and background, age included.
    group, site : str
        Where it belongs and where it is recorded.
    """

    subject: Subject
    group: str
    site: str
