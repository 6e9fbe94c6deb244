"""One sentence that says whether the EEG helped, and says so plainly if it did not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from eeg2fmri.data.splits.claims import Protocol as Claims
from eeg2fmri.results.method import SIGNIFICANT, Method, Metric
from eeg2fmri.results.shift_test import PooledShiftTest

#: Fewest subjects with which flipping signs can reach p = .05: all of 2^5 patterns but one.
SUBJECTS = 5


class Judged(Protocol):
    """What a verdict rests on; `eeg2fmri.results.evaluation.Evaluation` says what each is."""

    @property
    def model(self) -> Method: ...  # noqa: D102
    @property
    def methods(self) -> tuple[Method, ...]: ...  # noqa: D102
    @property
    def subjects(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def headline(self) -> Metric: ...  # noqa: D102
    @property
    def test(self) -> PooledShiftTest | None: ...  # noqa: D102
    @property
    def against(self) -> dict[str, dict[str, Any]]: ...  # noqa: D102
    @property
    def protocol(self) -> Claims: ...  # noqa: D102
    def score(self, method: str, metric: str, subject: str | None = None) -> float: ...  # noqa: D102


def significant(evaluation: Judged) -> bool:
    """Whether temporal r is above 0 and above what EEG at the wrong time gives (p at most .05)."""
    test = evaluation.test
    return test is not None and test.observed > 0 and test.p_value <= SIGNIFICANT


@dataclass(frozen=True)
class Rival:
    """A baseline beside the model.

    Attributes
    ----------
    label : str
    score : float
        Its headline.
    difference : float
        The model's headline minus it.
    p_value : float
        That the model is better; NaN if it was not tested.
    paired : str
        What the test pairs.
    """

    label: str
    score: float
    difference: float
    p_value: float
    paired: str

    @property
    def beaten(self) -> bool:
        """Whether the model is better, and not by chance alone."""
        return self.difference > 0 and self.p_value <= SIGNIFICANT


def hardest_rival(evaluation: Judged) -> Rival | None:
    """Look for the baseline that the model is least surely better than; None if there is no baseline.

    With `SUBJECTS` test subjects or more, the test flips the signs of the differences of subjects, and its claim is
    about people. With fewer it cannot reach .05, whatever is found; the test is then over time shifts of the two
    predictions together, and its claim is about these recordings alone.
    """
    over_people = len(evaluation.subjects) >= SUBJECTS
    found = []
    for method in evaluation.methods:
        score = evaluation.score(method.name, evaluation.headline.name)
        if method.role != "baseline" or math.isnan(score):
            continue
        test = evaluation.against.get(method.name, {})
        p = test.get("p_value" if over_people else "p_shifts")
        difference = evaluation.score(evaluation.model.name, evaluation.headline.name) - score
        paired = "subjects" if over_people else "time shifts of these recordings"
        found.append(Rival(method.label, score, difference, float("nan") if p is None else p, paired))
    # what is not tested is hardest
    return max(found, key=lambda one: (not one.beaten, -one.difference, one.score), default=None)


def helped(evaluation: Judged) -> bool:
    """Whether the model is significant against time shifts and significantly above every baseline."""
    rival = hardest_rival(evaluation)
    return significant(evaluation) and (rival is None or rival.beaten)


def verdict(evaluation: Judged) -> str:
    """Say in one sentence whether the EEG helped.

    Parameters
    ----------
    evaluation : Judged

    Returns
    -------
    str
        Names the temporal r of the model, of EEG at the wrong time, and of the hardest baseline, with the tests that
        the sentence rests on.
    """
    r = evaluation.score(evaluation.model.name, evaluation.headline.name)
    rival = hardest_rival(evaluation)
    test = evaluation.test
    subjects = len(evaluation.subjects)
    people = f"{subjects} {evaluation.protocol.people(subjects)}"
    if test is None:
        return f"The EEG did not help: what the model predicts does not vary over time ({people})."
    p = f"p {_p(test.p_value)}"
    shifted = f"median temporal r {r:.3f} against {test.mean:.3f} with EEG shifted in time, {p}, {people}"
    beside = f"{rival.label} has {rival.score:.3f}" if rival else ""
    if not significant(evaluation):
        below = f"; {beside}" if rival and rival.difference < 0 else ""
        return f"The EEG did not help: {shifted}, no better than chance{below}."
    if rival is None:
        return f"The EEG helped: {shifted}; there was no baseline to beat."
    tested = f"difference {rival.difference:.3f}, {_tested(rival)}"
    if rival.beaten:
        return f"The EEG helped: {shifted}, and the best baseline is beaten: {beside} ({tested})."
    if rival.difference > 0:
        return f"The model uses the EEG but is not shown to beat its baselines: {shifted}, while {beside} ({tested})."
    return (
        f"The model uses the EEG but does not beat its baselines: {shifted}, while {beside}, so a "
        "simpler method gets as much or more."
    )


def _tested(rival: Rival) -> str:
    return "not tested" if math.isnan(rival.p_value) else f"p {_p(rival.p_value)} paired over {rival.paired}"


def _p(value: float) -> str:
    return f"= {value:.3f}" if value >= 0.001 else f"= {value:.1g}"
