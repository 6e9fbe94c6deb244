"""From windows to subjects."""

from __future__ import annotations

import numpy as np

from eeg2fmri.results.classify.classification import Votes

#: What each rule does, as results say it.
RULES = {
    "mean probability": "A subject's probability of a class is the mean over its windows; its class is the most "
    "probable one, and the first of two that are equally probable.",
    "majority": "A subject's probability of a class is the share of its windows with that class as the most "
    "probable; its class is the one of most windows, and the first of two that have as many.",
}


def vote(subjects: np.ndarray, labels: np.ndarray, probability: np.ndarray, rule: str = "mean probability") -> Votes:
    """Bring windows (window,), (window,), (window, class) to subjects by a rule of `RULES`."""
    names = np.array(list(dict.fromkeys(subjects.tolist())))
    if rule == "majority":
        n_classes = probability.shape[1]
        probability = np.eye(n_classes)[probability.argmax(axis=1)]
    own = [subjects == name for name in names]
    return Votes(names, np.array([labels[o][0] for o in own]), np.stack([probability[o].mean(axis=0) for o in own]))
