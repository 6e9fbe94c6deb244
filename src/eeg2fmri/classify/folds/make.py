"""Folds over subjects: a subject is on one side of a fold with everything that was recorded of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.core.random import generator


@dataclass(frozen=True)
class Fold:
    """Subjects of one fold.

    Attributes
    ----------
    train, test : tuple of str
    """

    train: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        both = sorted(set(self.train) & set(self.test))
        doubled = sorted(s for part in (self.train, self.test) for s in set(part) if part.count(s) > 1)
        problems = [
            Problem(what, "fold", ", ".join(names))
            for what, names in (("subjects are on both sides of a fold", both), ("subjects stand twice", doubled))
            if names
        ]
        if problems or not self.train or not self.test:
            raise InputError.of(problems or [Problem("a fold needs subjects on both sides")])


def subject_labels(subjects: Sequence[str], labels: Sequence[Any]) -> dict[str, Any]:
    """Class of each subject, from subject and class of each window or recording.

    Raises
    ------
    InputError
        Naming subjects with two classes.
    """
    found: dict[str, Any] = {}
    problems = []
    for subject, label in zip(subjects, labels, strict=True):
        if found.setdefault(subject, label) != label:
            problems.append(Problem("a subject has two classes", subject, f"{found[subject]} and {label}"))
    if problems:
        raise InputError.of(problems)
    return found


def make_folds(labels: dict[str, int], folds: str | int, seed: int) -> list[Fold]:
    """Make the outer folds.

    Parameters
    ----------
    labels : dict of subject to class
    folds : "leave-one-out", "leave-one-per-class-out", or int
        See `ClassifyConfig`. Of unequal classes, the second leaves out the smaller ones' subjects several times no
        more than once each: its number of folds is the size of the smallest class, and others are dealt out evenly.
    seed : int
        Shuffles which subjects share a fold.

    Raises
    ------
    InputError
        If a class has fewer than two subjects, or there are fewer subjects of a class than folds.
    """
    subjects = list(labels)
    classes = sorted(set(labels.values()))
    members = {c: [s for s in subjects if labels[s] == c] for c in classes}
    few = [f"{c}: {len(m)}" for c, m in members.items() if len(m) < 2]
    if len(classes) < 2 or few:
        raise InputError(
            "a classification over subjects needs two classes of at least two subjects",
            got=", ".join(few) or f"{len(classes)} class",
        )
    if folds == "leave-one-out":
        return [Fold(tuple(s for s in subjects if s != left), (left,)) for left in subjects]
    smallest = min(len(m) for m in members.values())
    count = smallest if folds == "leave-one-per-class-out" else int(folds)
    if count > smallest:
        raise InputError(
            "there are more folds than subjects of a class",
            got=f"{count} folds",
            expected=f"at most {smallest}",
            hint="take fewer folds, or leave-one-out",
        )
    return stratified(labels, count, seed)


def stratified(labels: dict[str, int], count: int, seed: int) -> list[Fold]:
    """Deal the subjects of each class out to `count` folds, as evenly as can be."""
    rng = generator(seed, "folds")
    part: dict[str, int] = {}
    offset = 0
    for label in sorted(set(labels.values())):
        members = [s for s in labels if labels[s] == label]
        for place, k in enumerate(rng.permutation(len(members))):
            part[members[k]] = (place + offset) % count
        offset += len(members)  # the next class begins where this one ended: folds differ by one subject at most
    made = []
    for k in range(count):
        test = tuple(s for s in labels if part[s] == k)
        made.append(Fold(tuple(s for s in labels if part[s] != k), test))
    return made


def inner_folds(labels: dict[str, int], count: int, seed: int) -> list[Fold]:
    """Make folds of the training subjects for the choice of settings: no more than the smallest class has subjects.

    Raises
    ------
    InputError
        If a class has fewer than two training subjects.
    """
    sizes = [list(labels.values()).count(c) for c in set(labels.values())]
    smallest = min(sizes)
    if len(sizes) < 2 or smallest < 2:
        raise InputError(
            "too few training subjects of a class to choose settings on",
            got=f"{smallest} subjects",
            expected="2 or more",
            hint="set inner_folds to 0, which chooses nothing, or record more subjects",
        )
    return stratified(labels, min(count, smallest), seed)
