"""The haemodynamic response against nilearn."""

import numpy as np
from nilearn.glm.first_level import glover_hrf

from eeg2fmri.models.baselines.response import glover


def test_glover_response_of_nilearn():
    expected = glover_hrf(0.1, oversampling=1, time_length=32.0)
    # nilearn lets the response start one step after the event
    ours = glover(np.linspace(0, 32.0, len(expected)) - 0.1)
    np.testing.assert_allclose(ours / ours.sum(), expected, atol=1e-9)
