import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from eeg2fmri.models.recommended.choice import Design
from eeg2fmri.models.recommended.columns import telling_columns
from eeg2fmri.models.recommended.families.family import Family, basis_of
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.regression.leave_out import PENALTIES

GROUPS, PAIRS, CHANNELS, VOXELS = 6, 60, 8, 40


def planted(telling, count, seed=0):
    """Rows (pair, channel, column) of every group, and voxels that follow some columns at all electrodes."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((GROUPS, PAIRS, CHANNELS, count))
    coupling = rng.standard_normal((CHANNELS, len(telling), VOXELS))
    signal = np.einsum("gpck,ckv->gpv", rows[..., list(telling)], coupling)
    return rows, list(signal + 9 * rng.standard_normal(signal.shape))


class WithNoise(Dataset):
    """Pairs with two columns of noise behind those that they have."""

    def __init__(self, pairs):
        drawn = torch.Generator().manual_seed(0)
        courses = torch.randn(8, 400, CHANNELS, 2, generator=drawn)
        self.items = []
        for pair in pairs:
            rows = courses[pair.recording, pair.volume - pair.x.shape[2] : pair.volume, : len(pair.x)]
            self.items.append(pair._replace(x=torch.cat([pair.x, rows.permute(1, 2, 0)], dim=1)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        return self.items[k]


def reading(rows, asked):
    """Give designs of given columns, and note which were asked for."""
    family = Family("rows as they are", kind="rows", time="lags")
    basis = basis_of(family, (1, 2.0, 0), (0.0,), 0.3, CHANNELS)

    def of(columns):
        asked.append(tuple(columns))
        groups = [x[:, :, columns].reshape(PAIRS, -1).astype(np.float32) for x in rows]
        return Design(family, basis, groups, np.eye(CHANNELS * len(columns)))

    return of


@pytest.mark.parametrize("telling", [(2,), (0, 3)])
def test_columns_that_tell_nothing_are_left_out(telling):
    rows, targets = planted(telling, 5)
    kept = telling_columns(reading(rows, []), np.arange(5), targets, PENALTIES)
    assert set(telling) <= set(kept)
    assert len(kept) < 4


def test_what_tells_is_kept():
    rows, targets = planted((0, 1, 2), 3)
    assert telling_columns(reading(rows, []), np.arange(3), targets, PENALTIES).tolist() == [0, 1, 2]


def test_places_in_the_window_are_kept():
    rows, targets = planted((1,), 3)
    wide = np.concatenate([np.zeros((*rows.shape[:3], 7)), rows], axis=3)
    assert 8 in telling_columns(reading(wide, []), np.arange(7, 10), targets, PENALTIES)


def test_without_evidence_columns_mostly_stay():
    dropped = 0
    for seed in range(8):
        rows, targets = planted((), 3, seed)
        dropped += 3 - len(telling_columns(reading(rows, []), np.arange(3), targets, PENALTIES))
    # the highest r alone would leave out 12 of the 24
    assert dropped <= 8


def test_one_column_is_not_tried():
    asked = []
    rows, targets = planted((0,), 1)
    assert telling_columns(reading(rows, asked), np.array([0]), targets, PENALTIES).tolist() == [0]
    assert not asked


def test_the_model_has_no_weights_for_columns_that_were_left_out(planted, acquisition, config):
    shape = (config.eeg_shape[0], config.eeg_shape[1] + 2, config.eeg_shape[2])
    model = Recommended(config.model_copy(update={"eeg_shape": shape}))
    report = model.fit_closed_form(WithNoise(planted([1, 2, 3, 4, 5])), None, acquisition)
    read = {family.columns for family in report.families}
    assert read == {(0, 1)}
    assert model.filters[:, :, 2:].abs().max() == 0
    assert model.filters[:, :, :2].abs().max() > 0
