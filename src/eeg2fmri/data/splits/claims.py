"""Protocols of a test: what a score on the test part can claim, and the words that stand beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProtocolName = Literal[
    "fixed-subjects",
    "k-fold-subjects",
    "leave-one-subject-out",
    "leave-one-data-set-out",
    "across-sessions",
    "within-recording",
    "calibrated",
]


@dataclass(frozen=True)
class Protocol:
    """How the test part relates to what the model was trained on.

    Attributes
    ----------
    name : str
        Key in ``split.json``, ``scores.json`` and ``scores.csv``.
    title : str
        What a reader calls it.
    one, several : str
        Whom the test part is of, for a sentence: "3 unseen subjects".
    seen : str
        What the model has seen of the people of the test part.
    claim : str
        What a good score says, and what it does not.
    """

    name: ProtocolName
    title: str
    one: str
    several: str
    seen: str
    claim: str

    def people(self, count: int) -> str:
        """Name the test subjects of a sentence."""
        return self.one if count == 1 else self.several

    @property
    def new_people(self) -> bool:
        """Whether the test subjects are people that no training has seen."""
        return self.name not in ("across-sessions", "within-recording", "calibrated")


_UNSEEN = (
    "unseen subject",
    "unseen subjects",
    "the model has seen nothing of the test subjects",
    "a good score carries over to new people of the same study",
)

#: Every protocol by its name, the strictest first.
PROTOCOLS: dict[str, Protocol] = {
    each.name: each
    for each in (
        Protocol(
            "leave-one-data-set-out",
            "leave one data set out",
            "unseen subject of another data set",
            "unseen subjects of other data sets",
            "the model has seen nothing of the test subjects, nor anybody of their data set",
            "a good score carries over to new people of another study, as far as it is as unlike as these are",
        ),
        Protocol("fixed-subjects", "fixed split over subjects", *_UNSEEN),
        Protocol("k-fold-subjects", "k-fold over subjects", *_UNSEEN),
        Protocol("leave-one-subject-out", "leave one subject out", *_UNSEEN),
        Protocol(
            "across-sessions",
            "across sessions",
            "subject in another session than was trained on",
            "subjects in other sessions than were trained on",
            "the model has seen these subjects, in other sessions",
            "a good score carries over to another session of a subject who was recorded for the training, not to new "
            "people",
        ),
        Protocol(
            "within-recording",
            "within recording",
            "subject within the recording that was trained on, other minutes",
            "subjects within the recordings that were trained on, other minutes",
            "the model has seen these very recordings, other minutes of them",
            "a good score carries over to other minutes of a recording that the model was trained on: cap, head, "
            "scanner and state are known, and neither new people nor another session are tested",
        ),
        Protocol(
            "calibrated",
            "calibrated to the person",
            "subject whom the model was calibrated to, other minutes",
            "subjects whom the model was calibrated to, other minutes",
            "the model has seen minutes of this person's EEG and BOLD, none of those that are tested",
            "a good score carries over to other minutes of the person whom the model was calibrated to, not to new "
            "people; what the calibration adds is the difference to the same model, not calibrated",
        ),
    )
}


def protocol_label(name: ProtocolName, fold: int | None = None, folds: int | None = None) -> str:
    """Title of a protocol, its fold, and what the model has seen of the test part.

    Parameters
    ----------
    name : str
    fold, folds : int, optional
        Number of the fold from 1, and how many there are; without the first, all folds together.
    """
    protocol = PROTOCOLS[name]
    if folds is None:
        which = ""
    else:
        which = f", {folds} folds together" if fold is None else f", fold {fold} of {folds}"
    return f"{protocol.title}{which}: {protocol.seen}"
