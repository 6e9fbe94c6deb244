"""Random splits of every protocol: nothing that a test pair reads is read by a training or validation pair."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eeg2fmri.core.errors import InputError, LeakageError
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.splits.leakage import check_leakage
from eeg2fmri.data.splits.make import PARTS, Split, SplitConfig, make_folds, make_split
from eeg2fmri.data.store.store import Recording, Store


def fake_store(names: list[str], lengths: list[int], tr: float) -> Store:
    """Give a store whose arrays nobody reads."""
    recordings = []
    for name, n in zip(names, lengths, strict=True):
        labels = dict(part.split("-") for part in name.split("_"))
        facts = (labels["sub"], labels.get("ses", ""), labels.get("task", ""), labels.get("run", ""))
        recordings.append(Recording(name, *facts, n, tr * np.arange(n), 100.0, np.eye(4)))
    digests: dict[str, Any] = {name: {} for name in names}
    return Store(
        Path("store"), "0" * 64, PrepareConfig(), ("Cz",), np.arange(3.0), tr, 100.0, (2, 3, 4), np.eye(4), "native",
        tuple(recordings), (), digests,
    )  # fmt: skip


@st.composite
def stores(draw: st.DrawFn, sessions: int = 1, shortest: int = 20) -> Store:
    """Draw subjects with some sessions and runs of unequal length."""
    names = []
    for k in range(draw(st.integers(3, 7))):
        for session in sorted(draw(st.sets(st.integers(1, sessions), min_size=1))) if sessions > 1 else [0]:
            label = f"_ses-{session:02}" if sessions > 1 else ""
            names += [f"sub-{k + 1:02}{label}_task-a_run-{run}" for run in range(1, draw(st.integers(1, 2)) + 1)]
    lengths = draw(st.lists(st.integers(shortest, 400), min_size=len(names), max_size=len(names)))
    return fake_store(names, lengths, draw(st.sampled_from([0.8, 1.5, 2.0, 2.16])))


windows = st.builds(PairConfig, window=st.integers(1, 12), lag=st.integers(0, 3))
seeds = st.integers(0, 2**30)


def read_volumes(store: Store, name: str, pairs: PairConfig) -> set[tuple[str, int]]:
    """Find what pairs of a recording or block read, window by window, told from its name alone."""
    recording, _, span = name.partition("_volumes-")
    n = next(each.n_volumes for each in store.recordings if each.id == recording)
    first, last = map(int, span.split("to")) if span else (0, n - 1)
    found: set[tuple[str, int]] = set()
    for start, target in zip(*pair_index(last - first + 1, store.tr, pairs), strict=True):
        found |= {(recording, first + row) for row in (*range(start, start + pairs.window), target)}
    return found


def targets(store: Store, name: str, pairs: PairConfig) -> np.ndarray:
    first, last = map(int, name.partition("_volumes-")[2].split("to"))
    return first + pair_index(last - first + 1, store.tr, pairs)[1]


def assert_no_leak(store: Store, split: Split, pairs: PairConfig, gap_s: float = 0.0) -> None:
    read = {part: set().union(*(read_volumes(store, name, pairs) for name in split.parts[part])) for part in PARTS}
    assert all(read.values())
    for part in ("train", "validation"):
        assert not read[part] & read["test"]
        for recording in {name for name, _ in read["test"]}:
            tested, seen = (sorted(v for name, v in read[p] if name == recording) for p in ("test", part))
            if seen:
                nearest = np.abs(np.subtract.outer(tested, seen)).min()
                assert (nearest - 1) * store.tr >= gap_s - 1e-6
    check_leakage(store, split, pairs)


@settings(max_examples=40, deadline=None)
@given(
    store=stores(), pairs=windows, folds=st.one_of(st.none(), st.integers(2, 7), st.just("leave-one-out")), seed=seeds
)
def test_subjects(store: Store, pairs: PairConfig, folds: Any, seed: int) -> None:
    config = SplitConfig(folds=folds, seed=seed)
    subjects = {recording.subject for recording in store.recordings}
    assume(
        folds in (None, "leave-one-out") or len(subjects) - -(-len(subjects) // folds) >= 2 <= folds <= len(subjects)
    )
    tested: list[str] = []
    for fold in make_folds(store, config):
        split = make_split(store, fold, pairs)
        assert_no_leak(store, split, pairs)
        people = [{name.split("_")[0] for name in split.parts[part]} for part in PARTS]
        assert sum(map(len, people)) == len(set.union(*people)) == len(subjects)
        tested += split.test
    if folds is not None:
        assert sorted(tested) == sorted(recording.id for recording in store.recordings)


@settings(max_examples=40, deadline=None)
@given(store=stores(sessions=4, shortest=90), pairs=windows, folds=st.sampled_from([None, 2, "leave-one-out"]))
def test_sessions(store: Store, pairs: PairConfig, folds: Any) -> None:
    for fold in possible_folds(store, SplitConfig(by="session", folds=folds)):
        try:
            split = make_split(store, fold, pairs)
        except LeakageError:
            raise
        except InputError:
            continue  # no subject has both a training and a test session, or a recording is too short
        assert split.protocol == "across-sessions"
        assert_no_leak(store, split, pairs)
        known = {name.split("_")[0] for name in split.train}
        sessions = [{"_".join(n.split("_")[:2]) for n in split.parts[part]} for part in ("train", "test")]
        assert not sessions[0] & sessions[1]
        assert {name.split("_")[0] for name in split.test} <= known


def possible_folds(store: Store, config: SplitConfig) -> list[SplitConfig]:
    try:
        return make_folds(store, config)
    except InputError:
        return []


@settings(max_examples=40, deadline=None)
@given(
    store=stores(shortest=150), pairs=windows, folds=st.one_of(st.none(), st.integers(3, 6)), gap_s=st.floats(20, 40)
)
def test_blocks(store: Store, pairs: PairConfig, folds: Any, gap_s: float) -> None:
    config = SplitConfig(by="block", folds=folds, gap_s=gap_s)
    for fold in make_folds(store, config):
        try:
            split = make_split(store, fold, pairs)
        except LeakageError:
            raise
        except InputError:
            continue  # a recording is too short for so many blocks
        assert split.protocol == "within-recording"
        assert "other minutes" in split.label
        assert_no_leak(store, split, pairs, gap_s)
        # between targets of two parts lie the gap, a window and the lag
        for seen, tested in ((s, t) for s in (*split.train, *split.validation) for t in split.test):
            if seen.partition("_volumes-")[0] == tested.partition("_volumes-")[0]:
                apart = np.abs(np.subtract.outer(targets(store, seen, pairs), targets(store, tested, pairs))).min()
                assert (apart - 1) >= gap_s / store.tr + pairs.window + pairs.lag - 1e-6
        assert {name.partition("_volumes-")[0] for name in split.test} == {each.id for each in store.recordings}


@settings(max_examples=40, deadline=None)
@given(
    store=stores(shortest=150),
    pairs=windows,
    part=st.sampled_from(["train", "validation"]),
    shift=st.integers(-200, 200),
    which=st.integers(0, 20),
)
def test_a_moved_block_is_refused_if_and_only_if_it_comes_too_near(
    store: Store, pairs: PairConfig, part: str, shift: int, which: int
) -> None:
    try:
        split = make_split(store, SplitConfig(by="block"), pairs)
    except InputError:
        return
    names = list(split.parts[part])
    recording, _, span = names[which % len(names)].partition("_volumes-")
    first, last = (int(edge) + shift for edge in span.split("to"))
    n = next(each.n_volumes for each in store.recordings if each.id == recording)
    assume(first >= 0 and last < n)
    names[which % len(names)] = f"{recording}_volumes-{first}to{last}"
    others = [name for p in PARTS if p != part for name in split.parts[p] if name.startswith(f"{recording}_volumes-")]
    spans = [tuple(map(int, name.partition("_volumes-")[2].split("to"))) for name in others]
    near = any(first - other[1] - 1 < split.gap and other[0] - last - 1 < split.gap for other in spans)
    doctored = split.model_dump() | {part: names}
    if near:
        with pytest.raises(LeakageError, match=recording):
            check_leakage(store, Split.make(doctored), pairs)
    else:
        check_leakage(store, Split.make(doctored), pairs)
