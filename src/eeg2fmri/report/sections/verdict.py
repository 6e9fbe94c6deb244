"""The verdict in a sentence, the numbers beside it, and what a reader must be warned of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eeg2fmri.report.html.numbers import p_value, score
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import Method


@dataclass(frozen=True)
class Verdict:
    """What to say first.

    Attributes
    ----------
    tone : {"good", "bad", "open"}
        Open is what nobody knows yet.
    label : str
        Two to five words.
    sentence : str
        One plain sentence.
    details : tuple of str
        What it rests on, with numbers.
    """

    tone: str
    label: str
    sentence: str
    details: tuple[str, ...] = ()


def verdict(results: RunResults) -> Verdict:
    """Say what was found, as far as the run tells."""
    evaluation = results.evaluation
    if evaluation is None:
        return Verdict(
            "open",
            "Not evaluated",
            "This run has not been evaluated: whether the EEG helped is not known. Run eeg2fmri evaluate RUN STORE, "
            "then write the report again.",
        )
    return claimed(evaluation)


def claimed(evaluation: Evaluation) -> Verdict:
    """Say what was found: plainly first, then the three claims with their numbers."""
    found = evaluation.finding
    return Verdict(found.tone, found.label, found.sentence, tuple(claim.sentence for claim in evaluation.claims))


def key_numbers(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return (name, value) pairs for the top of the page: the headline of the model, of the best baseline, the null."""
    headline, test = evaluation.headline, evaluation.test
    model = evaluation.model
    found = [(f"{headline.title}, {model.title}", _headline(evaluation, model))]
    best = best_baseline(evaluation)
    if best is not None:
        found.append((f"Best baseline: {best.label}", _headline(evaluation, best)))
    if test is not None:
        found.append(("97.5th percentile of surrogates", score(headline, test.high)))
        found.append(("Test against surrogates", p_value(test.p_value)))
    return [*found, ("Test subjects", str(len(evaluation.subjects)))]


def best_baseline(evaluation: Evaluation) -> Method | None:
    """Look for the baseline, or other model, with the best mean headline score; None if none has one."""
    rivals = [method for method in evaluation.methods[1:] if method.role not in ("null", "ceiling")]
    scored = {method: evaluation.score(method.name, evaluation.headline.name) for method in rivals}
    scored = {method: mean for method, mean in scored.items() if not math.isnan(mean)}
    sign = 1 if evaluation.headline.higher_is_better else -1
    return max(scored, key=lambda method: sign * scored[method], default=None)


def _headline(evaluation: Evaluation, method: Method) -> str:
    return score(evaluation.headline, evaluation.score(method.name, evaluation.headline.name))


def warnings_of(results: RunResults) -> list[str]:
    """List what a reader must know before trusting the page."""
    found = [f"A file of the run could not be read: {problem}" for problem in results.problems]
    history = results.history
    if history is not None and history.best_epoch is not None and len(history.epochs) > 1:
        if history.best_epoch == history.epochs[-1]:
            found.append(
                "The validation loss was still falling in the last epoch: more epochs may give a better model."
            )
        elif history.best_epoch == history.epochs[0]:
            found.append("The first epoch was the best by the validation loss: the model did not improve by training.")
    if results.evaluation is not None:
        found += _score_warnings(results.evaluation)
    for recording in results.quality:
        found += [f"{recording.id}: {warning}" for warning in recording.warnings]
    return found


def _score_warnings(evaluation: Evaluation) -> list[str]:
    found = list(evaluation.notes)
    headline, model, best = evaluation.headline, evaluation.model, best_baseline(evaluation)
    if best is not None:
        ours, theirs = (evaluation.score(method.name, headline.name) for method in (model, best))
        if ours < theirs if headline.higher_is_better else ours > theirs:
            scores = f"{score(headline, ours)} against {score(headline, theirs)}"
            found.append(f"{model.title} does not reach {best.title}: {headline.title} {scores}.")
    if np.isnan(evaluation.of(model.name, headline.name)).any():
        found.append(f"The {headline.title} of {model.title} is not defined for some test subjects.")
    if evaluation.test is None:
        found.append("There is no test against surrogates.")
    return found
