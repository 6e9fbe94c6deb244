"""Drivers of simulated recordings, from a truth made by hand."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.features.band_covariance import BANDS
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.explain.checks.truth import drivers, truth_agreement
from eeg2fmri.explain.checks.truth_spectrum import TruthSpectrum
from eeg2fmri.explain.inputs.axes import Axes
from eeg2fmri.simulate.config import small_config
from eeg2fmri.simulate.worlds.catalogue import WORLDS

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
        self.truth = SimpleNamespace(config=config, world=WORLDS[config.world])
        self.electrodes = ELECTRODES
        self.peak = np.array([10.0, 20.0])
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


@pytest.fixture
def band_axes():
    return Axes.of_bands(ELECTRODES, BANDS, TR, window=5, lag=0)


def test_the_driving_electrode_band_and_time_come_first(axes, pairs):
    found = drivers(HandMadeTruth(), axes, pairs, np.ones(GRID))
    assert found.drive.shape == (5, 39, 5)
    by_electrode, by_frequency, by_time = (np.abs(found.drive).sum(one) for one in ((1, 2), (0, 2), (0, 1)))
    assert ELECTRODES[int(np.argmax(by_electrode))] == "Oz"
    assert axes.frequencies[int(np.argmax(by_frequency))] == 10
    # the beta rhythm of either region drives nothing
    assert by_frequency[9] > 1.5 * by_frequency[19]
    # the TR whose middle lies 5 s before the onset meets the BOLD of the TR from the onset on 6 s later
    assert axes.times[int(np.argmax(by_time))] in (3.0, 5.0)
    assert len(found.course) == VOLUMES - 3 - 5


def test_recentred_amplitudes_are_driven_as_the_electrodes_are(band_axes):
    pairs = PairConfig(window=5, eeg="amplitude")
    found = drivers(HandMadeTruth(), band_axes, pairs, np.ones(GRID))
    assert found.drive.shape == (5, 3, 5)
    strongest = np.unravel_index(np.argmax(found.drive), found.drive.shape)
    assert (ELECTRODES[strongest[0]], BANDS[strongest[1]][0]) == ("Oz", "alpha")
    plain = drivers(HandMadeTruth(), band_axes, PairConfig(window=5, eeg_scaling="none"), np.ones(GRID))
    np.testing.assert_allclose(found.sensors, plain.drive)
    assert plain.sensors is None
    # a line is seen beside its band as well, but less
    assert np.abs(found.drive[3, 0]).max() < found.drive[3, 1].max()


def test_a_block_of_the_recording_has_drivers_of_its_own(axes, pairs):
    whole = drivers(HandMadeTruth(), axes, pairs, np.ones(GRID))
    block = drivers(HandMadeTruth(), axes, pairs, np.ones(GRID), slice(30, 100))
    np.testing.assert_allclose(block.course, whole.course[30 : 30 + len(block.course)])
    assert len(block.course) == 70 - 3 - 5
    assert not np.allclose(block.drive, whole.drive)


def test_a_region_without_coupling_is_driven_by_nothing(axes, pairs):
    weights = np.zeros(GRID)
    weights[2:] = 1
    found = drivers(HandMadeTruth(), axes, pairs, weights)
    assert not found.drive.any()
    agreement = truth_agreement(np.ones((5, 39, 5)) / 975, found.drive)
    assert np.isnan([agreement.map, agreement.electrodes, agreement.frequencies, agreement.times]).all()


def test_an_explanation_like_the_drive_agrees_with_it():
    drive = found = np.random.default_rng(0).standard_normal((4, 5, 3))
    same = truth_agreement(2 * drive, found, signed=True)
    assert (same.map, same.electrodes_by_frequencies, same.signed) == (1, 1, 1)
    assert np.isnan(truth_agreement(drive, found).signed)
    turned = truth_agreement(-drive, found, signed=True)
    assert (turned.map, turned.times) == (1, 1)
    assert turned.signed == pytest.approx(-1)
    assert truth_agreement(1 / (0.1 + np.abs(drive)), found).map == pytest.approx(-1)


def test_a_line_is_wide_and_leaks_and_its_power_is_all_there(axes, band_axes):
    truth = HandMadeTruth()
    bins = TruthSpectrum.of(truth, axes)
    assert axes.frequencies[np.argmax(bins.rhythms, axis=1)].tolist() == [10, 20]
    assert bins.rhythms[0, 9] > bins.rhythms[0, 8] > bins.rhythms[0, 6] > 0
    bands = TruthSpectrum.of(truth, band_axes)
    assert bands.rhythms[0, 1] > 0.8
    assert 0.01 < bands.rhythms[0, 0] < 0.1
    assert (bands.rhythms.sum(1) < 1).all()
    # of a TR of 2 s, bins every half hertz: 4 to below 8 Hz
    assert [len(members) for members in bands.members] == [8, 10, 34]
    # the amplitude of one bin of noise is Rayleigh distributed
    assert bins.scatter() == pytest.approx((4 - np.pi) / np.pi)
    assert bands.scatter()[0] == pytest.approx(1 / (4 * 8), rel=0.05)


def test_other_electrodes_or_another_grid_are_refused(axes, pairs):
    truth = HandMadeTruth()
    other = Axes.of_window((*ELECTRODES[:4], "A17"), axes.frequencies, TR, window=5, lag=0)
    with pytest.raises(InputError, match="no such electrodes") as caught:
        drivers(truth, other, pairs, np.ones(GRID))
    assert caught.value.problems[0].got == "A17"
    with pytest.raises(InputError, match="another grid"):
        drivers(truth, axes, pairs, np.ones((5, 4, 4)))


def test_a_world_without_power_to_follow_has_no_spectrum(axes):
    truth = HandMadeTruth()
    truth.truth = SimpleNamespace(config=truth.truth.config, world=WORLDS["synchrony"])
    with pytest.raises(InputError, match="does not say which parts of a spectrum"):
        TruthSpectrum.of(truth, axes)


def test_a_broad_component_falls_as_its_exponent_says(axes):
    truth = HandMadeTruth()
    truth.truth = SimpleNamespace(config=truth.truth.config, world=WORLDS["exponent"])
    truth.peak = np.array([1.0, 1.0, 10.0, 20.0])
    steep, flat, *_ = TruthSpectrum.of(truth, axes).rhythms
    inside = (axes.frequencies >= 2) & (axes.frequencies < 40)
    for power, exponent in ((steep, 2.0), (flat, 0.5)):
        slope = np.polyfit(np.log(axes.frequencies[inside]), np.log(power[inside]), 1)[0]
        assert slope == pytest.approx(-exponent, abs=0.01)
