"""One sentence that says whether the EEG helped, and says so plainly if it did not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from eeg2fmri.evaluate.protocol import HEADLINE, SIGNIFICANT

if TYPE_CHECKING:
    from eeg2fmri.evaluate.results import Evaluation


def significant(evaluation: Evaluation) -> bool:
    """Whether temporal r is above 0 and above what EEG at the wrong time gives (p at most .05)."""
    test = evaluation.pooled.get("model")
    return test is not None and test.observed > 0 and test.p_value <= SIGNIFICANT


def best_rival(evaluation: Evaluation) -> tuple[str, float]:
    """Label and pooled headline score of the best baseline."""
    scores = {
        method.label: evaluation.score(method.name, HEADLINE.name)
        for method in evaluation.methods
        if method.role == "baseline"
    }
    defined = {label: score for label, score in scores.items() if not math.isnan(score)}
    if not defined:
        return "", float("nan")
    label = max(defined, key=lambda key: defined[key])
    return label, defined[label]


def helped(evaluation: Evaluation) -> bool:
    """Whether the model is significant against time shifts and above every baseline."""
    _, rival = best_rival(evaluation)
    return significant(evaluation) and not evaluation.score("model", HEADLINE.name) <= rival


def verdict(evaluation: Evaluation) -> str:
    """Say in one sentence whether the EEG helped.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    str
        Names the temporal r of the model, of EEG at the wrong time, and of the best baseline.
    """
    r = evaluation.score("model", HEADLINE.name)
    label, rival = best_rival(evaluation)
    test = evaluation.pooled.get("model")
    subjects = len(evaluation.subjects)
    people = f"{subjects} {evaluation.protocol.people(subjects)}"
    if test is None:
        return f"The EEG did not help: what the model predicts does not vary over time ({people})."
    p = f"p {_p(test.p_value)}"
    shifted = f"median temporal r {r:.3f} against {test.null.mean():.3f} with EEG shifted in time, {p}"
    beside = f"{label} has {rival:.3f}"
    if helped(evaluation):
        return f"The EEG helped: {shifted}, {people}, and the best baseline, {beside}."
    if significant(evaluation):
        return (
            f"The model uses the EEG but does not beat its baselines: {shifted}, {people}, while {beside}, so a "
            "simpler method gets as much or more."
        )
    below = f"; {beside}" if rival > r else ""
    return f"The EEG did not help: {shifted}, {people}, no better than chance{below}."


def _p(value: float) -> str:
    return f"= {value:.3f}" if value >= 0.001 else f"= {value:.1g}"
