import numpy as np

from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions


def test_electrodes_lie_where_their_names_say():
    left, right, front, back, top, _ = positions = electrode_positions(["C5", "c6", "Fpz", " Oz ", "CZ", "EOG"])
    assert left[0] < -60 < 60 < right[0]
    assert front[1] > 60
    assert back[1] < -90
    assert top[2] > 80
    assert np.isnan(positions[5]).all()
    assert positions.shape == (6, 3)
