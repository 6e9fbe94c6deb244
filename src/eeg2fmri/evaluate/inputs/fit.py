"""Fit baselines for one run: each once, several at a time, and name those that cannot be fitted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.core.progress import Progress
from eeg2fmri.evaluate.inputs.methods import simple_pairs
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.models.baselines import Baseline
from eeg2fmri.models.regression.threads import one_thread
from eeg2fmri.results.scores.method import Method, upper

#: Baselines that are fitted at the same time, at most: each may hold its features and some BOLD.
AT_ONCE = 4
#: Facts of an evaluation: why a baseline has no row, and which methods predict nothing that varies over time.
NOT_FITTED, CONSTANT = "not_fitted", "constant_methods"


def fit_baselines(
    run: OpenRun, baselines: Sequence[Baseline], progress: Progress
) -> tuple[list[tuple[Method, Baseline]], dict[str, dict[str, str]]]:
    """Fit baselines to the training and validation recordings of a run, in threads.

    Returns
    -------
    fitted : list of (Method, Baseline)
        In their order.
    not_fitted : dict of name to dict
        ``label`` and ``reason`` of those that could not be fitted.
    """
    from joblib import Parallel, delayed

    done, pairs = 0, simple_pairs(run)

    def fit(baseline: Baseline) -> str:
        nonlocal done
        reason = ""
        try:
            baseline.fit(run.store, run.split.train, pairs, run.split.validation)
        except Eeg2FmriError as error:
            problem = error.problems[0]
            reason = problem.what + (f" ({problem.got})" if problem.got else "")
        done += 1
        progress("Fitting baselines", done, len(baselines))
        return reason

    at_once = max(1, min(AT_ONCE, os.cpu_count() or 1, len(baselines)))
    # a thread for each baseline, none inside the products of their matrices
    with one_thread():
        reasons = Parallel(n_jobs=at_once, require="sharedmem")(delayed(fit)(baseline) for baseline in baselines)
    both = list(zip(baselines, reasons, strict=True))
    fitted = [(Method(one.name, one.label, one.sees), one) for one, reason in both if not reason]
    return fitted, {one.name: {"label": one.label, "reason": reason} for one, reason in both if reason}


def fit_notes(facts: Mapping[str, Any]) -> list[str]:
    """Name the baselines that have no row, with the reason."""
    return [
        f"{upper(one['label'])} is not in the table: {one['reason']}." for one in facts.get(NOT_FITTED, {}).values()
    ]
