"""Hold what a classification found, and write its files.

``RESULT/`` holds

- ``scores.json``: verdict, protocol, every score with its interval, tests, calibration, choices, notes;
- ``scores.csv``: one row a method, level (subject or window) and score;
- ``predictions.csv``, ``subjects.csv``: probabilities of every window and every subject by method;
- ``explanation/``: relevance of the view classifier, see `eeg2fmri.classify.relevance.files`;
- ``MODEL_CARD.md``: intended use and limits;
- ``folds/``: what each fold gave; ``classify.json``: what the classification is of; ``models/`` if models are kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.classify.methods.features import WindowData
from eeg2fmri.classify.scores.counts import SCORES
from eeg2fmri.classify.scores.model_card import model_card
from eeg2fmri.classify.scores.votes import Votes
from eeg2fmri.core.files import write_json


@dataclass(frozen=True, eq=False)
class Classification:
    """Scores of a classification.

    Attributes
    ----------
    verdict : str
        Whether the view beat EEG features, in one sentence.
    methods : dict of str to dict
        Scores, test and calibration of each method; see `eeg2fmri.classify.scores.with_intervals`.
    differences : dict of str to dict
        AUC over subjects of the view minus that of the method.
    facts : dict
        Run, store, protocol, settings, counts.
    notes : tuple of str
        What a reader must know before trusting the numbers.
    data : WindowData
    probability : dict of str to array, shape (window, class)
    votes : dict of str to Votes
    """

    verdict: str
    methods: dict[str, dict[str, Any]]
    differences: dict[str, dict[str, Any]]
    facts: dict[str, Any]
    notes: tuple[str, ...]
    data: WindowData
    probability: dict[str, np.ndarray]
    votes: dict[str, Votes]

    def to_dict(self) -> dict[str, Any]:
        """Give everything but windows, as JSON has it."""
        return {
            "format": "eeg2fmri classification scores",
            "verdict": self.verdict,
            **self.facts,
            "methods": self.methods,
            "view_minus": self.differences,
            "notes": list(self.notes),
        }

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Columns and rows of the scores of subjects, for a terminal."""
        columns = ["method", "balanced accuracy", "AUC", "sensitivity", "specificity", "F1", "p (AUC)", "Brier"]
        rows = []
        for name, found in self.methods.items():
            cells = [_cell(found["subject"][score]) for score in SCORES]
            p = found["permutation"]["p_auc"]
            brier = f"{found['calibration']['subject']['brier']:.2f}"
            rows.append([name, *cells, "" if p is None else f"{p:.4f}", brier])
        return columns, rows

    def write(self, folder: Path) -> None:
        """Write scores, predictions and the model card."""
        write_json(folder / "scores.json", self.to_dict())
        _csv(
            folder / "scores.csv",
            ["method", "level", "score", "value", "low", "high"],
            (
                [name, level, score, *(found[level][score][part] for part in ("value", "low", "high"))]
                for name, found in self.methods.items()
                for level in ("subject", "window")
                for score in SCORES
            ),
        )
        data, classes = self.data, self.data.classes
        names = [f"p_{name}" for name in classes]
        _csv(
            folder / "predictions.csv",
            ["method", "subject", "recording", "start_s", "class", "predicted", *names],
            (
                [
                    method,
                    data.subjects[k],
                    data.recordings[k] if len(data.recordings) else "",
                    f"{data.starts[k]:g}" if len(data.starts) else "",
                    classes[data.labels[k]],
                    classes[int(p.argmax())],
                    *(f"{v:.6f}" for v in p),
                ]
                for method, probability in self.probability.items()
                for k, p in enumerate(probability)
            ),
        )
        _csv(
            folder / "subjects.csv",
            ["method", "subject", "class", "predicted", *names],
            (
                [method, subject, classes[label], classes[int(p.argmax())], *(f"{v:.6f}" for v in p)]
                for method, votes in self.votes.items()
                for subject, label, p in zip(*votes, strict=True)
            ),
        )
        (folder / "MODEL_CARD.md").write_text(model_card(self.to_dict()), encoding="utf-8")


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _cell(score: dict[str, float | None]) -> str:
    if score["value"] is None:
        return ""
    low, high = score["low"], score["high"]
    return f"{score['value']:.2f}" + ("" if low is None or high is None else f" ({low:.2f}, {high:.2f})")
