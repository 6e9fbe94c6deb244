"""Volumes turn into the orientation of pictures without losing where each voxel is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.report.figures.brain import orientation as brain

ORDERS = list(itertools.permutations(range(3)))
SIGNS = list(itertools.product((1, -1), repeat=3))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("signs", SIGNS)
def test_every_voxel_keeps_its_place_in_mm(order, signs):
    affine = np.eye(4)
    affine[:3, :3] = np.diag([2.0, 3.0, 4.0])[:, order] * np.array(signs)
    affine[:3, :3] += generator(1, "oblique").uniform(-0.3, 0.3, (3, 3))
    affine[:3, 3] = (5, -7, 11)
    values = generator(2, "voxels").random((3, 4, 5, 2))
    turned, turned_affine = brain.to_ras(values, affine)
    assert (np.diag(turned_affine)[:3] > 0).all()
    assert turned.shape[3] == 2
    for index in ((0, 0, 0), (2, 1, 3), (1, 3, 4)):
        place = affine @ [*index, 1]
        found = np.rint(np.linalg.solve(turned_affine, place)[:3]).astype(int)
        np.testing.assert_allclose(turned_affine @ [*found, 1], place)
        np.testing.assert_array_equal(turned[tuple(found)], values[index])


def test_slices_fill_the_brain_and_carry_their_height():
    shown = np.zeros((6, 7, 20), bool)
    shown[1:5, 1:6, 4:15] = True
    chosen = brain.chosen_slices(shown, 4)
    assert len(chosen) == 4
    assert (chosen[0], chosen[-1]) == (4, 14)
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[2, 3] = -10
    cuts = brain.axial_slices(np.arange(6 * 7 * 20).reshape(6, 7, 20), affine, chosen)
    assert [cut.z_mm for cut in cuts] == [3.0 * k - 10 for k in chosen]
    assert cuts[0].pixels.shape == (7, 6)
    assert brain.chosen_slices(np.zeros((2, 2, 3), bool), 5) == [0, 1, 2]


def test_box_holds_the_brain():
    shown = np.zeros((6, 7, 8), bool)
    shown[2, 3, 4] = shown[3, 3, 6] = True
    assert brain.bounding_box(shown) == (slice(1, 5), slice(2, 5), slice(3, 8))
    assert brain.bounding_box(np.zeros((2, 2, 2), bool)) == (slice(None),) * 3


@pytest.mark.parametrize(("array", "affine"), [(np.ones((2, 3)), np.eye(4)), (np.ones((2, 3, 4)), np.eye(3))])
def test_no_volume_or_no_affine(array, affine):
    with pytest.raises(InputError):
        brain.to_ras(array, affine)
