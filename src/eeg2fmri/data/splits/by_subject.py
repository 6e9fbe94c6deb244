"""Subjects or sessions dealt out to training, validation and test: one fixed division, or the folds of several."""

from __future__ import annotations

from collections.abc import Sequence

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.core.random import generator
from eeg2fmri.data.splits.config import SplitConfig


def divide(units: Sequence[str], config: SplitConfig, where: str) -> dict[str, set[str]]:
    """Divide subjects or sessions once.

    Parameters
    ----------
    units : sequence of str
        Labels, sorted: at least three subjects, or two sessions.
    config : SplitConfig
    where : str
        Name of the store, for the errors.

    Returns
    -------
    dict of part to set of str
        Validation is empty where there are two sessions: it is cut from the training recordings.

    Raises
    ------
    InputError
        If a named unit is not there or is named twice, a part is empty, or the parts ask for more than there are.
    """
    problems = _label_problems(units, config, where)
    if problems:
        raise InputError.of(problems)
    wanted = {part: getattr(config, part) for part in ("test", "validation", "train")}
    parts: dict[str, set[str]] = {p: set(v) if isinstance(v, tuple) else set() for p, v in wanted.items()}
    named = set().union(*parts.values())
    pool = _ordered([unit for unit in units if unit not in named], config)
    fifth = max(1, round(len(units) / 5))
    counts = {"test": _count(wanted["test"], fifth), "validation": _validation(units, config, fifth)}
    rest = len(pool) - counts["test"] - counts["validation"]
    counts["train"] = _count(wanted["train"], rest)
    if counts["train"] > rest or len(parts["train"]) + counts["train"] < 1:
        raise InputError(
            f"the parts of the split ask for more {config.by}s than there are",
            where=where,
            got=f"{len(units)} {config.by}s, {len(named)} of them named",
            expected=f"{counts['test']} more for test, {counts['validation']} for validation, "
            f"{max(1, counts['train'])} for training",
            hint=f"ask for fewer {config.by}s in each part, or add {config.by}s to the store",
        )
    start = 0
    for part, count in counts.items():
        parts[part] |= set(pool[start : start + count])
        start += count
    return parts


def n_folds(units: Sequence[str], config: SplitConfig, where: str) -> int:
    """Count the folds.

    Raises
    ------
    InputError
        If there are fewer units than folds.
    """
    if config.folds == "leave-one-out":
        return len(units)
    count = int(config.folds or 1)
    if count > len(units):
        raise InputError(
            f"there are fewer {config.by}s than folds",
            where=where,
            got=f"{len(units)} {config.by}s",
            expected=f"at least {count}",
            hint="take fewer folds, or leave-one-out",
        )
    return count


def fold_parts(units: Sequence[str], config: SplitConfig, where: str) -> dict[str, set[str]]:
    """Divide subjects or sessions for one fold: its own test, those of the next folds validate, the rest trains.

    Parameters
    ----------
    units, config, where
        As `divide`.

    Raises
    ------
    InputError
        If there are fewer units than folds, no such fold, or nothing is left to train on.
    """
    count, fold = n_folds(units, config, where), int(config.fold or 1)
    if fold > count:
        raise InputError("there is no such fold", where=where, got=str(fold), expected=f"1 to {count}")
    order = _ordered(units, config)
    member = {unit: k % count for k, unit in enumerate(order)}
    test = {unit for unit in units if member[unit] == fold - 1}
    # from the next fold on, so that over all folds everyone validates about equally often
    rest = sorted((unit for unit in order if unit not in test), key=lambda unit: (member[unit] - fold) % count)
    held = _validation(units, config, max(1, round(len(units) / 5)))
    train = _count(config.train, len(rest) - held)
    if train < 1 or held + train > len(rest):
        raise InputError(
            f"there are too few {config.by}s for training, validation and test in every fold",
            where=where,
            got=f"{len(units)} {config.by}s, {len(test)} of them in the test part of fold {fold}",
            expected=f"{held} for validation and {max(1, train)} for training beside them",
            hint="take more folds, ask for less validation, or add to the store",
        )
    return {"test": test, "validation": set(rest[:held]), "train": set(rest[held : held + train])}


def divide_two(units: Sequence[str], config: SplitConfig, where: str) -> dict[str, set[str]]:
    """Divide subjects whom nothing tests into validation and training.

    Raises
    ------
    InputError
        If nobody is left to train on.
    """
    order = _ordered(units, config)
    held = _count(config.validation, max(1, round(len(units) / 5)))
    train = _count(config.train, len(order) - held)
    if train < 1 or held + train > len(order):
        raise InputError(
            "there are too few subjects for training and validation",
            where=where,
            got=f"{len(units)} outside the data set that is tested",
            expected=f"at least {held + max(1, train)}",
            hint="ask for less validation, or add stores",
        )
    return {"validation": set(order[:held]), "train": set(order[held : held + train])}


def _ordered(units: Sequence[str], config: SplitConfig) -> list[str]:
    """Order in which parts are filled, test first: subjects are drawn, the last sessions come first."""
    if config.by == "session":
        return list(units)[::-1]
    return [units[k] for k in generator(config.seed, "split").permutation(len(units))]


def _validation(units: Sequence[str], config: SplitConfig, fifth: int) -> int:
    if config.by == "session" and config.validation is None and len(units) == 2:
        return 0
    return _count(config.validation, fifth)


def _count(wanted: int | tuple[str, ...] | None, default: int) -> int:
    """Units to draw for a part: none where they are named."""
    if isinstance(wanted, tuple):
        return 0
    return default if wanted is None else wanted


def _label_problems(units: Sequence[str], config: SplitConfig, where: str) -> list[Problem]:
    named = {
        part: value for part in ("train", "validation", "test") if isinstance(value := getattr(config, part), tuple)
    }
    problems = [
        Problem(f"the {part} part names a {config.by} that the store does not have", where, label, ", ".join(units))
        for part, labels in named.items()
        for label in labels
        if label not in units
    ]
    problems += [
        Problem(
            f"the {part} part is empty",
            where,
            expected=f"at least one {config.by}",
            hint=f"name {config.by}s in {part!r}",
        )
        for part, labels in named.items()
        if not labels
    ]
    everyone = [label for labels in named.values() for label in labels]
    problems += [
        Problem(f"a {config.by} is named twice", where, label, f"each {config.by} in one part", "name it once")
        for label in sorted({label for label in everyone if everyone.count(label) > 1})
    ]
    return problems
