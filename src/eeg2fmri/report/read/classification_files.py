"""Reading the folder of a classification: scores.json and subjects.csv."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.read.class_maps import ClassMaps, read_class_maps

SCORES = "scores.json"
SUBJECTS = "subjects.csv"


@dataclass(frozen=True, eq=False)
class Votes:
    """What a method says of each subject: true classes (subject,), probabilities (subject, class)."""

    labels: np.ndarray
    probability: np.ndarray

    def rates(self, positive: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Find false and true positive rates at every threshold; subjects with one probability pass it together.

        Parameters
        ----------
        positive : int
            Class that is to be found.

        Returns
        -------
        false, true : array, shape (threshold,)
            Rising from 0 to 1.
        """
        truly, score = self.labels == positive, self.probability[:, positive]
        thresholds = np.unique(score)[::-1]
        passed = score[None, :] >= thresholds[:, None]
        rates = [(passed & group).sum(axis=1) / max(int(group.sum()), 1) for group in (~truly, truly)]
        false, true = (np.concatenate([[0.0], rate]) for rate in rates)
        return false, true


@dataclass(frozen=True, eq=False)
class ClassificationResults:
    """A classification as a page needs it.

    Attributes
    ----------
    folder : Path
    verdict : str
    classes : tuple of str
    methods : mapping of method to mapping
        Scores with intervals, test against permutations, calibration, as they were written.
    differences : mapping of method to mapping
        AUC of the view minus that of the method.
    votes : mapping of method to Votes
        Empty if they cannot be read.
    maps : ClassMaps or None
        What the decisions came from.
    facts : mapping
        Run, label, number of windows, subjects by class, protocol.
    notes : tuple of str
    problems : tuple of str
    """

    folder: Path
    verdict: str
    classes: tuple[str, ...]
    methods: Mapping[str, Mapping[str, Any]]
    differences: Mapping[str, Mapping[str, Any]]
    votes: Mapping[str, Votes]
    maps: ClassMaps | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read_classification(folder: Path) -> ClassificationResults:
    """Read a folder that ``classify`` wrote.

    Raises
    ------
    InputError
        If it holds no scores, or they are damaged.
    """
    path = folder / SCORES
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
        classes = tuple(str(name) for name in scores["classes"])
        problems: list[str] = []
        return ClassificationResults(
            folder=folder,
            verdict=str(scores["verdict"]),
            classes=classes,
            methods={str(name): _checked(found) for name, found in scores["methods"].items()},
            differences=dict(scores["view_minus"]),
            votes=_votes(folder / SUBJECTS, classes, problems),
            maps=read_class_maps(folder, problems),
            facts={name: scores.get(name) for name in ("run", "label", "windows", "subjects_by_class", "protocol")},
            notes=tuple(str(note) for note in scores["notes"]),
            problems=tuple(problems),
        )
    except FileNotFoundError:
        raise InputError(
            "the folder holds no classification",
            where=str(folder),
            expected=SCORES,
            hint="give the folder that classify wrote",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "the scores of the classification cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
        ) from None


def _checked(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Touch what the page reads, so that a gap shows here."""
    for part in ("value", "low", "high"):
        found["subject"]["auc"][part]
    found["permutation"]["p_auc"]
    found["calibration"]["subject"]["brier"]
    return found


def _votes(path: Path, classes: tuple[str, ...], problems: list[str]) -> dict[str, Votes]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        found = {}
        for method in dict.fromkeys(row["method"] for row in rows):
            own = [row for row in rows if row["method"] == method]
            labels = np.array([classes.index(row["class"]) for row in own])
            found[method] = Votes(labels, np.array([[float(row[f"p_{name}"]) for name in classes] for row in own]))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        problems.append(f"{path.name}: {type(error).__name__}: {error}")
        return {}
    return found
