"""Volts are told from microvolts by the amplitude."""

import numpy as np
import pytest

from eeg2fmri.core.units import eeg_unit_problem


@pytest.mark.parametrize("scale", [1e-6, 30e-6, 1e-3])
def test_amplitudes_of_eeg_in_volts_pass(scale):
    assert eeg_unit_problem(np.full(5, scale), "a.vhdr") is None


def test_microvolts_stored_as_volts_are_named():
    problem = eeg_unit_problem(np.array([20.0, 31.0, 44.0]), "a.vhdr")
    assert problem is not None
    assert "microvolts" in problem.got
    assert problem.where == "a.vhdr"


def test_volts_divided_twice_are_named():
    problem = eeg_unit_problem(np.full(4, 3e-11), "a.vhdr")
    assert problem is not None
    assert "twice" in problem.got
