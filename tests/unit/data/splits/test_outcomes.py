"""Every way to divide recordings, and every reason why one cannot be had: parts and errors are kept whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.disk.digest import CONTENT
from eeg2fmri.core.errors import LeakageError
from eeg2fmri.data.pairs.scaling import GroupStatistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.splits import leakage
from eeg2fmri.data.splits.claims import PROTOCOLS, ProtocolName, protocol_label
from eeg2fmri.data.splits.leakage import check_leakage, check_statistics, statistics_in_use
from eeg2fmri.data.splits.make import Split, SplitConfig, make_folds, make_split, read_split
from eeg2fmri.data.splits.shared import shared_between_parts
from eeg2fmri.data.store.store import Recording, Store

PAIRS = PairConfig(window=3, lag=1)


def store_of(
    subjects: int, sessions: tuple[str, ...] = ("",), n_volumes: int = 90, data_sets: int = 1, tr: float = 2.0
) -> Store:
    """Give a store whose arrays nobody reads."""
    recordings = tuple(
        Recording(
            f"sub-{k:02}{f'_ses-{session}' if session else ''}_task-rest", f"{k:02}", session, "rest", "",
            n_volumes + k, tr * np.arange(n_volumes + k), 100.0, np.eye(4),
            data_set=f"study{k % data_sets}" if data_sets > 1 else "",
        )
        for k in range(1, subjects + 1)
        for session in sessions
    )  # fmt: skip
    digests: dict[str, Any] = {
        one.id: {f"{kind}.npy": {CONTENT: f"{kind} of {one.id}"} for kind in ("eeg", "bold")} for one in recordings
    }
    return Store(
        Path("STORE"), "0" * 64, PrepareConfig(), ("Cz",), np.arange(3.0), tr, 100.0, (2, 3, 4), np.eye(4), "native",
        recordings, (), digests,
    )  # fmt: skip


def parts_of(split: Split) -> dict[str, Any]:
    return split.model_dump(exclude_none=True)


def test_every_way_to_divide(messages: ModuleType) -> None:
    six, few, two = store_of(6), store_of(2), store_of(3, ("a", "b"))
    three, unnamed, joined = store_of(2, ("a", "b", "c")), store_of(3), store_of(7, data_sets=3)
    some = replace(two, recordings=(*two.recordings[:2], two.recordings[2], two.recordings[5]))
    long = store_of(3, n_volumes=198)
    short, very_short = store_of(3, n_volumes=30), store_of(2, ("a", "b"), n_volumes=14)
    asked: dict[str, tuple[Store, dict[str, Any]]] = {
        "six subjects": (six, {}),
        "six subjects, another seed": (six, {"seed": 5}),
        "numbers": (six, {"test": 2, "validation": 1, "train": 2}),
        "labels": (six, {"test": ["02"], "validation": ["05", "03"]}),
        "too many asked for": (six, {"test": 3, "validation": 3}),
        "too many asked for beside named ones": (six, {"test": ["01", "02"], "validation": 2, "train": 3}),
        "all named": (six, {"test": ["01", "02", "03"], "validation": ["04", "05", "06"]}),
        "names that there are not": (six, {"test": ["07", "01"], "validation": ["08"], "train": ["01", "02", "02"]}),
        "nobody": (six, {"test": [], "train": []}),
        "sessions that there are not": (two, {"by": "session", "test": ["c"], "train": ["a", "ses-a"]}),
        "too few to validate in a fold": (six, {"folds": 2, "fold": 1, "validation": 3}),
        "no such fold": (six, {"folds": "leave-one-out", "fold": 7}),
        "blocks that lie unused between": (
            long, {"by": "block", "folds": 10, "fold": 3, "validation": 2, "train": 4, "gap_s": 42},
        ),
        "blocks unused, the gap of one more": (
            long, {"by": "block", "folds": 10, "fold": 3, "validation": 2, "train": 4, "gap_s": 40},
        ),
        "two subjects": (few, {}),
        "leave one out": (six, {"folds": "leave-one-out", "fold": 3}),
        "as many folds as subjects": (six, {"folds": 6, "fold": 3}),
        "three folds": (six, {"folds": 3, "fold": 2}),
        "folds without one": (six, {"folds": 3}),
        "leave one out without one": (six, {"folds": "leave-one-out"}),
        "too many folds": (six, {"folds": 7, "fold": 1}),
        "sessions": (two, {"by": "session"}),
        "sessions, test the first": (two, {"by": "session", "test": ["ses-a"]}),
        "sessions, in two folds": (two, {"by": "session", "folds": 2, "fold": 1}),
        "three sessions": (three, {"by": "session"}),
        "three sessions, folds": (three, {"by": "session", "folds": "leave-one-out", "fold": 1}),
        "sessions that nobody has both of": (some, {"by": "session"}),
        "sessions of none": (
            replace(two, recordings=(two.recordings[0], two.recordings[3])), {"by": "session"},
        ),
        "sessions without names": (unnamed, {"by": "session"}),
        "one session": (store_of(3, ("a",)), {"by": "session"}),
        "short sessions": (very_short, {"by": "session"}),
        "blocks": (two, {"by": "block"}),
        "blocks, ten": (six, {"by": "block", "blocks": 10, "gap_s": 24}),
        "blocks, two for the test": (six, {"by": "block", "blocks": 8, "test": 2, "validation": 1, "train": 3}),
        "blocks, too many asked for": (six, {"by": "block", "blocks": 5, "test": 3, "validation": 2}),
        "blocks, more training than there is": (six, {"by": "block", "blocks": 5, "train": 4}),
        "blocks, folds": (six, {"by": "block", "folds": 4, "fold": 2}),
        "blocks, folds, two validate": (six, {"by": "block", "folds": 5, "fold": 5, "validation": 2}),
        "blocks, folds without one": (six, {"by": "block", "folds": 4}),
        "short blocks": (short, {"by": "block"}),
        "very short blocks": (short, {"by": "block", "folds": 6, "fold": 3}),
        "data sets": (joined, {"by": "data-set", "folds": "leave-one-out", "fold": 2}),
        "data sets, the first": (joined, {"by": "data-set", "folds": "leave-one-out", "fold": 1}),
        "one data set": (six, {"by": "data-set", "folds": "leave-one-out", "fold": 1}),
        "one data set with a name": (
            replace(six, recordings=tuple(replace(one, data_set="study") for one in six.recordings)),
            {"by": "data-set", "folds": "leave-one-out", "fold": 1},
        ),
    }  # fmt: skip
    cases: dict[str, Callable[[], object]] = {}
    for name, (store, settings) in asked.items():
        cases[name] = lambda store=store, settings=settings: parts_of(
            make_split(store, SplitConfig.make(settings), PAIRS)
        )
        cases[f"{name}: folds"] = lambda store=store, settings=settings: [
            (one.fold, one.folds) for one in make_folds(store, SplitConfig.make(settings))
        ]
    messages.all_kept("splits", cases)


def split_of(protocol: str, train: str, validation: str, test: str, gap: int = 0) -> Split:
    named = {"train": train, "validation": validation, "test": test}
    return Split.make({**{k: v.split() for k, v in named.items()}, "protocol": protocol, "gap": gap}, where="SPLIT")


def test_every_leak(messages: ModuleType) -> None:
    a, b, c = "sub-01_ses-a_task-rest", "sub-02_ses-a_task-rest", "sub-03_ses-a_task-rest"
    a2, b2 = "sub-01_ses-b_task-rest", "sub-02_ses-b_task-rest"
    store = store_of(3, ("a", "b"))
    known = replace(
        store, recordings=tuple(replace(one, subject="01") if one.subject == "03" else one for one in store.recordings)
    )
    one_session = replace(
        store, recordings=tuple(replace(one, session="a") if one.subject == "01" else one for one in store.recordings)
    )
    copied = replace(
        store, _digests={**store._digests, c: {**store._digests[c], "bold.npy": {CONTENT: f"bold of {a}"}}}
    )
    unknown = replace(store, _digests={name: {} for name in store._digests})

    def checked(store: Store, *split: Any, pairs: PairConfig = PAIRS) -> str:
        check_leakage(store, split_of(*split), pairs)
        return "nothing leaks"

    within, blocks = "within-recording", f"{a}_volumes-0to40"
    cases = {
        "nothing": partial(checked, store, "fixed-subjects", a, b, c),
        "a subject of the store": partial(checked, known, "fixed-subjects", f"{b} {a}", b2.replace("02", "04"), c),
        "a known subject": partial(checked, known, "fixed-subjects", a, b, c),
        "a known subject validates": partial(checked, known, "k-fold-subjects", b, a, c),
        "a known session": partial(checked, one_session, "across-sessions", a, b, a2),
        "another session": partial(checked, store, "across-sessions", a, b, a2),
        "a copy": partial(checked, copied, "fixed-subjects", a, b, c),
        "a copy validates": partial(checked, copied, "fixed-subjects", b, a, c),
        "no digests": partial(checked, unknown, "fixed-subjects", a, b, c),
        "not in the store": partial(checked, store, "fixed-subjects", a, b, "sub-09_task-rest"),
        "blocks": partial(checked, store, within, blocks, f"{a}_volumes-51to60", f"{a}_volumes-71to90", 10),
        "blocks at the end": partial(checked, store, within, blocks, b, f"{a}_volumes-71to91", 10),
        "blocks too near": partial(split_of, within, blocks, f"{a}_volumes-50to60", f"{a}_volumes-71to90", 10),
        "blocks that touch": partial(split_of, within, blocks, b, f"{a}_volumes-41to60", 10),
        "blocks that touch without a gap": partial(split_of, within, blocks, b, f"{a}_volumes-41to60"),
        "blocks that overlap": partial(split_of, within, blocks, f"{a}_volumes-40to60", f"{a}_volumes-30to45", 2),
        "blocks of one volume too few": partial(checked, store, within, blocks, b, f"{a}_volumes-60to62"),
        "a block and all": partial(split_of, within, a, b, f"{a}_volumes-60to62"),
        "in all parts": partial(split_of, within, a, f"{a} {b}", f"{a}_volumes-60to62 {b}"),
        "a block of one volume": partial(checked, store, within, blocks, b, f"{a}_volumes-60to60"),
        "twice": partial(split_of, within, f"{a} {a} {b} {b} {b}", b2, c),
        "twice in several": partial(split_of, "fixed-subjects", f"{a} {a}", f"{b} {b}", f"{c} {a2}"),
        "subjects": partial(split_of, "leave-one-subject-out", f"{a} {b}", f"{b2} {c}", f"{a2} {c}"),
        "sessions": partial(split_of, "across-sessions", f"{a} {b}", a2, f"{a} {b2}"),
        "sessions that validate": partial(split_of, "across-sessions", a, b, b),
        "nothing in a part": partial(split_of, within, a, "", c),
        "no such protocol": partial(split_of, "mixed", a, b, c),
    }
    messages.all_kept("leaks", cases)


def test_a_split_that_is_saved_and_read(messages: ModuleType, tmp_path: Path) -> None:
    store, whole = store_of(3), ("fixed-subjects", "sub-01_task-rest", "sub-02_task-rest", "sub-03_task-rest")
    split = split_of(*whole)
    assert split.view(store) is store
    kept = {"train": ["sub-01"], "validation": ["sub-02"], "test": ["sub-03"], "store_hash": "x"}
    written = {
        "empty": None,
        "damaged": "{",
        "a list": "[1]",
        "without hash": json.dumps({"train": ["sub-01"]}),
        "without a part": json.dumps({"train": ["sub-01"], "store_hash": "x"}),
        "of before there were protocols": json.dumps(kept),
        "leaky": json.dumps({**kept, "test": ["sub-01"]}),
    }
    for name, text in written.items():
        (tmp_path / name).mkdir()
        if text is not None:
            (tmp_path / name / "split.json").write_text(text)
    (tmp_path / "saved").mkdir()
    split.save(tmp_path / "saved" / "split.json", store)
    cases: dict[str, Callable[[], object]] = {
        name: lambda name=name: list(read_split(tmp_path / name)) for name in (*written, "saved", "nowhere")
    }
    cases["file"] = (tmp_path / "saved" / "split.json").read_text
    messages.all_kept("saved_splits", cases, tmp_path)


def test_rows_that_are_read_twice_are_told_where_names_do_not_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows themselves are compared: here of blocks whose names were not checked."""
    monkeypatch.setattr("eeg2fmri.data.splits.split.shared_between_parts", lambda *_: [])
    a, b, store = "sub-01_task-rest", "sub-02_task-rest", store_of(3)
    for train, test, gap, told in (
        ("0to40", "30to60", 10, ("windows, targets or statistics of the test part overlap", "11 volumes, 30 to 40")),
        ("0to40", "40to60", 10, ("overlap those that the model has seen", "1 volumes, 40 to 40")),
        ("0to40", "41to60", 10, ("a test window is too near", "0 volumes between them")),
        ("0to40", "50to60", 10, ("a test window is too near to what the model has seen", "9 volumes between them")),
        ("60to80", "0to49", 11, ("too near", "10 volumes between them", "at least 11")),
        ("0to40", "51to60", 10, ()),
        ("0to40", "41to60", 0, ()),
    ):
        split = split_of("within-recording", f"{a}_volumes-{train}", b, f"{a}_volumes-{test}", gap)
        if not told:
            check_leakage(store, split, PAIRS)
            continue
        with pytest.raises(LeakageError) as caught:
            check_leakage(store, split, PAIRS)
        (problem,) = caught.value.problems
        assert all(text in str(problem) for text in told)
        assert problem.where == f"{a}_volumes-{test} and {a}_volumes-{train} (train)"
        assert problem.hint == "make the split anew; do not write split.json by hand"


OWN = GroupStatistics(
    mean=100.0, std=10.0, voxel_mean=np.full((2, 2, 2), 100.0, np.float32),
    voxel_std=np.full((2, 2, 2), 5.0, np.float32), mask=np.arange(8).reshape(2, 2, 2) > 3,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, ""),
        ({"mean": 100.0099}, ""),
        ({"mean": 100.0101}, "mean"),
        ({"mean": 99.9899}, "mean"),
        ({"std": 10.0099}, ""),
        ({"std": 9.9899}, "standard deviation"),
        ({"voxel_mean": 100.0199}, ""),
        ({"voxel_mean": 100.0202}, "mean of the voxels"),
        ({"voxel_std": 5.0149}, ""),
        ({"voxel_std": 5.0152}, "deviation of the voxels"),
        ({"mask": True}, "brain mask"),
        ({"mean": 90.0, "voxel_std": 6.0, "mask": False}, "mean, deviation of the voxels, brain mask"),
    ],
)
def test_statistics_are_compared_to_a_ten_thousandth(
    changes: dict[str, Any], differs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scale 100: 0.01 for the whole; 0.01 and 1e-4 (mean) or 1e-3 (deviation) of the value for voxels."""
    monkeypatch.setattr(leakage, "group_statistics", lambda view, names: OWN)
    made = {
        name: value if name in ("mean", "std") else np.full((2, 2, 2), value, getattr(OWN, name).dtype)
        for name, value in changes.items()
    }
    split = split_of("fixed-subjects", "sub-01_task-rest", "sub-02_task-rest", "sub-03_task-rest")
    store, used = store_of(3), replace(OWN, **made)
    if not differs:
        check_statistics(store, split, used, "RUN")
        return
    with pytest.raises(LeakageError) as caught:
        check_statistics(store, split, used, "RUN")
    assert str(caught.value) == (
        "the statistics of the run are not those of its training recordings\n"
        "  where:    RUN\n"
        f"  got:      another {differs}\n"
        "  expected: the statistics of 1 recordings or blocks of the training part alone\n"
        "  do:       train the run again: the test part may be in its statistics"
    )


def test_the_scale_of_statistics_is_their_mean_or_their_deviation(monkeypatch: pytest.MonkeyPatch) -> None:
    split = split_of("fixed-subjects", "sub-01_task-rest", "sub-02_task-rest", "sub-03_task-rest")
    for mean, std in ((-100.0, 10.0), (0.5, 100.0)):
        own = replace(OWN, mean=mean, std=std)
        monkeypatch.setattr(leakage, "group_statistics", lambda view, names, own=own: own)
        check_statistics(store_of(3), split, replace(own, mean=mean + 0.0099), "RUN")
        with pytest.raises(LeakageError):
            check_statistics(store_of(3), split, replace(own, mean=mean + 0.0101), "RUN")


def test_where_every_statistic_comes_from(messages: ModuleType) -> None:
    whole = split_of("fixed-subjects", "sub-01_task-rest", "sub-02_task-rest", "sub-03_task-rest")
    blocks = split_of("within-recording", "a_volumes-0to9", "b", "c")
    kinds: list[dict[str, Any]] = [
        {}, {"eeg": "amplitude"}, {"eeg": "rows"}, {"eeg": "raw"}, {"eeg_scaling": "none"}, {"eeg": "raw_spectrum"},
    ]  # fmt: skip
    cases = {
        f"{kind}, {name}": partial(statistics_in_use, split, PairConfig.model_validate(kind))
        for name, split in (("recordings", whole), ("blocks", blocks))
        for kind in kinds
    }
    messages.all_kept("statistics_in_use", cases)


def test_what_every_protocol_claims(messages: ModuleType) -> None:
    cases: dict[str, Callable[[], object]] = {name: partial(lambda one: one, one) for name, one in PROTOCOLS.items()}
    label: ProtocolName = "k-fold-subjects"
    for fold, folds in ((None, None), (2, 5), (None, 5)):
        cases[f"label {fold} {folds}"] = partial(protocol_label, label, fold, folds)
    for name, one in PROTOCOLS.items():
        cases[f"{name}: people"] = partial(lambda one: [one.people(1), one.people(2), one.new_people], one)
    messages.all_kept("protocols", cases)


def test_nothing_is_near_in_another_recording() -> None:
    parts = {"train": ["a_volumes-0to9"], "validation": ["b_volumes-5to9"], "test": ["c_volumes-10to12"]}
    assert shared_between_parts(parts, "within-recording", 30) == []
