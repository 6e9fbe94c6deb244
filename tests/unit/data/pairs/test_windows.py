from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError, Problem
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.windows import (
    PairConfig,
    consecutive_windows,
    eeg_windows,
    length_problem,
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


@pytest.mark.parametrize(("tr", "rows"), [(1.9999999, 10), (1.99999, 11), (0.7, 29), (19.0, 2), (20.0, 1)])
def test_windows_that_cover_20_s_to_a_millionth_of_a_row(tr: float, rows: int) -> None:
    assert PairConfig().at(tr).window == rows
    raw = PairConfig(eeg="raw").at(tr)
    assert (raw.window, raw.raw_rows) == (rows, pytest.approx(20 / tr))


def test_a_raw_window_has_its_length_to_the_sample() -> None:
    config = PairConfig(eeg="raw", window_s=5.0)
    at_two = config.at(2.0)
    assert (at_two.window, at_two.raw_rows, at_two.window_s) == (3, 2.5, None)
    assert at_two.shape_of((4, 200)) == (4, 1, 500)
    assert PairConfig(eeg="raw", window=3).shape_of((4, 200)) == (4, 1, 600)
    assert PairConfig(window=3).at(2.0) == PairConfig(window=3)
    assert PairConfig(window_s=0.1).at(2.0).window == 1


def test_the_shape_of_a_window() -> None:
    assert PairConfig(window=3).shape_of((4, 60)) == (4, 60, 3)
    assert PairConfig(window=3, bins=20).shape_of((4, 60)) == (4, 20, 3)
    assert PairConfig(window=3, eeg="raw_spectrum").shape_of((4, 60)) == (4, 30, 3)
    assert PairConfig(window=3, eeg="raw_spectrum", bins=20).shape_of((4, 60)) == (4, 20, 3)


def test_what_is_written_of_the_settings_and_what_is_left_out() -> None:
    written = PairConfig(window_s=12.0, bins=20).model_dump()
    assert (written["window_s"], written["bins"]) == (12.0, 20)
    assert not {"window", "raw_rows"} & set(written)
    assert not {"window", "window_s", "raw_rows", "bins"} & set(PairConfig().model_dump())
    whole = PairConfig(eeg="raw", window_s=5.0).at(2.0).model_dump()
    assert (whole["window"], whole["raw_rows"]) == (3, 2.5)
    assert {"lag", "skip_volumes", "eeg", "rows", "eeg_scaling", "bold_scaling", "target"} <= set(whole)


def test_a_recording_that_is_too_short_in_words() -> None:
    config = PairConfig(window=4, lag=2, skip_volumes=1)
    assert length_problem(8, 2.0, config) is None
    assert length_problem(7, 2.0, config, "sub-07") == Problem(
        "the recording is shorter than one window and its target",
        "sub-07",
        "7 volumes",
        "at least 8 volumes: 1 skipped, a window of 4, a lag of 2, one target",
        "leave this recording out, or shorten 'window', 'lag' or 'skip_volumes'",
    )
    assert [each.tolist() for each in pair_index(8, 2.0, config)] == [[1], [7]]
    # a lag of -1: the volume that is measured while the window ends
    assert [each.tolist() for each in pair_index(6, 2.0, PairConfig(window=4, lag=-1, skip_volumes=0))] == [
        [0, 1, 2], [3, 4, 5],
    ]  # fmt: skip


def raw_rows() -> np.ndarray:
    """Rows (volume, channel, sample) in microvolts whose numbers say where they are from."""
    volume, channel, sample = np.meshgrid(np.arange(6), np.arange(2), np.arange(8), indexing="ij")
    return (100 * volume + 10 * channel + sample).astype(np.float16)


def test_a_raw_window_ends_where_its_rows_end() -> None:
    config = PairConfig.make({"eeg": "raw", "window": 2, "raw_rows": 1.5})
    windows = eeg_windows(raw_rows(), np.array([3, 1]), config)
    assert (windows.shape, windows.dtype) == ((2, 2, 1, 12), np.float32)
    expected = [[*range(304 + 10 * c, 308 + 10 * c), *range(400 + 10 * c, 408 + 10 * c)] for c in (0, 1)]
    np.testing.assert_allclose(windows[0, :, 0] * 1e6, expected, rtol=1e-6)
    np.testing.assert_allclose(windows[1, 0, 0, :4] * 1e6, [104, 105, 106, 107], rtol=1e-6)


def test_the_spectrum_of_raw_rows() -> None:
    rows = generator(1, "raw").random((6, 3, 8)).astype(np.float32)
    expected = np.abs(np.fft.rfft(rows * 1e-6))
    whole = eeg_windows(rows, np.array([2]), PairConfig(eeg="raw_spectrum", window=3, eeg_scaling="none"))
    assert (whole.shape, whole.dtype) == ((1, 3, 4, 3), np.float32)
    np.testing.assert_allclose(whole[0], np.moveaxis(expected[2:5, :, 1:5], 0, -1), rtol=1e-5)
    scaled = eeg_windows(rows, np.array([2]), PairConfig(eeg="raw_spectrum", window=3, bins=2))
    np.testing.assert_allclose(scaled[0], np.moveaxis(zscore_electrodes(expected)[2:5, :, 1:3], 0, -1), atol=1e-4)


def test_only_spectra_are_scaled_over_electrodes() -> None:
    rows = generator(2, "kinds").random((6, 3, 4))
    for kind, scaled in (("spectrogram", True), ("amplitude", False), ("rows", False)):
        made = eeg_windows(rows, np.array([1]), PairConfig.make({"eeg": kind, "window": 2}))
        expected = zscore_electrodes(rows) if scaled else rows
        np.testing.assert_allclose(made[0], np.moveaxis(expected[1:3], 0, -1))
        assert made.dtype == np.float64
    fewer = eeg_windows(rows, np.array([1]), PairConfig(window=2, bins=3))
    np.testing.assert_allclose(fewer[0], np.moveaxis(zscore_electrodes(rows)[1:3, :, :3], 0, -1))


def test_windows_go_where_they_are_asked_to() -> None:
    rows = generator(3, "out").random((6, 3, 4), np.float32)
    out = np.full((2, 3, 4, 2), np.nan, np.float32)
    made = eeg_windows(rows, np.array([0, 4]), PairConfig(window=2), out)
    assert made is out
    np.testing.assert_array_equal(out, eeg_windows(rows, np.array([0, 4]), PairConfig(window=2)))
    assert eeg_windows(rows, np.array([], int), PairConfig(window=2), out) is out


def test_rows_beyond_the_spectrogram_in_words() -> None:
    rows = np.zeros((9, 3, 2), np.float32)
    for starts, got in (([6], "rows 6 to 9"), ([2, -1, 3], "rows -1 to 6")):
        with pytest.raises(InputError) as caught:
            eeg_windows(rows, np.array(starts), PairConfig(window=4))
        (problem,) = caught.value.problems
        assert (problem.what, problem.got, problem.expected) == (
            "a window reaches beyond the spectrogram", got, "rows 0 to 8",
        )  # fmt: skip
    eeg_windows(rows, np.array([0, 5]), PairConfig(window=4))


def test_a_deviation_of_a_millionth_of_the_mean_is_rounding() -> None:
    wave = np.array([1.0, -1.0, 1.0, -1.0])[:, None]
    for mean, std, constant in ((5.0, 4.9e-6, True), (5.0, 5.1e-6, False), (-5.0, 4.9e-6, True), (0.0, 1e-12, False)):
        scaled = zscore_electrodes(mean + std * wave)
        np.testing.assert_allclose(scaled, 0 if constant else wave, atol=1e-6)
    assert zscore_electrodes(np.array([[1, 3], [3, 7]])).dtype == np.float32
    np.testing.assert_allclose(zscore_electrodes(np.array([[1, 3], [3, 7]])), [[-1, -1], [1, 1]])
    given = np.array([[1.0], [3.0]])
    zscore_electrodes(given)
    assert given.tolist() == [[1], [3]]


def test_a_block_that_begins_in_the_window_takes_no_target_away() -> None:
    config = PairConfig(window=4, lag=2, skip_volumes=1)
    for block in (1, 3, 7):  # of the first pair volumes 7; 5 to 7; 1 to 7
        starts, targets = pair_index(12, 2.0, config.model_copy(update={"block": block}))
        assert starts.tolist() == [1, 2, 3, 4, 5]
        assert targets.tolist() == [7, 8, 9, 10, 11]


def test_no_block_reaches_into_the_volumes_that_are_skipped() -> None:
    config = PairConfig(window=2, skip_volumes=3, block=5)
    starts, targets = pair_index(9, 2.0, config)
    # volumes 3 to 7 and 4 to 8
    assert targets.tolist() == [7, 8]
    assert starts.tolist() == [5, 6]
    with pytest.raises(InputError, match=r"7 volumes(.|\n)*at least 8(.|\n)*a target of 5 volumes"):
        pair_index(7, 2.0, config)


def test_blocks_are_written_where_they_are_asked_for_alone() -> None:
    assert "block" not in PairConfig(window=4).model_dump()
    for block in (1, 4):
        config = PairConfig(window=4, block=block)
        assert config.model_dump()["block"] == block
        assert PairConfig.make(config.model_dump()).block == block
