"""Drivers of simulated recordings, from a truth made by hand."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.windows import PairConfig
from eeg2fmri.explain.axes import Axes
from eeg2fmri.explain.truth import drivers, mean_drivers, truth_agreement
from eeg2fmri.simulate.config import small_config

GRID = (4, 5, 4)
ELECTRODES = ("Fz", "Cz", "Pz", "Oz", "T7")
TR, RATE, VOLUMES = 2.0, 10.0, 120
LAG_S = 5.0


@dataclass
class HandMadeTruth:
    """Two regions: the alpha rhythm of the first, seen at Oz, drives its BOLD `LAG_S` later; the second drives none."""

    folder: Path = Path("truth")
    coupled: float = 1.0
    baseline: np.ndarray = field(default_factory=lambda: np.full(GRID, 50.0))

    def __post_init__(self):
        config = small_config(electrodes=ELECTRODES, grid=GRID, tr=TR, volumes=VOLUMES)
        bands = (("alpha", 8.0, 13.0), ("beta", 15.0, 28.0))
        self.truth = SimpleNamespace(config=config, bands=bands)
        self.times = np.arange(int(VOLUMES * TR * RATE) + 20) / RATE
        self.clock = SimpleNamespace(volumes=np.arange(VOLUMES) * TR)
        rng = generator(0, "truth")
        slow = np.cumsum(rng.standard_normal((4, len(self.times) + 50)), axis=1)
        smooth = np.stack([np.convolve(one, np.ones(15) / 15, "same") for one in rng.standard_normal(slow.shape)])
        self.power = np.exp(2 * smooth).reshape(2, 2, -1)[..., 50:]
        late = np.roll(self.power[0, 0], int(LAG_S * RATE))
        self.regional_bold_from_eeg = self.coupled * np.stack([late - late.mean(), 0 * late])
        self.lead_field = np.array([[0.1, 2.0], [0.2, 1.0], [0.5, 0.3], [3.0, 0.1], [0.1, 2.0]])
        self.moment = np.ones((2, 2)) * 1e-5
        self.background = np.eye(5) * 1e-5
        region = np.zeros(GRID)
        region[:2] = 1
        columns = np.stack([region.ravel(), 1 - region.ravel()], axis=1)
        self.voxel_weights = sparse.csr_array(columns)


@pytest.fixture
def axes():
    return Axes.of_window(ELECTRODES, np.arange(1, 40) * 1.0, TR, window=5, lag=0)


@pytest.fixture
def pairs():
    return PairConfig(window=5, eeg_scaling="none")


def test_the_driving_electrode_band_and_time_come_first(axes, pairs):
    found = drivers(HandMadeTruth(), axes, pairs, np.ones(GRID))
    assert ELECTRODES[int(np.argmax(found.electrodes))] == "Oz"
    band = found.frequencies > 0
    assert axes.frequencies[band].tolist() == [*range(8, 13), *range(15, 28)]
    assert found.frequencies[9] > 1.5 * found.frequencies[20]
    # the TR whose middle lies 5 s before the onset meets the BOLD of the TR from the onset on 6 s later
    assert axes.times[int(np.argmax(found.times))] in (3.0, 5.0)


def test_a_region_without_coupling_is_driven_by_nothing(axes, pairs):
    weights = np.zeros(GRID)
    weights[2:] = 1
    found = drivers(HandMadeTruth(), axes, pairs, weights)
    assert not found.electrodes.any()
    agreement = truth_agreement(np.ones((5, 39, 5)) / 975, found)
    assert np.isnan([agreement.electrodes, agreement.frequencies, agreement.times]).all()


def test_relevance_like_the_drivers_agrees_with_them(axes, pairs):
    found = drivers(HandMadeTruth(), axes, pairs, np.ones(GRID))
    magnitude = found.electrodes[:, None, None] * found.frequencies[:, None] * found.times
    agreement = truth_agreement(magnitude, found)
    assert (agreement.electrodes, agreement.times) == (pytest.approx(1), pytest.approx(1))
    assert agreement.frequencies == pytest.approx(1)
    opposite = truth_agreement(1 / (0.1 + magnitude), found)
    assert opposite.electrodes == pytest.approx(-1)


def test_other_electrodes_or_another_grid_are_refused(axes, pairs):
    truth = HandMadeTruth()
    other = Axes.of_window((*ELECTRODES[:4], "A17"), axes.frequencies, TR, window=5, lag=0)
    with pytest.raises(InputError, match="no such electrodes") as caught:
        drivers(truth, other, pairs, np.ones(GRID))
    assert caught.value.problems[0].got == "A17"
    with pytest.raises(InputError, match="another grid"):
        drivers(truth, axes, pairs, np.ones((5, 4, 4)))


def test_drivers_of_recordings_are_averaged(axes, pairs):
    found = drivers(HandMadeTruth(), axes, pairs, np.ones(GRID))
    none = drivers(HandMadeTruth(coupled=0.0), axes, pairs, np.ones(GRID))
    np.testing.assert_allclose(mean_drivers([found, none]).times, found.times / 2)
