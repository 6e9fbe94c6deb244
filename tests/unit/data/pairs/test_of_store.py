from types import SimpleNamespace

import numpy as np
import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.pairs.of_store import eeg_rows, pairs_of_store, row_columns
from eeg2fmri.data.pairs.windows import PairConfig


class FakeStore:
    path = "store"
    frequencies = np.arange(1, 60) / 2.0

    def __init__(self, tr, amplitude=True):
        self.tr, self._has = tr, amplitude
        self.recordings = (SimpleNamespace(id="sub-01"), SimpleNamespace(id="sub-02"))

    def index(self, recording):
        return recording if isinstance(recording, int) else [r.id for r in self.recordings].index(recording)

    def eeg(self, recording):
        return 1e-5 * np.random.default_rng(self.index(recording)).random((30, 3, 59))

    def amplitude(self, recording):
        if not self._has:
            raise StoreError("the store has no band amplitudes of the recording")
        return np.random.default_rng(9).standard_normal((30, 3, 3))


@pytest.mark.parametrize(("tr", "rows"), [(2.0, 10), (2.16, 9), (0.8, 25), (45.0, 1)])
def test_a_window_in_seconds_becomes_whole_trs(tr, rows):
    settled = pairs_of_store(PairConfig(window_s=20.0), FakeStore(tr))
    assert (settled.window, settled.window_s) == (rows, None)


def test_the_kinds_are_those_that_every_recording_can_give():
    config = PairConfig(eeg="rows")
    assert "whitened" in pairs_of_store(config, FakeStore(2.0)).rows
    settled = pairs_of_store(config, FakeStore(2.0, amplitude=False))
    assert "whitened" not in settled.rows
    assert "log_power" in settled.rows
    assert pairs_of_store(settled, FakeStore(2.0)) is settled


def test_the_columns_are_those_of_the_rows():
    store = FakeStore(2.0)
    settled = pairs_of_store(PairConfig(eeg="rows"), store)
    columns = row_columns(settled, store.frequencies)
    names = [column.name for kind in columns.values() for column in kind]
    assert len(set(names)) == len(names)
    assert eeg_rows(store, "sub-02", settled).shape == (30, 3, len(names))
    assert row_columns(PairConfig(), store.frequencies) == {}
