"""Which recordings train, choose the best epoch, and are tested: decided by subject, before windows are cut."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.core.random import generator
from eeg2fmri.data.store import Store


def _labels(value: Any) -> Any:
    """Accept ``sub-01`` for ``01``, and say what is wrong with a label that YAML took for a number."""
    if not isinstance(value, list | tuple):
        return value
    if any(not isinstance(label, str) for label in value):
        raise ValueError("subjects are text: write them in quotes, for example ['01', '02']")
    return tuple(label.removeprefix("sub-") for label in value)


Part = Annotated[Annotated[int, Field(ge=1)] | tuple[str, ...] | None, BeforeValidator(_labels)]


class SplitConfig(Config):
    """How the subjects of a store are divided.

    Attributes
    ----------
    by : {"subject"}
        All recordings of a subject are on one side.
    train, validation, test : int, tuple of str, or None
        Number of subjects, or their labels. None is a fifth of the subjects for validation and for test,
        at least one, and the rest for training.
    seed : int
        Seed of the draw of the subjects that are not named.
    """

    by: Literal["subject"] = "subject"
    train: Part = None
    validation: Part = None
    test: Part = None
    seed: int = 0


class Split(Config):
    """Recording ids of each part.

    Attributes
    ----------
    train, validation, test : tuple of str
        Ids of a store's recordings, none of them empty, no subject in two parts.
    """

    train: Annotated[tuple[str, ...], Field(min_length=1)]
    validation: Annotated[tuple[str, ...], Field(min_length=1)]
    test: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_leak(self) -> Split:
        owner: dict[str, str] = {}
        for part in ("train", "validation", "test"):
            for recording in getattr(self, part):
                subject = recording.split("_")[0]
                if owner.setdefault(subject, part) != part:
                    raise ValueError(f"{subject} is in both {owner[subject]} and {part}")
        return self


def make_split(store: Store, config: SplitConfig) -> Split:
    """Divide the recordings of a store by subject.

    Parameters
    ----------
    store : Store
        Its recordings are divided.
    config : SplitConfig
        Sizes or labels of the parts.

    Returns
    -------
    Split
        The same for the same subjects and settings, in the order of the store.

    Raises
    ------
    InputError
        If there are fewer than 3 subjects, a named subject is not in the store or is in two parts, or the
        parts ask for more subjects than there are.
    """
    subjects = sorted({recording.subject for recording in store.recordings})
    where = str(store.path)
    if len(subjects) < 3:
        raise InputError(
            "there are too few subjects for training, validation and test",
            where=where,
            got=f"{len(subjects)} ({', '.join(subjects)})",
            expected="at least 3: no subject may be in two parts",
            hint="add subjects to the store",
        )
    problems = _label_problems(subjects, config, where)
    if problems:
        raise InputError.of(problems)
    parts = _divide(subjects, config, where)
    chosen = {
        part: tuple(recording.id for recording in store.recordings if recording.subject in members)
        for part, members in parts.items()
    }
    return Split.make(chosen, where=where)


def _label_problems(subjects: list[str], config: SplitConfig, where: str) -> list[Problem]:
    named = {
        part: value for part in ("train", "validation", "test") if isinstance(value := getattr(config, part), tuple)
    }
    problems = [
        Problem(f"the {part} part names a subject that the store does not have", where, label, ", ".join(subjects))
        for part, labels in named.items()
        for label in labels
        if label not in subjects
    ]
    problems += [
        Problem(f"the {part} part is empty", where, expected="at least one subject", hint=f"name subjects in {part!r}")
        for part, labels in named.items()
        if not labels
    ]
    everyone = [label for labels in named.values() for label in labels]
    problems += [
        Problem("a subject is named twice", where, label, "each subject in one part", "name it once")
        for label in sorted({label for label in everyone if everyone.count(label) > 1})
    ]
    return problems


def _divide(subjects: list[str], config: SplitConfig, where: str) -> dict[str, set[str]]:
    wanted = {part: getattr(config, part) for part in ("test", "validation", "train")}
    parts = {part: set(value) if isinstance(value, tuple) else set() for part, value in wanted.items()}
    named = set().union(*parts.values())
    free = [subject for subject in subjects if subject not in named]
    order = generator(config.seed, "split").permutation(len(free))
    pool = [free[k] for k in order]
    fifth = max(1, round(len(subjects) / 5))
    counts = {part: _count(wanted[part], fifth) for part in ("test", "validation")}
    rest = len(pool) - counts["test"] - counts["validation"]
    counts["train"] = _count(wanted["train"], rest)
    if counts["train"] > rest or len(parts["train"]) + counts["train"] < 1:
        raise InputError(
            "the parts of the split ask for more subjects than there are",
            where=where,
            got=f"{len(subjects)} subjects, {len(named)} of them named",
            expected=f"{counts['test']} more for test, {counts['validation']} for validation, "
            f"{max(1, counts['train'])} for training",
            hint="ask for fewer subjects in each part, or add subjects to the store",
        )
    start = 0
    for part, count in counts.items():
        parts[part] |= set(pool[start : start + count])
        start += count
    return parts


def _count(wanted: int | tuple[str, ...] | None, default: int) -> int:
    """Subjects to draw for a part: none where they are named."""
    if isinstance(wanted, tuple):
        return 0
    return default if wanted is None else wanted
