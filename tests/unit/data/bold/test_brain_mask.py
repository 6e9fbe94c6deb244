from __future__ import annotations

import warnings

import nibabel
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from eeg2fmri.data.bold.brain_mask import histogram_mask

OBLIQUE = np.array([[2.0, 0.3, 0, 5], [-0.3, 1.9, 0.2, -4], [0.1, -0.2, 3.5, 7], [0, 0, 0, 1]])


def head(shape: tuple[int, int, int], seed: int, noise: float) -> np.ndarray:
    """Two bright ellipsoids of different size with holes, on a ground that is not empty."""
    rng = np.random.default_rng(seed)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij")
    body = ((x / 0.7) ** 2 + (y / 0.8) ** 2 + (z / 0.6) ** 2 < 1).astype(float)
    body[((x - 0.9) / 0.12) ** 2 + ((y + 0.85) / 0.2) ** 2 + (z / 0.3) ** 2 < 1] = 1
    body *= gaussian_filter(rng.random(shape), 1) > 0.42
    return (100 + 800 * body * (1 - 0.4 * x) + noise * rng.standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("opened", [0, 2])
@pytest.mark.parametrize("affine", [np.diag([3.0, 3, 4, 1]), np.diag([1.0, 0.8, 1.2, 1]), OBLIQUE])
@pytest.mark.parametrize("noise", [5.0, 60.0, 300.0])
def test_the_mask_is_that_of_nilearn(opened: int, affine: np.ndarray, noise: float) -> None:
    from nilearn.masking import compute_epi_mask

    mean = head((24, 21, 18), int(noise), noise)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = compute_epi_mask(nibabel.Nifti1Image(mean, affine), opening=opened or False)
    got = histogram_mask(mean.copy(), opened)
    np.testing.assert_array_equal(got, np.asarray(expected.dataobj).astype(bool))
    if noise < 100:
        assert 0.05 < got.mean() < 0.6


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 2)])
def test_a_flat_volume_has_no_gap(shape: tuple[int, int, int]) -> None:
    mask = histogram_mask(np.full(shape, 7, np.float32), 2)
    assert not mask.any()
