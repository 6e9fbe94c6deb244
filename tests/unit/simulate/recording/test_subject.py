from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.simulate import small_config
from eeg2fmri.simulate.head.sources import parcels
from eeg2fmri.simulate.recording.subject import draw_group, draw_subject


@pytest.mark.parametrize("shared", [0.0, 0.7, 1.0])
def test_subjects_share_the_named_part_of_the_coupling(shared: float) -> None:
    config, sources = small_config(shared=shared, regions=150), parcels(150)
    group = draw_group(config, sources)
    subjects = [draw_subject(config, sources, group, label) for label in ("01", "02")]
    for subject in subjects:
        np.testing.assert_allclose(np.linalg.norm(subject.weights, axis=1), 1)
        np.testing.assert_allclose((subject.weights * group.weights).sum(axis=1), shared, atol=1e-9)
    assert (np.abs(subjects[0].weights - subjects[1].weights).max() > 0.1) == (shared < 1)


def test_a_subject_does_not_depend_on_how_many_there_are() -> None:
    sources = parcels(10)
    few, many = small_config(subjects=2), small_config(subjects=9)
    a, b = (draw_subject(c, sources, draw_group(c, sources), "02") for c in (few, many))
    np.testing.assert_array_equal(a.weights, b.weights)
    np.testing.assert_array_equal(a.orientation, b.orientation)
    other = draw_subject(few, sources, draw_group(few, sources), "01")
    assert (a.gain != other.gain).all()


@pytest.mark.parametrize(("fraction", "count"), [(0.0, 0), (0.6, 6), (1.0, 10)])
def test_the_named_fraction_of_regions_is_coupled(fraction: float, count: int) -> None:
    config, sources = small_config(coupled=fraction), parcels(10)
    assert draw_group(config, sources).coupled.sum() == count


def test_alpha_is_occipital_beta_sensorimotor_and_responses_are_within_a_second() -> None:
    sources = parcels(150)
    group = draw_group(small_config(), sources)
    alpha, beta = sources.centres[np.argmax(group.moment, axis=0)]
    assert alpha[1] < -60
    assert -60 < beta[1] < 10
    assert beta[2] > 30
    assert np.abs(group.delay).max() <= 1.2
    assert (group.weights[:, 0] < 0).mean() > 0.8
