from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.windows import (
    PairConfig,
    consecutive_windows,
    eeg_windows,
    pair_index,
    skipped,
    zscore_electrodes,
)


@pytest.mark.parametrize(("tr", "skip"), [(2.16, 3), (1.5, 3), (1.28, 6), (1.0, 6)])
def test_volumes_skipped_by_default_depend_on_the_tr(tr: float, skip: int) -> None:
    assert skipped(tr, PairConfig()) == skip


@pytest.mark.parametrize(("tr", "rows"), [(2.0, 10), (2.16, 10), (0.8, 25), (1.0, 20), (30.0, 1)])
def test_a_window_covers_20_s_where_nothing_is_said(tr: float, rows: int) -> None:
    assert PairConfig().at(tr).window == rows
    assert PairConfig(window=4).at(tr).window == 4
    starts, targets = pair_index(90, tr, PairConfig())
    assert (targets - starts).tolist() == [rows] * len(starts)


def test_a_window_in_seconds() -> None:
    config = PairConfig(window_s=12.0)
    assert (config.at(2.0).window, config.at(1.5).window, config.at(7.0).window) == (6, 8, 2)
    with pytest.raises(ConfigError, match="one length"):
        PairConfig.make({"window": 4, "window_s": 12})


def test_settings_that_leave_the_rows_open_stay_open_when_they_are_written() -> None:
    assert "window" not in PairConfig().model_dump()
    assert PairConfig.make(PairConfig(window_s=12.0).model_dump()).at(2.0).window == 6
    rows = PairConfig().at(0.8)
    assert rows.model_dump()["window"] == 25
    assert "window_s" not in rows.model_dump()
    assert PairConfig.make(rows.model_dump()).at(2.0).window == 25


def test_the_target_follows_the_window_and_the_lag() -> None:
    starts, targets = pair_index(12, 2.0, PairConfig(window=4, lag=2, skip_volumes=1))
    assert starts.tolist() == [1, 2, 3, 4, 5]
    assert targets.tolist() == [7, 8, 9, 10, 11]


def test_one_pair_is_enough_and_none_is_an_error() -> None:
    config = PairConfig(window=4)
    assert pair_index(8, 2.0, config)[0].tolist() == [3]
    with pytest.raises(InputError, match=r"shorter than one window(.|\n)*sub-07(.|\n)*7 volumes(.|\n)*at least 8"):
        pair_index(7, 2.0, config, where="sub-07")


def test_windows_hold_the_rows_and_are_scaled_over_electrodes() -> None:
    spectrogram = generator(0, "windows").random((9, 3, 5), np.float32)
    starts = np.array([5, 0, 2])
    plain = eeg_windows(spectrogram, starts, PairConfig(window=4, eeg_scaling="none"))
    assert plain.shape == (3, 3, 5, 4)
    assert plain.flags["C_CONTIGUOUS"]
    for pair, start in enumerate(starts):
        for time in range(4):
            np.testing.assert_array_equal(plain[pair, :, :, time], spectrogram[start + time])
    scaled = eeg_windows(spectrogram, starts, PairConfig(window=4))
    np.testing.assert_array_equal(scaled[0, :, :, 1], zscore_electrodes(spectrogram)[6])


def test_no_starts_give_no_windows() -> None:
    windows = eeg_windows(np.zeros((5, 3, 2), np.float32), np.array([], int), PairConfig(window=4))
    assert windows.shape == (0, 3, 2, 4)


@pytest.mark.parametrize("start", [-1, 6])
def test_windows_beyond_the_spectrogram_are_refused(start: int) -> None:
    with pytest.raises(InputError, match="beyond the spectrogram"):
        eeg_windows(np.zeros((9, 3, 2), np.float32), np.array([start]), PairConfig(window=4))


def test_consecutive_windows_need_what_follows_them() -> None:
    assert consecutive_windows(12, 4).tolist() == [0, 4, 8]
    assert consecutive_windows(12, 4, following=1).tolist() == [0, 4]
    assert consecutive_windows(3, 4).tolist() == []
