import numpy as np
import pytest

from eeg2fmri.models.recommended.locality import make_cells, prior_deviation, voxel_positions


def test_a_brain_is_moved_to_the_templates_box():
    mask = np.zeros((30, 40, 30), bool)
    mask[5:25, 4:36, 2:28] = True
    affine = np.diag([7.0, 5, 5, 1])
    affine[:3, 3] = -300, 40, 7
    position = voxel_positions(mask, affine, "native")
    assert len(position) == mask.sum()
    assert position.min(axis=0) + position.max(axis=0) == pytest.approx([0, -34, 2 * 79 - 125], abs=1e-6)
    assert position[:, 2].max() == pytest.approx(79)
    # neither turned nor scaled
    moved = position - (np.argwhere(mask) @ affine[:3, :3].T + affine[:3, 3])
    np.testing.assert_allclose(moved - moved[0], 0, atol=1e-9)


def test_a_brain_in_template_space_stays():
    mask = np.zeros((3, 4, 5), bool)
    mask[1, 2, 3] = True
    affine = np.diag([-2.0, 2, 2, 1])
    affine[:3, 3] = 10, 20, 30
    np.testing.assert_allclose(voxel_positions(mask, affine, "MNI152NLin2009cAsym"), [[8, 24, 36]])


def test_cells_hold_neighbours():
    position = np.array([[1.0, 1, 1], [25, 1, 1], [9, 3, 1], [-1, 1, 1], [26, 2, 3]])
    cells = make_cells(position, 10.0)
    assert cells.label.tolist() == [1, 2, 1, 0, 2]
    np.testing.assert_allclose(cells.centres, [[-1, 1, 1], [5, 2, 1], [25.5, 1.5, 2]])


def test_near_electrodes_have_the_wider_prior():
    electrodes = np.array([[100.0, 0, 0], [0, 100, 0], [np.nan] * 3, [-100, 0, 0]])
    deviation = prior_deviation(electrodes, np.array([[80.0, 0, 0], [0, 0, 0]]), 30.0, 0.1)
    assert deviation[0, 0] > 5 * deviation[0, 3]
    # e^(-(10 / 30)^2 / 2) + 0.1 against e^(-(170 / 30)^2 / 2) + 0.1
    assert deviation[0, 0] / deviation[0, 3] == pytest.approx((np.exp(-1 / 18) + 0.1) / 0.1, rel=1e-3)
    np.testing.assert_allclose((deviation**2).mean(axis=1), 1)
    assert deviation[0, 2] == pytest.approx(deviation[0, [0, 1, 3]].mean())
    np.testing.assert_allclose(deviation[1], 1)


@pytest.mark.parametrize(
    ("electrodes", "width"), [(None, 30.0), (np.full((4, 3), np.nan), 30.0), (np.ones((4, 3)), None)]
)
def test_without_places_or_width_the_prior_is_the_same_everywhere(electrodes, width):
    np.testing.assert_array_equal(prior_deviation(electrodes, np.zeros((2, 3)), width, 0.1), np.ones((2, 1)))
