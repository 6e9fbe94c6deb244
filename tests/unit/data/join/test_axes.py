"""Matrices between the axes of two stores."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.join.axes import common_electrodes, electrode_matrix, frequency_matrix, time_matrix


def test_one_clock_is_left_as_it_is():
    np.testing.assert_array_equal(time_matrix(7, 2.1, 2.1), np.eye(7))


@pytest.mark.parametrize(("tr", "wanted"), [(1.0, 2.0), (3.0, 2.0), (0.8, 2.16), (2.16, 0.8)])
def test_what_changes_evenly_is_where_it_was_in_seconds(tr, wanted):
    matrix = time_matrix(60, tr, wanted)
    centres = (np.arange(60) + 0.5) * tr
    expected = (np.arange(len(matrix)) + 0.5) * wanted
    assert abs(len(matrix) * wanted - 60 * tr) < wanted
    np.testing.assert_allclose((matrix @ centres)[2:-2], expected[2:-2], atol=0.2 * min(tr, wanted))
    np.testing.assert_allclose(matrix.sum(axis=1), 1)


def test_power_of_a_flat_spectrum_stays_flat_and_a_peak_where_it_is():
    known, wanted = np.arange(1, 61) / 1.5, np.arange(1, 70) / 2.0
    matrix = frequency_matrix(known, wanted)
    np.testing.assert_allclose(matrix @ np.ones(60), 1)
    peak = matrix @ np.exp(-((known - 10) ** 2) / 2)
    assert wanted[peak.argmax()] == pytest.approx(10)


def test_electrodes_in_common_are_in_the_order_of_the_first_whatever_their_spelling():
    montages = [["Fz", "T7", "Cz", "Oz"], ["EEG OZ-REF", "T3", "Pz", "fz"]]
    assert common_electrodes(montages, "common", "") == ("Fz", "T7", "Oz")
    assert common_electrodes(montages, "first", "") == tuple(montages[0])
    matrix = electrode_matrix(montages[1], ["Fz", "T7", "Oz"], "")
    np.testing.assert_array_equal(matrix, np.eye(4)[[3, 1, 0]])


def test_too_few_in_common_is_an_error_that_says_what_to_do():
    with pytest.raises(InputError, match="too few electrodes in common") as caught:
        common_electrodes([["Fz", "Cz"], ["Oz", "Pz"]], "common", "a, b")
    assert "--electrodes first" in str(caught.value)


def test_an_electrode_that_is_not_there_is_interpolated_from_its_neighbours():
    names = ["F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "Fz", "Pz"]
    row = electrode_matrix(names, ["Cz"], "")[0]
    assert row.sum() == pytest.approx(1)
    weight = dict(zip(names, row, strict=True))
    assert min(weight["C3"], weight["C4"]) > max(weight["O1"], weight["O2"])


def test_electrodes_of_unknown_place_cannot_be_interpolated():
    with pytest.raises(InputError, match="not known where electrodes are"):
        electrode_matrix(["E1", "E2"], ["Cz"], "store")
