"""Signal functions against tensors recorded from the earlier implementation, where its files are at hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.data.spectrogram import spectrogram
from eeg2fmri.data.standardize import RecordingStatistics, scale_bold
from eeg2fmri.data.windows import PairConfig, consecutive_windows, eeg_windows, pair_index, zscore_electrodes

GOLDEN = Path(os.environ.get("EEG2FMRI_GOLDEN", Path(__file__).resolve().parents[4] / "shared" / "golden"))


def load(name: str) -> Mapping[str, np.ndarray]:
    file = GOLDEN / f"{name}.npz"
    if not file.is_file():
        pytest.skip("the recorded tensors are not at hand")
    return np.load(file)


def distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    return float(np.max(np.abs(ours - theirs)) / np.max(np.abs(theirs)))


@pytest.mark.parametrize("key", ["stft_TR", "stft_TR_limit135"])
def test_spectrogram_in_float64(key: str) -> None:
    golden = load("stft")
    signal = golden["in/signal"][1:2].astype(np.float64)
    ours, frequencies = spectrogram(signal, 250, np.arange(27) * 2.16, 2.16, dtype=np.float64)
    assert ours.dtype == np.float64
    assert distance(ours[:, 0].T, golden[f"f64/out/{key}/Z"]) < 1e-9
    assert frequencies[-1] == pytest.approx(134 / 2.16)


def test_spectrogram_of_all_channels_and_its_z_score() -> None:
    golden = load("stft")
    ours, _ = spectrogram(golden["in/signal"], 250, np.arange(27) * 2.16, 2.16)
    assert ours.dtype == np.float32
    assert distance(np.moveaxis(ours, 0, -1), golden["out/stft_all_channels"]) < 1e-5
    assert distance(np.moveaxis(zscore_electrodes(ours), 0, -1), golden["out/stft_all_channels_zscored"]) < 1e-5


@pytest.mark.parametrize("how", ["recording", "volume"])
def test_scaled_volumes(how: str) -> None:
    golden = load("fmri_standardise")
    volumes = np.moveaxis(golden["f64/in/v"], -1, 0)
    config = PairConfig.make({"bold_scaling": how})
    ours = scale_bold(volumes, config, RecordingStatistics.of_volumes(volumes))
    assert distance(ours, golden[f"f64/out/{how}_fit"]) < 1e-9


def test_pairs_do_not_cross_individuals() -> None:
    golden = load("pairs")
    config = PairConfig(window=3, skip_volumes=0, eeg_scaling="none")
    starts, targets = pair_index(9, 2.0, config)
    eeg = [eeg_windows(golden["in/eeg"][first : first + 9], starts, config) for first in (0, 9)]
    bold = [golden["in/bold"][first + targets] for first in (0, 9)]
    np.testing.assert_array_equal(np.concatenate(eeg), golden["out/x_eeg"])
    np.testing.assert_array_equal(np.concatenate(bold), golden["out/x_bold"])


def test_windows_for_classification() -> None:
    golden = load("pairs")
    config = PairConfig(window=4, eeg_scaling="none")
    starts = consecutive_windows(12, 4, following=1)
    windows = [eeg_windows(golden["in/clf_data"][first : first + 12], starts, config) for first in (0, 12)]
    np.testing.assert_array_equal(np.concatenate(windows), golden["out/clf_X"])
    np.testing.assert_array_equal(np.repeat(golden["in/clf_labels"], len(starts), axis=0), golden["out/clf_y"])
