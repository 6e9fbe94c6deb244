"""Name the controls, each with its reason for the case that it cannot be computed."""

from __future__ import annotations

from eeg2fmri.evaluate.controls.regressors import Known
from eeg2fmri.results.scores.control import Control
from eeg2fmri.results.scores.controls import ALL_KNOWN as TOGETHER

OTHER_SUBJECT = Control(
    "other_subject",
    "the same model with the EEG of other subjects",
    "what all recordings have in common, such as the timing of a task",
    "exchanged",
    reason="there is no recording of another subject",
)
DISPLACED = Control(
    "displaced",
    "the same model with EEG displaced by more than the memory of BOLD",
    "a course so slow or so regular that it need not be locked to the EEG",
    "exchanged",
    reason="the recordings are too short to displace the EEG",
)
CONSTANT = Control(
    "constant",
    "the same model with constant EEG",
    "what the model gives without EEG",
    "exchanged",
)
ALL_KNOWN = Control(
    TOGETHER,
    "everything of these that is known",
    "motion, the task and the body together",
    "known",
    reason="fewer than two of them are known",
)
CLEAN_WINDOWS = Control(
    "clean_windows",
    "in windows without movement alone",
    "motion",
    "known",
    reason="no motion parameters are known",
)
GLOBAL_SIGNAL = Control(
    "global_signal",
    "the measured global signal",
    "one course of the whole brain",
    "own BOLD",
)
GROUP_COURSE = Control(
    "group_course",
    "the course of other people at the same time of the scan",
    "what everybody's BOLD does at the same time of the scan",
    "others",
    reason="there are fewer than two recordings of other people in the training group",
)
OUTSIDE_BAND = Control(
    "outside_band",
    "the EEG outside 1 to 45 Hz",
    "muscles or movement in the EEG",
    "EEG",
)
CONNECTIVITY = Control(
    "connectivity",
    "the mean connectivity of other people",
    "the template of other people",
    "template",
    reason="there are fewer than two recordings of other people, or fewer than four pieces of the brain",
)


def of_known(kind: Known) -> Control:
    """Describe the control of a kind of thing that is known beside EEG and BOLD."""
    return Control(kind.name, kind.label, kind.could_be, "known", reason=kind.absent)
