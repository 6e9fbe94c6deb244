"""Hold what a classification found, and the files that it is kept in.

``RESULT/`` holds

- ``scores.json``: verdict, protocol, every score with its interval, tests, calibration, choices, notes;
- ``scores.csv``: one row a method, level (subject or window) and score;
- ``predictions.csv``, ``subjects.csv``: probabilities of every window and every subject by method;
- ``explanation/``: relevance of the view classifier, see `eeg2fmri.results.classify.class_maps`;
- ``MODEL_CARD.md``: intended use and limits;
- ``folds/``: what each fold gave; ``classify.json``: what the classification is of; ``models/`` if models are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from eeg2fmri.core.disk.files import write_csv, write_json
from eeg2fmri.core.disk.parse import read_table
from eeg2fmri.results.files import ResultError, read_content, reading

FORMAT = "eeg2fmri classification scores"
VERSION = 1
SCORES, TABLE, SUBJECTS, WINDOWS = "scores.json", "scores.csv", "subjects.csv", "predictions.csv"
LEVELS = ("subject", "window")
#: Keys of ``scores.json`` that are no facts.
OWN = frozenset({"format", "layout", "verdict", "methods", "view_minus", "notes"})
AGAIN = "classify again: eeg2fmri classify RUN STORE RESULT"


class Votes(NamedTuple):
    """What a method says of each subject, in the order of their first window.

    Attributes
    ----------
    subjects : array of str, shape (subject,)
    labels : int array, shape (subject,)
    probability : array, shape (subject, class)
    """

    subjects: np.ndarray
    labels: np.ndarray
    probability: np.ndarray

    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Find false and true positive rates of class 1 at every threshold; equal probabilities pass together.

        Returns
        -------
        false, true : array, shape (threshold,)
            Rising from 0 to 1.
        """
        truly, score = self.labels == 1, self.probability[:, 1]
        thresholds = np.unique(score)[::-1]
        passed = score[None, :] >= thresholds[:, None]
        rates = [(passed & group).sum(axis=1) / max(int(group.sum()), 1) for group in (~truly, truly)]
        false, true = (np.concatenate([[0.0], rate]) for rate in rates)
        return false, true


class Windows(Protocol):
    """Windows of all recordings, as `predictions.csv` names them.

    Attributes
    ----------
    subjects, recordings : array of str, shape (window,)
        Recordings are empty where windows are of none.
    starts : array, shape (window,)
        Start of each window in its recording, s; empty where windows are of none.
    labels : int array, shape (window,)
        True classes.
    """

    subjects: np.ndarray
    recordings: np.ndarray
    starts: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
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
        Run, store, classes, protocol, settings, counts.
    notes : tuple of str
        What a reader must know before trusting the numbers.
    votes : mapping of method to Votes
    data : Windows or None
        What was classified; None if the scores were read from their files.
    probability : mapping of method to array, shape (window, class)
        Of every window; empty if the scores were read from their files.
    """

    verdict: str
    methods: dict[str, dict[str, Any]]
    differences: dict[str, dict[str, Any]]
    facts: dict[str, Any]
    notes: tuple[str, ...]
    votes: Mapping[str, Votes]
    data: Any = None
    probability: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __repr__(self) -> str:
        subjects = len(next(iter(self.votes.values())).labels) if self.votes else "unknown"
        return f"<Classification: {', '.join(self.methods)}; {subjects} subjects. {self.verdict}>"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(str(name) for name in self.facts["classes"])

    def to_dict(self) -> dict[str, Any]:
        """Give everything but votes, as JSON has it."""
        return {
            "format": FORMAT,
            "layout": VERSION,
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
            cells = [_cell(score) for score in found["subject"].values()]
            p = found["permutation"]["p_auc"]
            brier = f"{found['calibration']['subject']['brier']:.2f}"
            rows.append([name, *cells, "" if p is None else f"{p:.4f}", brier])
        return columns, rows

    def write(self, folder: str | Path) -> None:
        """Write votes and scores into a folder that exists; ``scores.json`` last.

        Raises
        ------
        OutputError
            If one cannot be written.
        """
        folder, names = Path(folder), [f"p_{name}" for name in self.classes]
        scores = (
            [name, level, score, *(found[part] for part in ("value", "low", "high"))]
            for name, of_method in self.methods.items()
            for level in LEVELS
            for score, found in of_method[level].items()
        )
        write_csv(folder / TABLE, ["method", "level", "score", "value", "low", "high"], scores)
        if self.data is not None:
            head = ["method", "subject", "recording", "start_s", "class", "predicted", *names]
            write_csv(folder / WINDOWS, head, self._window_rows(self.data))
        rows = (
            [method, subject, self.classes[label], *self._told(p)]
            for method, votes in self.votes.items()
            for subject, label, p in zip(*votes, strict=True)
        )
        write_csv(folder / SUBJECTS, ["method", "subject", "class", "predicted", *names], rows)
        write_json(folder / SCORES, self.to_dict())

    def _window_rows(self, windows: Windows) -> Iterator[list[Any]]:
        for method, probability in self.probability.items():
            for k, p in enumerate(probability):
                recording = windows.recordings[k] if len(windows.recordings) else ""
                start = f"{windows.starts[k]:g}" if len(windows.starts) else ""
                yield [method, windows.subjects[k], recording, start, self.classes[windows.labels[k]], *self._told(p)]

    def _told(self, p: np.ndarray) -> list[str]:
        """Name the most probable class, and write the probability (class,) of each."""
        return [self.classes[int(p.argmax())], *(f"{value:.6f}" for value in p)]

    @classmethod
    def read(cls, folder: str | Path, problems: list[str] | None = None) -> Self:
        """Read scores and votes of subjects.

        Parameters
        ----------
        folder : path
        problems : list of str, optional
            Takes what is wrong with the votes, and the rest is read; left out, it is an error.

        Raises
        ------
        AbsentResultError
            If the folder holds no classification.
        ResultError
            If it is damaged, or of another version.
        """
        path = Path(folder) / SCORES
        with reading(path, "the scores of the classification", AGAIN, "the folder holds no classification"):
            content = read_content(path, FORMAT, VERSION, key="layout")
            found = cls(
                verdict=str(content["verdict"]),
                methods={str(name): _checked(one) for name, one in content["methods"].items()},
                differences=dict(content["view_minus"]),
                facts={name: value for name, value in content.items() if name not in OWN},
                notes=tuple(str(note) for note in content["notes"]),
                votes={},
            )
            classes = found.classes
        path = path.with_name(SUBJECTS)
        try:
            with reading(path, "what the methods say of each subject", AGAIN):
                votes = _votes(path, classes)
        except ResultError as error:
            if problems is None:
                raise
            problems.append(error.brief(SUBJECTS))
            return found
        return cls(found.verdict, found.methods, found.differences, found.facts, found.notes, votes)


def _votes(path: Path, classes: tuple[str, ...]) -> dict[str, Votes]:
    rows = read_table(path)
    found = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        labels = np.array([classes.index(row["class"]) for row in own])
        probability = np.array([[float(row[f"p_{name}"]) for name in classes] for row in own])
        found[method] = Votes(np.array([row["subject"] for row in own]), labels, probability)
    return found


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    """Touch what readers use, so that a gap shows here."""
    for part in ("value", "low", "high"):
        found["subject"]["auc"][part]
    found["permutation"]["p_auc"]
    found["calibration"]["subject"]["brier"]
    return found


def _cell(score: Mapping[str, float | None]) -> str:
    if score["value"] is None:
        return ""
    low, high = score["low"], score["high"]
    return f"{score['value']:.2f}" + ("" if low is None or high is None else f" ({low:.2f}, {high:.2f})")
