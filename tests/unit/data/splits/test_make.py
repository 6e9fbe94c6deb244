from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2fmri.core.errors import ConfigError, InputError, LeakageError
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.splits.make import Split, SplitConfig, make_split
from eeg2fmri.data.store.store import Recording, Store


def fake_store(n_subjects: int, runs: int = 1, n_volumes: int = 40, tr: float = 2.0) -> Store:
    """Give a store whose arrays nobody reads."""
    recordings = tuple(
        Recording(
            f"sub-{k:02}_run-{run}", f"{k:02}", "", "", f"{run}", n_volumes, tr * np.arange(n_volumes), 100.0, np.eye(4)
        )
        for k in range(1, n_subjects + 1)
        for run in range(runs)
    )
    digests: dict[str, Any] = {recording.id: {} for recording in recordings}
    return Store(
        Path("store"), "0" * 64, PrepareConfig(), ("Cz",), np.arange(3.0), tr, 100.0, (2, 3, 4), np.eye(4), "native",
        recordings, (), digests,
    )  # fmt: skip


def subjects(ids: tuple[str, ...]) -> set[str]:
    return {name.split("_")[0] for name in ids}


@pytest.mark.parametrize(
    ("n", "sizes"), [(3, (1, 1, 1)), (4, (2, 1, 1)), (5, (3, 1, 1)), (10, (6, 2, 2)), (17, (11, 3, 3))]
)
def test_default_sizes(n: int, sizes: tuple[int, int, int]) -> None:
    split = make_split(fake_store(n), SplitConfig())
    assert (len(split.train), len(split.validation), len(split.test)) == sizes


@settings(deadline=None)
@given(n=st.integers(3, 25), runs=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_no_subject_is_in_two_parts_and_none_is_lost(n: int, runs: int, seed: int) -> None:
    store = fake_store(n, runs)
    split = make_split(store, SplitConfig(seed=seed))
    parts = [subjects(split.train), subjects(split.validation), subjects(split.test)]
    assert all(parts)
    assert len(set.union(*parts)) == sum(map(len, parts)) == n
    assert len(split.train) + len(split.validation) + len(split.test) == n * runs


def test_the_seed_decides_and_the_global_state_is_untouched() -> None:
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    splits = [make_split(fake_store(10), SplitConfig(seed=seed)) for seed in (1, 1, 2)]
    assert splits[0] == splits[1] != splits[2]
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_named_subjects_are_used_and_the_rest_is_drawn() -> None:
    split = make_split(fake_store(6, 2), SplitConfig.make({"test": ["sub-02", "05"], "validation": 1}))
    assert subjects(split.test) == {"sub-02", "sub-05"}
    assert len(subjects(split.validation)) == 1
    assert len(subjects(split.train)) == 3


def test_a_small_training_part_leaves_subjects_out() -> None:
    split = make_split(fake_store(8), SplitConfig(train=2, validation=1, test=1))
    assert (len(split.train), len(split.validation), len(split.test)) == (2, 1, 1)
    named = make_split(fake_store(8), SplitConfig.make({"train": ["03"], "test": ["01"]}))
    assert subjects(named.train) == {"sub-03"}


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_subjects(n: int) -> None:
    with pytest.raises(InputError, match=r"too few subjects(.|\n)*at least 3"):
        make_split(fake_store(n, 4), SplitConfig())


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"test": ["99"]}, "does not have"),
        ({"test": ["01"], "validation": ["01"]}, "named twice"),
        ({"test": []}, "part is empty"),
        ({"test": 3}, "more subjects than there are"),
        ({"test": 2, "validation": 2}, "more subjects than there are"),
        ({"train": 3}, "more subjects than there are"),
        ({"test": ["01", "02", "03", "04"]}, "more subjects than there are"),
    ],
)
def test_parts_that_cannot_be_had(values: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        make_split(fake_store(4), SplitConfig.make(values))


def test_labels_that_yaml_takes_for_numbers() -> None:
    with pytest.raises(ConfigError, match="quotes"):
        SplitConfig.make({"test": [1, 2]})


def test_a_saved_split_is_checked_for_leakage(tmp_path: Path) -> None:
    split = make_split(fake_store(4, 2), SplitConfig())
    split.write(tmp_path / "split.json")
    assert Split.read(tmp_path / "split.json") == split
    leaky = {**split.model_dump(), "test": (split.train[0].replace("run-0", "run-9"),)}
    with pytest.raises(LeakageError, match="in both train and test"):
        Split.make(leaky)
    with pytest.raises(ConfigError):
        Split.make({**split.model_dump(), "validation": ()})
