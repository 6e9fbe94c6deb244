"""What is explained, and what cannot be."""

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.inputs.targets import read_region, region, voxel, whole_volume

GRID = (4, 6, 5)
AFFINE = np.array([[-3.0, 0, 0, 9], [0, 3.5, 0, -7], [0, 0, 4, 1], [0, 0, 0, 1]])


@pytest.fixture
def mask():
    inside = np.zeros(GRID, np.uint8)
    inside[1:3, 2, :2] = 7
    return inside


def test_the_whole_volume_a_region_and_a_voxel(mask):
    assert whole_volume(GRID).weights.sum() == 4 * 6 * 5
    found = region(mask, GRID, "left V1!")
    assert (found.name, found.n_voxels) == ("leftV1", 4)
    assert np.array_equal(found.weights != 0, mask != 0)
    assert found.weights.max() == 1
    one = voxel((3, 0, 4), GRID)
    assert one.name == "voxel3x0x4"
    assert np.argwhere(one.weights).tolist() == [[3, 0, 4]]


@pytest.mark.parametrize("index", [(4, 0, 0), (0, -1, 0), (0, 0)])
def test_a_voxel_outside_is_refused(index):
    with pytest.raises(InputError, match="no such voxel") as caught:
        voxel(index, GRID)
    assert str(GRID) in caught.value.problems[0].expected


def test_a_region_of_another_shape_or_without_voxels_is_refused(mask):
    with pytest.raises(InputError, match="another shape"):
        region(mask.transpose(1, 0, 2), GRID)
    with pytest.raises(InputError, match="no voxel"):
        region(0 * mask, GRID)
    with pytest.raises(InputError, match="not finite"):
        region(np.where(mask, np.nan, 0.0), GRID)


def test_a_region_is_read_from_a_file(mask, tmp_path):
    path = tmp_path / "motor-cortex.nii.gz"
    nibabel.Nifti1Image(mask[..., None], AFFINE).to_filename(path)
    found = read_region(path, GRID, AFFINE)
    assert (found.name, found.n_voxels) == ("motorcortex", 4)
    moved = AFFINE.copy()
    moved[0, 3] += 2
    with pytest.raises(InputError, match="another place") as caught:
        read_region(path, GRID, moved)
    assert "2 mm" in caught.value.problems[0].got


def test_a_region_that_cannot_be_read_is_an_error(tmp_path):
    (tmp_path / "mask.nii.gz").write_bytes(b"no image")
    for name in ("mask.nii.gz", "absent.nii"):
        with pytest.raises(InputError, match="cannot be read"):
            read_region(tmp_path / name, GRID, AFFINE)
