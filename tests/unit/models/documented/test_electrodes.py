from __future__ import annotations

from eeg2fmri.models.documented.electrodes import ElectrodeNames


def test_every_trained_electrode_is_picked_in_its_order():
    names = ElectrodeNames(trained=("Fz", "Cz", "Pz"), recorded=("T7", "PZ ", "fz", "Cz"))
    assert names.selection() == [2, 3, 1]
    assert names.common() == [(2, 0), (3, 1), (1, 2)]


def test_a_missing_electrode_leaves_the_common_ones():
    names = ElectrodeNames(trained=("Fz", "Cz", "Pz"), recorded=("Pz", "Cz"))
    assert names.selection() is None
    assert names.common() == [(1, 1), (0, 2)]
    assert ElectrodeNames(trained=("Fz",), recorded=("E1",)).common() == []
