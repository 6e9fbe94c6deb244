"""Say what an evaluation found in one sentence and a few words, for terminal, files and pages alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from eeg2fmri.results.scores.claims import Decision, claims

if TYPE_CHECKING:
    from eeg2fmri.results.scores.evaluation import Evaluation

Tone = Literal["good", "bad", "open"]


@dataclass(frozen=True)
class Finding:
    """The claims together, without numbers, in the words that terminal, files and pages share.

    Attributes
    ----------
    label : str
        Two to five words.
    sentence : str
    tone : {"good", "bad", "open"}
        Open is what is not decided.
    """

    label: str
    sentence: str
    tone: Tone


#: Label, end of the sentence and tone where the EEG tells something, by whether the model is better.
TOLD: Mapping[Decision, tuple[str, str, Tone]] = {
    "yes": ("Better than simpler models", ", and this model gets more out of it than simpler ones.", "good"),
    "no": ("No better than simpler models", "; a simpler method gets about as much out of it.", "bad"),
    "not decided": (
        "EEG tells something",
        "; whether this model gets more out of it than simpler ones is not decided.",
        "open",
    ),
}


def finding(evaluation: Evaluation) -> Finding:
    """Say what was found without numbers."""
    informs, superior, cerebral = claims(evaluation)
    if informs.numbers.get("reversed"):
        text = "What the model predicts goes up where the measured BOLD goes down: its sign is reversed."
        return Finding("Sign reversed", text, "bad")
    if informs.decision == "not decided":
        text = "These recordings cannot decide whether the EEG tells anything about the BOLD."
        return Finding("Not decided", text, "open")
    if informs.decision == "no":
        text = "No sign was found that the EEG tells the model anything about the BOLD."
        return Finding("No sign found", text, "bad")
    told = "The EEG tells something about the BOLD"
    everywhere, could_be = "one course of the whole brain", str(cerebral.numbers.get("could_be", ""))
    if informs.numbers.get("global") and everywhere not in could_be:
        told += f", as {everywhere}"
    if cerebral.decision == "no":
        text = f"{told}, but it could be {could_be} and not the activity of the brain."
        return Finding("Could be something else", text, "bad")
    label, end, tone = TOLD[superior.decision]
    return Finding(label, told + end, tone)
