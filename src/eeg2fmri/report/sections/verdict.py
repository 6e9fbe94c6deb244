"""The verdict in a sentence, the numbers beside it, and what a reader must be warned of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eeg2fmri.report.html.numbers import correlation, p_value, plural
from eeg2fmri.report.read.evaluation import Evaluation, ScoreTable
from eeg2fmri.report.read.run import RunResults

#: A surrogate test is called significant below this p value.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Verdict:
    """What to say first.

    Attributes
    ----------
    tone : {"good", "bad", "open"}
        The EEG helped, did not help, or nobody knows yet.
    label : str
        Two or three words.
    sentence : str
        One sentence.
    """

    tone: str
    label: str
    sentence: str


def verdict(results: RunResults) -> Verdict:
    """Say whether the EEG helped, as far as the run tells."""
    evaluation = results.evaluation
    if evaluation is None:
        return Verdict(
            "open",
            "Not evaluated",
            "This run has not been evaluated: whether the EEG helped is not known. Run eeg2fmri evaluate RUN STORE, "
            "then write the report again.",
        )
    helped = evaluation.helped if evaluation.helped is not None else _helped(evaluation)
    sentence = evaluation.verdict or _sentence(evaluation)
    if helped is None:
        return Verdict("open", "Cannot be told", sentence)
    if helped:
        return Verdict("good", "EEG helped", sentence)
    beaten = evaluation.helped is False and bool(_helped(evaluation))
    return Verdict("bad", "Not better than its baselines" if beaten else "EEG did not help", sentence)


def _helped(evaluation: Evaluation) -> bool | None:
    null = evaluation.null
    if null is None or math.isnan(null.p_value):
        return None
    return null.p_value < SIGNIFICANT and null.observed > 0


def _sentence(evaluation: Evaluation) -> str:
    if evaluation.null is None:
        return "The scores were written without a test against EEG shifted in time: nothing says that the EEG helped."
    null = evaluation.null
    low, high = null.band
    return (
        f"The {null.metric.label} is {correlation(null.observed)} with the EEG in its place and between "
        f"{correlation(low)} and {correlation(high)} in 95 % of {plural(len(null.scores), 'shift')} of the EEG in time "
        f"({p_value(null.p_value)})."
    )


def key_numbers(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return (name, value) pairs for the top of the page: the headline of the model, of the best baseline, the null."""
    table, null = evaluation.table, evaluation.null
    found = []
    if table is not None and table.metrics:
        headline = table.metrics[0]
        model = table.methods[0]
        found.append((f"{headline.label}, {model}", headline.text(table.mean(model, headline.name))))
        best = best_baseline(table)
        if best:
            found.append((f"{headline.label}, best baseline ({best})", headline.text(table.mean(best, headline.name))))
    if null is not None:
        found.append(("97.5th percentile with shifted EEG", null.metric.text(null.band[1])))
        found.append(("Test against shifted EEG", p_value(null.p_value)))
    if table is not None:
        found.append(("Test subjects", str(len(table.subjects))))
    return found


def best_baseline(table: ScoreTable) -> str:
    """Return the baseline with the best mean headline score; empty if none has one."""
    headline = table.metrics[0]
    rivals = [method for method in table.methods[1:] if table.role(method) not in ("null", "ceiling")]
    scored = {method: table.mean(method, headline.name) for method in rivals}
    scored = {method: mean for method, mean in scored.items() if not math.isnan(mean)}
    if not scored:
        return ""
    sign = 1 if headline.higher_is_better else -1
    return max(scored, key=lambda method: sign * scored[method])


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
    table = evaluation.table
    if table is not None and table.metrics:
        headline, model, best = table.metrics[0], table.methods[0], best_baseline(table)
        ours, theirs = table.mean(model, headline.name), table.mean(best, headline.name) if best else math.nan
        worse = ours < theirs if headline.higher_is_better else ours > theirs
        if worse:
            scores = f"{headline.text(ours)} against {headline.text(theirs)}"
            found.append(f"{model} does not reach {best}: {headline.label} {scores}.")
        if np.isnan(table.of(model, headline.name)).any():
            found.append(f"The {headline.label} of {model} is not defined for some test subjects.")
    if evaluation.null is None:
        found.append("There is no test against EEG shifted in time.")
    return found
