"""Divide recordings into those that train, choose the best epoch, and are tested, before windows are cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.by_subject import divide, divide_two, fold_parts, n_folds
from eeg2fmri.data.splits.by_time import gap_volumes, split_in_time, time_validation
from eeg2fmri.data.splits.claims import ProtocolName
from eeg2fmri.data.splits.config import PARTS, SplitConfig
from eeg2fmri.data.splits.leakage import check_leakage
from eeg2fmri.data.splits.split import Split, read_split
from eeg2fmri.data.store.store import Store

__all__ = ["PARTS", "Split", "SplitConfig", "make_folds", "make_split", "read_split"]


def make_split(store: Store, config: SplitConfig, pairs: PairConfig | None = None) -> Split:
    """Divide the recordings of a store.

    Parameters
    ----------
    store : Store
        Its recordings are divided.
    config : SplitConfig
        What is divided, and sizes or labels of the parts.
    pairs : PairConfig, optional
        How windows will be cut: blocks must be long enough for them, and nothing that a test window reads may train.

    Returns
    -------
    Split
        The same for the same recordings and settings, in the order of the store.

    Raises
    ------
    InputError
        If there are too few subjects, sessions or volumes for all parts, a named one is not in the store or is in two
        parts, the parts ask for more than there are, or the settings do not say which fold is meant.
    LeakageError
        If what tests would train: see `eeg2fmri.data.splits.leakage`.
    """
    pairs = (pairs or PairConfig()).at(store.tr)
    where = str(store.path)
    if config.folds is not None and config.fold is None:
        raise InputError(
            "the split has folds, and nothing says which one is meant",
            where=where,
            got=f"folds: {config.folds}",
            expected=f"fold: a number from 1 to {len(make_folds(store, config))}",
            hint="set 'fold', or train and test all of them by eeg2fmri crossvalidate",
        )
    make = {"subject": _by_subject, "session": _by_session, "block": _by_block, "data-set": _by_data_set}[config.by]
    split = make(store, config, pairs, where)
    check_leakage(store, split, pairs)
    return split


def make_folds(store: Store, config: SplitConfig) -> list[SplitConfig]:
    """Give the settings of every fold of a cross-validation; those of the split itself where there are no folds.

    Raises
    ------
    InputError
        If there are fewer subjects or sessions than folds.
    """
    if config.folds is None:
        return [config]
    count = config.folds if config.by == "block" else n_folds(_units(store, config.by), config, str(store.path))
    return [config.model_copy(update={"fold": fold}) for fold in range(1, int(count) + 1)]


def _units(store: Store, by: str) -> list[str]:
    return sorted({getattr(recording, by.replace("-", "_")) for recording in store.recordings})


def _by_subject(store: Store, config: SplitConfig, pairs: PairConfig, where: str) -> Split:
    subjects = _units(store, "subject")
    if len(subjects) < 3:
        raise InputError(
            "there are too few subjects for training, validation and test",
            where=where,
            got=f"{len(subjects)} ({', '.join(subjects)})",
            expected="at least 3: no subject may be in two parts",
            hint="add subjects to the store, or split sessions or blocks of time (by: session, by: block)",
        )
    protocol: ProtocolName = "fixed-subjects"
    if config.folds is None:
        parts = divide(subjects, config, where)
    else:
        parts = fold_parts(subjects, config, where)
        one = config.folds == "leave-one-out" or config.folds == len(subjects)
        protocol = "leave-one-subject-out" if one else "k-fold-subjects"
    chosen = {part: _members(store, "subject", parts[part]) for part in PARTS}
    return _made(chosen, protocol, config, len(make_folds(store, config)), where)


def _by_data_set(store: Store, config: SplitConfig, pairs: PairConfig, where: str) -> Split:
    data_sets = _units(store, "data-set")
    if len(data_sets) < 2:
        raise InputError(
            "there is one data set, and none to be tested on",
            where=where,
            got=data_sets[0] or "a store that was not joined of others",
            expected="at least 2",
            hint="give several stores, or split subjects (by: subject)",
        )
    test = set(_members(store, "data_set", {data_sets[int(config.fold or 1) - 1]}))
    others = sorted({one.subject for one in store.recordings if one.id not in test})
    parts = divide_two(others, config, where)
    chosen = {part: _members(store, "subject", labels) for part, labels in parts.items()}
    chosen["test"] = [one.id for one in store.recordings if one.id in test]
    return _made(chosen, "leave-one-data-set-out", config, len(data_sets), where)


def _by_session(store: Store, config: SplitConfig, pairs: PairConfig, where: str) -> Split:
    sessions = [session for session in _units(store, "session") if session]
    if len(sessions) < 2:
        raise InputError(
            "there are too few sessions to train on some and test on others",
            where=where,
            got=f"{len(sessions)} {'session' if len(sessions) == 1 else 'sessions'} with a name",
            expected="at least 2, as ses-01 and ses-02 in the names of the files",
            hint="split subjects (by: subject) or blocks of time (by: block)",
        )
    parts = divide(sessions, config, where) if config.folds is None else fold_parts(sessions, config, where)
    chosen = {part: _members(store, "session", parts[part]) for part in PARTS}
    trained = {store.recordings[store.index(name)].subject for name in chosen["train"]}
    # a subject without a training session would be an unseen one, and this protocol does not test that
    for part in ("validation", "test"):
        chosen[part] = [n for n in chosen[part] if store.recordings[store.index(n)].subject in trained]
    lacking = [part for part in ("validation", "test") if parts[part] and not chosen[part]]
    if lacking:
        raise InputError.of(
            Problem(
                f"no subject has both a training and a {part} session",
                where,
                ", ".join(f"{name}: {' '.join(sorted(parts[name])) or 'none'}" for name in PARTS),
                hint="name sessions that the same subjects have",
            )
            for part in lacking
        )
    gap = 0
    if not parts["validation"]:
        gap = gap_volumes(config, store.tr)
        chosen["train"], chosen["validation"] = time_validation(store, chosen["train"], gap, pairs, where)
    return _made(chosen, "across-sessions", config, len(make_folds(store, config)), where, gap)


def _by_block(store: Store, config: SplitConfig, pairs: PairConfig, where: str) -> Split:
    chosen = split_in_time(store, config, pairs, where)
    folds = len(make_folds(store, config))
    return _made(chosen, "within-recording", config, folds, where, gap_volumes(config, store.tr))


def _members(store: Store, by: str, labels: set[str]) -> list[str]:
    return [recording.id for recording in store.recordings if getattr(recording, by) in labels]


def _made(
    chosen: Mapping[str, Sequence[str]],
    protocol: ProtocolName,
    config: SplitConfig,
    folds: int,
    where: str,
    gap: int = 0,
) -> Split:
    values = {part: tuple(ids) for part, ids in chosen.items()}
    fold = {} if config.folds is None else {"fold": config.fold, "folds": folds}
    return Split.make({**values, "protocol": protocol, "gap": gap, **fold}, where=where)
