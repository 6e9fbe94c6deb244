"""Settings of a split: what is divided, into which parts, and which fold is meant."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from eeg2fmri.core.config import Config, Seed

#: Seconds over which BOLD remembers: the haemodynamic response has come back to its baseline 20 s after its cause
#: (Glover, NeuroImage 9, 1999).
MEMORY_S = 20.0

PARTS = ("train", "validation", "test")


def _labels(value: Any) -> Any:
    """Accept ``sub-01`` and ``ses-01`` for ``01``, and say what is wrong with a label that YAML took for a number."""
    if not isinstance(value, list | tuple):
        return value
    if any(not isinstance(label, str) for label in value):
        raise ValueError("subjects and sessions are text: write them in quotes, for example ['01', '02']")
    return tuple(label.removeprefix("sub-").removeprefix("ses-") for label in value)


Part = Annotated[Annotated[int, Field(ge=1)] | tuple[str, ...] | None, BeforeValidator(_labels)]
Folds = Annotated[int, Field(ge=2)] | Literal["leave-one-out"] | None


class SplitConfig(Config):
    """How the recordings of a store are divided.

    Attributes
    ----------
    by : {"subject", "session", "block", "data-set"}
        ``subject``: all recordings of a subject are on one side, so that test subjects are unseen people. ``session``:
        sessions are on different sides and subjects on both. ``block``: each recording is cut into blocks of time with
        a gap between parts; the model is tested on other minutes of the recordings that it has seen. ``data-set``: of
        stores that were joined each is tested in one fold, by a model of the others' people.
    train, validation, test : int, tuple of str, or None
        Number of subjects, sessions or blocks, or labels of subjects or sessions. None is a fifth for validation and
        for test, at least one, and the rest for training. Subjects are drawn; the last sessions and blocks test, and
        those before them validate. Where there are two sessions only, the last fifth of each training recording, after
        the gap, validates.
    folds : int, "leave-one-out", or None
        Cross-validation: each subject, session or block is in the test part of one fold. None is one fixed split.
    fold : int or None
        Which fold this is, from 1; needed where there are folds.
    blocks : int
        Blocks of equal length that a recording is cut into; with folds there is one for each fold.
    gap_s : float
        Time left out between blocks of different parts, s: what a volume remembers of the time before it. A window and
        its target lie inside one block, so that targets of two parts are apart by the gap and a window and lag more.
    seed : int
        Seed of the draw of the subjects that are not named.

    Examples
    --------
    >>> SplitConfig(folds="leave-one-out").by
    'subject'
    """

    by: Literal["subject", "session", "block", "data-set"] = "subject"
    train: Part = None
    validation: Part = None
    test: Part = None
    folds: Folds = None
    fold: Annotated[int, Field(ge=1)] | None = None
    blocks: Annotated[int, Field(ge=3)] = 5
    gap_s: Annotated[float, Field(ge=MEMORY_S)] = MEMORY_S
    seed: Seed = 0

    @model_validator(mode="after")
    def _fits(self) -> SplitConfig:
        named = [part for part in PARTS if isinstance(getattr(self, part), tuple)]
        if self.by == "block" and named:
            raise ValueError(f"blocks have no labels: give the number of blocks of {', '.join(named)}")
        if self.by == "data-set" and (self.folds != "leave-one-out" or named):
            raise ValueError("data sets are left out one at a time: folds: leave-one-out, and no labels")
        if self.folds is None:
            if self.fold is not None:
                raise ValueError("there is a fold but no number of folds: set 'folds' too")
            return self
        if self.test is not None or named:
            raise ValueError("folds decide who is tested: leave 'test' out, and give numbers for other parts")
        if isinstance(self.folds, int) and self.fold is not None and self.fold > self.folds:
            raise ValueError(f"there is no fold {self.fold}: folds are numbered from 1 to {self.folds}")
        if self.by == "block" and (self.folds == "leave-one-out" or self.folds < 3):
            raise ValueError("folds of blocks need a number of at least 3: one block tests and one validates")
        return self
