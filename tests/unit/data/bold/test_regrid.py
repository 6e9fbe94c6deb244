from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2fmri.core.random import generator
from eeg2fmri.data.bold.regrid import regrid, regrid_affine

AFFINE = np.array([[0, -3.0, 0.1, 40], [2.5, 0, 0, -20], [0, 0.2, 4, 10], [0, 0, 0, 1]])
sizes = st.tuples(*[st.integers(2, 9)] * 3)


def smooth(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """A function of space, slow against the voxels, at the voxel centres of a grid."""
    voxels = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    x, y, z = np.moveaxis(voxels @ affine[:3, :3].T + affine[:3, 3], -1, 0)
    return 100 + 20 * np.exp(-((x - 20) ** 2 + (y + 5) ** 2 + (z - 25) ** 2) / 300)


@pytest.mark.parametrize("grid", [(14, 22, 9), (9, 12, 17), (24, 26, 20)])
def test_volume_and_affine_stay_together_in_space(grid: tuple[int, int, int]) -> None:
    shape = (16, 20, 14)
    moved = regrid(smooth(shape, AFFINE), grid)
    expected = smooth(grid, regrid_affine(AFFINE, shape, grid))
    assert moved.shape == grid
    # the field of view is a box on whose faces the cosine series bends a little
    inside = (slice(2, -2),) * 3
    assert np.abs(moved - expected)[inside].max() < 0.25
    # an affine that is half a voxel wrong would be seen
    wrong = np.array(regrid_affine(AFFINE, shape, grid))
    wrong[:3, 3] += wrong[:3, 0] / 2
    assert np.abs(moved - smooth(grid, wrong))[inside].max() > 0.5


@given(old=sizes, new=sizes)
@settings(deadline=None, max_examples=50)
def test_the_corners_of_the_field_of_view_stay(old: tuple[int, int, int], new: tuple[int, int, int]) -> None:
    moved = regrid_affine(AFFINE, old, new)
    for corner in np.ndindex(2, 2, 2):
        before = AFFINE @ [*(np.array(corner) * old - 0.5), 1]
        after = moved @ [*(np.array(corner) * new - 0.5), 1]
        np.testing.assert_allclose(after, before, atol=1e-9)


@given(old=sizes, new=sizes)
@settings(deadline=None, max_examples=50)
def test_the_mean_is_kept_and_a_constant_stays_constant(old: tuple[int, int, int], new: tuple[int, int, int]) -> None:
    volume = generator(0, "mean").random(old)
    assert regrid(volume, new).mean() == pytest.approx(volume.mean(), rel=1e-9)
    np.testing.assert_allclose(regrid(np.full(old, 3.5), new), np.full(new, 3.5), rtol=1e-9)


@given(small=sizes, more=sizes)
@settings(deadline=None, max_examples=50)
def test_padding_and_cutting_give_the_volume_back(small: tuple[int, int, int], more: tuple[int, int, int]) -> None:
    volume = generator(0, "round").random(small)
    large = tuple(a + b for a, b in zip(small, more, strict=True))
    np.testing.assert_allclose(regrid(regrid(volume, large), small), volume, atol=1e-9)


def test_the_float_type_stays_and_the_same_grid_changes_nothing() -> None:
    volume = generator(0, "type").random((4, 5, 6), np.float32)
    assert regrid(volume, (3, 5, 7)).dtype == np.float32
    assert regrid(volume, (4, 5, 6)) is volume
    np.testing.assert_array_equal(regrid_affine(AFFINE, (4, 5, 6), (4, 5, 6)), AFFINE)
