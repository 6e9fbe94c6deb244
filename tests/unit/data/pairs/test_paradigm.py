"""A store as MOABB and braindecode users know data: ids by subject, windows with their BOLD, rows that say whose."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.paradigm import BoldParadigm, StoreDataset
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store

PAIRS = PairConfig(window=4, target="dynamics")


def test_windows_and_bold_are_those_of_the_pairs(small_store):
    dataset = StoreDataset(small_store)
    x, y, metadata = BoldParadigm(PAIRS).get_data(dataset, ["02", "03"])
    store = Store.open(small_store)
    pairs = PairDataset(store, ["sub-02_task-rest", "sub-03_task-rest"], PAIRS)
    assert len(x) == len(y) == len(metadata) == len(pairs)
    assert y.shape[1] == store.brain_mask().sum()
    k = len(pairs) - 2
    np.testing.assert_array_equal(x[k], pairs[k].x.numpy())
    np.testing.assert_array_equal(y[k], pairs[k].y.numpy()[store.brain_mask()])
    (blocks,) = BoldParadigm(PAIRS.model_copy(update={"block": 2})).get_data(dataset, ["02", "03"])[1:2]
    np.testing.assert_array_equal(blocks[k], np.concatenate([y[k - 1], y[k]]))
    assert tuple(metadata.iloc[k]) == ("03", "0", "0", "sub-03_task-rest", pairs[k].volume)


def test_subjects_are_listed_divided_and_described(small_store):
    dataset = StoreDataset(small_store)
    assert dataset.subject_list == ["01", "02", "03"]
    parts = dataset.split("subject")
    assert [part.subject_list for part in parts.values()] == [["01"], ["02"], ["03"]]
    assert list(parts["02"].description["subject"]) == ["02"]
    assert (len(dataset), len(parts["02"])) == (3, 1)
    assert dataset.n_sessions == 1
    assert repr(dataset).endswith("3 subjects, 3 recordings>")
    assert BoldParadigm().is_valid(dataset)
    assert not BoldParadigm().is_valid("store")


def test_what_is_not_there_is_refused(small_store):
    with pytest.raises(InputError, match="no such subject"):
        StoreDataset(small_store, ["9"])
    with pytest.raises(InputError, match="no such subject"):
        BoldParadigm(PAIRS).get_data(StoreDataset(small_store), ["9"])
    with pytest.raises(InputError, match="by subject"):
        StoreDataset(small_store).split("run")
