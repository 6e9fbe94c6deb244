"""What leaks is told by name, whatever the protocol; what a run says of its statistics is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError, ConfigError, InputError, LeakageError
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.claims import PROTOCOLS
from eeg2fmri.data.splits.leakage import check_leakage, check_statistics, statistics_in_use
from eeg2fmri.data.splits.make import Split, SplitConfig, make_folds, make_split, read_split
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store

PAIRS = PairConfig(window=3, lag=1)
IDS = [f"sub-{subject:02}_ses-{session}_task-rest" for subject in (1, 2, 3) for session in ("a", "b")]


def make_store(path: Path, *, copy: bool = False) -> Store:
    """Write three subjects of two sessions; the very last session may be a copy of the very first one."""
    rng = generator(3, "leakage")
    lengths = [90, 91, 92, 93, 94, 90]
    eeg = [rng.random((n, 2, 3), np.float32) for n in lengths]
    bold = [(50 + rng.random((n, 3, 2, 2))).astype(np.float32) for n in lengths]
    if copy:
        bold[5] = bold[0]
    recordings = [RecordingArrays(*each) for each in zip(IDS, eeg, bold, strict=True)]
    return Store.open(write_store(path, recordings, electrodes=("Cz", "Pz"), frequencies=range(3), tr=2.0))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give three subjects of two sessions."""
    return make_store(tmp_path_factory.mktemp("leakage") / "store")


def split_of(protocol: str, train: list[str], validation: list[str], test: list[str], gap: int = 0) -> Split:
    parts = {"train": train, "validation": validation, "test": test}
    return Split.make({**parts, "protocol": protocol, "gap": gap})


def test_what_leaks_is_told(store: Store) -> None:
    with pytest.raises(LeakageError) as error:
        split_of("fixed-subjects", IDS[:2], IDS[1:3], IDS[2:4])
    assert "sub-01 is in both train and validation" in str(error.value)
    assert "sub-02 is in both validation and test" in str(error.value)
    assert isinstance(error.value, InputError)
    with pytest.raises(LeakageError, match="sub-01_ses-a is in both train and test"):
        split_of("across-sessions", IDS[:2], [IDS[3]], [IDS[0]])
    with pytest.raises(LeakageError, match="a recording is in two parts"):
        split_of("within-recording", [IDS[0]], [f"{IDS[1]}_volumes-0to40"], [f"{IDS[0]}_volumes-0to40"])
    with pytest.raises(LeakageError, match=r"overlap(.|\n)*11 volumes in both"):
        split_of("within-recording", [f"{IDS[0]}_volumes-0to40"], [IDS[1]], [f"{IDS[0]}_volumes-30to60"])
    with pytest.raises(LeakageError, match=r"too near(.|\n)*4 between(.|\n)*at least 10"):
        split_of("within-recording", [f"{IDS[0]}_volumes-0to40"], [IDS[1]], [f"{IDS[0]}_volumes-45to60"], 10)
    with pytest.raises(LeakageError, match="twice"):
        split_of("across-sessions", [IDS[0], IDS[0]], [IDS[2]], [IDS[1]])


def test_copies_under_two_names_are_found(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store", copy=True)
    split = split_of("fixed-subjects", IDS[:2], IDS[2:4], IDS[4:])
    with pytest.raises(LeakageError, match=r"copy(.|\n)*sub-03_ses-b_task-rest(.|\n)*bold.npy of sub-01_ses-a_task"):
        check_leakage(store, split, PAIRS)
    check_leakage(store, split_of("fixed-subjects", IDS[:2], IDS[2:4], [IDS[4]]), PAIRS)


def test_subjects_are_those_of_the_store_not_of_the_names(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    split = split_of("fixed-subjects", IDS[:2], IDS[2:4], [IDS[4]])
    monkeypatch.setitem(store.recordings[4].__dict__, "subject", "01")
    with pytest.raises(LeakageError, match=r"test subject is known(.|\n)*sub-01_ses-a_task-rest is in train"):
        check_leakage(store, split, PAIRS)


def test_blocks_beyond_the_recording_or_too_short(store: Store) -> None:
    parts = [[f"{IDS[0]}_volumes-0to40"], [IDS[3]]]
    with pytest.raises(LeakageError, match=r"beyond its recording(.|\n)*90 volumes"):
        check_leakage(store, split_of("within-recording", *parts, [f"{IDS[0]}_volumes-60to99"]), PAIRS)
    with pytest.raises(InputError, match="shorter than one window"):
        check_leakage(store, split_of("within-recording", *parts, [f"{IDS[0]}_volumes-60to62"]), PAIRS)


def test_statistics_must_be_of_the_training_part(store: Store) -> None:
    split = make_split(store, SplitConfig(by="block"), PAIRS)
    own = group_statistics(split.view(store), split.train)
    check_statistics(store, split, own, "run")
    with pytest.raises(LeakageError, match=r"deviation of the voxels(.|\n)*6 recordings or blocks"):
        check_statistics(store, split, group_statistics(store, IDS), "run")


def test_where_statistics_come_from_is_said(store: Store) -> None:
    split = make_split(store, SplitConfig(by="block"), PAIRS)
    said = statistics_in_use(split, PairConfig(eeg="amplitude"))
    assert "never its BOLD" in said["recentring of the EEG"]
    assert "test minutes included" in said["recentring of the EEG"]
    fixed = split_of("fixed-subjects", IDS[:2], IDS[2:4], [IDS[4]])
    assert "test minutes" not in statistics_in_use(fixed, PairConfig(eeg="amplitude"))["recentring of the EEG"]
    assert "recentring of the EEG" not in statistics_in_use(fixed, PairConfig())


def test_blocks_in_time_with_a_gap(store: Store) -> None:
    split = make_split(store, SplitConfig(by="block"), PAIRS)
    assert split.gap == 10
    assert split.train[0] == "sub-01_ses-a_task-rest_volumes-0to43"
    assert split.validation[0] == "sub-01_ses-a_task-rest_volumes-54to61"
    assert split.test[0] == "sub-01_ses-a_task-rest_volumes-72to89"
    assert split.label == "within recording: the model has seen these very recordings, other minutes of them"
    assert not split.facts.new_people
    tested = [name for fold in make_folds(store, SplitConfig(by="block", folds=3))
              for name in make_split(store, fold, PAIRS).test if name.startswith(IDS[0])]  # fmt: skip
    assert tested == [f"{IDS[0]}_volumes-{span}" for span in ("0to29", "30to59", "60to89")]
    with pytest.raises(InputError, match=r"too short for a test block(.|\n)*sub-0(.|\n)*3 more"):
        make_split(store, SplitConfig(by="block", folds=7, fold=1), PAIRS)


def test_two_sessions_validate_on_the_last_minutes_of_training(store: Store) -> None:
    split = make_split(store, SplitConfig(by="session"), PAIRS)
    assert split.protocol == "across-sessions"
    assert split.test == tuple(IDS[1::2])
    assert split.train[0] == "sub-01_ses-a_task-rest_volumes-0to61"
    assert split.validation[0] == "sub-01_ses-a_task-rest_volumes-72to89"
    swapped = make_split(store, SplitConfig.make({"by": "session", "test": ["ses-a"]}), PAIRS)
    assert swapped.test == tuple(IDS[::2])


def test_folds_over_subjects(store: Store) -> None:
    folds = [make_split(store, fold, PAIRS) for fold in make_folds(store, SplitConfig(folds="leave-one-out"))[:1]]
    assert folds[0].protocol == "leave-one-subject-out"
    assert (folds[0].fold, folds[0].folds) == (1, 3)
    assert folds[0].label.startswith("leave one subject out, fold 1 of 3: ")
    with pytest.raises(InputError, match="which one is meant"):
        make_split(store, SplitConfig(folds=3), PAIRS)
    with pytest.raises(InputError, match="fewer subjects than folds"):
        make_folds(store, SplitConfig(folds=4))
    with pytest.raises(InputError, match="too few subjects for training, validation and test in every fold"):
        make_split(store, SplitConfig(folds=3, fold=1, validation=2), PAIRS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fold": 1}, "'folds'"),
        ({"folds": 3, "fold": 4}, "from 1 to 3"),
        ({"folds": 3, "test": 1}, "decide who is tested"),
        ({"folds": 3, "train": ["01"]}, "give numbers"),
        ({"folds": 2, "by": "block"}, "at least 3"),
        ({"folds": "leave-one-out", "by": "block"}, "at least 3"),
        ({"by": "block", "test": ["1"]}, "no labels"),
        ({"by": "block", "gap_s": 5}, "greater than or equal to 20"),
    ],
)
def test_settings_that_contradict_each_other(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SplitConfig.make(values)


def test_a_split_is_saved_with_its_protocol_and_read_again(store: Store, tmp_path: Path) -> None:
    split = make_split(store, SplitConfig(by="block", folds=3, fold=2), PAIRS)
    split.save(tmp_path / "split.json", store)
    facts = json.loads((tmp_path / "split.json").read_text())
    assert facts["protocol"] == "within-recording"
    assert facts["protocol_label"] == split.label
    assert read_split(tmp_path) == (split, store.hash)
    # runs of before there were protocols
    old = {"train": IDS[:2], "validation": IDS[2:4], "test": [IDS[4]], "store_hash": "x"}
    (tmp_path / "split.json").write_text(json.dumps(old))
    assert read_split(tmp_path)[0].protocol == "fixed-subjects"
    (tmp_path / "split.json").write_text("[1]")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_split(tmp_path)
    (tmp_path / "split.json").write_text(json.dumps(old | {"protocol": "mixed"}))
    with pytest.raises(CheckpointError, match="protocol"):
        read_split(tmp_path)


def test_every_protocol_says_what_it_can_claim() -> None:
    assert len({protocol.title for protocol in PROTOCOLS.values()}) == len(PROTOCOLS) == 7
    assert all("good score" in protocol.claim for protocol in PROTOCOLS.values())
