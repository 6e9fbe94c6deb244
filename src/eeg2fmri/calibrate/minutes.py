"""Divide a person's recordings: minutes that the model is fitted to, and volumes that test it."""

from __future__ import annotations

import itertools
import math

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.windows import PairConfig, length_problem
from eeg2fmri.data.splits.config import MEMORY_S
from eeg2fmri.data.splits.leakage import check_leakage
from eeg2fmri.data.splits.split import Split
from eeg2fmri.data.store.blocks import Block
from eeg2fmri.data.store.store import Recording, Store

#: Part of the minutes that stands as training; the rest, as validation, is fitted to as well.
TRAINING = 0.7
#: Pairs of each part at least: fewer tell nothing of what they are left out of.
FEWEST = 8


def minutes_split(store: Store, subject: str, minutes: float, pairs: PairConfig) -> Split:
    """Take the first minutes of a person's first recording, and test on all others of the person.

    Where there is one recording alone, what comes after the minutes and a gap tests.

    Parameters
    ----------
    store : Store
    subject : str
    minutes : float
        From the first volume on.
    pairs : PairConfig
        Of the model.

    Raises
    ------
    InputError
        If the minutes, or what is left to test, are too short for a window and its target.
    """
    first, *others = [one for one in store.recordings if one.subject == subject]
    gap = math.ceil(MEMORY_S / store.tr)
    used = math.floor(minutes * 60 / store.tr)
    spans = _fitted(used, gap)
    if not others:
        spans["test"] = (used + gap, first.n_volumes - 1)
    _check_lengths(store, first, minutes, spans, pairs)
    parts = {part: (Block(first.id, span).id,) for part, span in spans.items()}
    tested = parts.get("test", tuple(one.id for one in others))
    split = Split(train=parts["train"], validation=parts["validation"], test=tested, protocol="calibrated", gap=gap)
    check_leakage(store, split, pairs)
    return split


def _check_lengths(
    store: Store, recording: Recording, minutes: float, spans: dict[str, tuple[int, int]], pairs: PairConfig
) -> None:
    where = f"{store.path}: {recording.id}"
    if spans["validation"][1] >= recording.n_volumes:
        raise InputError(
            "the recording is shorter than the minutes that are to be fitted to",
            where=where,
            got=f"{recording.n_volumes * store.tr / 60:.1f} minutes",
            expected=f"at least {minutes:g}",
            hint="give fewer minutes (--minutes)",
        )
    gap = math.ceil(MEMORY_S / store.tr)
    used = spans["validation"][1] + 1
    least = next(count for count in itertools.count() if _enough(_fitted(count, gap), store.tr, pairs))
    if used < least:
        raise InputError(
            "the minutes are too few to be fitted to",
            where=where,
            got=f"{minutes:g} minutes: {used} volumes",
            expected=f"at least {math.ceil(least * store.tr / 6) / 10:g} minutes ({least} volumes): two blocks of "
            f"{FEWEST} targets or more with their windows, and a gap of {MEMORY_S:g} s between them",
            hint="give more minutes (--minutes)",
        )
    start, end = spans.get("test", (0, recording.n_volumes - 1))
    problem = length_problem(max(0, end - start + 1), store.tr, pairs, where)
    if problem is not None:
        raise InputError(
            "there is nothing left to test the calibrated model on",
            where=where,
            got=f"{max(0, end - start + 1)} volumes after the minutes and a gap of {MEMORY_S:g} s",
            expected=problem.expected,
            hint="give fewer minutes (--minutes), or prepare a store with another recording of the person",
        )


def _fitted(used: int, gap: int) -> dict[str, tuple[int, int]]:
    """Give the first and last volume of training and validation among the first `used` volumes."""
    cut = round(TRAINING * (used - gap))
    return {"train": (0, cut - 1), "validation": (cut + gap, used - 1)}


def _enough(spans: dict[str, tuple[int, int]], tr: float, pairs: PairConfig) -> bool:
    lengths = [max(0, end - start + 1 - (FEWEST - 1)) for start, end in spans.values()]
    return all(length_problem(length, tr, pairs) is None for length in lengths)
