"""Runs that are folds of one cross-validation: they add up, where other runs compete."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from eeg2fmri.report.html.numbers import plural, score
from eeg2fmri.report.read.run import RunResults


def are_folds(runs: Sequence[RunResults]) -> bool:
    """Say whether the runs are different folds of one cross-validation."""
    numbers = [run.protocol.fold for run in runs]
    same = {(run.protocol.name, run.protocol.folds) for run in runs}
    return len(runs) > 1 and None not in numbers and len(set(numbers)) == len(runs) and len(same) == 1


def title(runs: Sequence[RunResults]) -> str:
    """Say how many runs, or folds of how many, there are."""
    if not are_folds(runs):
        return plural(len(runs), "run")
    of = runs[0].protocol.folds
    return f"{len(runs)} of {of} folds" if of is not None and of != len(runs) else f"{len(runs)} folds"


def fold_numbers(runs: Sequence[RunResults]) -> list[tuple[str, str]]:
    """Return the mean of the headline over the test subjects of all folds, and how many there are."""
    found = [run.evaluation for run in runs if run.evaluation is not None]
    found = [one for one in found if one.headline == found[0].headline]
    if not found:
        return []
    headline = found[0].headline
    values = np.concatenate([one.of(one.model.name, headline.name) for one in found])
    defined = values[np.isfinite(values)]
    mean = score(headline, float(defined.mean()) if len(defined) else math.nan)
    subjects = {subject for one in found for subject in one.subjects}
    return [(f"{headline.title}, mean over folds and subjects", mean), ("Test subjects", str(len(subjects)))]


def fold_warnings(runs: Sequence[RunResults]) -> list[str]:
    """Say how folds are to be read, which are not evaluated, and which were read more than once."""
    found = [
        "Each fold tests what others trained on: the scores add up and do not compete. Intervals and a test over all "
        "subjects stand on the page that crossvalidate writes.",
    ]
    missing = [str(run.protocol.fold) for run in runs if run.evaluation is None]
    if missing:
        found.append(f"Folds without an evaluation: {', '.join(missing)}.")
    read_again = [
        f"fold {run.protocol.fold} {run.evaluation.times_read} times"
        for run in runs
        if run.evaluation is not None and (run.evaluation.times_read or 0) > 1
    ]
    if read_again:
        found.append(f"Test parts were read more than once: {', '.join(read_again)}.")
    return found
